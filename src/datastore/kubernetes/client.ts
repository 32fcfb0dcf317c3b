// Requests to the API server: a whole answer, or the lines of one that does not end. Every failure is an ApiError.

import { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { LineSplitter } from '../lines.ts';
import { ApiError, connectionError, refusal, type Target } from './api-error.ts';
import type { Connection, Connections } from './connections.ts';
import { ListSplitter } from './list-splitter.ts';

export interface ApiRequest {
  readonly target: Target;
  /** Below the server's URL, with `/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly write?: { readonly method: 'POST' | 'PUT' | 'PATCH'; readonly contentType: string; readonly body: unknown };
}

/** Of somebody behind the API server, or of the API server itself. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface StreamHandler {
  /** The server has agreed. */
  open(): void;
  /** The lines that came together. */
  lines(texts: readonly string[]): void;
}

/** Milliseconds without a byte after which an answer is given up. */
const PATIENCE = 30_000;
/** Milliseconds of silence before TCP asks whether the other side is still there. */
const TCP_KEEPALIVE = 30_000;
/** Bytes. etcd takes objects of 1.5 MB by default. */
const LONGEST_LINE = 32 << 20;
const LONGEST_ERROR = 1 << 16;

export class ApiClient {
  readonly #connections: Connections;
  readonly #patience: number;

  constructor(connections: Connections, patience = PATIENCE) {
    this.#connections = connections;
    this.#patience = patience;
  }

  /** The answer, parsed. */
  async send(request: ApiRequest, signal: AbortSignal): Promise<unknown> {
    const { response, host } = await this.#open(request, signal);
    return parseJson(await readAll(response, host), host);
  }

  /** Whatever comes, also where it is a refusal: what is behind a proxy of the API server speaks for itself. */
  async ask(request: ApiRequest, signal: AbortSignal): Promise<Answer> {
    const connection = await this.#connections.open();
    const response = await this.#exchange(connection, request, signal);
    const body = await readAll(response, connection.server.host);
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  }

  /** A list: each item as it comes, and in the end the list without them. */
  async list(request: ApiRequest, signal: AbortSignal, take: (item: unknown) => void): Promise<unknown> {
    const { response, host } = await this.#open(request, signal);
    const splitter = new ListSplitter();
    for await (const chunk of chunksOf(response, host)) {
      for (const item of splitter.push(chunk)) take(parseJson(item, host));
    }
    return parseJson(splitter.end(), host);
  }

  /** Ends when the server ends the answer. */
  async stream(request: ApiRequest, signal: AbortSignal, handler: StreamHandler): Promise<void> {
    const { response, host } = await this.#open(request, signal);
    response.socket.setTimeout(0);
    handler.open();
    const lines = new LineSplitter(LONGEST_LINE);
    for await (const chunk of chunksOf(response, host)) {
      const complete = lines.push(chunk);
      if (complete === undefined) throw new ApiError('garbage', `${host} sends a line of more than 32 MiB`);
      if (complete.length > 0) handler.lines(complete);
    }
  }

  async #open(request: ApiRequest, signal: AbortSignal): Promise<{ response: IncomingMessage; host: string }> {
    const connection = await this.#connections.open();
    const { host } = connection.server;
    const response = await this.#exchange(connection, request, signal);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return { response, host };
    const message = statusMessage(await readAll(response, host, LONGEST_ERROR));
    if (status === 401) this.#connections.renew();
    const retryAfter = Number(response.headers['retry-after']);
    throw refusal({ status, message, ...(retryAfter > 0 ? { retryAfter: retryAfter * 1000 } : {}) }, request.target);
  }

  /** A connection that the server closed while it lay idle says nothing about the server: that is tried once more. */
  async #exchange(connection: Connection, request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await exchange(connection, request, { signal, patience: this.#patience });
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
    }
    return this.#exchange(connection, request, signal);
  }
}

class StaleConnection extends Error {}

function exchange(
  { server, agent, headers }: Connection,
  { path, query, accept = 'application/json', headers: more, write }: ApiRequest,
  { signal, patience }: { signal: AbortSignal; patience: number },
): Promise<IncomingMessage> {
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
  const options: RequestOptions = {
    agent,
    signal,
    method: write?.method ?? 'GET',
    headers: {
      ...{ ...headers, ...more, accept, 'user-agent': 'caracal' },
      ...(write && { 'content-type': write.contentType }),
    },
  };
  const send = server.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(new URL(server.href.replace(/\/$/, '') + path + search), options);
    request.on('socket', (socket) => socket.setKeepAlive(true, TCP_KEEPALIVE));
    request.setTimeout(patience, () => {
      const text = `${server.host} has not answered for ${patience / 1000} s`;
      request.destroy(new ApiError('unreachable', text));
    });
    request.on('response', resolve);
    request.on('error', (error) => {
      if (error instanceof ApiError) reject(error);
      else if (request.reusedSocket && 'code' in error && error.code === 'ECONNRESET') reject(new StaleConnection());
      else reject(rethrown(() => connectionError(server.host, error)));
    });
    request.end(write === undefined ? undefined : JSON.stringify(write.body));
  });
}

/** In a callback an error that is not ours to explain goes where the promise's owner sees it. */
function rethrown(make: () => Error): unknown {
  try {
    return make();
  } catch (error) {
    return error;
  }
}

async function* chunksOf(response: IncomingMessage, host: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw connectionError(host, error);
  }
}

async function readAll(response: IncomingMessage, host: string, longest = Number.POSITIVE_INFINITY): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunksOf(response, host)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longest) break;
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string, host: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new ApiError('garbage', `the answer of ${host} is not JSON`);
    throw error;
  }
}

/** The words of a Kubernetes Status, or the text itself. */
function statusMessage(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    const message = typeof status === 'object' && status !== null && 'message' in status ? status.message : undefined;
    return typeof message === 'string' ? message : '';
  } catch (error) {
    if (error instanceof SyntaxError) return text.trim().split('\n')[0] ?? '';
    throw error;
  }
}

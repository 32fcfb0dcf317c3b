// Requests to one member of etcd by its JSON gateway: an answer, or the lines of one that does not end. Keys and values
// are base64, numbers of 64 bits are texts. Every failure is an EtcdError.

import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { LineSplitter } from '../lines.ts';
import { AUTHENTICATION, connectionError, EtcdError, type Purpose, refusal } from './etcd-error.ts';
import { type Fields, fields } from './messages.ts';

export interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface ClientOptions {
  readonly endpoint: URL;
  readonly tls: Tls;
  readonly credentials?: Credentials;
  /** Milliseconds without a byte after which an answer is given up. */
  readonly patience?: number;
}

export interface EtcdRequest {
  /** Below `/v3/`. */
  readonly path: string;
  readonly body: object;
  readonly purpose: Purpose;
}

/** etcd itself needs up to 7 s to find out that it has no quorum. */
const PATIENCE = 15_000;
/** Milliseconds of silence before TCP asks whether the other side is still there. */
const TCP_KEEPALIVE = 30_000;
/** Bytes. A request to etcd has at most 1.5 MiB by default, and a line may hold many. */
const LONGEST_LINE = 64 << 20;
const LONGEST_ERROR = 1 << 16;

export class EtcdClient {
  readonly #options: ClientOptions;
  readonly #agent: HttpAgent;
  #token: string | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    const isTls = options.endpoint.protocol === 'https:';
    this.#agent = isTls ? new HttpsAgent({ keepAlive: true, ...options.tls }) : new HttpAgent({ keepAlive: true });
  }

  get host(): string {
    return this.#options.endpoint.host;
  }

  get user(): string | undefined {
    return this.#token === undefined ? undefined : this.#options.credentials?.username;
  }

  /** Gets a token, where there is a user and etcd knows users. */
  async logIn(signal: AbortSignal): Promise<void> {
    const { credentials } = this.#options;
    if (credentials === undefined) return;
    const { username: name, password } = credentials;
    try {
      const request = { path: 'auth/authenticate', body: { name, password }, purpose: AUTHENTICATION };
      const { token } = fields(await this.send(request, signal));
      if (typeof token !== 'string') throw new EtcdError('garbage', `${this.host} answers without a token`);
      this.#token = token;
    } catch (error) {
      if (!(error instanceof EtcdError && error.code === 'withoutUsers')) throw error;
    }
  }

  /** The answer, parsed. */
  async send(request: EtcdRequest, signal: AbortSignal): Promise<unknown> {
    const response = await this.#open(request, signal);
    return parseJson(await this.#readAll(response), this.host);
  }

  /** The answers that came together, again and again; ends when etcd ends. */
  async stream(request: EtcdRequest, signal: AbortSignal, take: (answers: readonly Fields[]) => void): Promise<void> {
    const response = await this.#open(request, signal);
    response.socket.setTimeout(0);
    const lines = new LineSplitter(LONGEST_LINE);
    for await (const chunk of this.#chunksOf(response)) {
      const complete = lines.push(chunk);
      if (complete === undefined) throw new EtcdError('garbage', `${this.host} sends a line of more than 64 MiB`);
      if (complete.length > 0) take(complete.map((line) => this.#answer(line, request.purpose)));
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #answer(line: string, purpose: Purpose): Fields {
    const { result, error } = fields(parseJson(line, this.host));
    if (error === undefined) return fields(result);
    const { grpc_code, code = grpc_code, message } = fields(error);
    throw refusal(this.host, typeof code === 'number' ? code : undefined, `${message ?? ''}`, purpose);
  }

  async #open(request: EtcdRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.#exchange(request, signal);
    if (response.statusCode === 200) return response;
    const text = await this.#readAll(response, LONGEST_ERROR);
    const { code, message = text.trim().split('\n')[0] } = fields(tryJson(text));
    throw refusal(this.host, typeof code === 'number' ? code : undefined, `${message}`, request.purpose);
  }

  /** A connection that was closed while it lay idle says nothing about etcd: that is tried once more. */
  async #exchange(request: EtcdRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const sent = await this.#send(request, signal);
    return sent ?? (await this.#exchange(request, signal));
  }

  /** Undefined: the connection was closed while it lay idle. */
  #send({ path, body }: EtcdRequest, signal: AbortSignal): Promise<IncomingMessage | undefined> {
    const { endpoint, patience = PATIENCE } = this.#options;
    const options: RequestOptions = {
      ...{ agent: this.#agent, signal, method: 'POST' },
      headers: {
        ...{ 'content-type': 'application/json', 'user-agent': 'caracal' },
        ...(this.#token === undefined ? {} : { authorization: this.#token }),
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | undefined>();
    const request = (endpoint.protocol === 'https:' ? requestHttps : requestHttp)(
      new URL(`${endpoint.pathname.replace(/\/$/, '')}/v3/${path}`, endpoint),
      options,
    );
    request.on('socket', (socket) => socket.setKeepAlive(true, TCP_KEEPALIVE));
    request.setTimeout(patience, () => {
      const text = `${this.host} has not answered for ${patience / 1000} s`;
      request.destroy(new EtcdError('unreachable', text));
    });
    request.on('response', resolve);
    request.on('error', (error) => {
      const isStale = request.reusedSocket && 'code' in error && error.code === 'ECONNRESET';
      if (isStale) resolve(undefined);
      else reject(signal.aborted ? error : connectionError(this.host, error));
    });
    request.end(JSON.stringify(body));
    return promise;
  }

  async *#chunksOf(response: IncomingMessage): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of response) yield chunk as Buffer;
    } catch (error) {
      throw connectionError(this.host, error);
    }
  }

  async #readAll(response: IncomingMessage, longest = Number.POSITIVE_INFINITY): Promise<string> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.#chunksOf(response)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > longest) break;
    }
    return Buffer.concat(chunks).toString();
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parseJson(text: string, host: string): unknown {
  const value = tryJson(text);
  if (value === undefined) throw new EtcdError('garbage', `the answer of ${host} is not JSON`);
  return value;
}

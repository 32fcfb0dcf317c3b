// The status server: a handful of read-only pages over TCP or a unix socket. It answers what its handlers give it and
// changes nothing; what the answers contain is report.ts's, routes.ts's and readiness.ts's.

import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { HttpEndpoint } from './endpoint.ts';
import { isErrorWithCode, ListenError } from './errors.ts';
import type { ExplainProblem, ExplainQuery, ExplainReport } from './explain.ts';
import { parseExplainQuery, parseReceivedQuery, parseRoutesQuery } from './query.ts';
import { type Readiness, readinessText } from './readiness.ts';
import { statusText } from './text.ts';
import type { PageQuery, RoutesQuery, RoutesReport, StatusReport } from './types.ts';

export interface StatusHandlers {
  readonly status: () => StatusReport;
  readonly routes: (query: RoutesQuery) => RoutesReport;
  readonly explain: (query: ExplainQuery) => ExplainReport | ExplainProblem;
  /** What plans are made from: data for the same version of Caracal. */
  readonly intent: () => object | ExplainProblem;
  readonly received: (query: PageQuery) => object;
  readonly readiness: () => Readiness;
}

export interface HttpOptions {
  readonly listen: HttpEndpoint;
  readonly handlers: StatusHandlers;
  /** A handler threw; the client gets 500. */
  readonly onError: (error: unknown) => void;
}

export interface HttpServer {
  /** As listened on: the port is the real one where 0 was asked for. */
  readonly endpoint: HttpEndpoint;
  stop(): Promise<void>;
}

const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8192;
const MAX_HEADERS = 64;
const REQUEST_TIMEOUT = 10_000;
const KEEP_ALIVE_TIMEOUT = 5_000;
const PROBE_TIMEOUT = 1_000;
/** Without it a unix socket would be open to everybody: 0660 after this mask. */
const SOCKET_UMASK = 0o117;

interface Answer {
  readonly code: number;
  readonly type: 'application/json' | 'text/plain; charset=utf-8';
  readonly body: string;
}

/** @throws {ListenError} when the place cannot be listened on; its message is a sentence for the operator. */
export async function startHttp({ listen, handlers, onError }: HttpOptions): Promise<HttpServer> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: REQUEST_TIMEOUT / 2,
    },
    (request, response) => respond(request, response, handlers, onError),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = MAX_HEADERS;
  if (listen.type === 'unix') await prepareSocketPath(listen.path);
  await open(server, listen);
  server.on('error', onError);
  let stopped: Promise<void> | undefined;
  return {
    endpoint: boundEndpoint(server, listen),
    stop: () => {
      stopped ??= close(server);
      return stopped;
    },
  };
}

function open(server: Server, listen: HttpEndpoint): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (error: Error) => reject(ListenError.of(listen, error));
  server.once('error', fail);
  server.once('listening', () => {
    server.off('error', fail);
    resolve();
  });
  if (listen.type === 'tcp') {
    server.listen({ host: listen.address, port: listen.port });
  } else {
    // A unix socket gets its mode when it is bound, which `listen` does before it returns.
    const before = process.umask(SOCKET_UMASK);
    try {
      server.listen({ path: listen.path });
    } finally {
      process.umask(before);
    }
  }
  return promise;
}

/** Node removes the socket file when the server closes. */
function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}

/** Makes the folder, and removes the socket that a process left behind when it died. */
async function prepareSocketPath(path: string): Promise<void> {
  const endpoint: HttpEndpoint = { type: 'unix', path };
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return;
    if (!found.isSocket()) {
      throw new ListenError(`${path} exists and is not a socket; it is not removed`, { code: 'EEXIST' });
    }
    if (await somebodyListens(path)) throw ListenError.inUse(endpoint);
    unlinkSync(path);
  } catch (error) {
    if (error instanceof ListenError || !isErrorWithCode(error)) throw error;
    throw ListenError.of(endpoint, error);
  }
}

/** A socket file without a process behind it refuses connections; everything else is taken for alive. */
function somebodyListens(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path, timeout: PROBE_TIMEOUT });
  const settle = (alive: boolean) => {
    socket.destroy();
    resolve(alive);
  };
  socket.once('connect', () => settle(true));
  socket.once('timeout', () => settle(true));
  socket.once('error', (error) => settle(!(isErrorWithCode(error) && ['ECONNREFUSED', 'ENOENT'].includes(error.code))));
  return promise;
}

function boundEndpoint(server: Server, listen: HttpEndpoint): HttpEndpoint {
  const bound = server.address();
  return listen.type === 'tcp' && bound !== null && typeof bound === 'object'
    ? { ...listen, port: bound.port }
    : listen;
}

function respond(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: StatusHandlers,
  onError: (error: unknown) => void,
): void {
  let answer: Answer;
  try {
    answer = answerTo(request, handlers);
  } catch (error) {
    onError(error);
    answer = text(500, 'An error in Caracal; its log says more.\n');
  }
  request.resume();
  response.writeHead(answer.code, {
    'Content-Type': answer.type,
    'Content-Length': Buffer.byteLength(answer.body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(answer.code === 405 && { Allow: 'GET, HEAD' }),
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

function answerTo(request: IncomingMessage, handlers: StatusHandlers): Answer {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return text(405, `Status can only be read: GET or HEAD, not ${request.method}.\n`);
  }
  const url = URL.parse(request.url ?? '/', 'http://caracal');
  switch (url?.pathname) {
    case '/':
      return text(200, statusText(handlers.status()));
    case '/status':
      return json(handlers.status());
    case '/routes':
      return routesAnswer(url.searchParams, handlers);
    case '/explain':
      return explainAnswer(url.searchParams, handlers);
    case '/intent':
      return jsonOrProblem(handlers.intent());
    case '/received':
      return receivedAnswer(url.searchParams, handlers);
    case '/livez':
      return text(200, 'alive\n');
    case '/readyz': {
      const readiness = handlers.readiness();
      return text(readiness.ready ? 200 : 503, readinessText(readiness));
    }
    default:
      return text(
        404,
        'There is nothing here; there are /, /status, /routes, /explain, /intent, /received, /livez and /readyz.\n',
      );
  }
}

function routesAnswer(parameters: URLSearchParams, handlers: StatusHandlers): Answer {
  const query = parseRoutesQuery(parameters);
  return 'problem' in query ? text(400, `Bad request: ${query.problem}.\n`) : json(handlers.routes(query.value));
}

function explainAnswer(parameters: URLSearchParams, handlers: StatusHandlers): Answer {
  const query = parseExplainQuery(parameters);
  if ('problem' in query) return json(query, 400);
  return jsonOrProblem(handlers.explain(query.value));
}

function receivedAnswer(parameters: URLSearchParams, handlers: StatusHandlers): Answer {
  const query = parseReceivedQuery(parameters);
  return 'problem' in query ? json(query, 400) : json(handlers.received(query.value));
}

function jsonOrProblem(value: object | ExplainProblem): Answer {
  return json(value, 'problem' in value ? 404 : 200);
}

function text(code: number, body: string): Answer {
  return { code, type: 'text/plain; charset=utf-8', body };
}

function json(value: unknown, code = 200): Answer {
  return { code, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

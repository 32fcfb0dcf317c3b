// The status server: a handful of read-only pages over TCP or a unix socket. It answers what its handlers give it and
// changes nothing; what is answered to which path is answers.ts's, the stream of changes live.ts's.

import { createHash, timingSafeEqual } from 'node:crypto';
import { chownSync, lstatSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { type Answer, answerTo, type StatusHandlers, text } from './answers.ts';
import { type HttpEndpoint, TOKEN_HEADER } from './endpoint.ts';
import { isErrorWithCode, ListenError } from './errors.ts';
import { Live } from './live.ts';

export interface HttpOptions {
  readonly listen: HttpEndpoint;
  readonly handlers: StatusHandlers;
  /** Whom a unix socket, and the folder where it has to be made, belong to; absent: us. */
  readonly owner?: { readonly user: number; readonly group: number };
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

/** @throws {ListenError} when the place cannot be listened on; its message is a sentence for the operator. */
export async function startHttp({ listen, handlers, owner, onError }: HttpOptions): Promise<HttpServer> {
  const live = new Live(handlers.status, onError);
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: REQUEST_TIMEOUT / 2,
    },
    (request, response) => {
      request.resume();
      if (!isAdmitted(request, listen)) refuse(response);
      else if (isLive(request) && !live.isFull) stream(response, live);
      else void respond(request, response, handlers, onError);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = MAX_HEADERS;
  if (listen.type === 'unix') await prepareSocketPath(listen.path, owner);
  else if (listen.tokenFile !== undefined && readToken(listen.tokenFile) === '')
    throw ListenError.noToken(listen.tokenFile);
  await open(server, listen);
  if (listen.type === 'unix' && owner !== undefined) chownSync(listen.path, owner.user, owner.group);
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
async function prepareSocketPath(path: string, owner: HttpOptions['owner']): Promise<void> {
  const endpoint: HttpEndpoint = { type: 'unix', path };
  try {
    const made = mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    if (made !== undefined && owner !== undefined) chownSync(dirname(path), owner.user, owner.group);
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

/** Probes of the kubelet bring no token, and learn next to nothing. */
const OPEN_TO_ALL = ['/livez', '/readyz'];

function isAdmitted({ url, headers }: IncomingMessage, listen: HttpEndpoint): boolean {
  if (listen.type === 'unix' || listen.tokenFile === undefined || OPEN_TO_ALL.includes(url ?? '')) return true;
  const told = plainToken(headers[TOKEN_HEADER]) ?? toldToken(headers.authorization ?? '');
  const wanted = readToken(listen.tokenFile);
  return told !== undefined && wanted !== '' && timingSafeEqual(digestOf(told), digestOf(wanted));
}

/** The API server, which passes requests on to pods, keeps Authorization for itself. */
function plainToken(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header.trim() : undefined;
}

/** A browser, which knows nothing of Bearer, asks for a name and a password: the password is the token, the name is free. */
function toldToken(authorization: string): string | undefined {
  const [, scheme, told = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme?.toLowerCase() !== 'basic') return scheme === undefined ? undefined : told;
  return Buffer.from(told, 'base64')
    .toString()
    .replace(/^[^:]*:/, '');
}

/** Read each time, so that it can be replaced at any time; '' lets nobody in. */
function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (isErrorWithCode(error)) return '';
    throw error;
  }
}

/** Of one length, which says nothing about the token. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function refuse(response: ServerResponse): void {
  const body = 'A token is needed here: Authorization: Bearer TOKEN, with the one in the file of --http-token-file.\n';
  const challenges = ['Bearer', 'Basic realm="Caracal: the token is the password", charset="UTF-8"'];
  response.writeHead(401, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8', 'WWW-Authenticate': challenges });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function isLive({ method, url }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && url === '/live';
}

function stream(response: ServerResponse, live: Live): void {
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
  if (response.req.method === 'HEAD') response.end();
  else live.add(response);
}

const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: StatusHandlers,
  onError: (error: unknown) => void,
): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(request, handlers);
  } catch (error) {
    onError(error);
    answer = text(500, 'An error in Caracal; its log says more.\n');
  }
  response.writeHead(answer.code, {
    ...HEADERS,
    'Content-Type': answer.type,
    'Content-Length': Buffer.byteLength(answer.body),
    ...answer.headers,
    ...(answer.code === 405 && { Allow: 'GET, HEAD' }),
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

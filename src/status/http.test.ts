import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, METHODS, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StatusHandlers } from './answers.ts';
import { ListenError } from './errors.ts';
import { type HttpServer, startHttp } from './http.ts';
import { statusReport } from './report.ts';
import { environmentFixture, peerFixture, snapshotFixture } from './snapshot.fixture.ts';
import { statusText } from './text.ts';
import type { RoutesQuery } from './types.ts';

const REPORT = statusReport(snapshotFixture({ peers: [peerFixture()] }), environmentFixture());
const LOOPBACK = { type: 'tcp', address: '127.0.0.1', port: 0 } as const;

let folder: string;
const servers: HttpServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caracal-http-'));
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  rmSync(folder, { recursive: true });
});

async function serve(
  listen: HttpServer['endpoint'],
  change: Partial<StatusHandlers> = {},
  errors: unknown[] = [],
): Promise<HttpServer> {
  const handlers: StatusHandlers = {
    status: () => REPORT,
    routes: ({ family }) => ({ family, routes: [] }),
    explain: () => ({ problem: 'nothing is explained here' }),
    intent: () => ({ problem: 'nothing is intended here' }),
    received: () => ({ routes: [] }),
    events: () => ({ node: 'node-1', lastUpdated: REPORT.lastUpdated, events: [] }),
    readiness: () => ({ ready: true, reasons: [], notes: [] }),
    metrics: async () => ({ type: 'text/plain', body: 'up 1\n' }),
    ...change,
  };
  const server = await startHttp({ listen, handlers, onError: (error) => errors.push(error) });
  servers.push(server);
  return server;
}

async function ask(server: HttpServer, path: string, method = 'GET', headers: Record<string, string> = {}) {
  const { endpoint } = server;
  const target =
    endpoint.type === 'unix' ? { socketPath: endpoint.path } : { host: endpoint.address, port: endpoint.port };
  const outgoing = request({ ...target, path, method, headers, agent: false });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const body = (await response.setEncoding('utf8').toArray()).join('');
  return { code: response.statusCode, type: response.headers['content-type'], body };
}

test('status is JSON, the first page is text, and both come over TCP', async () => {
  const server = await serve(LOOPBACK);
  const status = await ask(server, '/status');
  expect({ ...status, body: JSON.parse(status.body) }).toEqual({ code: 200, type: 'application/json', body: REPORT });
  expect(await ask(server, '/')).toEqual({ code: 200, type: 'text/plain; charset=utf-8', body: statusText(REPORT) });
});

test('routes get their query as a value', async () => {
  const queries: RoutesQuery[] = [];
  const server = await serve(LOOPBACK, {
    routes: (query) => {
      queries.push(query);
      return { family: query.family, routes: [], next: 'there' };
    },
  });
  expect((await ask(server, '/routes?family=ipv6&limit=3&after=17')).body).toBe(
    '{"family":"ipv6","routes":[],"next":"there"}\n',
  );
  expect(queries).toEqual([{ family: 'ipv6', limit: 3, after: '17' }]);
});

test.each([
  ['/explain?peer=a', 200, { type: 'peer', asked: { peer: 'a' } }],
  ['/explain?prefix=10.65.0.1', 404, { problem: 'no answer' }],
  ['/explain', 400, { problem: 'prefix or peer has to be given' }],
  ['/intent', 404, { problem: 'nothing is intended here' }],
  ['/received?family=ipv6&limit=5', 200, { asked: { family: 'ipv6', limit: 5 } }],
  ['/received?peer=a', 400, { problem: 'there is no parameter "peer"; there are family, limit, after' }],
])('%s is answered with %i and JSON', async (path, code, body) => {
  const server = await serve(LOOPBACK, {
    explain: (query) =>
      query.target === undefined ? ({ type: 'peer', asked: query } as never) : { problem: 'no answer' },
    received: (query) => ({ asked: query }),
  });
  const answer = await ask(server, path);
  expect({ ...answer, body: JSON.parse(answer.body) }).toEqual({ code, type: 'application/json', body });
});

test.each([
  ['GET', '/livez', 200, 'alive\n'],
  ['HEAD', '/livez', 200, ''],
  ['GET', '/readyz', 503, 'not ready\npeer a is down\n'],
  ['GET', '/routes?limit=x', 400, 'Bad request: limit has to be a number from 1 to 1000.\n'],
  [
    'GET',
    '/nowhere',
    404,
    'There is nothing here; there are /, /status, /sessions, /live, /routes, /explain, /intent, /received, /events, /metrics, /livez and /readyz.\n',
  ],
  ['POST', '/status', 405, 'Status can only be read: GET or HEAD, not POST.\n'],
  ['DELETE', '/', 405, 'Status can only be read: GET or HEAD, not DELETE.\n'],
])('%s %s is answered with %i', async (method, path, code, body) => {
  const server = await serve(LOOPBACK, {
    readiness: () => ({ ready: false, reasons: ['peer a is down'], notes: [] }),
  });
  expect(await ask(server, path, method)).toEqual({ code, type: 'text/plain; charset=utf-8', body });
});

test.each(METHODS.filter((method) => !['GET', 'HEAD', 'CONNECT'].includes(method)))(
  '%s changes nothing and reads nothing, wherever it goes',
  async (method) => {
    const called: string[] = [];
    const noting = Object.fromEntries(
      ['status', 'routes', 'explain', 'intent', 'received', 'events', 'readiness', 'metrics'].map((name) => [
        name,
        () => called.push(name),
      ]),
    ) as unknown as StatusHandlers;
    const server = await serve(LOOPBACK, noting);
    const paths = ['/', '/status', '/live', '/routes', '/explain', '/intent', '/received', '/events', '/metrics'];
    for (const path of [...paths, '/livez', '/readyz', '/page/main.js', '/nowhere']) {
      expect([path, (await ask(server, path, method)).code]).toEqual([path, 405]);
    }
    expect(called).toEqual([]);
  },
);

test('a token is asked for over TCP where there is one, but for probes, and may be replaced at any time', async () => {
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'one\n');
  const server = await serve({ ...LOOPBACK, tokenFile });
  const code = async (path: string, token?: string) =>
    (await ask(server, path, 'GET', token === undefined ? {} : { Authorization: `Bearer ${token}` })).code;
  for (const path of ['/', '/status', '/live', '/events', '/metrics', '/page/main.js']) {
    expect([path, await code(path), await code(path, 'two')]).toEqual([path, 401, 401]);
  }
  const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  expect((await ask(server, '/page/main.js', 'GET', basic('me:one'))).code).toBe(200);
  expect((await ask(server, '/status', 'GET', basic('one:me'))).code).toBe(401);
  // Behind the API server, which keeps Authorization for itself.
  const passedOn = ['one', 'two'].map((token) => ask(server, '/status', 'GET', { 'X-Caracal-Token': token }));
  expect((await Promise.all(passedOn)).map((answer) => answer.code)).toEqual([200, 401]);
  expect([await code('/status', 'one'), await code('/livez'), await code('/readyz')]).toEqual([200, 200, 200]);
  writeFileSync(tokenFile, 'two');
  expect([await code('/status', 'one'), await code('/status', 'two')]).toEqual([401, 200]);
  rmSync(tokenFile);
  expect([await code('/status', 'two'), await code('/status', '')]).toEqual([401, 401]);
});

test('a file without a token is named in a sentence', async () => {
  const tokenFile = join(folder, 'token');
  const text = `there is no token in ${tokenFile}, or the file cannot be read (--http-token-file)`;
  await expect(serve({ ...LOOPBACK, tokenFile })).rejects.toThrow(text);
  writeFileSync(tokenFile, '\n');
  await expect(serve({ ...LOOPBACK, tokenFile })).rejects.toThrow(text);
});

test('an error in a handler is reported, hidden from the client and survived', async () => {
  const errors: unknown[] = [];
  const bug = new Error('inside');
  const server = await serve(
    LOOPBACK,
    {
      status: () => {
        throw bug;
      },
    },
    errors,
  );
  expect(await ask(server, '/status')).toMatchObject({ code: 500, body: 'An error in Caracal; its log says more.\n' });
  expect(errors).toEqual([bug]);
  expect(await ask(server, '/livez')).toMatchObject({ code: 200 });
});

test('headers that are too long are refused', async () => {
  const server = await serve(LOOPBACK);
  expect(await ask(server, '/livez', 'GET', { 'X-Long': 'a'.repeat(9000) })).toMatchObject({ code: 431 });
});

test('a port that is taken is named in a sentence', async () => {
  const { endpoint } = await serve(LOOPBACK);
  const port = endpoint.type === 'tcp' ? endpoint.port : 0;
  await expect(serve({ ...LOOPBACK, port })).rejects.toThrow(
    new RegExp(`^127.0.0.1:${port} is in use: another Caracal seems to run on this node;`),
  );
});

test('an address of another node is named in a sentence', async () => {
  await expect(serve({ ...LOOPBACK, address: '192.0.2.1' })).rejects.toThrow(
    'status cannot be served at 192.0.2.1:0: this node does not have that address',
  );
});

test('a unix socket is made with its folder, with mode 0660, and goes away with the server', async () => {
  const path = join(folder, 'run', 'caracal.sock');
  const server = await serve({ type: 'unix', path });
  expect(statSync(path).mode & 0o777).toBe(0o660);
  expect(await ask(server, '/livez')).toMatchObject({ code: 200 });
  await server.stop();
  expect(existsSync(path)).toBe(false);
});

test('the socket of a living process is left alone', async () => {
  const path = join(folder, 'caracal.sock');
  const first = await serve({ type: 'unix', path });
  await expect(serve({ type: 'unix', path })).rejects.toThrow(/^unix:.* is in use: another Caracal seems to run/);
  expect(await ask(first, '/livez')).toMatchObject({ code: 200 });
});

test('the socket of a dead process is replaced', async () => {
  const path = join(folder, 'caracal.sock');
  await leaveStaleSocket(path);
  const server = await serve({ type: 'unix', path });
  expect(await ask(server, '/livez')).toMatchObject({ code: 200 });
});

test('a file that is no socket is never removed', async () => {
  const path = join(folder, 'caracal.sock');
  writeFileSync(path, 'precious');
  const error = await serve({ type: 'unix', path }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ListenError);
  expect(error).toMatchObject({ code: 'EEXIST', message: `${path} exists and is not a socket; it is not removed` });
});

test('a folder that cannot be made is named in a sentence', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(serve({ type: 'unix', path: join(file, 'a', 'b.sock') })).rejects.toThrow(
    `status cannot be served at unix:${file}/a/b.sock: a part of the path is not a folder`,
  );
});

test('stopping ends open connections and may be asked for twice', async () => {
  const server = await serve(LOOPBACK);
  const { endpoint } = server;
  const socket = connect(endpoint.type === 'tcp' ? { host: endpoint.address, port: endpoint.port } : endpoint);
  await once(socket, 'connect');
  const answered = once(socket, 'data');
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
  await answered;
  const closed = once(
    socket.on('error', () => socket.destroy()),
    'close',
  );
  await Promise.all([server.stop(), server.stop(), closed]);
  await server.stop();
  await expect(ask(server, '/livez')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

/** A bound socket whose file outlives its listener: the listener closes a path that was moved away and back. */
async function leaveStaleSocket(path: string): Promise<void> {
  const listener = createServer();
  listener.listen(path);
  await once(listener, 'listening');
  renameSync(path, `${path}.kept`);
  listener.close();
  await once(listener, 'close');
  renameSync(`${path}.kept`, path);
}

test('a browser gets the page at /, with a policy that lets nothing in from elsewhere', async () => {
  const server = await serve(LOOPBACK);
  const { endpoint } = server;
  const origin = `http://127.0.0.1:${endpoint.type === 'tcp' ? endpoint.port : 0}`;
  const page = await fetch(`${origin}/`, { headers: { Accept: 'text/html,*/*' } });
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  const linked = [...(await page.text()).matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path]) => path!);
  expect(linked.length).toBeGreaterThan(2);
  for (const path of linked) expect([path, (await ask(server, path)).code]).toEqual([path, 200]);
  expect((await ask(server, '/page/nothing.js')).code).toBe(404);
  expect((await ask(server, '/page/index.html', 'POST')).code).toBe(405);
  expect(await ask(server, '/metrics')).toEqual({ code: 200, type: 'text/plain', body: 'up 1\n' });
  expect(await ask(server, '/live', 'HEAD')).toEqual({ code: 200, type: 'text/event-stream', body: '' });
});

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { type HttpServer, startHttp } from './http.ts';
import { type LiveReport, MAX_WATCHERS } from './live.ts';
import { statusReport } from './report.ts';
import { environmentFixture, peerFixture, snapshotFixture } from './snapshot.fixture.ts';

const A = peerFixture({ name: 'Mesh_a', address: '10.0.0.2' });
const B = peerFixture({ name: 'Mesh_b', address: '10.0.0.3' });

const servers: HttpServer[] = [];
const streams: IncomingMessage[] = [];

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.destroy();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(read: () => readonly (typeof A)[]): Promise<number> {
  const unused = () => {
    throw new Error('nobody should ask for this');
  };
  const server = await startHttp({
    listen: { type: 'tcp', address: '127.0.0.1', port: 0 },
    onError: () => undefined,
    handlers: {
      ...{ routes: unused, explain: unused, intent: unused, received: unused, readiness: unused },
      ...{ metrics: unused, events: unused },
      status: () => statusReport(snapshotFixture({ peers: read() }), environmentFixture()),
    },
  });
  servers.push(server);
  return (server.endpoint as { port: number }).port;
}

async function watch(port: number): Promise<IncomingMessage> {
  const [response] = (await once(get({ port, host: '127.0.0.1', path: '/live', agent: false }), 'response')) as [
    IncomingMessage,
  ];
  streams.push(response);
  return response.setEncoding('utf8');
}

/** Reads until a message is there. */
async function* messages(stream: IncomingMessage): AsyncGenerator<LiveReport> {
  let text = '';
  for await (const chunk of stream as AsyncIterable<string>) {
    const parts = (text + chunk).split('\n\n');
    text = parts.pop()!;
    for (const part of parts) {
      const [event, data = ''] = part.split('\n');
      expect(event).toBe('event: status');
      yield JSON.parse(data.slice('data: '.length));
    }
  }
}

function told({ whole, peers, gone }: LiveReport) {
  return { whole, peers: peers.map(({ name, state }) => `${name} ${state}`), gone };
}

test('everything comes first, then only what has changed', { timeout: 20_000 }, async () => {
  let peers = [A, B];
  const stream = await watch(await serve(() => peers));
  const reports = messages(stream);
  const next = async () => told((await reports.next()).value);
  expect(await next()).toEqual({ whole: true, peers: ['Mesh_a Established', 'Mesh_b Established'], gone: [] });
  peers = [A, { ...B, state: 'Idle' }];
  expect(await next()).toEqual({ whole: false, peers: ['Mesh_b Idle'], gone: [] });
  peers = [A];
  expect(await next()).toEqual({ whole: false, peers: [], gone: ['Mesh_b'] });
  expect([stream.statusCode, stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
});

test('one watcher too many is told so, and the others stay', { timeout: 20_000 }, async () => {
  const port = await serve(() => [A]);
  for (let count = 0; count < MAX_WATCHERS; count++) expect((await watch(port)).statusCode).toBe(200);
  const refused = await watch(port);
  expect([refused.statusCode, (await refused.toArray()).join('')]).toEqual([
    503,
    '16 clients watch already; come again when one of them is gone.\n',
  ]);
  streams[0]!.destroy();
  await expect.poll(async () => (await watch(port)).statusCode, { timeout: 10_000 }).toBe(200);
});

test('where the report cannot be had the stream ends, and begins again for who comes back', async () => {
  let broken = true;
  const port = await serve(() => {
    if (broken) throw new Error('a bug');
    return [A];
  });
  await expect(watch(port).then((stream) => stream.toArray())).rejects.toThrow();
  broken = false;
  expect(told((await messages(await watch(port)).next()).value).peers).toEqual(['Mesh_a Established']);
});

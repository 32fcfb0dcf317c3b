// Whom `caracal status --cluster` asks, how many at a time and how long; what it makes of answers is tested with
// src/status/cluster, the way through an API server in test/kubernetes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeReport } from '../status/cluster/cluster.fixture.ts';
import { parseArguments } from './arguments.ts';
import { showCluster } from './cluster.ts';
import { parseAddresses } from './cluster-arguments.ts';

let folder: string;
const closing: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caracal-cluster-'));
});

afterEach(() => {
  for (const close of closing.splice(0)) close();
  rmSync(folder, { recursive: true });
});

/** At every loopback address. */
async function listen(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  closing.push(() => server.close().closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return (server.address() as AddressInfo).port;
}

/** `size` nodes at 127.0.0.1 and so on, each with its own part of a mesh in which nothing is missing. */
function meshAnswer(size: number): RequestListener {
  const bodies = Array.from({ length: size }, (_, index) => JSON.stringify(nodeReport(index + 1, size)));
  return (request, response) => {
    const [, a = 0, b = 0] = /^127\.0\.(\d+)\.(\d+)/.exec(request.socket.localAddress ?? '')?.map(Number) ?? [];
    response.end(bodies[250 * a + b - 1]);
  };
}

const loopback = (index: number) => `127.0.${Math.floor(index / 250)}.${(index % 250) + 1}`;

async function status(...words: readonly string[]) {
  const command = parseArguments(['status', '--cluster', ...words]);
  if (command.type !== 'cluster') throw new Error(JSON.stringify(command));
  let [stdout, stderr] = ['', ''];
  const outputs = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  };
  return { code: await showCluster(command, {}, outputs), stdout, stderr };
}

test('nothing missing is exit code 0', async () => {
  const port = await listen(meshAnswer(1));
  const { code, stdout, stderr } = await status('--addresses', `127.0.0.1:${port}`);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /^1 node asked, all answered \(\d\.\d s\)\. Sessions that are up: 0 of 0 between nodes\.\nNothing is missing\.\n$/,
  );
});

test('addresses come from a file too, and a node that is asked twice is one', async () => {
  const port = await listen((_, response) => response.end(JSON.stringify(nodeReport(1, 1))));
  const file = join(folder, 'nodes');
  writeFileSync(file, `# the rack\n127.0.0.1\n127.0.0.1:${port}, # again\n`);
  const { code, stdout } = await status('--addresses-file', file, '--port', `${port}`, '--json');
  expect([code, JSON.parse(stdout).nodes]).toEqual([0, { asked: 1, answered: 1 }]);
});

test.each([
  ['is not there', undefined, 'cannot be read (ENOENT)'],
  ['is empty', '# nothing\n', 'there is no address'],
  ['has no addresses in it', 'node-1\n', '"node-1:9180": node-1 is not an IP address'],
])('a file that %s is a mistake of the caller', async (_name, text, expected) => {
  const file = join(folder, 'nodes');
  if (text !== undefined) writeFileSync(file, text);
  const { code } = await status('--addresses-file', file);
  expect(code).toEqual({ type: 'usageError', text: expect.stringContaining(expected) });
});

test('nobody who answers, and what is no Caracal, is exit code 1', async () => {
  const port = await listen((_, response) => response.end('{"agent":1}'));
  const { code, stdout } = await status('--addresses', `127.0.0.1:${port}`);
  expect([code, stdout.split('\n').slice(2)]).toEqual([
    1,
    ['No answer', `  127.0.0.1:${port}: what answers there is no Caracal`, ''],
  ]);
});

test('a way to the API server that is not given is one sentence', async () => {
  const { code, stdout, stderr } = await status('--kubeconfig', join(folder, 'none'));
  expect([code, stdout, stderr]).toEqual([1, '', `caracal: ${join(folder, 'none')} does not exist\n`]);
});

test('a node that hangs is waited for as long as one may, and all as long as all may', async () => {
  const port = await listen(() => undefined);
  const one = await status('--addresses', `127.0.0.1:${port}`, '--node-timeout', '1s');
  expect(one.stdout).toContain('does not answer within 1 s');
  const five = Array.from({ length: 5 }, (_, index) => `${loopback(index)}:${port}`).join();
  const patience = ['--parallel', '2', '--node-timeout', '1s', '--timeout', '1s'];
  const { code, stdout } = await status('--addresses', five, ...patience);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    / {2}127\.0\.0\.3\S+, 127\.0\.0\.4\S+, 127\.0\.0\.5\S+: not asked: 1 s were over before its turn came/,
  );
});

test('no more are asked at a time than is said', async () => {
  let [now, most] = [0, 0];
  const waiting: (() => void)[] = [];
  const port = await listen((_, response) => {
    most = Math.max(most, ++now);
    waiting.push(() => {
      now--;
      response.end(JSON.stringify(nodeReport(1, 1)));
    });
    // The next one is let go when no further one can come.
    if (now === 3) for (const go of waiting.splice(0)) setImmediate(go);
  });
  const places = Array.from({ length: 9 }, (_, index) => `${loopback(index)}:${port}`).join();
  await status('--addresses', places, '--parallel', '3');
  expect(most).toBe(3);
});

test('1,000 nodes are asked and told within seconds', { timeout: 60_000 }, async () => {
  const size = 1000;
  const port = await listen(meshAnswer(size));
  const file = join(folder, 'nodes');
  writeFileSync(file, Array.from({ length: size }, (_, index) => loopback(index)).join('\n'));
  const { code, stdout } = await status(
    '--addresses-file',
    file,
    '--port',
    `${port}`,
    '--node-timeout',
    '30s',
    '--json',
  );
  const { seconds, sessions } = JSON.parse(stdout);
  expect([code, sessions.nodes]).toEqual([0, { expected: 499_500, established: 499_500 }]);
  // A second; the machine may be busy.
  expect(seconds).toBeLessThan(20);
});

test.each([
  ['10.0.0.1', ['10.0.0.1:9180']],
  ['10.0.0.1:80, fd00::1 [fd00::2] [fd00::3]:80', ['10.0.0.1:80', 'fd00::1:9180', 'fd00::2:9180', 'fd00::3:80']],
  ['unix:/run/a.sock', ['/run/a.sock']],
])('addresses: %s', (text, expected) => {
  const parsed = parseAddresses(text, 9180);
  const places = 'value' in parsed ? parsed.value : [];
  expect(places.map((place) => (place.type === 'tcp' ? `${place.address}:${place.port}` : place.path))).toEqual(
    expected,
  );
});

// Two daemons that do not agree: what each says about it in its log, in status, in events and in a bundle.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StatusReport } from '../src/status/types.ts';
import { httpGet } from '../topologies/http-get.ts';
import { waitFor } from '../topologies/wait-for.ts';

const CARACAL = join(import.meta.dirname, '..', 'caracal');
const TIMEOUT = 90_000;
/** Addresses of this test alone. */
const [LEFT, RIGHT] = ['127.7.10.1', '127.7.10.2'];

interface Run {
  readonly process: ChildProcess;
  readonly socket: string;
  readonly output: () => string;
  readonly exit: Promise<unknown>;
}

let folder: string;
let runs: Run[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `caracal-events-${process.pid}-`));
  runs = [];
});

afterEach(async () => {
  for (const run of runs) run.process.kill('SIGKILL');
  await Promise.all(runs.map((run) => run.exit));
  rmSync(folder, { recursive: true });
});

interface Router {
  readonly address: string;
  readonly asNumber: number;
  readonly port: number;
  readonly peer: { readonly address: string; readonly asNumber: number };
}

function start({ address, asNumber, port, peer }: Router): Run {
  const home = join(folder, address);
  mkdirSync(home);
  const spec = { asNumber, routerId: address.replace('127', '10'), listenAddresses: [address], listenPort: port };
  const resource = { apiVersion: 'caracal.io/v1', kind: 'RouteReflector', metadata: { name: 'r' } };
  const peers = [{ name: 'other', port, ...peer }];
  writeFileSync(join(home, 'r.yaml'), JSON.stringify({ ...resource, spec: { ...spec, peers } }));
  const socket = join(home, 'status.sock');
  const where = ['--datastore', 'files', '--resources', home, '--kernel', 'none', '--http', `unix:${socket}`];
  const child = spawn(CARACAL, ['run', '--node', 'r', ...where], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const exit = new Promise((resolve) => child.once('close', resolve));
  const run = { process: child, socket, output: () => text, exit };
  runs.push(run);
  return run;
}

function ask({ socket }: Run, ...words: string[]): string {
  const [command = '', ...rest] = words;
  return spawnSync(CARACAL, [command, ...rest, '--http', `unix:${socket}`], { encoding: 'utf8' }).stdout;
}

async function untilEventsSay(run: Run, text: string): Promise<void> {
  const says = async () => (await httpGet(run.socket, '/events'))?.includes(text) ?? false;
  expect(await waitFor(says, TIMEOUT), run.output()).toBe(true);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, LEFT, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

describe('a session that does not come up, or ends', () => {
  it('says why and what would help, at both ends', { timeout: 2 * TIMEOUT }, async () => {
    const port = await freePort();
    const left = start({ address: LEFT, asNumber: 64512, port, peer: { address: RIGHT, asNumber: 64513 } });
    const right = start({ address: RIGHT, asNumber: 64513, port, peer: { address: LEFT, asNumber: 64999 } });
    const refused = `${RIGHT} answers on ${port} but refuses our AS 64512`;
    const wrong = `${LEFT} is AS 64512, but AS 64999 is expected (RouteReflector r)`;
    await untilEventsSay(left, refused);
    await untilEventsSay(right, wrong);
    expect(ask(left, 'events', RIGHT)).toMatch(
      new RegExp(`peer other \\(${RIGHT}\\) did not come up: received OPEN Message Error/Bad Peer AS.*; ${refused}`),
    );
    expect(left.output()).toContain(refused);
    expect(ask(right, 'status')).toContain(`What would help\n  ${wrong}`);
    const { bgp } = JSON.parse((await httpGet(right.socket, '/status')) ?? '') as StatusReport;
    // The OPEN that was refused: marker, length, type 1, version 4, AS 64512.
    expect(bgp.peersV4[0]?.lastError).toMatchObject({
      ...{ direction: 'sent', code: 2, subcode: 2 },
      message: expect.stringMatching(/^f{32}[0-9a-f]{4}0104fc00/),
    });
  });

  it('is in the log once, and in events and the bundle until the process ends', { timeout: 2 * TIMEOUT }, async () => {
    const port = await freePort();
    const left = start({ address: LEFT, asNumber: 64512, port, peer: { address: RIGHT, asNumber: 64513 } });
    const right = start({ address: RIGHT, asNumber: 64513, port, peer: { address: LEFT, asNumber: 64512 } });
    await untilEventsSay(left, 'is Established');
    right.process.kill('SIGQUIT');
    await right.exit;
    await untilEventsSay(left, 'went down');
    const losses = () =>
      left
        .output()
        .split('\n')
        .filter((line) => line.includes('went down'));
    expect(losses()).toHaveLength(1);
    expect(JSON.parse(losses()[0]!)).toMatchObject({ fact: 'peerDown', wasEstablished: true, code: 6 });
    const file = join(folder, 'bundle.json');
    expect(ask(left, 'bundle', file)).toContain(`${file} is written`);
    const bundle = JSON.parse(readFileSync(file, 'utf8'));
    expect(bundle.events.events.map(({ text }: { text: string }) => text)).toContainEqual(
      expect.stringContaining(`peer other (${RIGHT}) went down: received Cease`),
    );
    expect(Object.keys(bundle)).toEqual([
      ...[
        'madeAt',
        'askedAt',
        'versions',
        'status',
        'events',
        'intent',
        'routesIPv4',
        'routesIPv6',
        'metrics',
        'readiness',
      ],
    ]);
    for (const page of ['status', 'events', 'intent', 'routesIPv4', 'routesIPv6']) {
      expect(bundle[page]).not.toHaveProperty('problem');
    }
  });
});

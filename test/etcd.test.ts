// The daemon on a real etcd, told by calico-node's variables: it takes up what is written there, and outlives it.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RealEtcd, resourceKey } from '../src/datastore/etcd/real-etcd.fixture.ts';
import type { StatusReport } from '../src/status/types.ts';
import { httpGet } from '../topologies/http-get.ts';
import { waitFor } from '../topologies/wait-for.ts';
import { describeWith } from './requirements.ts';

const CARACAL = join(import.meta.dirname, '..', 'caracal');
const TIMEOUT = 90_000;

let folder: string;
let etcd: RealEtcd;
let daemon: ChildProcess | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), `caracal-etcd-daemon-${process.pid}-`));
});

afterEach(async () => {
  const ended = new Promise((resolve) => daemon?.once('close', resolve) ?? resolve(undefined));
  daemon?.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true });
});

function start(port: number, env: Record<string, string>): () => string {
  const words = [
    'run',
    '--kernel',
    'none',
    '--listen',
    `127.0.0.1:${port}`,
    '--http',
    `unix:${join(folder, 'a.sock')}`,
  ];
  daemon = spawn(CARACAL, words, { env: { PATH: process.env.PATH, HOME: folder, ...env } });
  let text = '';
  for (const stream of [daemon.stdout!, daemon.stderr!]) stream.on('data', (chunk) => (text += chunk));
  return () => text;
}

async function status(): Promise<StatusReport | undefined> {
  const text = await httpGet(join(folder, 'a.sock'), '/status');
  return text === undefined ? undefined : (JSON.parse(text) as StatusReport);
}

async function until(holds: (report: StatusReport) => boolean, output: () => string): Promise<void> {
  const isSo = async () => {
    const report = await status();
    return report !== undefined && holds(report);
  };
  expect(await waitFor(isSo, TIMEOUT), output()).toBe(true);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function write(plural: string, kind: string, name: string, spec: object): Promise<void> {
  const value = { kind, apiVersion: 'projectcalico.org/v3', metadata: { name }, spec };
  return etcd.put(resourceKey(plural, name), JSON.stringify(value));
}

const peersOf = ({ bgp }: StatusReport) => bgp.peersV4.map(({ peerIP }) => peerIP);

describeWith(['etcd'], 'caracal run --datastore etcdv3', () => {
  beforeEach(async () => {
    etcd = await RealEtcd.start();
  }, TIMEOUT);

  afterEach(() => etcd.stop());

  it('follows etcd, and keeps what it had while etcd is away', { timeout: 2 * TIMEOUT }, async () => {
    await write('nodes', 'Node', 'node-1', { bgp: { ipv4Address: '127.0.0.1/32', asNumber: 64512 } });
    await write('bgppeers', 'BGPPeer', 'one', { peerIP: '127.0.0.2', asNumber: 64513 });
    const output = start(await freePort(), { NODENAME: 'node-1', ETCD_ENDPOINTS: etcd.url });
    await until((report) => peersOf(report).join() === '127.0.0.2', output);
    expect((await status())?.datastore).toMatchObject({
      ...{ type: 'etcdv3', synced: true },
      contact: { server: `127.0.0.1:${etcd.port}`, stale: false },
    });
    await write('bgppeers', 'BGPPeer', 'two', { peerIP: '127.0.0.3', asNumber: 64513 });
    await until((report) => peersOf(report).join() === '127.0.0.2,127.0.0.3', output);
    await etcd.kill();
    await until(({ datastore }) => !datastore.synced, output);
    const lost = (await status())!;
    expect(lost.datastore.detail).toBe(`127.0.0.1:${etcd.port} refuses connections`);
    expect(peersOf(lost)).toEqual(['127.0.0.2', '127.0.0.3']);
    await etcd.restart();
    await etcd.delete(resourceKey('bgppeers', 'one'));
    await until((report) => peersOf(report).join() === '127.0.0.3' && report.datastore.synced, output);
  });
});

// A small cluster of daemons on loopback addresses, without privileges and without kernels: node-1 with a mesh peer, a
// route reflector and a router of another AS, each of which can be stopped.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpGet } from '../../topologies/http-get.ts';

const CARACAL = join(import.meta.dirname, '../../caracal');
const API = 'apiVersion: projectcalico.org/v3';

export type Member = 'node-1' | 'node-2' | 'reflector' | 'rack';

const ADDRESSES: Readonly<Record<Member, string>> = {
  'node-1': '127.0.0.1',
  'node-2': '127.0.0.2',
  reflector: '127.0.0.3',
  rack: '127.0.0.4',
};

/** What node-1 says when all is well: three sessions, and the block of node-2. */
export const BLOCK_OF_NODE_2 = '10.65.0.64/26';

export class LoopbackCluster {
  readonly #folder = mkdtempSync(join(tmpdir(), 'caracal-monitoring-'));
  readonly #processes = new Map<string, ChildProcess>();
  readonly #said = new Map<string, string>();
  #port = 0;

  /** @returns where node-1 serves its status by TCP */
  async start(): Promise<string> {
    this.#port = await freePort();
    const statusPort = await freePort();
    const nodes = nodeResource('node-1', 64512) + nodeResource('node-2', 64512) + this.#configuration(true);
    const peers = peerResource('reflector', this.#port) + peerResource('rack', this.#port, 65001);
    const own = `${blockResource('node-1', '10.65.0.0/26')}${blockResource('node-2', BLOCK_OF_NODE_2)}`;
    this.#write('node-1', nodes + own + peers);
    this.#write('node-2', nodes + own);
    for (const [name, asNumber] of [
      ['reflector', 64512],
      ['rack', 65001],
    ] as const) {
      this.#write(name, nodeResource(name, asNumber) + this.#configuration(false) + peerResource('node-1', this.#port));
    }
    for (const member of Object.keys(ADDRESSES) as Member[]) {
      const extra = member === 'node-1' ? ['--http', `:${statusPort}`] : [];
      this.run(member, ['--kernel', 'none', ...extra]);
    }
    return `http://127.0.0.1:${statusPort}`;
  }

  /** A daemon that lives from its member's resources. @param command what it is started by */
  run(member: Member, options: readonly string[], command: readonly string[] = []): void {
    const resources = ['--datastore', 'files', '--resources', join(this.#folder, member)];
    this.spawnDaemon(member, [...resources, '--listen', `${ADDRESSES[member]}:${this.#port}`, ...options], {}, command);
  }

  spawnDaemon(
    member: Member,
    options: readonly string[],
    env: Readonly<Record<string, string>>,
    command: readonly string[] = [],
  ): void {
    const where = ['--node', member, '--http', `unix:${this.socket(member)}`];
    const [program = '', ...words] = [...command, CARACAL, 'run', ...where, ...options];
    const { HOSTNAME: _, NODENAME: __, ...rest } = process.env;
    const child = spawn(program, words, { env: { ...rest, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk) => {
      this.#said.set(member, `${this.#said.get(member) ?? ''}${chunk}`);
    });
    this.#processes.set(member, child);
  }

  /** Its log, for who wants to know why something did not come about. */
  said(name: string): string {
    return this.#said.get(name) ?? '';
  }

  socket(name: string): string {
    return join(this.#folder, `${name}.sock`);
  }

  ask(name: string, path: string): Promise<string | undefined> {
    return httpGet(this.socket(name), path);
  }

  /** At once, as a crash. */
  async stop(name: string): Promise<void> {
    const child = this.#processes.get(name);
    if (child === undefined) return;
    this.#processes.delete(name);
    const closed = child.exitCode === null ? new Promise((resolve) => child.once('close', resolve)) : undefined;
    child.kill('SIGKILL');
    await closed;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((name) => this.stop(name)));
    rmSync(this.#folder, { recursive: true });
  }

  #write(member: Member, resources: string): void {
    mkdirSync(join(this.#folder, member));
    writeFileSync(join(this.#folder, member, 'resources.yaml'), resources);
  }

  #configuration(mesh: boolean): string {
    return `${API}
kind: BGPConfiguration
metadata: {name: default}
spec: {nodeToNodeMeshEnabled: ${mesh}, listenPort: ${this.#port}, asNumber: 64512}
---
`;
  }
}

function nodeResource(member: Member, asNumber: number): string {
  return `${API}
kind: Node
metadata: {name: ${member}}
spec: {bgp: {ipv4Address: ${ADDRESSES[member]}/32, asNumber: ${asNumber}}}
---
`;
}

function blockResource(member: Member, cidr: string): string {
  return `${API}
kind: BlockAffinity
metadata: {name: ${member}-${cidr.replace(/[./]/g, '-')}}
spec: {cidr: ${cidr}, deleted: 'false', node: ${member}, state: confirmed}
---
`;
}

function peerResource(member: Member, port: number, asNumber = 64512): string {
  return `${API}
kind: BGPPeer
metadata: {name: to-${member}}
spec: {peerIP: '${ADDRESSES[member]}:${port}', asNumber: ${asNumber}, maxRestartTime: 1s}
---
`;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

// One router, BIRD or Caracal, alone in a network namespace, and its neighbours in another: a link between them, routes of
// others in the router's kernel, and a record of what the neighbours are told. Two of these stand side by side.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment, inNamespace, run, runOrThrow } from '../../topologies/commands.ts';
import { waitFor } from '../../topologies/wait-for.ts';
import type { Neighbour, Told } from './recorder.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const HOME = dirname(dirname(HERE));
const LIMIT_MS = 40_000;

export const ROUTER = { ipv4: '10.192.0.2', ipv6: 'fd5f::2' } as const;
const NETWORK = { ipv4: 16, ipv6: 64 } as const;
/** What `{gateway}` in kernel routes stands for. */
const GATEWAY = '10.192.255.254';

export interface Situation {
  readonly neighbours: readonly Neighbour[];
  /** As `ip route add` takes them. */
  readonly kernelRoutes: readonly string[];
}

/** Neighbour -> what it was told. */
export type Tables = Readonly<Record<string, Told>>;

/** Files that a daemon needs, and the command that runs it in the foreground. */
export interface Daemon {
  readonly files: Readonly<Record<string, string>>;
  readonly command: (folder: string) => readonly string[];
}

export const bird = (config: string): Daemon => ({
  files: { 'bird.conf': config },
  command: (folder) => ['bird', '-f', '-c', join(folder, 'bird.conf'), '-s', join(folder, 'bird.ctl')],
});

export const caracal = (resources: string): Daemon => ({
  files: { 'resources.yaml': resources },
  command: (folder) => [
    join(HOME, 'caracal'),
    ...['run', '--node', 'node-0', '--datastore', 'files', '--resources', join(folder, 'resources.yaml')],
    ...['--http', `unix:${join(folder, 'status.sock')}`, '--log-level', 'warn'],
  ],
});

export class Stage {
  readonly #router: string;
  readonly #outside: string;

  /** @param name unlike those of all other stages on this machine */
  constructor(name: string) {
    this.#router = `${name}-router`;
    this.#outside = `${name}-outside`;
  }

  async build(addresses: readonly string[]): Promise<void> {
    for (const namespace of [this.#router, this.#outside]) {
      await runOrThrow(['ip', 'netns', 'add', namespace]);
      await this.#ip(namespace, 'link', 'set', 'lo', 'up');
    }
    // Only the names of the interfaces matter: a workload's, the tunnel's.
    for (const device of ['eth0', 'cali1', 'tunl0']) {
      const ends = ['link', 'add', device, 'netns', this.#router, 'type', 'veth'];
      await runOrThrow(['ip', ...ends, 'peer', 'name', device, 'netns', this.#outside]);
      await this.#ip(this.#router, 'link', 'set', device, 'up');
      await this.#ip(this.#outside, 'link', 'set', device, 'up');
    }
    for (const address of Object.values(ROUTER)) await this.#addAddress(this.#router, address);
    for (const address of [...addresses, GATEWAY]) await this.#addAddress(this.#outside, address);
  }

  async remove(): Promise<void> {
    for (const namespace of [this.#router, this.#outside]) await run(['ip', 'netns', 'del', namespace]);
  }

  /** Runs the daemon until its neighbours have been told everything, or for as long as that may take. */
  async play(daemon: Daemon, { neighbours, kernelRoutes }: Situation): Promise<Tables> {
    const folder = mkdtempSync(join(tmpdir(), 'caracal-side-by-side-'));
    const processes: Running[] = [];
    try {
      for (const route of kernelRoutes) await this.#ip(this.#router, 'route', 'add', ...route.split(' '));
      for (const [name, text] of Object.entries(daemon.files)) writeFileSync(join(folder, name), text);
      const router = new Running(inNamespace(this.#router, daemon.command(folder)));
      const program = [process.execPath, join(HERE, 'recorder.ts'), JSON.stringify(neighbours)];
      const recorder = new Running(inNamespace(this.#outside, program));
      processes.push(router, recorder);
      const told = (): Tables => JSON.parse(recorder.lastLine ?? '{}');
      const isDone = () => {
        for (const { obituary } of processes) if (obituary !== undefined) throw new Error(obituary);
        return neighbours.every(({ name }) => (told()[name]?.answers ?? 0) >= 2);
      };
      await waitFor(isDone, LIMIT_MS);
      return told();
    } finally {
      for (const running of processes) await running.stop();
      for (const protocol of ['80', 'static', 'bird']) {
        for (const family of ['-4', '-6']) await this.#ip(this.#router, family, 'route', 'flush', 'proto', protocol);
      }
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #addAddress(namespace: string, address: string): Promise<string> {
    const isIpv6 = address.includes(':');
    const length = isIpv6 ? NETWORK.ipv6 : NETWORK.ipv4;
    return this.#ip(namespace, 'addr', 'add', `${address}/${length}`, 'dev', 'eth0', ...(isIpv6 ? ['nodad'] : []));
  }

  #ip(namespace: string, ...args: readonly string[]): Promise<string> {
    return runOrThrow(['ip', '-n', namespace, ...args]);
  }
}

/** A process of ours: what it said last, and how it ended if it did. */
class Running {
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  #unread = '';
  #errors = '';
  lastLine: string | undefined;
  obituary: string | undefined;

  constructor([file = '', ...args]: readonly string[]) {
    this.#child = spawn(file, args, { env: environment(), stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#closed = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.obituary = `${file} ${args.join(' ')} ended with ${code ?? signal}: ${this.#errors.slice(-2_000).trim()}`;
        resolve();
      });
      this.#child.on('error', (error) => {
        this.obituary = `cannot run ${file}: ${error.message}`;
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#closed;
  }

  #read(text: string): void {
    const lines = (this.#unread + text).split('\n');
    this.#unread = lines.pop()!;
    this.lastLine = lines.at(-1) ?? this.lastLine;
  }
}

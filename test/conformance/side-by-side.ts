// One router, BIRD or Caracal, alone in a network namespace, and its neighbours in another: a link between them, routes of
// others in the router's kernel, and a record of what the neighbours are told. Two of these stand side by side.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Family } from 'node-bgp';
import { environment, inNamespace, run, runOrThrow } from '../../topologies/commands.ts';
import { waitFor } from '../../topologies/wait-for.ts';
import type { Errand, Neighbour, Report, Told } from './recorder.ts';

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
  async play(daemon: Daemon, situation: Situation): Promise<Tables> {
    const play = await this.begin([daemon], situation);
    try {
      return await play.tables();
    } finally {
      await play.end();
    }
  }

  /** Runs daemons and their neighbours until `end`. */
  async begin(daemons: readonly Daemon[], { neighbours, kernelRoutes }: Situation): Promise<Play> {
    for (const route of kernelRoutes) await this.#ip(this.#router, 'route', 'add', ...route.split(' '));
    return new Play(this.#router, this.#outside, daemons, neighbours);
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

export interface ProgrammedRoute {
  /** `default`, a prefix, or an address. */
  readonly dst: string;
}

/** Daemons at work in a namespace, with their neighbours. */
export class Play {
  readonly #folder = mkdtempSync(join(tmpdir(), 'caracal-side-by-side-'));
  readonly #namespace: string;
  readonly #neighbours: readonly Neighbour[];
  readonly #daemons: readonly Running[];
  readonly #recorder: Running;
  #errands = 0;

  constructor(router: string, outside: string, daemons: readonly Daemon[], neighbours: readonly Neighbour[]) {
    this.#namespace = router;
    this.#neighbours = neighbours;
    for (const { files } of daemons) this.write(files);
    this.#daemons = daemons.map(({ command }) => new Running(inNamespace(router, command(this.#folder))));
    const program = [process.execPath, join(HERE, 'recorder.ts'), JSON.stringify(neighbours)];
    this.#recorder = new Running(inNamespace(outside, program));
  }

  /** Files for the daemons to read. */
  write(files: Daemon['files']): void {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#folder, name), text);
  }

  signal(signal: NodeJS.Signals): void {
    for (const daemon of this.#daemons) daemon.signal(signal);
  }

  /** Neighbours have something to do. */
  send(errand: Errand): void {
    this.#errands++;
    this.#recorder.say(JSON.stringify(errand));
  }

  /** What neighbours have been told, when they have been told everything. */
  async tables(): Promise<Tables> {
    const report = (): Report => JSON.parse(this.#recorder.lastLine ?? '{ "errands": -1, "told": {} }');
    const isDone = () => {
      for (const { obituary } of [...this.#daemons, this.#recorder]) {
        if (obituary !== undefined) throw new Error(obituary);
      }
      const { errands, told } = report();
      return errands === this.#errands && this.#neighbours.every(({ name }) => (told[name]?.answers ?? 0) >= 2);
    };
    await waitFor(isDone, LIMIT_MS);
    return report().told;
  }

  /** Routes that the daemons put into the kernel, as `ip -json` shows them, sorted. */
  async programmed(family: Family): Promise<readonly ProgrammedRoute[]> {
    const option = family === 'ipv4' ? '-4' : '-6';
    const shown = await runOrThrow(['ip', '-n', this.#namespace, option, '-json', 'route', 'show', 'proto', 'bird']);
    const routes: ProgrammedRoute[] = JSON.parse(shown || '[]');
    return routes.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }

  async end(): Promise<void> {
    for (const running of [...this.#daemons, this.#recorder]) await running.stop();
    for (const protocol of ['80', 'static', 'bird']) {
      for (const family of ['-4', '-6']) {
        await runOrThrow(['ip', '-n', this.#namespace, family, 'route', 'flush', 'proto', protocol]);
      }
    }
    rmSync(this.#folder, { recursive: true, force: true });
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

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  say(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  #read(text: string): void {
    const lines = (this.#unread + text).split('\n');
    this.#unread = lines.pop()!;
    this.lastLine = lines.at(-1) ?? this.lastLine;
  }
}

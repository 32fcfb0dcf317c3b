// Machines as network namespaces on one switch, the programs that run on them, and what may happen to the cables.
// Not here: what the programs are (programs/).

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { environment, inNamespace, run, runOrThrow } from '../../topologies/commands.ts';

const SWITCH = 'switch';
const SIGTERM_MS = 5_000;

export class Stage {
  readonly #name: string;
  readonly #machines = new Map<string, Machine>();
  readonly folder: string;

  /** @param name unlike those of all other stages on this machine, and short: interfaces are named by it */
  constructor(name: string) {
    this.#name = name;
    this.folder = mkdtempSync(join(tmpdir(), `caracal-stage-${name}-`));
    // Some programs are users of their own.
    chmodSync(this.folder, 0o755);
  }

  async build(): Promise<this> {
    const hub = this.namespace(SWITCH);
    await runOrThrow(['ip', 'netns', 'add', hub]);
    await runOrThrow(['ip', '-n', hub, 'link', 'add', 'br0', 'type', 'bridge']);
    await runOrThrow(['ip', '-n', hub, 'link', 'set', 'br0', 'up']);
    return this;
  }

  /** A machine with these addresses (with their lengths) on eth0. */
  async add(name: string, addresses: readonly string[]): Promise<Machine> {
    const [hub, own, port] = [this.namespace(SWITCH), this.namespace(name), `p${this.#machines.size}`];
    await runOrThrow(['ip', 'netns', 'add', own]);
    const machine = new Machine(name, own, { namespace: hub, name: port }, join(this.folder, name));
    this.#machines.set(name, machine);
    const ends = ['link', 'add', port, 'netns', hub, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', own];
    await runOrThrow(['ip', ...ends]);
    await machine.plug();
    await runOrThrow(['ip', '-n', hub, 'link', 'set', port, 'up']);
    for (const device of ['lo', 'eth0']) await machine.ip('link', 'set', device, 'up');
    for (const address of addresses) await machine.addAddress(address);
    return machine;
  }

  async remove(): Promise<void> {
    await Promise.all(Array.from(this.#machines.values(), (machine) => machine.stop()));
    for (const name of [...this.#machines.keys(), SWITCH]) await run(['ip', 'netns', 'del', this.namespace(name)]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  namespace(machine: string): string {
    return `${this.#name}-${machine}`;
  }
}

interface Port {
  readonly namespace: string;
  readonly name: string;
}

export class Machine {
  readonly name: string;
  readonly namespace: string;
  readonly folder: string;
  readonly #port: Port;
  #programs: Program[] = [];

  constructor(name: string, namespace: string, port: Port, folder: string) {
    this.name = name;
    this.namespace = namespace;
    this.#port = port;
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  }

  /** In order; all are expected to run until they are stopped. */
  start(...commands: readonly (readonly string[])[]): readonly Program[] {
    const started = commands.map((argv) => new Program(inNamespace(this.namespace, argv)));
    this.#programs.push(...started);
    return started;
  }

  async stop(): Promise<void> {
    const programs = this.#programs.reverse();
    this.#programs = [];
    for (const program of programs) await program.stop();
  }

  /** Every process of this machine at once, so that none has time to say goodbye for another. */
  async kill(): Promise<void> {
    const programs = this.#programs;
    this.#programs = [];
    const pids = (await runOrThrow(['ip', 'netns', 'pids', this.namespace])).split('\n').filter(Boolean).map(Number);
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of pids) killIfThere(pid, signal);
    await Promise.all(programs.map(({ ended }) => ended));
  }

  get programs(): readonly Program[] {
    return this.#programs;
  }

  /** What the programs of this machine said, for the message of a failure. */
  get log(): string {
    return this.#programs.map(({ argv, output }) => `${argv.join(' ')}\n${output}`).join('\n');
  }

  run(argv: readonly string[]): Promise<string> {
    return runOrThrow(inNamespace(this.namespace, argv));
  }

  ip(...args: readonly string[]): Promise<string> {
    return runOrThrow(['ip', '-n', this.namespace, ...args]);
  }

  async addAddress(address: string, device = 'eth0'): Promise<void> {
    await this.ip('addr', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []));
  }

  write(name: string, text: string, mode = 0o644): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
    return path;
  }

  /** The cable is cut where nobody sees it: the interface stays up, and nothing comes through. */
  async cut(): Promise<void> {
    await runOrThrow(['ip', '-n', this.#port.namespace, 'link', 'set', this.#port.name, 'nomaster']);
  }

  async plug(): Promise<void> {
    await runOrThrow(['ip', '-n', this.#port.namespace, 'link', 'set', this.#port.name, 'master', 'br0']);
  }
}

function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** A process of ours and the end of what it said. */
export class Program {
  readonly argv: readonly string[];
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  #output = '';
  /** How it ended, if it did. */
  obituary: string | undefined;

  constructor(argv: readonly string[]) {
    this.argv = argv;
    const [file = '', ...args] = argv;
    this.child = spawn(file, args, { env: environment(), stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-20_000);
      });
    }
    this.child.stdin!.on('error', () => {}); // it may end before it has read everything
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.obituary = `ended with ${code ?? signal}`;
        resolve();
      });
      this.child.on('error', (error) => {
        this.obituary = error.message;
        resolve();
      });
    });
  }

  get output(): string {
    return this.#output;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    const impatience = setTimeout(() => this.child.kill('SIGKILL'), SIGTERM_MS);
    await this.ended;
    clearTimeout(impatience);
  }
}

// A network namespace for the benchmark of the kernel: one interface with a neighbour at its other end, and the number of
// routes as the kernel itself counts them. Removed again whatever happens.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { environment, existingNamespaces, inNamespace, run } from '../../topologies/commands.ts';
import { waitFor } from '../../topologies/wait-for.ts';
import { GATEWAY } from './routes.ts';

const NAME = /^caracal-kernel-bench-(\d+)/;
/** Has the processor before others who are at work on this machine; where sessions are scheduled as groups, so its group. */
const FAVOURED = 'echo -15 2>/dev/null >/proc/self/autogroup; exec nice -n -15 "$@"';
/** Ends with us, even when we are killed. */
const PREFIX = ['setpriv', '--pdeathsig', 'KILL', '--', 'sh', '-c', FAVOURED, 'sh'];

export class BenchNamespace {
  readonly name: string;
  /** Sleeps inside, so that the namespace has a /proc of its own to be read. */
  readonly #resident: ChildProcess;

  static async build(suffix = ''): Promise<BenchNamespace> {
    const namespace = new BenchNamespace(suffix);
    const ours = readlinkSync('/proc/self/ns/net');
    await waitFor(() => readlinkSync(`/proc/${namespace.#resident.pid}/ns/net`) !== ours, 5_000);
    return namespace;
  }

  private constructor(suffix: string) {
    this.name = `caracal-kernel-bench-${process.pid}${suffix}`;
    execFileSync('ip', ['netns', 'add', this.name]);
    this.batch([
      'link set lo up',
      'link add eth0 type veth peer name far',
      'link set far up',
      'link set eth0 up',
      'addr add 192.0.2.1/24 dev eth0',
      // Nobody has to look for the gateway.
      `neigh add ${GATEWAY} lladdr 02:00:00:00:00:02 dev eth0 nud permanent`,
    ]);
    this.#resident = this.spawn(['sleep', 'infinity'], 'ignore');
  }

  /** Commands of `ip`, in one process. */
  batch(commands: readonly string[]): void {
    execFileSync('ip', ['-n', this.name, '-batch', '-'], { input: commands.join('\n'), env: environment() });
  }

  spawn(argv: readonly string[], stdio: 'pipe' | 'ignore' = 'pipe'): ChildProcess {
    const [file = '', ...args] = inNamespace(this.name, [...PREFIX, ...argv]);
    // Detached: a session of its own.
    return spawn(file, args, { detached: true, env: environment(), stdio: [stdio, stdio, 'inherit'] });
  }

  /** IPv4 prefixes in the main table. */
  get prefixes(): number {
    const text = readFileSync(`/proc/${this.#resident.pid}/net/fib_triestat`, 'utf8');
    return Number(/^Main:[\s\S]*?Prefixes:\s+(\d+)/m.exec(text)?.[1]);
  }

  async remove(): Promise<void> {
    this.#resident.kill('SIGKILL');
    await run(['ip', 'netns', 'del', this.name]);
  }
}

/** What a benchmark left that was killed. */
export async function removeAbandoned(): Promise<void> {
  for (const name of existingNamespaces()) {
    const owner = NAME.exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) await run(['ip', 'netns', 'del', name]);
  }
}

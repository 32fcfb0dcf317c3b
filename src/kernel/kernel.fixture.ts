// For tests against a real kernel: a network namespace of the test's own, and a LinuxKernel that runs inside it. The
// program at the end of this file is that inside: started by `ip netns exec`, it takes one JSON line a call and prints one
// JSON line for each answer and each delivery.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KernelEvent, KernelNextHop, KernelRoute, KernelWish } from '../fib/types.ts';
import { LinuxKernel, type LinuxKernelOptions } from './kernel.ts';
import type { KernelStatus, TunnelWish } from './port.ts';
import type { KernelProblem } from './troubles.ts';

/** Why such tests cannot run here; undefined: they can. */
export function namespacesMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    execFileSync('ip', ['-V'], { stdio: 'ignore' });
  } catch {
    return 'network namespaces need iproute2';
  }
  return undefined;
}

/** Each test starts a process or two; compiled once, they start in half the time. */
const CODE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/caracal', import.meta.url));

let namespaces = 0;

/** A namespace with `eth0` (10.0.0.1/24, fd00::1/64) and `eth1` (10.0.1.1/24), both with carrier. */
export class Namespace {
  readonly name: string;

  constructor() {
    this.name = `caracal-kernel-${process.pid}-${++namespaces}`;
    execFileSync('ip', ['netns', 'add', this.name]);
    this.ip('link set lo up');
    for (const [device, address] of [['eth0', '10.0.0.1/24'], ['eth1', '10.0.1.1/24']] as const) this.veth(device, address); // biome-ignore format: one line
    this.ip('addr add fd00::1/64 dev eth0 nodad');
  }

  /** One end of a pair, up, with the other end up too. */
  veth(device: string, address?: string): void {
    this.ip(`link add ${device} type veth peer name ${device}-far`);
    this.ip(`link set ${device}-far up`);
    this.ip(`link set ${device} up`);
    if (address !== undefined) this.ip(`addr add ${address} dev ${device}`);
  }

  ip(args: string): string {
    return execFileSync('ip', ['-n', this.name, ...args.split(' ')], { encoding: 'utf8', stdio: 'pipe' });
  }

  /** Many commands of `ip` in one process. */
  batch(commands: readonly string[]): void {
    execFileSync('ip', ['-n', this.name, '-batch', '-'], { input: commands.join('\n'), stdio: 'pipe' });
  }

  /** Routes of a protocol as `ip` shows them, one line each, in its order. */
  shown(protocol = 'bird', family: 4 | 6 = 4): string[] {
    const text = this.ip(`-${family} route show proto ${protocol}`);
    const joined = text.replaceAll(/\s*\n\s+nexthop/g, ' nexthop');
    return joined.split('\n').filter((line) => line !== '').map((line) => line.trim().replaceAll(/\s+/g, ' ')); // biome-ignore format: one line
  }

  /** What `ip monitor route` says from now on; resolves when it listens. */
  async monitor(): Promise<RouteMonitor> {
    const monitor = new RouteMonitor(this.name);
    for (let metric = 1; monitor.changesOf(PROBE).length === 0; metric++) {
      this.ip(`route add ${PROBE} dev lo metric ${metric}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return monitor;
  }

  delete(): void {
    execFileSync('ip', ['netns', 'del', this.name]);
  }
}

const PROBE = '203.0.113.203';

export interface RouteChange {
  readonly type: 'new' | 'deleted';
  /** As `ip` prints the route. */
  readonly line: string;
  /** When the line was read, in milliseconds. */
  readonly at: number;
}

/** `ip monitor route`. */
export class RouteMonitor {
  readonly #changes: RouteChange[] = [];
  readonly #child: ChildProcess;

  constructor(namespace: string) {
    this.#child = spawn('ip', ['-n', namespace, '-o', 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const deleted = line.startsWith('Deleted ');
      const at = performance.now();
      this.#changes.push({ type: deleted ? 'deleted' : 'new', line: deleted ? line.slice(8) : line, at });
    });
  }

  changesOf(prefix: string): RouteChange[] {
    return this.#changes.filter(({ line }) => line.includes(`${prefix} `));
  }

  /** Whether there was a moment, after the first route of the prefix, without any. */
  hadGap(prefix: string): boolean {
    const metrics = new Set<string>();
    let gap = false;
    for (const { type, line } of this.changesOf(prefix)) {
      const metric = / metric (\d+)/.exec(line)?.[1] ?? '0';
      if (type === 'new') metrics.add(metric);
      else metrics.delete(metric);
      gap ||= metrics.size === 0;
    }
    return gap;
  }

  stop(): void {
    this.#child.kill();
  }
}

type Answer =
  | { readonly type: 'answer'; readonly value: unknown; readonly error?: { code: string; message: string } }
  | { readonly type: 'events'; readonly events: readonly KernelEvent[] }
  | { readonly type: 'problem'; readonly problem: KernelProblem };

/** A LinuxKernel in another namespace, by remote control. */
export class RemoteKernel {
  readonly events: KernelEvent[] = [];
  readonly problems: KernelProblem[] = [];
  readonly #child: ChildProcess;
  readonly #open: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];

  constructor(namespace: Namespace, options: Omit<LinuxKernelOptions, 'report'> = {}, wrapper: readonly string[] = []) {
    const program = [process.execPath, '--expose-gc', fileURLToPath(import.meta.url), JSON.stringify(options)];
    this.#child = spawn('ip', ['netns', 'exec', namespace.name, ...wrapper, ...program], {
      env: { ...process.env, NODE_COMPILE_CACHE: CODE_CACHE },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#take(JSON.parse(line) as Answer));
  }

  start(): Promise<void> {
    return this.#call('start') as Promise<void>;
  }

  /** Answered when the child has taken the wishes; see `settled`. */
  program(...wishes: readonly KernelWish[]): Promise<void> {
    return this.#call('program', wishes) as Promise<void>;
  }

  manageTunnel(tunnel: TunnelWish): Promise<void> {
    return this.#call('manageTunnel', tunnel) as Promise<void>;
  }

  sweep(): Promise<void> {
    return this.#call('sweep') as Promise<void>;
  }

  audit(): Promise<void> {
    return this.#call('audit') as Promise<void>;
  }

  routes(): Promise<readonly KernelRoute[]> {
    return this.#call('routes') as Promise<readonly KernelRoute[]>;
  }

  status(): Promise<KernelStatus> {
    return this.#call('status') as Promise<KernelStatus>;
  }

  reopened(): Promise<number> {
    return this.#call('reopened') as Promise<number>;
  }

  /** Milliseconds of processor time that the child has used. */
  cpu(): Promise<number> {
    return this.#call('cpu') as Promise<number>;
  }

  /** Octets of heap after a collection. */
  heap(): Promise<number> {
    return this.#call('heap') as Promise<number>;
  }

  /** Wishes for many routes, or (without hop) for none of them; resolves with the longest turn of the event loop until done. */
  storm(range: Storm): Promise<number> {
    return this.#call('storm', range) as Promise<number>;
  }

  async stop(): Promise<void> {
    await this.#call('stop');
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin!.end();
    await gone;
  }

  /** Stops reading, as a machine does that has other things to do; `resume` lets it go on. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** SIGKILL, as in a crash. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }

  #call(method: string, argument?: unknown): Promise<unknown> {
    this.#child.stdin!.write(`${JSON.stringify({ method, argument })}\n`);
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject }));
  }

  #take(answer: Answer): void {
    if (answer.type === 'events') this.events.push(...answer.events);
    else if (answer.type === 'problem') this.problems.push(answer.problem);
    else {
      const { resolve, reject } = this.#open.shift()!;
      if (answer.error === undefined) resolve(answer.value);
      else reject(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
    }
  }
}

export function unicast(prefix: string, nextHops: readonly KernelNextHop[], metric?: number): KernelWish {
  const standard = prefix.includes(':') ? 1024 : 0;
  return { type: 'route', route: { prefix, type: 'unicast', metric: metric ?? standard, nextHops } };
}

export function via(gateway: string, device: string): KernelNextHop {
  return { gateway, device };
}

interface Storm {
  readonly from: number;
  readonly to: number;
  readonly hop?: KernelNextHop;
}

async function storm(kernel: LinuxKernel, { from, to, hop }: Storm): Promise<number> {
  const wishes = Array.from({ length: to - from }, (_, n): KernelWish => {
    const i = from + n;
    const prefix = `10.${100 + (i >> 10)}.${(i >> 2) & 255}.${(i & 3) << 6}/26`;
    return hop === undefined ? { type: 'none', prefix } : unicast(prefix, [hop]);
  });
  const target = hop === undefined ? from : to;
  let longest = 0;
  let last = performance.now();
  kernel.program(wishes);
  for (let rest = 10_000; rest > 0; rest--) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    longest = Math.max(longest, performance.now() - last - 1);
    const { wanted, installed } = kernel.status();
    if (installed === target && wanted === target) break;
    last = performance.now();
  }
  await kernel.audit();
  return longest;
}

async function serve(): Promise<void> {
  const print = (answer: Answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  const options = JSON.parse(process.argv[2] ?? '{}') as LinuxKernelOptions;
  const kernel = new LinuxKernel({ ...options, report: (problem) => print({ type: 'problem', problem }) });
  const methods: Record<string, (argument: unknown) => unknown> = {
    start: () => kernel.start((events) => print({ type: 'events', events })),
    program: (wishes) => kernel.program(wishes as KernelWish[]),
    manageTunnel: (tunnel) => kernel.manageTunnel(tunnel as TunnelWish),
    sweep: () => kernel.sweep(),
    audit: () => kernel.audit(),
    routes: () => kernel.routes(),
    status: () => kernel.status(),
    reopened: () => kernel.reopened,
    stop: () => kernel.stop(),
    cpu: () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000,
    heap: () => {
      (globalThis as { gc?: () => void }).gc?.();
      return process.memoryUsage().heapUsed;
    },
    storm: (range) => storm(kernel, range as Storm),
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const { method, argument } = JSON.parse(line) as { method: string; argument: unknown };
    try {
      print({ type: 'answer', value: (await methods[method]!(argument)) ?? null });
    } catch (error) {
      const { code = '', message } = error as Error & { code?: string };
      print({ type: 'answer', value: null, error: { code, message } });
    }
  }
  await kernel.stop();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve();

// What the system knows about a daemon and its children: processor time, memory, and whether it listens. From /proc, so
// that every daemon is measured by the same means.

import { readdirSync, readFileSync } from 'node:fs';

/** KiB, summed over the processes of a daemon. */
export interface Memory {
  readonly resident: number;
  /** Pages that nobody else has; what the process would free by ending. */
  readonly private: number;
  readonly highest: number;
}

export interface Figures {
  /** Milliseconds of processor time since the start, user and system. */
  readonly cpu: number;
  readonly memory: Memory;
}

/** USER_HZ, which is 100 on every machine. */
const MILLISECONDS_A_TICK = 10;
const TCP_LISTEN = '0A';

/** The process and all below it. */
export function processTree(root: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(Number(name)));
  }
  const tree = [root];
  for (let i = 0; i < tree.length; i++) {
    for (const [pid, parent] of parents) if (parent === tree[i]) tree.push(pid);
  }
  return tree;
}

export function figuresOf(pids: readonly number[]): Figures {
  const sum = (figure: (pid: number) => number) => pids.reduce((total, pid) => total + figure(pid), 0);
  return {
    cpu: cpuOfAll(pids),
    memory: {
      resident: sum((pid) => kibOf(`/proc/${pid}/status`, 'VmRSS')),
      private: sum((pid) => kibOf(`/proc/${pid}/smaps_rollup`, 'Private_(?:Clean|Dirty)')),
      highest: sum((pid) => kibOf(`/proc/${pid}/status`, 'VmHWM')),
    },
  };
}

/** Milliseconds of processor time. */
export function cpuOfAll(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + cpuOf(pid), 0);
}

/** Milliseconds that all processors of the machine were busy since its start, in steps of 10. */
export function busyTime(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = read('/proc/stat')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * MILLISECONDS_A_TICK;
}

/** Somebody in the process's network namespace listens on the port. */
export function isListening(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return ['tcp', 'tcp6'].some((table) =>
    read(`/proc/${pid}/net/${table}`)
      .split('\n')
      .some((line) => new RegExp(`^\\s*\\d+: [0-9A-F]+:${hex} [0-9A-F]+:0000 ${TCP_LISTEN} `).test(line)),
  );
}

/** The scheduler's own count in nanoseconds: /proc/PID/stat counts in steps of 10 ms. */
function cpuOf(pid: number): number {
  const tasks = list(`/proc/${pid}/task`);
  return (
    tasks.reduce((total, task) => total + Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0]), 0) / 1e6
  );
}

function kibOf(file: string, field: string): number {
  const lines = read(file).matchAll(new RegExp(`^${field}:\\s+(\\d+) kB`, 'gm'));
  return [...lines].reduce((total, [, kib]) => total + Number(kib), 0);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** Empty where the process or thread has just ended. */
function read(file: string): string {
  return orEmpty(() => readFileSync(file, 'utf8'), '');
}

function list(folder: string): readonly string[] {
  return orEmpty(() => readdirSync(folder), []);
}

function orEmpty<T>(look: () => T, empty: T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return empty;
    throw error;
  }
}

// One run of one daemon: start it, wait until it listens, let the load generator loose on it, end it. What a run leaves
// behind is a value; processes and files are gone.

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Contender } from './contenders.ts';
import type { Network } from './network.ts';
import { type Plan, PORT } from './plan.ts';
import { figuresOf, isListening, type Memory, processTree } from './process-figures.ts';
import type { RunResult, Task } from './run-result.ts';

export interface IdleResult {
  /** Milliseconds from exec until the port is open; NaN where it never is. */
  readonly listening: number;
  readonly memory: Memory;
}

const POLL = 2;
const LONGEST_START = 30_000;
const LONGEST_STOP = 10_000;
/** Milliseconds after which an idle daemon has done all it does at its start. */
const IDLE = 3_000;
const GENERATOR = join(import.meta.dirname, 'generator.ts');

/** Whoever is told to stop ends them. */
const running = new Set<ChildProcess>();

export class TrialError extends Error {}

export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

export function runTrial(
  network: Network,
  contender: Contender,
  plan: Plan,
  task: Omit<Task, 'plan' | 'processes'>,
): Promise<RunResult> {
  return withDaemon(network, contender, plan, async (daemon, folder) => {
    const file = join(folder, 'task.json');
    const whole: Task = { ...task, plan, processes: processTree(daemon.pid!) };
    writeFileSync(file, JSON.stringify(whole));
    const generator = watch(network.startGenerator([process.execPath, GENERATOR, file]));
    const [output, code] = await Promise.all([text(generator.stdout!), ended(generator)]);
    if (code !== 0) throw new TrialError(`the load generator ended with ${code}`);
    return withNaN(JSON.parse(output));
  });
}

export function runIdle(network: Network, contender: Contender): Promise<IdleResult> {
  return withDaemon(network, contender, undefined, async (daemon, _folder, listening) => {
    await pause(IDLE);
    return { listening, memory: figuresOf(processTree(daemon.pid!)).memory };
  });
}

async function withDaemon<T>(
  network: Network,
  contender: Contender,
  plan: Plan | undefined,
  use: (daemon: ChildProcess, folder: string, listening: number) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'caracal-bench-'));
  const log = join(folder, 'output.log');
  const argv = contender.prepare(folder, plan);
  const began = performance.now();
  const daemon = watch(network.startDaemon(argv, log, folder));
  try {
    while (!isListening(daemon.pid!, PORT)) {
      if (hasEnded(daemon) || performance.now() - began > LONGEST_START) {
        throw new TrialError(`${contender.name} does not listen: ${readFileSync(log, 'utf8').slice(-2000)}`);
      }
      await pause(POLL);
    }
    return await use(daemon, folder, performance.now() - began);
  } finally {
    await stop(daemon);
    rmSync(folder, { recursive: true, force: true });
  }
}

function watch(child: ChildProcess): ChildProcess {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const end = ended(child);
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), LONGEST_STOP);
  await end;
  clearTimeout(impatience);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function ended(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
}

/** JSON has no NaN and writes null. */
function withNaN(result: RunResult): RunResult {
  return JSON.parse(JSON.stringify(result), (_key, value) => (value === null ? Number.NaN : value));
}

// A scenario is a row of named steps that run one after the other in a kernel of their own (in-uml.ts boots it), and what
// steps have in common. No vitest here: inside is Node alone, and a step fails by throwing.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { inNamespace, runOrThrow } from '../../topologies/commands.ts';
import type { Lab } from '../../topologies/lab.ts';

export type Steps = Readonly<Record<string, () => Promise<void>>>;

export interface Scenario {
  readonly steps: Steps;
  /** Takes down what the steps have built, whatever became of them. */
  readonly end: () => Promise<void>;
}

/** What became of a step: one line of JSON each. */
export interface Outcome {
  readonly step: string;
  readonly seconds: number;
  /** Absent: it went well. */
  readonly error?: string;
}

/** A step that fails does not keep the others from being tried. */
export async function play({ steps, end }: Scenario, report: (outcome: Outcome) => void): Promise<void> {
  try {
    for (const [step, body] of Object.entries(steps)) {
      const began = performance.now();
      const seconds = () => Math.round((performance.now() - began) / 10) / 100;
      try {
        await body();
        report({ step, seconds: seconds() });
      } catch (error) {
        report({ step, seconds: seconds(), error: error instanceof Error ? error.message : String(error) });
      }
    }
  } finally {
    await end();
  }
}

const SOON_MS = 20_000;
/** The machine inside has one processor, and looking takes its time from what is looked at. */
const LOOK_MS = 150;

/** Waits until a value is as expected, and throws with the difference when it does not come to that. */
export async function eventually<T>(read: () => T | Promise<T>, expected: T): Promise<void> {
  const deadline = performance.now() + SOON_MS;
  let actual = await read();
  while (!isEqual(actual, expected) && performance.now() < deadline) {
    await pause(LOOK_MS);
    actual = await read();
  }
  assert.deepEqual(actual, expected);
}

function isEqual(actual: unknown, expected: unknown): boolean {
  try {
    assert.deepEqual(actual, expected);
    return true;
  } catch (error) {
    if (error instanceof assert.AssertionError) return false;
    throw error;
  }
}

/** Our routes as `ip` shows them, one line each, in its order. */
export async function shownRoutes(lab: Lab, machine: string, family: 4 | 6 = 4): Promise<string[]> {
  const text = await runOrThrow(['ip', '-n', lab.namespace(machine), `-${family}`, 'route', 'show', 'proto', 'bird']);
  const lines = text.replaceAll(/\s*\n\s+nexthop/g, ' nexthop').split('\n');
  return lines.filter((line) => line !== '').map((line) => line.trim().replaceAll(/\s+/g, ' '));
}

export async function ip(lab: Lab, machine: string, command: string): Promise<string> {
  return runOrThrow(['ip', '-n', lab.namespace(machine), ...command.split(' ')]);
}

/** How many of `count` packets come back. */
export async function pinged(lab: Lab, from: string, to: string, count = 2, source?: string): Promise<number> {
  const options = [
    '-n',
    '-q',
    '-c',
    String(count),
    '-i',
    '0.01',
    '-W',
    '2',
    ...(source === undefined ? [] : ['-I', source]),
  ];
  const { stdout } = await lab.run(from, ['ping', ...options, to]);
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 'NaN');
}

/** Packets that went out through a device. */
export async function packetsOut(lab: Lab, machine: string, device: string): Promise<number> {
  const [link] = JSON.parse(await ip(lab, machine, `-json -s link show ${device}`));
  return link.stats64.tx.packets;
}

/** A hundred packets a second from now on; the result says how many of them were answered. */
export class Flood {
  readonly #child: ReturnType<typeof spawn>;
  readonly #answered = new Set<number>();
  readonly #ended: Promise<unknown>;

  constructor(lab: Lab, from: string, source: string, to: string) {
    const ping = ['ping', '-n', '-i', '0.01', '-I', source, to];
    const [file = '', ...args] = inNamespace(lab.namespace(from), ping);
    this.#child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
    let rest = '';
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const sequence = /bytes from .* icmp_seq=(\d+)/.exec(line)?.[1];
        if (sequence !== undefined) this.#answered.add(Number(sequence));
      }
    });
  }

  /** So many packets have come back by now. */
  get answered(): number {
    return this.#answered.size;
  }

  /** What was sent last may still be under way: only packets before one that was answered can be lost. */
  async stop(): Promise<{ readonly answered: number; readonly lost: number }> {
    this.#child.kill('SIGINT');
    await this.#ended;
    return { answered: this.answered, lost: Math.max(0, ...this.#answered) - this.answered };
  }
}

// Why wanted routes are not in the kernel: refused, in conflict with somebody else's route, waiting for a device, taken away
// again and again. Keeps the reason of each, says when it is worth another try, and tells each reason once. Pure.

import type { Prefix } from 'node-bgp';
import type { KernelRoute } from '../fib/types.ts';
import { Agenda } from './agenda.ts';
import { protocolName } from './constants.ts';
import type { KernelComplaint } from './port.ts';

export type Trouble =
  | { readonly type: 'refused'; readonly text: string; readonly attempts: number }
  | { readonly type: 'conflict'; readonly protocol: number }
  | { readonly type: 'waiting'; readonly text: string };

/** Why the kernel said no: name of the errno, and text for people. */
export interface Failure {
  readonly code: string;
  readonly text: string;
}

/** Worth a line in a log, once. */
export type KernelProblem =
  | { readonly type: 'refused' | 'conflict' | 'fight'; readonly prefix: Prefix; readonly text: string }
  /** Of the tunnel device. */
  | { readonly type: 'tunnel'; readonly text: string };

/** Who has troubles. */
interface Sufferer {
  readonly prefix: Prefix;
  readonly wanted: KernelRoute | undefined;
}

interface LossRecord {
  readonly losses: number;
  readonly last: number;
  /** Who replaced the route; undefined: it was deleted. */
  readonly protocol: number | undefined;
}

/** Milliseconds. */
const FIRST_PAUSE = 1_000;
const LAST_PAUSE = 60_000;
/** Without a loss for so long the fight is over. */
const PEACE = 2 * LAST_PAUSE;
/** So many losses are put right at once; the next ones after rising pauses. */
const FREE_LOSSES = 2;

export class Troubles<T extends Sufferer> {
  readonly #report: (problem: KernelProblem) => void;
  readonly #troubles = new Map<T, Trouble>();
  readonly #devices = new Map<T, readonly string[]>();
  readonly #byDevice = new Map<string, Set<T>>();
  readonly #losses = new Map<T, LossRecord>();
  readonly #paused = new Set<T>();
  readonly #agenda = new Agenda<T>();
  #lastRefusal = '';

  constructor(report: (problem: KernelProblem) => void) {
    this.#report = report;
  }

  get(item: T): Trouble | undefined {
    return this.#troubles.get(item);
  }

  /** Not to be tried now. */
  isPaused(item: T): boolean {
    return this.#paused.has(item);
  }

  /** There is nothing wrong with it any more; a pause after a loss goes on. */
  clear(item: T): void {
    if (!this.#troubles.delete(item)) return;
    this.#forgetDevices(item);
  }

  /** Also ends its pause. */
  restart(item: T): void {
    this.clear(item);
    this.#paused.delete(item);
    this.#agenda.delete(item);
  }

  forget(item: T): void {
    this.restart(item);
    this.#losses.delete(item);
  }

  conflict(item: T, protocol: number): void {
    const before = this.#troubles.get(item);
    if (before?.type === 'conflict' && before.protocol === protocol) return;
    this.#forgetDevices(item);
    this.#troubles.set(item, { type: 'conflict', protocol });
    this.#report({ type: 'conflict', prefix: item.prefix, text: conflictText(protocol) });
  }

  /** For a device of the wanted route. */
  wait(item: T, text: string): void {
    this.#troubles.set(item, { type: 'waiting', text });
    this.#watchDevices(item);
  }

  /** Pauses it until time or an event of its devices allows another try. */
  refuse(item: T, { code, text }: Failure, now: number): void {
    const before = this.#troubles.get(item);
    const attempts = before?.type === 'refused' ? before.attempts + 1 : 1;
    this.#troubles.set(item, { type: 'refused', text: `${text} (${code})`, attempts });
    this.#watchDevices(item);
    this.#pause(item, now + pauseAfter(attempts));
    // A thousand routes through one dead gateway are one piece of news.
    if (text === this.#lastRefusal) return;
    this.#lastRefusal = text;
    this.#report({ type: 'refused', prefix: item.prefix, text: `the kernel refuses the route: ${text} (${code})` });
  }

  /** Somebody took our route away: deleted it, or replaced it by a route of `protocol`. */
  lose(item: T, protocol: number | undefined, now: number): void {
    for (const [other, { last }] of this.#losses) if (now - last > PEACE) this.#losses.delete(other);
    const losses = (this.#losses.get(item)?.losses ?? 0) + 1;
    this.#losses.set(item, { losses, last: now, protocol });
    const extra = losses - FREE_LOSSES;
    if (extra <= 0) return;
    this.#pause(item, now + pauseAfter(extra));
    if (extra > 1) return;
    this.#report({ type: 'fight', prefix: item.prefix, text: fightText(losses, protocol) });
  }

  /** Those whose pause is over. */
  takeDue(now: number): T[] {
    const due = this.#agenda.takeDue(now);
    for (const item of due) this.#paused.delete(item);
    return due;
  }

  /** Those that may have been waiting for just this device. */
  takeDevice(device: string): T[] {
    const items = [...(this.#byDevice.get(device) ?? [])];
    for (const item of items) {
      this.#paused.delete(item);
      this.#agenda.delete(item);
    }
    return items;
  }

  nextDeadline(): number | undefined {
    return this.#agenda.nextDeadline();
  }

  all(): Iterable<readonly [T, Trouble]> {
    return this.#troubles;
  }

  fights(): KernelComplaint[] {
    const fights = [...this.#losses].filter(([, { losses }]) => losses > FREE_LOSSES);
    return fights.map(([{ prefix }, { losses, protocol }]) => ({ prefix, text: fightText(losses, protocol) }));
  }

  #pause(item: T, until: number): void {
    this.#paused.add(item);
    this.#agenda.set(item, until);
  }

  #watchDevices(item: T): void {
    this.#forgetDevices(item);
    const devices = (item.wanted?.nextHops ?? []).map(({ device }) => device);
    this.#devices.set(item, devices);
    for (const device of devices) {
      const items = this.#byDevice.get(device);
      if (items === undefined) this.#byDevice.set(device, new Set([item]));
      else items.add(item);
    }
  }

  #forgetDevices(item: T): void {
    for (const device of this.#devices.get(item) ?? []) {
      const items = this.#byDevice.get(device);
      items?.delete(item);
      if (items?.size === 0) this.#byDevice.delete(device);
    }
    this.#devices.delete(item);
  }
}

/** For people. */
export function troubleText(trouble: Trouble): string {
  return trouble.type === 'conflict' ? conflictText(trouble.protocol) : trouble.text;
}

function conflictText(protocol: number): string {
  return `a route of protocol ${protocolName(protocol)} has the same prefix and metric; it is left alone`;
}

function fightText(losses: number, protocol: number | undefined): string {
  const how = protocol === undefined ? 'deleted it' : `replaced it by a route of protocol ${protocolName(protocol)}`;
  return `another agent took our route away ${losses} times; the last time it ${how}`;
}

function pauseAfter(attempts: number): number {
  return Math.min(LAST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1));
}

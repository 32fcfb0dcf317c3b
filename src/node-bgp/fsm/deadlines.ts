// The timers of one state machine as a table of deadlines. A timer that is off is absent: nothing can expire by accident
// of a zero. Not here: what an expired timer means.

import type { TimerName } from './states.ts';

export class Deadlines {
  readonly #at = new Map<TimerName, number>();

  /** Milliseconds at which each running timer expires. */
  get all(): ReadonlyMap<TimerName, number> {
    return this.#at;
  }

  arm(timer: TimerName, at: number): void {
    this.#at.set(timer, at);
  }

  disarm(timer: TimerName): void {
    this.#at.delete(timer);
  }

  disarmAll(): void {
    this.#at.clear();
  }

  next(): number | undefined {
    let earliest: number | undefined;
    for (const at of this.#at.values()) if (earliest === undefined || at < earliest) earliest = at;
    return earliest;
  }

  /** Takes the timer that expired first out of the table; undefined where none has. */
  takeExpired(now: number): TimerName | undefined {
    let first: TimerName | undefined;
    let firstAt = Number.POSITIVE_INFINITY;
    for (const [timer, at] of this.#at) {
      if (at > now || at >= firstAt) continue;
      first = timer;
      firstAt = at;
    }
    if (first !== undefined) this.#at.delete(first);
    return first;
  }
}

/**
 * Random factor of RFC 4271 10, uniform in 0.75 to 1. The hold timers are promises to the peer and stay exact; the
 * IdleHoldTimer is spread as well, so that two peers that failed together do not meet again.
 */
const JITTERED: ReadonlySet<TimerName> = new Set(['connectRetry', 'keepalive', 'idleHold']);

/** Milliseconds until a timer of so many seconds expires. */
export function timerDelay(timer: TimerName, seconds: number, random: () => number): number {
  return seconds * 1000 * (JITTERED.has(timer) ? 0.75 + 0.25 * random() : 1);
}

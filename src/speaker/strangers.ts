// Who knocks without being let in may do so all the time: it is counted, told once in a while, and only so much of it is
// remembered.

import type { Address } from 'node-bgp';

/** Milliseconds between two lines about one address. */
const INTERVAL = 60_000;
/** Lines in an interval about all addresses together: an attacker may have many. */
const MOST_LINES = 100;
const REMEMBERED = 1024;

/** An address whose connections are closed at once. */
export interface Refusal {
  readonly remote: Address;
  readonly text: string;
  /** How often, and when last (milliseconds). */
  readonly count: number;
  readonly at: number;
}

export class Strangers {
  /** Milliseconds: when something was told last, the longest ago first. */
  readonly #told = new Map<Address, number>();
  /** The longest ago first. */
  readonly #refusals = new Map<Address, Refusal>();

  /** The newest first. */
  get refusals(): readonly Refusal[] {
    return [...this.#refusals.values()].reverse();
  }

  /** A connection of this address was refused; is that to be told? */
  refuse(remote: Address, text: string, now: number): boolean {
    const count = (this.#refusals.get(remote)?.count ?? 0) + 1;
    this.#refusals.delete(remote);
    this.#refusals.set(remote, { remote, text, count, at: now });
    forgetOldest(this.#refusals);
    return this.mayTell(remote, now);
  }

  /** Is it time to tell something of this address again? If so, that is remembered. */
  mayTell(remote: Address, now: number): boolean {
    if ((this.#told.get(remote) ?? Number.NEGATIVE_INFINITY) > now - INTERVAL) return false;
    const lately = [...this.#told.values()].slice(-MOST_LINES);
    if (lately.length === MOST_LINES && lately[0]! > now - INTERVAL) return false;
    this.#told.delete(remote);
    this.#told.set(remote, now);
    forgetOldest(this.#told);
    return true;
  }
}

function forgetOldest(memory: Map<Address, unknown>): void {
  if (memory.size <= REMEMBERED) return;
  for (const oldest of memory.keys()) {
    memory.delete(oldest);
    return;
  }
}

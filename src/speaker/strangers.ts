// Who knocks without being let in may do so all the time: what is told of one address is told once in a while, and only so
// many addresses are remembered.

import type { Address } from 'node-bgp';

/** Milliseconds between two lines about one address. */
const INTERVAL = 60_000;
const REMEMBERED = 1024;

export class Strangers {
  /** Milliseconds: when something was told last. */
  readonly #told = new Map<Address, number>();

  /** Is it time to tell something of this address again? If so, that is remembered. */
  mayTell(remote: Address, now: number): boolean {
    if ((this.#told.get(remote) ?? Number.NEGATIVE_INFINITY) > now - INTERVAL) return false;
    if (this.#told.size >= REMEMBERED) this.#told.clear();
    this.#told.set(remote, now);
    return true;
  }
}

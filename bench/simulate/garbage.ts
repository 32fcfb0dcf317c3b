// Garbage of a process with thousands of routers is collected between their turns: what it costs here is nothing that one
// router alone would have to pay. And how much memory is in use when there is none.

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' | 'major' }) => void;

/** Octets of new objects before the young ones are looked at, and of old ones before all are. */
const YOUNG = 12 * 2 ** 20;
const OLD = 128 * 2 ** 20;
/** Part of what is in use that may come on top of that. */
const GROWTH = 0.25;
/** Calls of `tidy` between two looks. */
const LOOKS = 8;

export class Garbage {
  readonly #collect: Collect;
  #calls = 0;
  /** Octets: after the young were looked at, and after all were. */
  #young = 0;
  #old = 0;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as Collect;
  }

  /** To be called between turns, often. */
  readonly tidy = (): void => {
    if (this.#calls++ % LOOKS !== 0) return;
    if (heapUsed() - this.#young < YOUNG) return;
    this.#collect({ type: 'minor' });
    this.#young = heapUsed();
    if (this.#young - this.#old < OLD + GROWTH * this.#old) return;
    this.#collect();
    this.#young = this.#old = heapUsed();
  };

  /** Octets in use after everything that can go has gone: objects, and typed arrays. */
  used(): number {
    this.#collect();
    this.#collect();
    const { heapUsed, external } = process.memoryUsage();
    this.#young = this.#old = heapUsed;
    return heapUsed + external;
  }
}

function heapUsed(): number {
  return getHeapStatistics().used_heap_size;
}

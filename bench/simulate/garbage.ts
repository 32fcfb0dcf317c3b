// Garbage of a process with thousands of routers is collected between their turns: what it costs here is nothing that one
// router alone would have to pay. And how much memory is in use when there is none.

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' | 'major' }) => void;

/** Octets of new objects before the young ones are looked at, and of old ones before all are. */
const YOUNG = 12 * 2 ** 20;
const OLD = 128 * 2 ** 20;
/** Octets of new typed arrays before all are looked at; at 64 MiB the engine would do so itself, in the middle of a turn. */
const ARRAYS = 48 * 2 ** 20;
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
  #arrays = 0;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as Collect;
  }

  /** To be called between turns, often. */
  readonly tidy = (): void => {
    if (this.#calls++ % LOOKS !== 0) return;
    const { used_heap_size: heap, external_memory: arrays } = getHeapStatistics();
    if (arrays - this.#arrays > ARRAYS || this.#young - this.#old > OLD + GROWTH * this.#old) this.#collectAll();
    else if (heap - this.#young > YOUNG) this.#collectYoung();
  };

  #collectYoung(): void {
    this.#collect({ type: 'minor' });
    this.#young = getHeapStatistics().used_heap_size;
  }

  #collectAll(): void {
    this.#collect();
    const { used_heap_size: heap, external_memory: arrays } = getHeapStatistics();
    this.#young = this.#old = heap;
    this.#arrays = arrays;
  }

  /** Octets in use after everything that can go has gone: objects, and typed arrays. */
  used(): number {
    this.#collectAll();
    this.#collectAll();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
}

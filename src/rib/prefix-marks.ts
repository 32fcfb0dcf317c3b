// Prefixes that wait for something, each once: a stack of ids with a flag for each.

import { grown, type PrefixId } from './prefix-table.ts';

export class PrefixMarks {
  #ids = new Int32Array(4096);
  #isMarked = new Uint8Array(4096);
  count = 0;

  has(prefix: PrefixId): boolean {
    return this.#isMarked[prefix] === 1;
  }

  add(prefix: PrefixId): void {
    if (this.#isMarked[prefix] === 1) return;
    if (prefix >= this.#isMarked.length) this.#isMarked = grown(this.#isMarked, 2 * prefix);
    this.#isMarked[prefix] = 1;
    if (this.count === this.#ids.length) this.#ids = grown(this.#ids, this.#ids.length * 2);
    this.#ids[this.count++] = prefix;
  }

  /** Takes out up to so many. */
  take(limit: number): Int32Array {
    const from = Math.max(0, this.count - limit);
    const taken = this.#ids.slice(from, this.count);
    this.count = from;
    for (const prefix of taken) this.#isMarked[prefix] = 0;
    return taken;
  }
}

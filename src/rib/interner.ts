// Values found by their bytes, as small integers: a hash table with counted references, in columns. What nobody holds any
// more stays until the next sweep, so that it can be taken up again meanwhile. What the values are, and when two are
// equal, is the business of who keeps them (attribute-table.ts, sent-sets.ts).

import { grown } from './prefix-table.ts';

export type SetId = number;

/** No set: a path that import policy rejected, a prefix that was not sent. */
export const NO_SET: SetId = 0;

const INITIAL_CAPACITY = 1024;

export class Interner {
  /** Ids are below this; a column of the owner needs so many elements. */
  capacity = INITIAL_CAPACITY;
  /** By id; 0 is never used. */
  #hash = new Int32Array(INITIAL_CAPACITY);
  /** The next one in the same hash bucket. */
  #next = new Int32Array(INITIAL_CAPACITY);
  #refs = new Int32Array(INITIAL_CAPACITY);
  #isUsed = new Uint8Array(INITIAL_CAPACITY);
  #buckets = new Int32Array(INITIAL_CAPACITY);
  #used = 1;
  readonly #free: SetId[] = [];
  #idle: SetId[] = [];

  get size(): number {
    return this.#used - 1 - this.#free.length;
  }

  /** The first candidate with this hash, or NO_SET; go on with `after`. */
  first(hash: number): SetId {
    return this.#withHash(this.#buckets[hash & (this.#buckets.length - 1)]!, hash);
  }

  after(id: SetId): SetId {
    return this.#withHash(this.#next[id]!, this.#hash[id]!);
  }

  /** A new id; `capacity` may be another one afterwards. */
  add(hash: number): SetId {
    const id = this.#free.pop() ?? this.#used++;
    if (id === this.capacity) this.#grow();
    this.#hash[id] = hash;
    this.#refs[id] = 0;
    this.#isUsed[id] = 1;
    this.#idle.push(id);
    this.#link(id);
    return id;
  }

  hold(id: SetId): void {
    this.#refs[id]!++;
  }

  drop(id: SetId): void {
    if (--this.#refs[id]! === 0 && id !== NO_SET) this.#idle.push(id);
  }

  /** Forgets what nobody holds. `forgotten` may drop others of this table. */
  sweep(forgotten: (id: SetId) => void): void {
    // The list may grow while it is worked off.
    for (let i = 0; i < this.#idle.length; i++) {
      const id = this.#idle[i]!;
      if (this.#isUsed[id] === 0 || this.#refs[id]! > 0) continue;
      this.#unlink(id);
      this.#isUsed[id] = 0;
      this.#free.push(id);
      forgotten(id);
    }
    if (this.#idle.length > 0) this.#idle = [];
  }

  #withHash(id: SetId, hash: number): SetId {
    while (id !== NO_SET && this.#hash[id] !== hash) id = this.#next[id]!;
    return id;
  }

  #link(id: SetId): void {
    const bucket = this.#hash[id]! & (this.#buckets.length - 1);
    this.#next[id] = this.#buckets[bucket]!;
    this.#buckets[bucket] = id;
  }

  #unlink(id: SetId): void {
    const bucket = this.#hash[id]! & (this.#buckets.length - 1);
    if (this.#buckets[bucket] === id) {
      this.#buckets[bucket] = this.#next[id]!;
      return;
    }
    let before = this.#buckets[bucket]!;
    while (this.#next[before] !== id) before = this.#next[before]!;
    this.#next[before] = this.#next[id]!;
  }

  /** As many buckets as ids: most are empty or hold one. */
  #grow(): void {
    this.capacity *= 2;
    this.#hash = grown(this.#hash, this.capacity);
    this.#next = grown(this.#next, this.capacity);
    this.#refs = grown(this.#refs, this.capacity);
    this.#isUsed = grown(this.#isUsed, this.capacity);
    this.#buckets = new Int32Array(this.capacity);
    for (let id = 1; id < this.#used; id++) if (this.#isUsed[id] === 1) this.#link(id);
  }
}

/** FNV-1a, mixed so that the low bits are as good as the high ones. Never negative. */
export function hashBytes(hash: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}

/** Do `bytes` stand at `start` of `whole`? */
export function bytesAt(whole: Uint8Array, start: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (whole[start + i] !== bytes[i]) return false;
  return true;
}

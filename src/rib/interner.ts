// Values found by their bytes, as small integers: a hash table with counted references. What nobody holds any more stays
// until the next sweep, so that it can be taken up again meanwhile. What the values are, and when two are equal, is the
// business of who keeps them (attribute-table.ts, sent-sets.ts).

import { grown } from './prefix-table.ts';

export type SetId = number;

/** No set: a path that import policy rejected, a prefix that was not sent. */
export const NO_SET: SetId = 0;

export interface Interned {
  readonly id: SetId;
  readonly hash: number;
  /** Next one in the same hash bucket. */
  next: SetId;
}

export class Interner<T extends Interned> {
  /** By id; index 0 is never used. */
  readonly #entries: (T | undefined)[] = [undefined];
  /** By id. */
  #refs = new Int32Array(1024);
  readonly #free: SetId[] = [];
  #buckets = new Int32Array(1024);
  #idle: SetId[] = [];

  get size(): number {
    return this.#entries.length - 1 - this.#free.length;
  }

  get(id: SetId): T {
    return this.#entries[id]!;
  }

  /** The first candidate for something with this hash; go on with `after`. */
  first(hash: number): T | undefined {
    return this.#entries[this.#buckets[hash & (this.#buckets.length - 1)]!];
  }

  after(entry: T): T | undefined {
    return this.#entries[entry.next];
  }

  /** The id that the next entry must have. */
  nextId(): SetId {
    return this.#free.at(-1) ?? this.#entries.length;
  }

  add(entry: T): T {
    if (this.size >= this.#buckets.length) this.#grow();
    if (this.#free.length > 0) this.#free.pop();
    this.#entries[entry.id] = entry;
    if (entry.id >= this.#refs.length) this.#refs = grown(this.#refs, this.#refs.length * 2);
    this.#refs[entry.id] = 0;
    this.#idle.push(entry.id);
    this.#link(entry);
    return entry;
  }

  hold(id: SetId): void {
    this.#refs[id]!++;
  }

  drop(id: SetId): void {
    if (--this.#refs[id]! === 0 && id !== NO_SET) this.#idle.push(id);
  }

  /** Forgets what nobody holds. `forgotten` may drop others of this table. */
  sweep(forgotten: (entry: T) => void): void {
    // The list may grow while it is worked off.
    for (let i = 0; i < this.#idle.length; i++) {
      const id = this.#idle[i]!;
      const entry = this.#entries[id];
      if (entry === undefined || this.#refs[id]! > 0) continue;
      this.#unlink(entry);
      this.#entries[id] = undefined;
      this.#free.push(id);
      forgotten(entry);
    }
    if (this.#idle.length > 0) this.#idle = [];
  }

  #link(entry: T): void {
    const bucket = entry.hash & (this.#buckets.length - 1);
    entry.next = this.#buckets[bucket]!;
    this.#buckets[bucket] = entry.id;
  }

  #unlink(entry: T): void {
    const bucket = entry.hash & (this.#buckets.length - 1);
    if (this.#buckets[bucket] === entry.id) {
      this.#buckets[bucket] = entry.next;
      return;
    }
    let before = this.#entries[this.#buckets[bucket]!]!;
    while (before.next !== entry.id) before = this.#entries[before.next]!;
    before.next = entry.next;
  }

  #grow(): void {
    this.#buckets = new Int32Array(this.#buckets.length * 4);
    for (const entry of this.#entries) if (entry !== undefined) this.#link(entry);
  }
}

const SLAB = 65_536;

/**
 * Copies of short byte strings, many in one buffer: an ArrayBuffer for each would cost a malloc and more octets than the
 * bytes themselves.
 */
export class ByteSlab {
  #slab = new Uint8Array(SLAB);
  #used = 0;

  /** Room for so many octets that are the caller's from now on. */
  take(length: number): Uint8Array {
    if (length > SLAB / 8) return new Uint8Array(length);
    if (this.#used + length > SLAB) {
      this.#slab = new Uint8Array(SLAB);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    return this.#slab.subarray(start, this.#used);
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

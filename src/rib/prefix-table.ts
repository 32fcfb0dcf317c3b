// Prefixes as small integers. One open-addressing table over typed arrays for each family: address words and length in,
// id out; ids of released prefixes are used again. Columns that belong to a prefix (best path, what was sent ...) live
// with their owners, indexed by this id. Knows nothing of routes.

import { type Family, type Prefix, prefixFromWords, prefixWords } from 'node-bgp';
import { isIpv4Martian, isIpv6Martian } from './martians.ts';

export type PrefixId = number;

const INITIAL_CAPACITY = 1024;

export class PrefixTable {
  readonly family: Family;
  /** Address words, `stride` for each id. */
  words: Int32Array;
  lengths: Uint8Array;
  /** Ids are below this; a column needs so many elements. */
  capacity = INITIAL_CAPACITY;
  readonly stride: 1 | 4;

  /**
   * Pairs (hash, id + 1; 0 is empty), two for each id of the capacity, so at most half full. The hash stands beside the
   * id because a look-up is bound by cache misses: a pair is one, and nearly always the only one for a new prefix.
   */
  #slots: Int32Array;
  #used = 0;
  #free: PrefixId[] = [];

  // The prefix that `read` found: fields instead of a result object, for the sake of the hot loop.
  word0 = 0;
  word1 = 0;
  word2 = 0;
  word3 = 0;
  length = 0;

  constructor(family: Family) {
    this.family = family;
    this.stride = family === 'ipv4' ? 1 : 4;
    this.words = new Int32Array(this.capacity * this.stride);
    this.lengths = new Uint8Array(this.capacity);
    this.#slots = new Int32Array(this.capacity * 4);
  }

  /** Prefixes in the table. */
  get size(): number {
    return this.#used - this.#free.length;
  }

  /** All ids ever given are below this. */
  get highest(): PrefixId {
    return this.#used;
  }

  /** Reads length and octets of one NLRI entry into `word0`..`length`, host bits cleared; returns the next offset. */
  read(bytes: Uint8Array, offset: number): number {
    const length = bytes[offset]!;
    const end = offset + 1 + ((length + 7) >>> 3);
    this.length = length;
    if (this.stride === 1) {
      this.word0 = maskedWord(bytes, offset + 1, end, length);
      return end;
    }
    this.word0 = maskedWord(bytes, offset + 1, end, length);
    this.word1 = length > 32 ? maskedWord(bytes, offset + 5, end, length - 32) : 0;
    this.word2 = length > 64 ? maskedWord(bytes, offset + 9, end, length - 64) : 0;
    this.word3 = length > 96 ? maskedWord(bytes, offset + 13, end, length - 96) : 0;
    return end;
  }

  /** A destination that is nobody's to announce. */
  isMartian(id: PrefixId): boolean {
    const { words } = this;
    if (this.stride === 1) return isIpv4Martian(words[id]!);
    const at = id * 4;
    return isIpv6Martian(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  get isLoadedMartian(): boolean {
    if (this.stride === 1) return isIpv4Martian(this.word0);
    return isIpv6Martian(this.word0, this.word1, this.word2, this.word3);
  }

  /** Loads a canonical prefix text into `word0`..`length`. */
  load(prefix: Prefix): void {
    const parts = prefixWords(prefix);
    this.word0 = parts.word0;
    this.word1 = parts.word1;
    this.word2 = parts.word2;
    this.word3 = parts.word3;
    this.length = parts.length;
  }

  /**
   * Reads the slots of a run of prefixes without use for what stands there: they are scattered over the table, and asked
   * for one after the other each waits for memory, while these reads wait together.
   *
   * @param skip octets before each prefix (its path identifier)
   */
  prefetch(bytes: Uint8Array, start: number, end: number, skip: number): number {
    const slots = this.#slots;
    const mask = slots.length - 2;
    let sum = 0;
    for (let at = start; at < end; ) {
      at = this.read(bytes, at + skip);
      const key = this.stride === 1 ? hashV4(this.word0, this.length) : this.#hashLoadedV6();
      sum ^= slots[(key << 1) & mask]!;
    }
    return sum;
  }

  /** The id of the loaded prefix, or -1. */
  find(): PrefixId {
    return this.#slots[this.#slotOfLoaded() + 1]! - 1;
  }

  /** The id of the loaded prefix, a new one if need be. */
  intern(): PrefixId {
    const slot = this.#slotOfLoaded();
    const found = this.#slots[slot + 1]! - 1;
    if (found >= 0) return found;
    const recycled = this.#free.pop();
    if (recycled === undefined && this.#used === this.capacity) {
      this.#grow();
      return this.intern();
    }
    const id = recycled ?? this.#used++;
    this.#slots[slot + 1] = id + 1;
    this.#store(id);
    return id;
  }

  /** Forgets a prefix; its id may be given to another one from now on. */
  release(id: PrefixId): void {
    this.#remove(id);
    this.#free.push(id);
  }

  /** One of the two contains the other: they are equal in all bits that both have. */
  overlaps(id: PrefixId, other: ReturnType<typeof prefixWords>): boolean {
    const bits = Math.min(this.lengths[id]!, other.length);
    const at = id * this.stride;
    const w = this.words;
    if (!equalBits(w[at]!, other.word0, bits)) return false;
    if (bits <= 32) return true;
    return (
      equalBits(w[at + 1]!, other.word1, bits - 32) &&
      equalBits(w[at + 2]!, other.word2, bits - 64) &&
      equalBits(w[at + 3]!, other.word3, bits - 96)
    );
  }

  text(id: PrefixId): Prefix {
    const at = id * this.stride;
    const w = this.words;
    return this.stride === 1
      ? prefixFromWords('ipv4', w[at]!, 0, 0, 0, this.lengths[id]!)
      : prefixFromWords('ipv6', w[at]!, w[at + 1]!, w[at + 2]!, w[at + 3]!, this.lengths[id]!);
  }

  #store(id: PrefixId): void {
    const at = id * this.stride;
    this.words[at] = this.word0;
    if (this.stride === 4) {
      this.words[at + 1] = this.word1;
      this.words[at + 2] = this.word2;
      this.words[at + 3] = this.word3;
    }
    this.lengths[id] = this.length;
  }

  /** The slot of the loaded prefix, or the empty one where it belongs. */
  #slotOfLoaded(): number {
    const slots = this.#slots;
    const mask = slots.length - 2;
    const key = this.stride === 1 ? hashV4(this.word0, this.length) : this.#hashLoadedV6();
    let slot = (key << 1) & mask;
    for (let id = slots[slot + 1]! - 1; id >= 0; id = slots[slot + 1]! - 1) {
      if (slots[slot] === key && this.#isLoaded(id)) return slot;
      slot = (slot + 2) & mask;
    }
    slots[slot] = key;
    return slot;
  }

  #isLoaded(id: PrefixId): boolean {
    const { words } = this;
    if (this.lengths[id] !== this.length) return false;
    if (this.stride === 1) return words[id] === this.word0;
    const at = id * 4;
    return (
      words[at] === this.word0 &&
      words[at + 1] === this.word1 &&
      words[at + 2] === this.word2 &&
      words[at + 3] === this.word3
    );
  }

  #hashLoadedV6(): number {
    return hashV6(this.word0, this.word1, this.word2, this.word3, this.length);
  }

  #hashOf(id: PrefixId): number {
    const at = id * this.stride;
    const w = this.words;
    return this.stride === 1
      ? hashV4(w[at]!, this.lengths[id]!)
      : hashV6(w[at]!, w[at + 1]!, w[at + 2]!, w[at + 3]!, this.lengths[id]!);
  }

  /** Linear probing without tombstones: what stood behind the hole moves up (Knuth 6.4, algorithm R). */
  #remove(id: PrefixId): void {
    const slots = this.#slots;
    const mask = slots.length - 2;
    let hole = (this.#hashOf(id) << 1) & mask;
    while (slots[hole + 1] !== id + 1) hole = (hole + 2) & mask;
    slots[hole + 1] = 0;
    for (let slot = (hole + 2) & mask; slots[slot + 1] !== 0; slot = (slot + 2) & mask) {
      const home = (slots[slot]! << 1) & mask;
      const reachable = ((slot - home) & mask) >= ((slot - hole) & mask);
      if (!reachable) continue;
      slots[hole] = slots[slot]!;
      slots[hole + 1] = slots[slot + 1]!;
      slots[slot + 1] = 0;
      hole = slot;
    }
  }

  #grow(): void {
    this.capacity *= 2;
    this.words = grown(this.words, this.capacity * this.stride);
    this.lengths = grown(this.lengths, this.capacity);
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 2;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from]! << 1) & mask;
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
      slots[slot] = old[from]!;
      slots[slot + 1] = old[from + 1]!;
    }
    this.#slots = slots;
  }
}

/**
 * The column with room for `length` elements. The old one is gone afterwards: its octets move to the new one at once, where
 * a copy would leave as much garbage as a full table has columns.
 */
export function grown<T extends Int32Array | Uint32Array | Uint16Array | Uint8Array>(column: T, length: number): T {
  if (column.length >= length) return column;
  const octets = (column.buffer as ArrayBuffer).transfer(length * column.BYTES_PER_ELEMENT);
  return new (column.constructor as new (buffer: ArrayBuffer) => T)(octets);
}

function maskedWord(bytes: Uint8Array, start: number, end: number, bits: number): number {
  let word = bytes[start]! << 24;
  if (start + 1 < end) word |= bytes[start + 1]! << 16;
  if (start + 2 < end) word |= bytes[start + 2]! << 8;
  if (start + 3 < end) word |= bytes[start + 3]!;
  if (bits >= 32) return word;
  return bits === 0 ? 0 : word & (-1 << (32 - bits));
}

function hashV4(word0: number, length: number): number {
  const h = Math.imul(word0 ^ (word0 >>> 15), 0x2c1b3c6d) ^ length;
  return mixed(h);
}

function hashV6(word0: number, word1: number, word2: number, word3: number, length: number): number {
  let h = Math.imul(word0 ^ (word0 >>> 15), 0x2c1b3c6d) ^ length;
  h = Math.imul(h ^ word1, 0x297a2d39);
  h = Math.imul(h ^ (h >>> 13) ^ word2, 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 15) ^ word3, 0x297a2d39);
  return mixed(h);
}

function mixed(h: number): number {
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return h ^ (h >>> 15);
}

/** @param bits how many of the first ones count; less than 1: none */
function equalBits(a: number, b: number, bits: number): boolean {
  return bits <= 0 || (a ^ b) >>> Math.max(0, 32 - bits) === 0;
}

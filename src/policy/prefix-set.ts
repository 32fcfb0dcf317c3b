// Prefix sets as matchers over 32-bit words: a short list is scanned, a long one is looked up in one hash table per prefix
// length. Not here: what a set means in a policy.

import { type Family, maxLength, parsePrefix, prefixWords } from 'node-bgp';
import type { PrefixRange } from './types.ts';

export type PrefixMatcher = (word0: number, word1: number, word2: number, word3: number, length: number) => boolean;

/** Prefixes whose first `length` bits are `words`, and whose own length is from `min` to `max`; `min` is at least `length`. */
interface Row {
  readonly words: readonly [number, number, number, number];
  readonly length: number;
  readonly min: number;
  readonly max: number;
}

/** Up to this many rows a scan is faster than hashing. */
const SCAN_LIMIT = 8;

/** Undefined where no item is of this family. Throws TypeError for a text that is no canonical prefix. */
export function compilePrefixSet(items: readonly PrefixRange[], family: Family): PrefixMatcher | undefined {
  const rows = items.flatMap((item) => rowsOf(item, family));
  if (rows.length === 0) return undefined;
  if (rows.length <= SCAN_LIMIT) return family === 'ipv4' ? scanIpv4(rows) : scanIpv6(rows);
  return lookUp(rows);
}

/** A range that begins above its prefix (10.1.0.0/16{8,24}) also takes the prefixes around it, each of one length. */
function rowsOf(item: PrefixRange, family: Family): Row[] {
  if (parsePrefix(item.prefix) === undefined) throw new TypeError(`not a prefix: ${item.prefix}`);
  const { family: own, word0, word1, word2, word3, length } = prefixWords(item.prefix);
  if (own !== family) return [];
  const words = [word0 | 0, word1 | 0, word2 | 0, word3 | 0] as const;
  const rows: Row[] = [];
  const max = Math.min(item.max, maxLength(family));
  if (max >= length && max >= item.min) rows.push({ words, length, min: Math.max(item.min, length), max });
  for (let around = Math.max(item.min, 0); around < length && around <= max; around++) {
    rows.push({ words: maskWords(words, around), length: around, min: around, max: around });
  }
  return rows;
}

/** The bits of word `index` (0 to 3) that belong to the first `length` bits of an address. */
export function maskWord(length: number, index: number): number {
  const bits = length - 32 * index;
  return bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits);
}

function maskWords(words: Row['words'], length: number): Row['words'] {
  return [
    words[0] & maskWord(length, 0),
    words[1] & maskWord(length, 1),
    words[2] & maskWord(length, 2),
    words[3] & maskWord(length, 3),
  ];
}

function scanIpv4(rows: readonly Row[]): PrefixMatcher {
  const words = Int32Array.from(rows, (row) => row.words[0]);
  const masks = Int32Array.from(rows, (row) => maskWord(row.length, 0));
  const mins = Uint8Array.from(rows, (row) => row.min);
  const maxs = Uint8Array.from(rows, (row) => row.max);
  return (word0, _word1, _word2, _word3, length) => {
    for (let i = 0; i < words.length; i++) {
      if (((word0 ^ words[i]!) & masks[i]!) === 0 && length >= mins[i]! && length <= maxs[i]!) return true;
    }
    return false;
  };
}

function scanIpv6(rows: readonly Row[]): PrefixMatcher {
  const words = Int32Array.from(rows.flatMap((row) => [...row.words]));
  const masks = Int32Array.from(rows.flatMap((row) => [0, 1, 2, 3].map((index) => maskWord(row.length, index))));
  const mins = Uint8Array.from(rows, (row) => row.min);
  const maxs = Uint8Array.from(rows, (row) => row.max);
  return (word0, word1, word2, word3, length) => {
    for (let i = 0, w = 0; i < mins.length; i++, w += 4) {
      const same =
        ((word0 ^ words[w]!) & masks[w]!) === 0 &&
        ((word1 ^ words[w + 1]!) & masks[w + 1]!) === 0 &&
        ((word2 ^ words[w + 2]!) & masks[w + 2]!) === 0 &&
        ((word3 ^ words[w + 3]!) & masks[w + 3]!) === 0;
      if (same && length >= mins[i]! && length <= maxs[i]!) return true;
    }
    return false;
  };
}

function lookUp(rows: readonly Row[]): PrefixMatcher {
  const byLength = Map.groupBy(rows, (row) => row.length);
  const tables = [...byLength].sort((a, b) => a[0] - b[0]).map(([length, group]) => makeTable(length, group));
  return (word0, word1, word2, word3, length) => {
    for (const table of tables) {
      if (table.length > length) return false;
      if (tableAccepts(table, word0, word1, word2, word3, length)) return true;
    }
    return false;
  };
}

/** Words of one prefix length to the lengths accepted below it: open addressing, five words of bits (0 to 128) a slot. */
interface Table {
  readonly length: number;
  readonly masks: Row['words'];
  readonly slots: Int32Array;
  readonly used: Uint8Array;
  readonly accepted: Int32Array;
}

const LENGTH_WORDS = 5;

function makeTable(length: number, rows: readonly Row[]): Table {
  let size = 4;
  while (size < rows.length * 2) size *= 2;
  const masks = maskWords([-1, -1, -1, -1], length);
  const table: Table = {
    length,
    masks,
    slots: new Int32Array(size * 4),
    used: new Uint8Array(size),
    accepted: new Int32Array(size * LENGTH_WORDS),
  };
  for (const row of rows) {
    const slot = findSlot(table, ...row.words);
    table.used[slot] = 1;
    table.slots.set(row.words, slot * 4);
    for (let l = row.min; l <= row.max; l++) table.accepted[slot * LENGTH_WORDS + (l >> 5)]! |= 1 << (l & 31);
  }
  return table;
}

/** The slot that holds these words, or the free one where they belong. The table is never full. */
function findSlot(table: Table, word0: number, word1: number, word2: number, word3: number): number {
  const { slots, used } = table;
  const last = used.length - 1;
  let hash = Math.imul(word0, 0x9e3779b1) ^ Math.imul(word1, 0x85ebca77);
  hash ^= Math.imul(word2, 0xc2b2ae3d) ^ Math.imul(word3, 0x27d4eb2f);
  let slot = (hash ^ (hash >>> 15)) & last;
  for (;;) {
    const w = slot * 4;
    if (used[slot] === 0) return slot;
    if (slots[w] === word0 && slots[w + 1] === word1 && slots[w + 2] === word2 && slots[w + 3] === word3) return slot;
    slot = (slot + 1) & last;
  }
}

function tableAccepts(table: Table, word0: number, word1: number, word2: number, word3: number, length: number) {
  const { masks } = table;
  const slot = findSlot(table, word0 & masks[0], word1 & masks[1], word2 & masks[2], word3 & masks[3]);
  return table.used[slot] === 1 && (table.accepted[slot * LENGTH_WORDS + (length >> 5)]! & (1 << (length & 31))) !== 0;
}

const CACHE = new WeakMap<readonly PrefixRange[], Readonly<Record<Family, PrefixMatcher | undefined>>>();

/** `compilePrefixSet` with a memory, for sets that only turn up while a policy runs. */
export function prefixSetMatcher(items: readonly PrefixRange[], family: Family): PrefixMatcher | undefined {
  let matchers = CACHE.get(items);
  if (matchers === undefined) {
    matchers = { ipv4: compilePrefixSet(items, 'ipv4'), ipv6: compilePrefixSet(items, 'ipv6') };
    CACHE.set(items, matchers);
  }
  return matchers[family];
}

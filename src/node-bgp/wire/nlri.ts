// Runs of prefixes (RFC 4271 4.3, RFC 7911 3): the check of their syntax, and reading them one by one.
// Not here: what a prefix is good for.

import { maxLength, type Prefix, prefixFromBytes } from '../ip/index.ts';
import type { NlriBlock } from './types.ts';

const PATH_ID_LENGTH = 4;

/**
 * RFC 7606 5.3: every length fits the family, and the last prefix ends where the run does. Bits behind the length may
 * be anything (RFC 4271 4.3).
 */
export function isNlriValid(block: NlriBlock): boolean {
  const { bytes, end } = block;
  const idLength = block.addPath ? PATH_ID_LENGTH : 0;
  const max = maxLength(block.family);
  let at = block.start;
  while (at < end) {
    at += idLength;
    if (at >= end) return false;
    const length = bytes[at]!;
    if (length > max) return false;
    at += 1 + ((length + 7) >> 3);
  }
  return at === end;
}

export interface NlriEntry {
  readonly prefix: Prefix;
  readonly pathId?: number;
}

/** The prefixes of a block as values; for tables that count nanoseconds the octets themselves are better. */
export function nlriEntries(block: NlriBlock): NlriEntry[] {
  const { bytes, family } = block;
  const entries: NlriEntry[] = [];
  let at = block.start;
  while (at < block.end) {
    const idAt = at;
    if (block.addPath) at += PATH_ID_LENGTH;
    const length = bytes[at]!;
    const end = at + 1 + ((length + 7) >> 3);
    const prefix = prefixFromBytes(family, bytes.subarray(at + 1, end), length);
    entries.push(block.addPath ? { prefix, pathId: pathIdAt(bytes, idAt) } : { prefix });
    at = end;
  }
  return entries;
}

function pathIdAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

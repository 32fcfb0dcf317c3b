// Path attributes handed on to an internal peer as octets: what came in is copied, and what a speaker adds is put between.
// The short way of decode, change and encode, for blocks of which that is all there is to say; others are told to take the
// long way. That both ways give the same octets is a test.

import { OPTIONAL_NON_TRANSITIVE, WELL_KNOWN } from './attributes/row.ts';
import { attributeRow } from './attributes/table.ts';
import { ATTRIBUTE } from './iana.ts';

/** What an internal peer is told besides what came in (RFC 4271 5.1, RFC 4456 8). */
export interface Additions {
  /** The four octets of NEXT_HOP; undefined: as it came. */
  readonly nextHop: Uint8Array | undefined;
  /** The next hop goes into MP_REACH_NLRI, so there is no NEXT_HOP. */
  readonly mp: boolean;
  /** Where the block has none. */
  readonly localPref: number;
  /** Where the block has none; undefined: the route is not reflected, and a block with one is not for the short way. */
  readonly originatorId: number | undefined;
  /** In front of CLUSTER_LIST; undefined as above. */
  readonly clusterId: number | undefined;
}

/** Attributes that may be copied, by code: the flags they then have to have. */
const FLAGS = new Int16Array(256).fill(-1);
for (const code of [
  ATTRIBUTE.ORIGIN,
  ATTRIBUTE.AS_PATH,
  ATTRIBUTE.NEXT_HOP,
  ATTRIBUTE.MULTI_EXIT_DISC,
  ATTRIBUTE.LOCAL_PREF,
  ATTRIBUTE.ATOMIC_AGGREGATE,
  ATTRIBUTE.AGGREGATOR,
  ATTRIBUTE.COMMUNITIES,
  ATTRIBUTE.ORIGINATOR_ID,
  ATTRIBUTE.CLUSTER_LIST,
  ATTRIBUTE.LARGE_COMMUNITIES,
]) {
  FLAGS[code] = attributeRow(code)!.flags;
}

const LONGEST = 3500;
/** Used again for every block. */
const SCRATCH = new Uint8Array(LONGEST + 64);
let length = 0;

/**
 * The attributes to send, valid until the next call; undefined where the block holds anything that is not plainly copied:
 * attributes out of order, unknown, partial or longer than 255 octets, unsorted large communities.
 *
 * @param block valid attributes with AS numbers of four octets, without MP_REACH_NLRI
 */
export function passOn(block: Uint8Array, additions: Additions): Uint8Array | undefined {
  if (block.length > LONGEST) return undefined;
  length = 0;
  let before = 0;
  for (let at = 0; at < block.length; ) {
    const code = block[at + 1]!;
    const end = at + 3 + block[at + 2]!;
    if (code <= before || FLAGS[code] !== block[at] || !isPlain(code, block, at + 3, end, additions)) return undefined;
    addBetween(before, code, additions);
    copy(code, block, at, end, additions);
    before = code;
    at = end;
  }
  addBetween(before, 256, additions);
  return SCRATCH.subarray(0, length);
}

function isPlain(code: number, block: Uint8Array, start: number, end: number, additions: Additions): boolean {
  switch (code) {
    case ATTRIBUTE.NEXT_HOP:
      return !additions.mp;
    case ATTRIBUTE.LARGE_COMMUNITIES:
      return isAscending(block, start, end);
    case ATTRIBUTE.LOCAL_PREF:
    case ATTRIBUTE.ORIGINATOR_ID:
      return additions.clusterId !== undefined;
    case ATTRIBUTE.CLUSTER_LIST:
      return additions.clusterId !== undefined && end - start <= 251;
    default:
      return true;
  }
}

const LARGE_COMMUNITY = 12;

/** Is each large community greater than the one before? */
function isAscending(block: Uint8Array, start: number, end: number): boolean {
  for (let at = start + LARGE_COMMUNITY; at < end; at += LARGE_COMMUNITY) {
    let i = 0;
    while (i < LARGE_COMMUNITY && block[at + i] === block[at + i - LARGE_COMMUNITY]) i++;
    if (i === LARGE_COMMUNITY || block[at + i]! < block[at + i - LARGE_COMMUNITY]!) return false;
  }
  return true;
}

function copy(code: number, block: Uint8Array, start: number, end: number, additions: Additions): void {
  const to = length;
  for (let at = start; at < end; at++) SCRATCH[length++] = block[at]!;
  if (code === ATTRIBUTE.NEXT_HOP && additions.nextHop !== undefined) SCRATCH.set(additions.nextHop, to + 3);
  if (code === ATTRIBUTE.COMMUNITIES) sort(to + 3, length);
  if (code === ATTRIBUTE.CLUSTER_LIST) {
    SCRATCH[to + 2]! += 4;
    SCRATCH.copyWithin(to + 7, to + 3, length);
    length += 4;
    putU32(to + 3, additions.clusterId!);
  }
}

/** Numbers of four octets in ascending order: by insertion, since they are few and mostly sorted. */
function sort(start: number, end: number): void {
  for (let at = start + 4; at < end; at += 4) {
    const value = u32At(at);
    let to = at;
    while (to > start && u32At(to - 4) > value) {
      putU32(to, u32At(to - 4));
      to -= 4;
    }
    if (to < at) putU32(to, value);
  }
}

/** What is missing between two codes. */
function addBetween(before: number, code: number, { localPref, originatorId, clusterId }: Additions): void {
  if (before < ATTRIBUTE.LOCAL_PREF && code > ATTRIBUTE.LOCAL_PREF) add(WELL_KNOWN, ATTRIBUTE.LOCAL_PREF, localPref);
  if (originatorId !== undefined && before < ATTRIBUTE.ORIGINATOR_ID && code > ATTRIBUTE.ORIGINATOR_ID) {
    add(OPTIONAL_NON_TRANSITIVE, ATTRIBUTE.ORIGINATOR_ID, originatorId);
  }
  if (clusterId !== undefined && before < ATTRIBUTE.CLUSTER_LIST && code > ATTRIBUTE.CLUSTER_LIST) {
    add(OPTIONAL_NON_TRANSITIVE, ATTRIBUTE.CLUSTER_LIST, clusterId);
  }
}

function add(flags: number, code: number, value: number): void {
  SCRATCH[length] = flags;
  SCRATCH[length + 1] = code;
  SCRATCH[length + 2] = 4;
  putU32(length + 3, value);
  length += 7;
}

function u32At(at: number): number {
  return ((SCRATCH[at]! << 24) | (SCRATCH[at + 1]! << 16) | (SCRATCH[at + 2]! << 8) | SCRATCH[at + 3]!) >>> 0;
}

function putU32(at: number, value: number): void {
  SCRATCH[at] = value >>> 24;
  SCRATCH[at + 1] = value >>> 16;
  SCRATCH[at + 2] = value >>> 8;
  SCRATCH[at + 3] = value;
}

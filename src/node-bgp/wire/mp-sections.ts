// Takes MP_REACH_NLRI and MP_UNREACH_NLRI out of the attributes of an UPDATE and reads them (RFC 4760 3 and 4,
// RFC 7606 3 g, 5.3, 7.11). They hold the prefixes: one that cannot be read leaves nothing to withdraw, so every error
// here ends the session (RFC 7606 3 j).

import { Malformed, updateFault } from './fault.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG, familyOfAfi, type UPDATE_ERROR } from './iana.ts';
import { isNextHopLength } from './next-hop.ts';
import { isNlriValid } from './nlri.ts';
import type { NlriBlock } from './types.ts';
import type { UpdateContext } from './update.ts';

/** One of the two attributes: `start` is where its flags stand. */
export interface MpSpan {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

export interface AttributeSections {
  /** All other attributes; a view where the two stand at the ends of the list. */
  readonly raw: Uint8Array;
  readonly reach: MpSpan | undefined;
  readonly unreach: MpSpan | undefined;
}

export interface ReachSection {
  readonly block: NlriBlock;
  /** 4, 16 or 32 octets, a view. */
  readonly nextHop: Uint8Array;
}

/** AFI, SAFI; for MP_REACH_NLRI also the length of the next hop and a reserved octet. */
const UNREACH_HEADER_LENGTH = 3;
const REACH_HEADER_LENGTH = 5;

/**
 * Walks the list of attributes once. Where it does not fit its length the walk ends: the tail belongs to `raw`, whose
 * reader finds the same error and judges it (RFC 7606 4).
 */
export function splitAttributes(bytes: Uint8Array, start: number, end: number): AttributeSections {
  let reach: MpSpan | undefined;
  let unreach: MpSpan | undefined;
  let at = start;
  while (end - at >= 3) {
    const flags = bytes[at]!;
    const code = bytes[at + 1]!;
    const extended = (flags & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
    const valueStart = at + (extended ? 4 : 3);
    const length = extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
    const next = valueStart + length;
    if (code === ATTRIBUTE.MP_REACH_NLRI || code === ATTRIBUTE.MP_UNREACH_NLRI) {
      const span = { bytes, start: at, valueStart, end: Math.min(next, end) };
      const first = code === ATTRIBUTE.MP_REACH_NLRI ? reach : unreach;
      if (next > end) throw refuse(span, 'MALFORMED_ATTRIBUTE_LIST', 'exceeds the list of attributes');
      if (first !== undefined) throw refuse(span, 'MALFORMED_ATTRIBUTE_LIST', 'is repeated');
      if ((flags & (ATTRIBUTE_FLAG.OPTIONAL | ATTRIBUTE_FLAG.TRANSITIVE)) !== ATTRIBUTE_FLAG.OPTIONAL) {
        throw refuse(span, 'ATTRIBUTE_FLAGS_ERROR', 'has wrong flags');
      }
      if (code === ATTRIBUTE.MP_REACH_NLRI) reach = span;
      else unreach = span;
    } else if (next > end) {
      break;
    }
    at = next;
  }
  return { raw: without(bytes, start, end, reach, unreach), reach, unreach };
}

function without(bytes: Uint8Array, start: number, end: number, a: MpSpan | undefined, b: MpSpan | undefined) {
  if (a === undefined && b === undefined) return bytes.subarray(start, end);
  const [first, last] = a !== undefined && b !== undefined && b.start < a.start ? [b, a] : [a ?? b!, b ?? a!];
  const pieces: Uint8Array[] = [];
  const keep = (from: number, to: number) => {
    if (from < to) pieces.push(bytes.subarray(from, to));
  };
  keep(start, first.start);
  if (first !== last) keep(first.end, last.start);
  keep(last.end, end);
  if (pieces.length <= 1) return pieces[0] ?? bytes.subarray(end, end);
  const raw = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    raw.set(piece, at);
    at += piece.length;
  }
  return raw;
}

/** What MP_REACH_NLRI announces; undefined for a family that was not negotiated. */
export function readReach(span: MpSpan, context: UpdateContext): ReachSection | undefined {
  const { bytes, valueStart, end } = span;
  const length = end - valueStart;
  if (length < REACH_HEADER_LENGTH) throw refuse(span, 'OPTIONAL_ATTRIBUTE_ERROR', 'is too short');
  const family = negotiatedFamily(span, context);
  if (family === undefined) return undefined;
  const nextHopLength = bytes[valueStart + 3]!;
  const fits = nextHopLength + REACH_HEADER_LENGTH <= length;
  if (!fits || !isNextHopLength(family, nextHopLength, context.extendedNextHop)) {
    throw refuse(span, 'OPTIONAL_ATTRIBUTE_ERROR', `has a next hop of ${nextHopLength} octets`); // RFC 7606 7.11
  }
  const nextHop = bytes.subarray(valueStart + 4, valueStart + 4 + nextHopLength);
  const start = valueStart + REACH_HEADER_LENGTH + nextHopLength;
  const block = { family, bytes, start, end, addPath: context.addPathReceive.includes(family) };
  if (!isNlriValid(block)) throw refuse(span, 'OPTIONAL_ATTRIBUTE_ERROR', 'holds prefixes that cannot be read');
  return { block, nextHop };
}

/** What MP_UNREACH_NLRI withdraws; undefined for a family that was not negotiated. */
export function readUnreach(span: MpSpan, context: UpdateContext): NlriBlock | undefined {
  const { bytes, valueStart, end } = span;
  if (end - valueStart < UNREACH_HEADER_LENGTH) throw refuse(span, 'OPTIONAL_ATTRIBUTE_ERROR', 'is too short');
  const family = negotiatedFamily(span, context);
  if (family === undefined) return undefined;
  const start = valueStart + UNREACH_HEADER_LENGTH;
  const block = { family, bytes, start, end, addPath: context.addPathReceive.includes(family) };
  if (!isNlriValid(block)) throw refuse(span, 'OPTIONAL_ATTRIBUTE_ERROR', 'holds prefixes that cannot be read');
  return block;
}

function negotiatedFamily({ bytes, valueStart }: MpSpan, context: UpdateContext) {
  const family = familyOfAfi((bytes[valueStart]! << 8) | bytes[valueStart + 1]!, bytes[valueStart + 2]!);
  return family !== undefined && context.families.includes(family) ? family : undefined;
}

/** RFC 4271 6.3, RFC 4760 7: the fault names the attribute and holds it. */
function refuse({ bytes, start, end }: MpSpan, subcode: keyof typeof UPDATE_ERROR, text: string): Malformed {
  const name = bytes[start + 1] === ATTRIBUTE.MP_REACH_NLRI ? 'MP_REACH_NLRI' : 'MP_UNREACH_NLRI';
  return new Malformed(updateFault(subcode, `${name} ${text}`, bytes.slice(start, end)));
}

// Reads a block of path attributes: flags, lengths, repetitions, what is missing, and the verdict over all of it
// (RFC 4271 5 and 6.3 as revised by RFC 7606 3 and 4). What is particular to one attribute stands in attributes/.

import { mergeAs4 } from './attributes/as4.ts';
import type { AttributeRow, WireAttributes } from './attributes/row.ts';
import { attributeRow } from './attributes/table.ts';
import { Malformed, updateFault } from './fault.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG } from './iana.ts';
import { decodeMpNextHop } from './next-hop.ts';
import { Reader } from './reader.ts';
import type { AttributeContext, AttributeSource, Attributes, ProtocolFault, UnknownAttribute } from './types.ts';

type Draft = { -readonly [Name in keyof Attributes]: Attributes[Name] };

const KIND_FLAGS = ATTRIBUTE_FLAG.OPTIONAL | ATTRIBUTE_FLAG.TRANSITIVE;
const UNKNOWN_FLAGS = KIND_FLAGS | ATTRIBUTE_FLAG.PARTIAL;

/** What a block says, before anybody asks whether something is missing. */
interface AttributeBlock {
  readonly fields: { -readonly [F in keyof WireAttributes]: WireAttributes[F] };
  readonly unknown: UnknownAttribute[];
  readonly partial: number[];
  readonly notes: ProtocolFault[];
  /** The first error that costs the routes, and the first that costs the session (RFC 7606 3 h). */
  withdraw?: ProtocolFault;
  reset?: ProtocolFault;
}

/** One attribute in the block: `start` is where its flags stand. */
interface Span {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
  readonly flags: number;
  readonly code: number;
}

/** The attribute source without memory; see `AttributeSource` for the parameters. */
export const decodeAttributeSet: AttributeSource = (raw, mpNextHop, needsNextHop, context) => {
  const block = readAttributeBlock(raw, context, mpNextHop === undefined);
  if (block.reset !== undefined) return { verdict: 'reset', fault: block.reset };
  const nextHops = mpNextHop === undefined ? {} : decodeMpNextHop(mpNextHop);
  const bad = block.withdraw ?? findMissing(block, needsNextHop && mpNextHop === undefined) ?? badNextHop(nextHops);
  if (bad !== undefined) return { verdict: 'withdraw', fault: bad };
  return { verdict: 'ok', set: { attributes: toAttributes(block, nextHops ?? {}) }, notes: block.notes };
};

/**
 * Checks attributes that stand in an UPDATE without reachable prefixes. There is nothing to withdraw, so an error that
 * would cost the routes costs the session (RFC 7606 5.2).
 */
export function checkLoneAttributes(
  raw: Uint8Array,
  context: AttributeContext,
): { readonly fault?: ProtocolFault; readonly notes: readonly ProtocolFault[] } {
  const { reset, withdraw, notes } = readAttributeBlock(raw, context, true);
  const fault = reset ?? withdraw;
  return fault === undefined ? { notes } : { fault, notes };
}

/** By code: whether the attribute stood in the block already. Used again for every block. */
const SEEN = new Uint8Array(256);

/** @param heedNextHop false where MP_REACH_NLRI holds the next hop: then NEXT_HOP is passed over (RFC 4760 3) */
function readAttributeBlock(raw: Uint8Array, context: AttributeContext, heedNextHop: boolean): AttributeBlock {
  const block: AttributeBlock = { fields: {}, unknown: [], partial: [], notes: [] };
  SEEN.fill(0);
  let at = 0;
  while (at < raw.length && block.reset === undefined) {
    const span = attributeAt(raw, at);
    if (span === undefined) {
      const tail = raw.slice(at);
      block.withdraw ??= updateFault('MALFORMED_ATTRIBUTE_LIST', 'the last attribute does not fit the list', tail); // RFC 7606 4
      break;
    }
    at = span.end;
    const { code } = span;
    if (code === ATTRIBUTE.NEXT_HOP && !heedNextHop) continue;
    if (SEEN[code] === 1) {
      block.notes.push(updateFault('MALFORMED_ATTRIBUTE_LIST', `attribute ${code} is repeated`)); // RFC 7606 3 g
      continue;
    }
    SEEN[code] = 1;
    const row = attributeRow(code);
    if (row === undefined) readUnknown(block, span);
    else readKnown(block, row, span, context);
  }
  return block;
}

/** The attribute whose flags stand at `start`; undefined where the block ends before it does. */
function attributeAt(bytes: Uint8Array, start: number): Span | undefined {
  const flags = bytes[start]!;
  const extended = (flags & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
  const valueStart = start + (extended ? 4 : 3);
  if (valueStart > bytes.length) return undefined;
  const length = extended ? (bytes[start + 2]! << 8) | bytes[start + 3]! : bytes[start + 2]!;
  const end = valueStart + length;
  if (end > bytes.length) return undefined;
  return { bytes, start, valueStart, end, flags, code: bytes[start + 1]! };
}

function readKnown(block: AttributeBlock, row: AttributeRow, span: Span, context: AttributeContext): void {
  if (row.between !== undefined && !row.between(context)) {
    block.notes.push(updateFault('OPTIONAL_ATTRIBUTE_ERROR', `${row.name} is not for this session`));
    return;
  }
  if ((span.flags & KIND_FLAGS) !== row.flags) {
    // RFC 7606 3 c: whatever the attribute, unless its own specification says otherwise
    block.withdraw ??= updateFault('ATTRIBUTE_FLAGS_ERROR', `${row.name} with wrong flags`, octetsOf(span));
    return;
  }
  try {
    (block.fields as Record<string, unknown>)[row.field] = readValue(row, span, context);
    if (span.flags & ATTRIBUTE_FLAG.PARTIAL && row.flags === KIND_FLAGS) block.partial.push(row.code);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    blame(block, row, { ...error.fault, data: octetsOf(span) }); // RFC 4271 6.3: the erroneous attribute
  }
}

function blame(block: AttributeBlock, row: AttributeRow, fault: ProtocolFault): void {
  if (row.onError === 'discard') block.notes.push(fault);
  else block.withdraw ??= fault;
}

function readValue(row: AttributeRow, span: Span, context: AttributeContext): unknown {
  const length = span.end - span.valueStart;
  const wrongLength = () => updateFault('ATTRIBUTE_LENGTH_ERROR', `${row.name} of ${length} octets`);
  if (length === 0 && !row.mayBeEmpty) throw new Malformed(wrongLength());
  const reader = new Reader(span.bytes, wrongLength, span.valueStart, span.end);
  const value = row.decode(reader, context);
  if (reader.remaining > 0) throw new Malformed(wrongLength());
  return value;
}

function readUnknown(block: AttributeBlock, span: Span): void {
  if (!(span.flags & ATTRIBUTE_FLAG.OPTIONAL)) {
    const text = `well-known attribute ${span.code} is not known here`;
    block.reset = updateFault('UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE', text, octetsOf(span)); // RFC 4271 6.3
  } else if (span.flags & ATTRIBUTE_FLAG.TRANSITIVE) {
    block.unknown.push({
      code: span.code,
      flags: UNKNOWN_FLAGS,
      value: span.bytes.slice(span.valueStart, span.end),
    });
  }
}

function octetsOf(span: Span): Uint8Array {
  return span.bytes.slice(span.start, span.end);
}

/** RFC 7606 3 d. LOCAL_PREF is not mandatory in this sense: a route without it gets the default. */
function findMissing(block: AttributeBlock, needsNextHop: boolean): ProtocolFault | undefined {
  const { origin, asPath, nextHop } = block.fields;
  if (origin === undefined) return missing(ATTRIBUTE.ORIGIN, 'ORIGIN');
  if (asPath === undefined) return missing(ATTRIBUTE.AS_PATH, 'AS_PATH');
  return needsNextHop && nextHop === undefined ? missing(ATTRIBUTE.NEXT_HOP, 'NEXT_HOP') : undefined;
}

function missing(code: number, name: string): ProtocolFault {
  return updateFault('MISSING_WELL_KNOWN_ATTRIBUTE', `there is no ${name}`, Uint8Array.of(code));
}

function badNextHop(nextHops: object | undefined): ProtocolFault | undefined {
  return nextHops === undefined
    ? updateFault('INVALID_NEXT_HOP', 'the next hop of MP_REACH_NLRI is no address of a host')
    : undefined;
}

/** Builds the fields always in the same order, so that engines see few kinds of objects. */
function toAttributes(block: AttributeBlock, mp: Pick<Attributes, 'nextHop' | 'linkLocalNextHop'>): Attributes {
  const { fields, unknown, partial } = block;
  const { asPath, aggregator } = mergeAs4(fields);
  const nextHop = mp.nextHop ?? fields.nextHop;
  // One assignment after the other: spreading what is there took four times as long, for each of 100,000 sets of a feed.
  const attributes: Draft = { origin: fields.origin!, asPath: asPath! };
  if (nextHop !== undefined) attributes.nextHop = nextHop;
  if (mp.linkLocalNextHop !== undefined) attributes.linkLocalNextHop = mp.linkLocalNextHop;
  if (fields.med !== undefined) attributes.med = fields.med;
  if (fields.localPref !== undefined) attributes.localPref = fields.localPref;
  if (fields.atomicAggregate) attributes.atomicAggregate = true;
  if (aggregator !== undefined) attributes.aggregator = aggregator;
  if (fields.communities !== undefined) attributes.communities = fields.communities;
  if (fields.extendedCommunities !== undefined) attributes.extendedCommunities = fields.extendedCommunities;
  if (fields.largeCommunities !== undefined) attributes.largeCommunities = fields.largeCommunities;
  if (fields.originatorId !== undefined) attributes.originatorId = fields.originatorId;
  if (fields.clusterList !== undefined) attributes.clusterList = fields.clusterList;
  if (fields.onlyToCustomer !== undefined) attributes.onlyToCustomer = fields.onlyToCustomer;
  if (unknown.length > 0) attributes.unknown = unknown.sort((a, b) => a.code - b.code);
  if (partial.length > 0) attributes.partial = partial.sort((a, b) => a - b);
  return attributes;
}

// The UPDATE message (RFC 4271 4.3, RFC 4760, RFC 7606): finds the runs of prefixes and the attributes, and weighs what
// is wrong with them. Prefixes are checked, not read; attributes are read by the source that the caller brings.

import type { Family } from '../ip/index.ts';
import { checkLoneAttributes } from './attribute-set.ts';
import { type Decoded, decode, Malformed, updateFault } from './fault.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG, afiOf, MESSAGE_TYPE, SAFI } from './iana.ts';
import { readReach, readUnreach, splitAttributes } from './mp-sections.ts';
import { isNlriValid } from './nlri.ts';
import type { AttributeContext, AttributeSource, NlriBlock, ProtocolFault, UpdateMessage } from './types.ts';
import { encodeMessage } from './writer.ts';

/** How to read the UPDATEs of one session. */
export interface UpdateContext extends AttributeContext {
  /** Negotiated; prefixes of others are ignored with a note. */
  readonly families: readonly Family[];
  /** Families whose prefixes come with a path identifier (RFC 7911). */
  readonly addPathReceive: readonly Family[];
  /** The next hop of IPv4 prefixes may be an IPv6 address (RFC 8950). */
  readonly extendedNextHop: boolean;
}

/** Length of an UPDATE without the header that holds two lengths and nothing else. */
const EMPTY_BODY_LENGTH = 4;

const NO_BLOCKS: readonly NlriBlock[] = [];
const NO_NOTES: readonly ProtocolFault[] = [];

/**
 * Reads the body of an UPDATE. `ok: false` means that the session has to end with this fault; whatever RFC 7606 lets a
 * session survive stands in `fault` (its routes became withdrawals) and `notes` of the message.
 */
export function decodeUpdate(
  body: Uint8Array,
  context: UpdateContext,
  source: AttributeSource,
): Decoded<UpdateMessage> {
  return decode(() => readUpdate(body, context, source));
}

function readUpdate(body: Uint8Array, context: UpdateContext, source: AttributeSource): UpdateMessage {
  const withdrawnEnd = 2 + sectionLength(body, 0);
  const attributesStart = withdrawnEnd + 2;
  const attributesEnd = attributesStart + sectionLength(body, withdrawnEnd);
  if (attributesEnd > body.length) throw new Malformed(badLengths());
  if (body.length === EMPTY_BODY_LENGTH) return endOfRib('ipv4', context);

  const { raw, reach, unreach } = splitAttributes(body, attributesStart, attributesEnd);
  const notes: ProtocolFault[] = [];
  const withdrawn = ipv4Blocks(body, 2, withdrawnEnd, context, notes);
  if (unreach !== undefined) {
    const block = readUnreach(unreach, context);
    if (block === undefined) notes.push(notNegotiated('MP_UNREACH_NLRI'));
    else if (block.start < block.end) withdrawn.push(block);
    else if (unreach.end - unreach.start === body.length - EMPTY_BODY_LENGTH) return endOfRib(block.family, context);
  }
  const reached = ipv4Blocks(body, attributesEnd, body.length, context, notes);
  const mp = reach && readReach(reach, context);
  if (reach !== undefined && mp === undefined) notes.push(notNegotiated('MP_REACH_NLRI'));

  if (mp !== undefined && mp.block.start < mp.block.end) {
    if (reached.length === 0) return announce(withdrawn, [mp.block], raw, mp.nextHop, notes, context, source);
    const following = announce(NO_BLOCKS, [mp.block], raw, mp.nextHop, NO_NOTES, context, source);
    return { ...announce(withdrawn, reached, raw, undefined, notes, context, source), following };
  }
  if (reached.length > 0) return announce(withdrawn, reached, raw, undefined, notes, context, source);
  // Attributes of prefixes that were not negotiated are nobody's concern; attributes of no prefixes at all are.
  const announcesNothing = attributesEnd === body.length && (reach === undefined || mp !== undefined);
  if (announcesNothing) checkAlone(raw, context, notes);
  return { type: 'update', withdrawn, reached: NO_BLOCKS, notes };
}

/** The length field at `at`, where there is one (RFC 4271 6.3). */
function sectionLength(body: Uint8Array, at: number): number {
  if (at + 2 > body.length) throw new Malformed(badLengths());
  return (body[at]! << 8) | body[at + 1]!;
}

function badLengths(): ProtocolFault {
  return updateFault('MALFORMED_ATTRIBUTE_LIST', 'the lengths in the UPDATE exceed its own');
}

function notNegotiated(what: string): ProtocolFault {
  return updateFault('OPTIONAL_ATTRIBUTE_ERROR', `${what} of a family that was not negotiated`);
}

/** RFC 4724 2: both forms. */
function endOfRib(family: Family, { families }: UpdateContext): UpdateMessage {
  const message = { type: 'update', withdrawn: NO_BLOCKS, reached: NO_BLOCKS, notes: NO_NOTES } as const;
  return families.includes(family) ? { ...message, endOfRib: family } : message;
}

/** One of the two fields of IPv4 prefixes, which are checked alike (RFC 4271 6.3, RFC 7606 3 i, 5.3). */
function ipv4Blocks(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: UpdateContext,
  notes: ProtocolFault[],
): NlriBlock[] {
  if (start === end) return [];
  const block: NlriBlock = { family: 'ipv4', bytes, start, end, addPath: context.addPathReceive.includes('ipv4') };
  if (!isNlriValid(block)) {
    throw new Malformed(updateFault('INVALID_NETWORK_FIELD', 'a list of IPv4 prefixes cannot be read'));
  }
  if (context.families.includes('ipv4')) return [block];
  notes.push(notNegotiated('a list of IPv4 prefixes'));
  return [];
}

function announce(
  withdrawn: readonly NlriBlock[],
  reached: readonly NlriBlock[],
  raw: Uint8Array,
  mpNextHop: Uint8Array | undefined,
  notes: readonly ProtocolFault[],
  context: UpdateContext,
  source: AttributeSource,
): UpdateMessage {
  const outcome = source(raw, mpNextHop, mpNextHop === undefined, context);
  if (outcome.verdict === 'reset') throw new Malformed(outcome.fault);
  if (outcome.verdict === 'withdraw') {
    const { fault } = outcome;
    return { type: 'update', withdrawn: [...withdrawn, ...reached], reached: NO_BLOCKS, fault, notes };
  }
  const allNotes = outcome.notes.length === 0 ? notes : [...notes, ...outcome.notes];
  return { type: 'update', withdrawn, reached, set: outcome.set, notes: allNotes };
}

function checkAlone(raw: Uint8Array, context: UpdateContext, notes: ProtocolFault[]): void {
  if (raw.length === 0) return;
  const alone = checkLoneAttributes(raw, context);
  if (alone.fault !== undefined) throw new Malformed(alone.fault);
  notes.push(...alone.notes);
}

/** The complete UPDATE that ends the initial table of a family (RFC 4724 2). */
export function encodeEndOfRib(family: Family): Uint8Array {
  return encodeMessage(MESSAGE_TYPE.UPDATE, (w) => {
    w.u16(0);
    if (family === 'ipv4') {
      w.u16(0);
      return;
    }
    w.u16(6).u8(ATTRIBUTE_FLAG.OPTIONAL).u8(ATTRIBUTE.MP_UNREACH_NLRI).u8(3);
    w.u16(afiOf(family)).u8(SAFI.UNICAST);
  });
}

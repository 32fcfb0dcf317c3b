// Attribute sets as small integers. A set that came from a peer is found again by its raw bytes, so a block that was
// seen before is not decoded again; a set that policy made is found again by its canonical encoding. Sets are counted
// by whoever stores their id, and forgotten with the last one.

import {
  type Address,
  type AttributeContext,
  type AttributeOutcome,
  type AttributeSet,
  type Attributes,
  addressBytes,
  asPathLength,
  COMMUNITY,
  decodeAttributeSet,
  encodeAttributes,
  neighborAs,
  type ProtocolFault,
} from 'node-bgp';
import { type AddressNumber, AddressNumbers, NO_ADDRESS } from './address-numbers.ts';
import { ByteArena, offsetOf } from './byte-arena.ts';
import { bytesAt, hashBytes, Interner, NO_SET, type SetId } from './interner.ts';
import { grown } from './prefix-table.ts';
import { PreparedSets } from './prepared-sets.ts';

export { NO_SET, type SetId } from './interner.ts';

/** LOCAL_PREF of a route whose neighbour sent none. */
export const DEFAULT_LOCAL_PREF = 100;

/** Flags of a set. */
export const LLGR_STALE = 1;
const HAS_ORIGINATOR_ID = 2;
const IS_LOOP = 4;
/** RFC 8326. */
export const GRACEFUL_SHUTDOWN = 8;

const CANONICAL: AttributeContext = { fourOctetAs: true, peerType: 'ibgp' };
const CANONICAL_MARK = 0xff;
/** Of the mark of a context. */
const FOUR_OCTET_AS = 2;
const NOTHING = new Uint8Array(0);
const NO_NOTES: readonly ProtocolFault[] = [];
const INITIAL_CAPACITY = 1024;

/** A set as an object, for who needs few of them; what needs many reads the columns of the table. */
export class InternedSet implements AttributeSet {
  readonly id: SetId;
  readonly #table: AttributeTable;

  constructor(table: AttributeTable, id: SetId) {
    this.#table = table;
    this.id = id;
  }

  get attributes(): Attributes {
    return this.#table.attributesOf(this.id);
  }
}

export class AttributeTable {
  // What the decision and the next hop table ask, read out once: columns by set id.
  localPref = new Uint32Array(INITIAL_CAPACITY);
  pathLength = new Uint16Array(INITIAL_CAPACITY);
  origin = new Uint8Array(INITIAL_CAPACITY);
  med = new Uint32Array(INITIAL_CAPACITY);
  neighborAs = new Uint32Array(INITIAL_CAPACITY);
  clusterListLength = new Uint16Array(INITIAL_CAPACITY);
  flags = new Uint8Array(INITIAL_CAPACITY);
  /** NO_ADDRESS where there is none. */
  nextHop = new Int32Array(INITIAL_CAPACITY);
  /** What export groups made of the set: the head of a chain in `preparations`. */
  prepared = new Int32Array(INITIAL_CAPACITY);
  readonly preparations = new PreparedSets();

  #originatorId = new Uint32Array(INITIAL_CAPACITY);
  /** By whose rules the set was last looked at for loops, with what result in `flags`. */
  #checkedBy = new Int32Array(INITIAL_CAPACITY);
  #checkers = 0;
  /** The key: mark of the context, length of the next hop of MP_REACH_NLRI, that next hop, path attributes. */
  #keyAt = new Uint32Array(INITIAL_CAPACITY);
  #keyLength = new Int32Array(INITIAL_CAPACITY);

  readonly #sets = new Interner();
  readonly #keys = new ByteArena();
  readonly #nextHops = new AddressNumbers();
  /** What was survived while a set was read (RFC 7606 attribute discard). */
  readonly #notes = new Map<SetId, readonly ProtocolFault[]>();
  /**
   * Decoded from the key when asked for, and kept until the next sweep only: a full table has 100,000 sets, whose
   * attributes as objects would be most of its memory and nearly all of what the garbage collector has to mark.
   */
  readonly #decoded: (Attributes | undefined)[] = [];
  readonly #decodedIds: SetId[] = [];

  get size(): number {
    return this.#sets.size;
  }

  get(id: SetId): InternedSet {
    return new InternedSet(this, id);
  }

  attributesOf(id: SetId): Attributes {
    const known = this.#decoded[id];
    if (known !== undefined) return known;
    const attributes = decodeKey(this.#keys.view(this.#keyAt[id]!, this.#keyLength[id]!));
    this.#remember(id, attributes);
    return attributes;
  }

  nextHopOf(id: SetId): Address | undefined {
    return this.addressOf(this.nextHop[id]!);
  }

  addressOf(number: AddressNumber): Address | undefined {
    return number === NO_ADDRESS ? undefined : this.#nextHops.get(number);
  }

  originatorIdOf(id: SetId): number | undefined {
    return (this.flags[id]! & HAS_ORIGINATOR_ID) === 0 ? undefined : this.#originatorId[id]!;
  }

  /**
   * The path attributes as a peer with AS numbers of four octets sent them; undefined where something about them was
   * mended (RFC 7606), or where they are our own.
   *
   * @param mp whether the next hop was in MP_REACH_NLRI
   */
  receivedBlock(id: SetId, mp: boolean): Uint8Array | undefined {
    const page = this.#keys.page(this.#keyAt[id]!);
    const at = offsetOf(this.#keyAt[id]!);
    const mark = page[at]!;
    const nextHopLength = page[at + 1]!;
    if (mark === CANONICAL_MARK || (mark & FOUR_OCTET_AS) === 0 || this.#notes.has(id)) return undefined;
    if (nextHopLength > 0 !== mp) return undefined;
    return page.subarray(at + 2 + nextHopLength, at + this.#keyLength[id]!);
  }

  // --- loops, remembered with the set: the same attributes come again and again from the same peer

  /** A number for somebody who will look at sets for loops. */
  enrolChecker(): number {
    return ++this.#checkers;
  }

  /** The answer of the last `rememberLoop`, if it was this checker's. */
  isLoop(id: SetId, checker: number): boolean | undefined {
    return this.#checkedBy[id] === checker ? (this.flags[id]! & IS_LOOP) !== 0 : undefined;
  }

  rememberLoop(id: SetId, checker: number, isLoop: boolean): void {
    this.#checkedBy[id] = checker;
    this.flags[id] = isLoop ? this.flags[id]! | IS_LOOP : this.flags[id]! & ~IS_LOOP;
  }

  // --- in and out

  /** Port `AttributeSource` of node-bgp: attributes of a received UPDATE. */
  readonly source = (
    raw: Uint8Array,
    mpNextHop: Uint8Array | undefined,
    needsNextHop: boolean,
    context: AttributeContext,
  ): AttributeOutcome => {
    const mark = markOf(context, needsNextHop);
    const nextHop = mpNextHop ?? NOTHING;
    const hash = hashBytes(hashBytes((mark << 8) | nextHop.length, nextHop), raw);
    const known = this.#find(hash, mark, nextHop, raw);
    if (known !== NO_SET) return { verdict: 'ok', set: this.get(known), notes: this.#notes.get(known) ?? NO_NOTES };
    const outcome = decodeAttributeSet(raw, mpNextHop, needsNextHop, context);
    if (outcome.verdict !== 'ok') return outcome;
    const id = this.#add(hash, mark, nextHop, raw, withLocalPref(outcome.set.attributes));
    if (outcome.notes.length > 0) this.#notes.set(id, outcome.notes);
    return { verdict: 'ok', set: this.get(id), notes: outcome.notes };
  };

  /** The set of these attributes, found by their canonical encoding. */
  intern(attributes: Attributes): SetId {
    const nextHop = nextHopBytes(attributes);
    const encoded = encodeAttributes(attributes, CANONICAL, true);
    const hash = hashBytes(hashBytes(CANONICAL_MARK, nextHop), encoded);
    const known = this.#find(hash, CANONICAL_MARK, nextHop, encoded);
    return known === NO_SET ? this.#add(hash, CANONICAL_MARK, nextHop, encoded, attributes) : known;
  }

  hold(id: SetId): void {
    this.#sets.hold(id);
  }

  drop(id: SetId): void {
    this.#sets.drop(id);
  }

  /** Forgets the sets that nobody holds, and decoded attributes. Called between batches, when no set is in flight. */
  sweep(): void {
    for (const id of this.#decodedIds) this.#decoded[id] = undefined;
    this.#decodedIds.length = 0;
    this.#sets.sweep((id) => this.#forget(id));
  }

  #find(hash: number, mark: number, nextHop: Uint8Array, encoded: Uint8Array): SetId {
    for (let id = this.#sets.first(hash); id !== NO_SET; id = this.#sets.after(id)) {
      if (this.#keyLength[id] !== 2 + nextHop.length + encoded.length) continue;
      const page = this.#keys.page(this.#keyAt[id]!);
      const at = offsetOf(this.#keyAt[id]!);
      if (page[at] !== mark || page[at + 1] !== nextHop.length) continue;
      if (bytesAt(page, at + 2, nextHop) && bytesAt(page, at + 2 + nextHop.length, encoded)) return id;
    }
    return NO_SET;
  }

  #add(hash: number, mark: number, nextHop: Uint8Array, encoded: Uint8Array, attributes: Attributes): SetId {
    const id = this.#sets.add(hash);
    this.#reserve(this.#sets.capacity);
    const length = 2 + nextHop.length + encoded.length;
    const position = this.#keys.take(length);
    const page = this.#keys.page(position);
    const at = offsetOf(position);
    page[at] = mark;
    page[at + 1] = nextHop.length;
    page.set(nextHop, at + 2);
    page.set(encoded, at + 2 + nextHop.length);
    this.#keyAt[id] = position;
    this.#keyLength[id] = length;
    this.#readOut(id, attributes);
    this.#remember(id, attributes);
    return id;
  }

  #readOut(id: SetId, attributes: Attributes): void {
    const { originatorId } = attributes;
    this.localPref[id] = attributes.localPref ?? DEFAULT_LOCAL_PREF;
    this.pathLength[id] = asPathLength(attributes);
    this.origin[id] = attributes.origin;
    this.med[id] = attributes.med ?? 0;
    this.neighborAs[id] = neighborAs(attributes) ?? 0;
    this.#originatorId[id] = originatorId ?? 0;
    this.clusterListLength[id] = attributes.clusterList?.length ?? 0;
    this.nextHop[id] = attributes.nextHop === undefined ? NO_ADDRESS : this.#nextHops.take(attributes.nextHop);
    this.prepared[id] = 0;
    this.#checkedBy[id] = 0;
    this.flags[id] =
      (originatorId === undefined ? 0 : HAS_ORIGINATOR_ID) |
      (attributes.communities?.includes(COMMUNITY.LLGR_STALE) ? LLGR_STALE : 0) |
      (attributes.communities?.includes(COMMUNITY.GRACEFUL_SHUTDOWN) ? GRACEFUL_SHUTDOWN : 0);
  }

  #remember(id: SetId, attributes: Attributes): void {
    this.#decoded[id] = attributes;
    this.#decodedIds.push(id);
  }

  #forget(id: SetId): void {
    this.preparations.release(this.prepared[id]!);
    this.#keys.release(this.#keyAt[id]!, this.#keyLength[id]!);
    if (this.nextHop[id] !== NO_ADDRESS) this.#nextHops.drop(this.nextHop[id]!);
    if (this.#notes.size > 0) this.#notes.delete(id);
  }

  #reserve(capacity: number): void {
    if (this.origin.length >= capacity) return;
    this.localPref = grown(this.localPref, capacity);
    this.pathLength = grown(this.pathLength, capacity);
    this.origin = grown(this.origin, capacity);
    this.med = grown(this.med, capacity);
    this.neighborAs = grown(this.neighborAs, capacity);
    this.clusterListLength = grown(this.clusterListLength, capacity);
    this.flags = grown(this.flags, capacity);
    this.nextHop = grown(this.nextHop, capacity);
    this.prepared = grown(this.prepared, capacity);
    this.#originatorId = grown(this.#originatorId, capacity);
    this.#checkedBy = grown(this.#checkedBy, capacity);
    this.#keyAt = grown(this.#keyAt, capacity);
    this.#keyLength = grown(this.#keyLength, capacity);
  }
}

/** A route from a peer always has a LOCAL_PREF, for filters and for the kernel's metric too: the default where it came without. */
function withLocalPref(attributes: Attributes): Attributes {
  return attributes.localPref === undefined ? { ...attributes, localPref: DEFAULT_LOCAL_PREF } : attributes;
}

const PEER_TYPES = ['ibgp', 'ebgp', 'confed'] as const;

function markOf(context: AttributeContext, needsNextHop: boolean): number {
  const type = PEER_TYPES.indexOf(context.peerType);
  return type * 4 + (context.fourOctetAs ? FOUR_OCTET_AS : 0) + (needsNextHop ? 1 : 0);
}

/** What `source` or `intern` made the key of. */
function decodeKey(key: Uint8Array): Attributes {
  const mark = key[0]!;
  const start = 2 + key[1]!;
  const nextHop = start === 2 ? undefined : key.subarray(2, start);
  const isCanonical = mark === CANONICAL_MARK;
  const peerType = isCanonical ? 'ibgp' : PEER_TYPES[mark >> 2]!;
  const fourOctetAs = isCanonical || (mark & FOUR_OCTET_AS) !== 0;
  const needsNextHop = !isCanonical && (mark & 1) !== 0;
  const outcome = decodeAttributeSet(key.subarray(start), nextHop, needsNextHop, { fourOctetAs, peerType });
  if (outcome.verdict !== 'ok') throw new Error(`Bug: an interned set cannot be read: ${outcome.fault.text}`);
  return isCanonical ? outcome.set.attributes : withLocalPref(outcome.set.attributes);
}

function nextHopBytes({ nextHop, linkLocalNextHop }: Attributes): Uint8Array {
  if (nextHop === undefined) return NOTHING;
  if (linkLocalNextHop === undefined) return addressBytes(nextHop);
  const bytes = new Uint8Array(32);
  bytes.set(addressBytes(nextHop));
  bytes.set(addressBytes(linkLocalNextHop), 16);
  return bytes;
}

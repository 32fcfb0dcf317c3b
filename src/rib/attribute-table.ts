// Attribute sets as small integers. A set that came from a peer is found again by its raw bytes, so a block that was
// seen before is not decoded again; a set that policy made is found again by its canonical encoding. Sets are counted
// by whoever stores their id, and forgotten with the last one.

import {
  type Address,
  type AttributeContext,
  type AttributeOutcome,
  type Attributes,
  addressBytes,
  asPathLength,
  COMMUNITY,
  decodeAttributeSet,
  encodeAttributes,
  neighborAs,
  type ProtocolFault,
} from 'node-bgp';
import { ByteSlab, bytesAt, hashBytes, type Interned, Interner, NO_SET, type SetId } from './interner.ts';
import type { PreparedSet } from './prepared-sets.ts';

export { NO_SET, type SetId } from './interner.ts';

/** LOCAL_PREF of a route whose neighbour sent none. */
export const DEFAULT_LOCAL_PREF = 100;

const CANONICAL: AttributeContext = { fourOctetAs: true, peerType: 'ibgp' };
const CANONICAL_MARK = 0xff;
const NOTHING = new Uint8Array(0);
const NO_NOTES: readonly ProtocolFault[] = [];

export class InternedSet implements Interned {
  readonly id: SetId;
  readonly hash: number;
  next: SetId = NO_SET;
  /** Mark of the context, length of the next hop of MP_REACH_NLRI, that next hop, path attributes. */
  readonly key: Uint8Array;
  /** What was survived while it was read (RFC 7606 attribute discard). */
  readonly notes: readonly ProtocolFault[];
  /** What export groups made of it. */
  prepared: PreparedSet | undefined;
  /** By whose rules it was last looked at for loops, and with what result; see ImportPolicy. */
  checkedBy: object | undefined;
  isLoop = false;

  // What the decision and the next hop table ask, read out once.
  readonly localPref: number;
  readonly pathLength: number;
  readonly origin: number;
  readonly med: number;
  readonly neighborAs: number;
  readonly originatorId: number | undefined;
  readonly clusterListLength: number;
  readonly nextHop: Address | undefined;
  readonly isLlgrStale: boolean;

  #attributes: Attributes | undefined;
  /** Sets whose attributes are to be let go at the next sweep. */
  readonly #decoded: InternedSet[];

  constructor(
    id: SetId,
    hash: number,
    key: Uint8Array,
    attributes: Attributes,
    notes: readonly ProtocolFault[],
    decoded: InternedSet[],
  ) {
    this.id = id;
    this.hash = hash;
    this.key = key;
    this.notes = notes;
    this.localPref = attributes.localPref ?? DEFAULT_LOCAL_PREF;
    this.pathLength = asPathLength(attributes);
    this.origin = attributes.origin;
    this.med = attributes.med ?? 0;
    this.neighborAs = neighborAs(attributes) ?? 0;
    this.originatorId = attributes.originatorId;
    this.clusterListLength = attributes.clusterList?.length ?? 0;
    this.nextHop = attributes.nextHop;
    this.isLlgrStale = attributes.communities?.includes(COMMUNITY.LLGR_STALE) ?? false;
    this.#attributes = attributes;
    this.#decoded = decoded;
    decoded.push(this);
  }

  /**
   * Decoded from the key when asked for, and kept until the next sweep only: a full table has 100,000 sets, whose
   * attributes as objects would be most of its memory and nearly all of what the garbage collector has to mark.
   */
  get attributes(): Attributes {
    if (this.#attributes === undefined) {
      this.#attributes = decodeKey(this.key);
      this.#decoded.push(this);
    }
    return this.#attributes;
  }

  letGo(): void {
    this.#attributes = undefined;
  }
}

export class AttributeTable {
  readonly #sets = new Interner<InternedSet>();
  readonly #slab = new ByteSlab();
  readonly #decoded: InternedSet[] = [];

  get size(): number {
    return this.#sets.size;
  }

  get(id: SetId): InternedSet {
    return this.#sets.get(id);
  }

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
    for (let set = this.#sets.first(hash); set !== undefined; set = this.#sets.after(set)) {
      if (set.hash === hash && hasKey(set.key, mark, nextHop, raw)) return { verdict: 'ok', set, notes: set.notes };
    }
    const outcome = decodeAttributeSet(raw, mpNextHop, needsNextHop, context);
    if (outcome.verdict !== 'ok') return outcome;
    const set = this.#add(hash, mark, nextHop, raw, withLocalPref(outcome.set.attributes), outcome.notes);
    return { verdict: 'ok', set, notes: outcome.notes };
  };

  /** Attributes that a peer sent, where they were not decoded through `source`. */
  internReceived(attributes: Attributes): InternedSet {
    return this.intern(withLocalPref(attributes));
  }

  /** The set of these attributes, found by their canonical encoding. */
  intern(attributes: Attributes): InternedSet {
    const nextHop = nextHopBytes(attributes);
    const encoded = encodeAttributes(attributes, CANONICAL, true);
    const hash = hashBytes(hashBytes(CANONICAL_MARK, nextHop), encoded);
    for (let set = this.#sets.first(hash); set !== undefined; set = this.#sets.after(set)) {
      if (set.hash === hash && hasKey(set.key, CANONICAL_MARK, nextHop, encoded)) return set;
    }
    return this.#add(hash, CANONICAL_MARK, nextHop, encoded, attributes, NO_NOTES);
  }

  hold(id: SetId): void {
    this.#sets.hold(id);
  }

  drop(id: SetId): void {
    this.#sets.drop(id);
  }

  /** Forgets the sets that nobody holds, and decoded attributes. Called between batches, when no set is in flight. */
  sweep(): void {
    for (const set of this.#decoded) set.letGo();
    this.#decoded.length = 0;
    this.#sets.sweep((set) => {
      for (let prepared = set.prepared; prepared !== undefined; prepared = prepared.next) prepared.release();
    });
  }

  #add(
    hash: number,
    mark: number,
    nextHop: Uint8Array,
    encoded: Uint8Array,
    attributes: Attributes,
    notes: readonly ProtocolFault[],
  ): InternedSet {
    const key = this.#slab.take(2 + nextHop.length + encoded.length);
    key[0] = mark;
    key[1] = nextHop.length;
    key.set(nextHop, 2);
    key.set(encoded, 2 + nextHop.length);
    return this.#sets.add(new InternedSet(this.#sets.nextId(), hash, key, attributes, notes, this.#decoded));
  }
}

/** A route from a peer always has a LOCAL_PREF, for filters and for the kernel's metric too: the default where it came without. */
function withLocalPref(attributes: Attributes): Attributes {
  return attributes.localPref === undefined ? { ...attributes, localPref: DEFAULT_LOCAL_PREF } : attributes;
}

const PEER_TYPES = ['ibgp', 'ebgp', 'confed'] as const;

function markOf(context: AttributeContext, needsNextHop: boolean): number {
  const type = PEER_TYPES.indexOf(context.peerType);
  return type * 4 + (context.fourOctetAs ? 2 : 0) + (needsNextHop ? 1 : 0);
}

/** What `source` or `intern` made the key of. */
function decodeKey(key: Uint8Array): Attributes {
  const mark = key[0]!;
  const start = 2 + key[1]!;
  const nextHop = start === 2 ? undefined : key.subarray(2, start);
  const isCanonical = mark === CANONICAL_MARK;
  const peerType = isCanonical ? 'ibgp' : PEER_TYPES[mark >> 2]!;
  const fourOctetAs = isCanonical || (mark & 2) !== 0;
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

function hasKey(key: Uint8Array, mark: number, nextHop: Uint8Array, encoded: Uint8Array): boolean {
  return (
    key.length === 2 + nextHop.length + encoded.length &&
    key[0] === mark &&
    key[1] === nextHop.length &&
    bytesAt(key, 2, nextHop) &&
    bytesAt(key, 2 + nextHop.length, encoded)
  );
}

// Attribute sets as small integers. A set that came from a peer is found again by its raw bytes, so a block that was
// seen before is not decoded again; a set that policy made is found again by its canonical encoding. Sets are counted
// by whoever stores their id, and forgotten with the last one.

import {
  type AttributeContext,
  type AttributeOutcome,
  type Attributes,
  addressBytes,
  asPathLength,
  COMMUNITY,
  decodeAttributeSet,
  encodeAttributes,
  neighborAs,
} from 'node-bgp';

export type SetId = number;

/** No set: a path that import policy rejected, a prefix that was not sent. */
export const NO_SET: SetId = 0;

/** LOCAL_PREF of a route whose neighbour sent none. */
export const DEFAULT_LOCAL_PREF = 100;

const CANONICAL: AttributeContext = { fourOctetAs: true, peerType: 'ibgp' };
const CANONICAL_MARK = 0xff;
const UNHASHED = -1;
const NO_KEY = new Uint8Array(0);

/** What one export group made of a set, remembered with the set. `source` is part of the question (ORIGINATOR_ID). */
export interface PreparedSet {
  readonly group: number;
  readonly source: number;
  readonly attributes: Attributes;
  /** The finished outgoing set where policy leaves the prepared attributes alone; NO_SET until asked for, negative: never. */
  out: SetId;
  readonly next: PreparedSet | undefined;
}

export class InternedSet {
  readonly id: SetId;
  readonly attributes: Attributes;
  readonly key: Uint8Array;
  readonly hash: number;
  refs = 0;
  /** Next set of the same hash bucket. */
  next: SetId = NO_SET;
  outcome: AttributeOutcome | undefined;
  prepared: PreparedSet | undefined;
  /** Encoded for sending, by the group's encoding; see `encoded`. */
  #encoded: Uint8Array | undefined;
  #encoding: number = -1;

  // What the decision asks, read out once.
  readonly localPref: number;
  readonly pathLength: number;
  readonly med: number;
  readonly neighborAs: number;
  readonly isLlgrStale: boolean;

  constructor(id: SetId, attributes: Attributes, key: Uint8Array, hash: number) {
    this.id = id;
    this.attributes = attributes;
    this.key = key;
    this.hash = hash;
    this.localPref = attributes.localPref ?? DEFAULT_LOCAL_PREF;
    this.pathLength = asPathLength(attributes);
    this.med = attributes.med ?? 0;
    this.neighborAs = neighborAs(attributes) ?? 0;
    this.isLlgrStale = attributes.communities?.includes(COMMUNITY.LLGR_STALE) ?? false;
  }

  /** Path attributes as sent; `encoding` numbers the ways to encode (see `encodingOf`), the last one asked for is kept. */
  encoded(encoding: number, context: AttributeContext, mp: boolean): Uint8Array {
    if (this.#encoding !== encoding || this.#encoded === undefined) {
      this.#encoded = encodeAttributes(this.attributes, context, mp);
      this.#encoding = encoding;
    }
    return this.#encoded;
  }
}

/** Names a way to encode: two equal numbers give equal bytes. */
export function encodingOf(context: AttributeContext, mp: boolean): number {
  return contextBits(context) * 2 + (mp ? 1 : 0);
}

export class AttributeTable {
  /** By id; index 0 is never used. */
  readonly #sets: (InternedSet | undefined)[] = [undefined];
  readonly #free: SetId[] = [];
  #buckets = new Int32Array(1024);
  #hashed = 0;
  /** Sets that nobody holds yet or any more; swept by `sweep`, so that a set can be taken up again meanwhile. */
  #idle: SetId[] = [];

  #groups = 0;

  /** A number for an export group, unlike all others that remember what they prepared with sets of this table. */
  nextGroup(): number {
    return ++this.#groups;
  }

  get size(): number {
    return this.#sets.length - 1 - this.#free.length;
  }

  get(id: SetId): InternedSet {
    return this.#sets[id]!;
  }

  /** Port `AttributeSource` of node-bgp: attributes of a received UPDATE. */
  readonly source = (
    raw: Uint8Array,
    mpNextHop: Uint8Array | undefined,
    needsNextHop: boolean,
    context: AttributeContext,
  ): AttributeOutcome => {
    const mark = contextBits(context) * 2 + (needsNextHop ? 1 : 0);
    const nextHopLength = mpNextHop === undefined ? 0 : mpNextHop.length;
    let hash = (mark << 8) | nextHopLength;
    if (mpNextHop !== undefined) hash = hashBytes(hash, mpNextHop);
    hash = hashBytes(hash, raw);
    for (let id = this.#buckets[hash & (this.#buckets.length - 1)]!; id !== NO_SET; ) {
      const set = this.#sets[id]!;
      if (set.hash === hash && receivedKeyEquals(set.key, mark, mpNextHop, raw)) return set.outcome!;
      id = set.next;
    }
    const outcome = decodeAttributeSet(raw, mpNextHop, needsNextHop, context);
    if (outcome.verdict !== 'ok') return outcome;
    const key = new Uint8Array(2 + nextHopLength + raw.length);
    key[0] = mark;
    key[1] = nextHopLength;
    if (mpNextHop !== undefined) key.set(mpNextHop, 2);
    key.set(raw, 2 + nextHopLength);
    const set = this.#add(withLocalPref(outcome.set.attributes), key, hash);
    set.outcome = { verdict: 'ok', set, notes: outcome.notes };
    return set.outcome;
  };

  /** Attributes that a peer sent, where they were not decoded through `source`. */
  internReceived(attributes: Attributes): InternedSet {
    return this.intern(withLocalPref(attributes));
  }

  /** The set of these attributes, found by their canonical encoding. */
  intern(attributes: Attributes): InternedSet {
    const key = canonicalKey(attributes);
    const hash = hashBytes(CANONICAL_MARK, key);
    for (let id = this.#buckets[hash & (this.#buckets.length - 1)]!; id !== NO_SET; ) {
      const set = this.#sets[id]!;
      if (set.hash === hash && bytesEqual(set.key, key)) return set;
      id = set.next;
    }
    return this.#add(attributes, key, hash);
  }

  /** A set of its own that is never found by content: what an export group prepares once and remembers. */
  create(attributes: Attributes): InternedSet {
    return this.#add(attributes, NO_KEY, UNHASHED);
  }

  hold(id: SetId): void {
    if (id !== NO_SET) this.#sets[id]!.refs++;
  }

  drop(id: SetId): void {
    if (id === NO_SET) return;
    const set = this.#sets[id]!;
    if (--set.refs === 0) this.#idle.push(id);
  }

  /** Forgets the sets that nobody holds. Called between batches, when no set is in flight. */
  sweep(): void {
    // Freeing a set drops what it prepared, so the list may grow while it is worked off.
    for (let i = 0; i < this.#idle.length; i++) {
      const set = this.#sets[this.#idle[i]!];
      if (set === undefined || set.refs > 0) continue;
      this.#remove(set);
    }
    this.#idle = [];
  }

  #add(attributes: Attributes, key: Uint8Array, hash: number): InternedSet {
    if (key.length > 0 && ++this.#hashed > this.#buckets.length) this.#grow();
    const id = this.#free.pop() ?? this.#sets.length;
    const set = new InternedSet(id, attributes, key, hash);
    this.#sets[id] = set;
    this.#idle.push(id);
    if (key.length > 0) this.#link(set);
    return set;
  }

  #link(set: InternedSet): void {
    const bucket = set.hash & (this.#buckets.length - 1);
    set.next = this.#buckets[bucket]!;
    this.#buckets[bucket] = set.id;
  }

  #remove(set: InternedSet): void {
    for (let prepared = set.prepared; prepared !== undefined; prepared = prepared.next) {
      if (prepared.out > NO_SET) this.drop(prepared.out);
    }
    this.#sets[set.id] = undefined;
    this.#free.push(set.id);
    if (set.key.length === 0) return;
    this.#hashed--;
    const bucket = set.hash & (this.#buckets.length - 1);
    if (this.#buckets[bucket] === set.id) {
      this.#buckets[bucket] = set.next;
      return;
    }
    let before = this.#sets[this.#buckets[bucket]!]!;
    while (before.next !== set.id) before = this.#sets[before.next]!;
    before.next = set.next;
  }

  #grow(): void {
    this.#buckets = new Int32Array(this.#buckets.length * 4);
    for (const set of this.#sets) if (set !== undefined && set.key.length > 0) this.#link(set);
  }
}

/** A route from a peer always has a LOCAL_PREF, for filters and for the kernel's metric too: the default where it came without. */
function withLocalPref(attributes: Attributes): Attributes {
  return attributes.localPref === undefined ? { ...attributes, localPref: DEFAULT_LOCAL_PREF } : attributes;
}

function contextBits(context: AttributeContext): number {
  const type = context.peerType === 'ibgp' ? 0 : context.peerType === 'ebgp' ? 1 : 2;
  return type * 2 + (context.fourOctetAs ? 1 : 0);
}

function canonicalKey(attributes: Attributes): Uint8Array {
  const encoded = encodeAttributes(attributes, CANONICAL, true);
  const nextHop = attributes.nextHop === undefined ? NO_KEY : addressBytes(attributes.nextHop);
  const linkLocal = attributes.linkLocalNextHop === undefined ? NO_KEY : addressBytes(attributes.linkLocalNextHop);
  const key = new Uint8Array(2 + nextHop.length + linkLocal.length + encoded.length);
  key[0] = CANONICAL_MARK;
  key[1] = nextHop.length + linkLocal.length;
  key.set(nextHop, 2);
  key.set(linkLocal, 2 + nextHop.length);
  key.set(encoded, 2 + nextHop.length + linkLocal.length);
  return key;
}

function receivedKeyEquals(key: Uint8Array, mark: number, mpNextHop: Uint8Array | undefined, raw: Uint8Array): boolean {
  const nextHopLength = mpNextHop === undefined ? 0 : mpNextHop.length;
  if (key.length !== 2 + nextHopLength + raw.length || key[0] !== mark || key[1] !== nextHopLength) return false;
  for (let i = 0; i < nextHopLength; i++) if (key[2 + i] !== mpNextHop![i]) return false;
  const start = 2 + nextHopLength;
  for (let i = 0; i < raw.length; i++) if (key[start + i] !== raw[i]) return false;
  return true;
}

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function hashBytes(hash: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}

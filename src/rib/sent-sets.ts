// What an export group sends, without the prefixes: encoded path attributes and the next hop of MP_REACH_NLRI. Equal bytes
// are one set, so "is it different from what was sent" is a comparison of two integers.

import { ByteSlab, bytesAt, hashBytes, type Interned, Interner, NO_SET, type SetId } from './interner.ts';

const NOTHING = new Uint8Array(0);

export class SentSet implements Interned {
  readonly id: SetId;
  readonly hash: number;
  next: SetId = NO_SET;
  /** Path attributes; NEXT_HOP among them iff `mpNextHop` is undefined. */
  readonly attributes: Uint8Array;
  readonly mpNextHop: Uint8Array | undefined;

  constructor(id: SetId, hash: number, attributes: Uint8Array, mpNextHop: Uint8Array | undefined) {
    this.id = id;
    this.hash = hash;
    this.attributes = attributes;
    this.mpNextHop = mpNextHop;
  }

  equals(attributes: Uint8Array, mpNextHop: Uint8Array | undefined): boolean {
    const mine = this.mpNextHop ?? NOTHING;
    const other = mpNextHop ?? NOTHING;
    return (
      this.attributes.length === attributes.length &&
      mine.length === other.length &&
      bytesAt(this.attributes, 0, attributes) &&
      bytesAt(mine, 0, other)
    );
  }
}

export class SentSets {
  readonly #sets = new Interner<SentSet>();
  readonly #slab = new ByteSlab();

  get(id: SetId): SentSet {
    return this.#sets.get(id);
  }

  /** The bytes are copied where they are new. */
  intern(attributes: Uint8Array, mpNextHop: Uint8Array | undefined): SetId {
    const hash = hashBytes(hashBytes(0, mpNextHop ?? NOTHING), attributes);
    for (let set = this.#sets.first(hash); set !== undefined; set = this.#sets.after(set)) {
      if (set.hash === hash && set.equals(attributes, mpNextHop)) return set.id;
    }
    const kept = this.#slab.take(attributes.length);
    kept.set(attributes);
    return this.#sets.add(new SentSet(this.#sets.nextId(), hash, kept, mpNextHop)).id;
  }

  hold(id: SetId): void {
    this.#sets.hold(id);
  }

  drop(id: SetId): void {
    this.#sets.drop(id);
  }

  sweep(): void {
    this.#sets.sweep(() => undefined);
  }
}

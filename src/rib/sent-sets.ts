// What an export group sends, without the prefixes: encoded path attributes and the next hop of MP_REACH_NLRI. Equal bytes
// are one set, so "is it different from what was sent" is a comparison of two integers.

import { ByteArena, offsetOf } from './byte-arena.ts';
import { bytesAt, hashBytes, Interner, NO_SET, type SetId } from './interner.ts';
import { grown } from './prefix-table.ts';

const NOTHING = new Uint8Array(0);

export class SentSets {
  readonly #sets = new Interner();
  readonly #bytes = new ByteArena();
  /** By set: the next hop of MP_REACH_NLRI and, behind it, the path attributes. */
  #at = new Uint32Array(this.#sets.capacity);
  #nextHopLength = new Uint8Array(this.#sets.capacity);
  #length = new Int32Array(this.#sets.capacity);

  /** Path attributes; NEXT_HOP among them iff there is no next hop of MP_REACH_NLRI. */
  attributes(id: SetId): Uint8Array {
    const nextHop = this.#nextHopLength[id]!;
    return this.#bytes.view(this.#at[id]! + nextHop, this.#length[id]! - nextHop);
  }

  mpNextHop(id: SetId): Uint8Array | undefined {
    const length = this.#nextHopLength[id]!;
    return length === 0 ? undefined : this.#bytes.view(this.#at[id]!, length);
  }

  /** The bytes are copied where they are new. */
  intern(attributes: Uint8Array, mpNextHop: Uint8Array | undefined): SetId {
    const nextHop = mpNextHop ?? NOTHING;
    const hash = hashBytes(hashBytes(0, nextHop), attributes);
    for (let id = this.#sets.first(hash); id !== NO_SET; id = this.#sets.after(id)) {
      if (this.equals(id, attributes, nextHop)) return id;
    }
    return this.#add(hash, attributes, nextHop);
  }

  equals(id: SetId, attributes: Uint8Array, mpNextHop: Uint8Array | undefined): boolean {
    const nextHop = mpNextHop ?? NOTHING;
    const length = nextHop.length;
    if (this.#nextHopLength[id] !== length || this.#length[id] !== length + attributes.length) return false;
    const page = this.#bytes.page(this.#at[id]!);
    const start = offsetOf(this.#at[id]!);
    return bytesAt(page, start, nextHop) && bytesAt(page, start + length, attributes);
  }

  hold(id: SetId): void {
    this.#sets.hold(id);
  }

  drop(id: SetId): void {
    this.#sets.drop(id);
  }

  sweep(): void {
    this.#sets.sweep((id) => this.#bytes.release(this.#at[id]!, this.#length[id]!));
  }

  #add(hash: number, attributes: Uint8Array, nextHop: Uint8Array): SetId {
    const id = this.#sets.add(hash);
    this.#reserve(this.#sets.capacity);
    const length = nextHop.length + attributes.length;
    const at = this.#bytes.take(length);
    const page = this.#bytes.page(at);
    page.set(nextHop, offsetOf(at));
    page.set(attributes, offsetOf(at) + nextHop.length);
    this.#at[id] = at;
    this.#nextHopLength[id] = nextHop.length;
    this.#length[id] = length;
    return id;
  }

  #reserve(capacity: number): void {
    if (this.#at.length >= capacity) return;
    this.#at = grown(this.#at, capacity);
    this.#nextHopLength = grown(this.#nextHopLength, capacity);
    this.#length = grown(this.#length, capacity);
  }
}

// Reads big-endian numbers from a bounded piece of a message. Nobody reads past the unit he was given: every TLV goes
// through `sub`, and whatever is too short is blamed with the fault the reader was made with.

import { Malformed } from './fault.ts';
import type { ProtocolFault } from './types.ts';

export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;
  readonly #truncated: () => ProtocolFault;

  /** @param truncated the fault of a unit that ends too early */
  constructor(bytes: Uint8Array, truncated: () => ProtocolFault, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.#truncated = truncated;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  u8(): number {
    return this.bytes[this.#take(1)]!;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  u32(): number {
    const at = this.#take(4);
    const b = this.bytes;
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
  }

  /** A view, not a copy. */
  view(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A copy that outlives the message. */
  copy(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.slice(at, at + length);
  }

  /** A reader of the next `length` octets, which this one passes over. */
  sub(length: number, truncated: () => ProtocolFault = this.#truncated): Reader {
    const at = this.#take(length);
    return new Reader(this.bytes, truncated, at, at + length);
  }

  #take(length: number): number {
    const at = this.position;
    if (at + length > this.end) throw new Malformed(this.#truncated());
    this.position = at + length;
    return at;
  }
}

// Writes big-endian numbers into a buffer that grows, and fills in lengths that are known only afterwards.

import { HEADER_LENGTH } from './iana.ts';

export class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Empty again, with the same buffer. */
  clear(): this {
    this.#length = 0;
    return this;
  }

  u8(value: number): this {
    const at = this.#room(1); // before #bytes is read: it may be replaced
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  u24(value: number): this {
    return this.u8(value >>> 16).u16(value & 0xffff);
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  at(position: number): number {
    return this.#bytes[position]!;
  }

  /** Moves everything from `at` on by one octet. */
  insertOctet(at: number): void {
    this.#room(1);
    this.#bytes.copyWithin(at + 1, at, this.#length - 1);
  }

  /** Overwrites what stands at `at`. */
  setU8(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  setU16(at: number, value: number): void {
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  /** All that was written, until something else is. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of all that was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(length: number): number {
    const at = this.#length;
    this.#length = at + length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}

/** A complete message: marker, length, type (RFC 4271 4.1), and what `body` writes. */
export function encodeMessage(type: number, body: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  for (let i = 0; i < 4; i++) writer.u32(0xffffffff);
  writer.u16(HEADER_LENGTH).u8(type);
  body(writer);
  writer.setU16(HEADER_LENGTH - 3, writer.length);
  return writer.finish();
}

// Packs prefixes into UPDATE messages, back to back in one buffer (RFC 4271 4.3, RFC 4760). The caller says which
// attributes hold from here on and then only names prefixes; messages are cut when they are full. It knows nothing of
// peers: the same bytes are good for every session with the same capabilities.

import type { Family } from '../ip/index.ts';

const HEADER_LENGTH = 19;
const UPDATE = 2;
const MP_REACH_NLRI = 14;
const MP_UNREACH_NLRI = 15;
const OPTIONAL_EXTENDED = 0x90;
const SAFI_UNICAST = 1;
const NO_BYTES = new Uint8Array(0);

type Form = 'none' | 'reach' | 'withdraw' | 'mpReach' | 'mpUnreach';

/** Longest encoding of one prefix: path id, length, 16 octets. */
const LONGEST_PREFIX = 4 + 1 + 16;

export class UpdatePacker {
  readonly #maxMessage: number;
  #buffer = new Uint8Array(65_536);
  #at = 0;
  /** Whole messages since the last `take`. */
  messages = 0;
  #form: Form = 'none';
  #family: Family = 'ipv4';
  #attributes: Uint8Array = NO_BYTES;
  #mpNextHop: Uint8Array = NO_BYTES;
  /** Start of the open message, or -1 between messages. */
  #message = -1;
  /** Where the NLRI of the open message may grow to. */
  #limit = 0;

  /** @param maxMessage longest message in octets, header included: 4096, or 65535 (RFC 8654) */
  constructor(maxMessage: number) {
    this.#maxMessage = maxMessage;
  }

  /**
   * The prefixes that follow are reachable with these attributes.
   *
   * @param attributes encoded path attributes; NEXT_HOP among them iff `mpNextHop` is undefined
   * @param mpNextHop next hop field of MP_REACH_NLRI; undefined for IPv4 prefixes in the NLRI field
   */
  reach(family: Family, attributes: Uint8Array, mpNextHop: Uint8Array | undefined): void {
    this.#close();
    this.#family = family;
    this.#form = mpNextHop === undefined ? 'reach' : 'mpReach';
    this.#attributes = attributes;
    this.#mpNextHop = mpNextHop ?? NO_BYTES;
  }

  /** The prefixes that follow are withdrawn. */
  withdraw(family: Family): void {
    this.#close();
    this.#family = family;
    this.#form = family === 'ipv4' ? 'withdraw' : 'mpUnreach';
    this.#attributes = NO_BYTES;
  }

  /** @param pathId path identifier (RFC 7911), or -1 where the session has none */
  prefix(word0: number, word1: number, word2: number, word3: number, length: number, pathId: number): void {
    if (this.#message >= 0 && this.#at + LONGEST_PREFIX > this.#limit) this.#close();
    if (this.#message < 0) this.#open();
    const buffer = this.#buffer;
    let at = this.#at;
    if (pathId >= 0) {
      buffer[at] = pathId >>> 24;
      buffer[at + 1] = pathId >>> 16;
      buffer[at + 2] = pathId >>> 8;
      buffer[at + 3] = pathId;
      at += 4;
    }
    buffer[at++] = length;
    let word = word0;
    for (let bits = length, octet = 0; bits > 0; bits -= 8, octet++) {
      if (octet === 4) word = word1;
      else if (octet === 8) word = word2;
      else if (octet === 12) word = word3;
      buffer[at++] = word >>> (24 - 8 * (octet & 3));
    }
    this.#at = at;
  }

  /** Ends the open message; octets packed so far. Everything up to here is whole messages. */
  position(): number {
    this.#close();
    return this.#at;
  }

  /** The packed messages in a buffer of their own; the packer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#buffer.slice(0, this.position());
    this.#at = 0;
    this.messages = 0;
    this.#form = 'none';
    return bytes;
  }

  #open(): void {
    this.#reserve(this.#maxMessage);
    const buffer = this.#buffer;
    const start = this.#at;
    buffer.fill(0xff, start, start + 16);
    buffer[start + 18] = UPDATE;
    let at = start + HEADER_LENGTH;
    let tail = 0;
    at = this.#put16(at, 0); // withdrawn routes length, patched for 'withdraw'
    if (this.#form === 'withdraw') {
      tail = 2;
    } else if (this.#form === 'reach') {
      at = this.#put16(at, this.#attributes.length);
      buffer.set(this.#attributes, at);
      at += this.#attributes.length;
    } else {
      at = this.#put16(at, 0); // total path attribute length, patched
      at = this.#openMultiprotocol(at);
      tail = this.#attributes.length;
    }
    this.#message = start;
    this.#at = at;
    this.#limit = start + this.#maxMessage - tail;
    if (at + LONGEST_PREFIX > this.#limit) throw new RangeError('path attributes leave no room for a prefix');
  }

  #openMultiprotocol(at: number): number {
    const buffer = this.#buffer;
    buffer[at] = OPTIONAL_EXTENDED;
    buffer[at + 1] = this.#form === 'mpReach' ? MP_REACH_NLRI : MP_UNREACH_NLRI;
    at = this.#put16(at + 2, 0); // attribute length, patched
    at = this.#put16(at, this.#family === 'ipv4' ? 1 : 2);
    buffer[at++] = SAFI_UNICAST;
    if (this.#form === 'mpReach') {
      buffer[at++] = this.#mpNextHop.length;
      buffer.set(this.#mpNextHop, at);
      at += this.#mpNextHop.length;
      buffer[at++] = 0; // reserved
    }
    return at;
  }

  #close(): void {
    if (this.#message < 0) return;
    const start = this.#message;
    const body = start + HEADER_LENGTH;
    if (this.#form === 'withdraw') {
      this.#put16(body, this.#at - body - 2);
      this.#at = this.#put16(this.#at, 0);
    } else if (this.#form !== 'reach') {
      this.#put16(body + 6, this.#at - body - 8);
      this.#buffer.set(this.#attributes, this.#at);
      this.#at += this.#attributes.length;
      this.#put16(body + 2, this.#at - body - 4);
    }
    this.#put16(start + 16, this.#at - start);
    this.#message = -1;
    this.messages++;
  }

  #put16(at: number, value: number): number {
    this.#buffer[at] = value >>> 8;
    this.#buffer[at + 1] = value;
    return at + 2;
  }

  #reserve(octets: number): void {
    if (this.#at + octets <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#at + octets));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}

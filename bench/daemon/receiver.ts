// What a client has been told, read as fast as JavaScript can: a bit for each prefix of the run and their count, so that
// "holds every prefix of the others, exactly" is a comparison of two numbers. Only what that needs is looked at; whether
// attributes are right is for tests, not for a benchmark.

import { AFI, ATTRIBUTE, ATTRIBUTE_FLAG, type Family, HEADER_LENGTH, MESSAGE_TYPE } from 'node-bgp';
import { HOST_BITS, IPV4_BASE, IPV6_HEAD } from './messages.ts';

export interface ReceiverOptions {
  readonly family: Family;
  readonly addPath: boolean;
  /** Prefixes in the run. */
  readonly total: number;
  /** The client's own prefixes, which must not come back. */
  readonly ownFirst: number;
  readonly ownCount: number;
}

export class Receiver {
  readonly #isIpv4: boolean;
  readonly #pathId: 0 | 4;
  readonly #total: number;
  readonly #ownFirst: number;
  readonly #ownEnd: number;
  readonly #held: Int32Array;
  /** Prefixes held now. */
  count = 0;
  /** Announced while held already: allowed (a route may change), but work for nothing here. */
  repeated = 0;
  /** Own prefixes that came back. */
  echoed = 0;
  /** Withdrawn although not held. */
  unheld = 0;
  /** Prefixes that nobody announced, or messages that are none. */
  foreign = 0;
  updates = 0;

  constructor(options: ReceiverOptions) {
    this.#isIpv4 = options.family === 'ipv4';
    this.#pathId = options.addPath ? 4 : 0;
    this.#total = options.total;
    this.#ownFirst = options.ownFirst;
    this.#ownEnd = options.ownFirst + options.ownCount;
    this.#held = new Int32Array((options.total + 31) >>> 5);
  }

  /** The session is gone, and with it what it told. */
  clear(): void {
    this.#held.fill(0);
    this.count = 0;
  }

  /**
   * Reads whole messages; returns where the first incomplete one starts, or -1 where the octets are no BGP.
   *
   * @param other gets every message that is no UPDATE
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    other: (type: number, start: number, end: number) => void,
  ): number {
    let at = start;
    while (end - at >= HEADER_LENGTH) {
      const length = (bytes[at + 16]! << 8) | bytes[at + 17]!;
      if (length < HEADER_LENGTH) return -1;
      if (end - at < length) break;
      const type = bytes[at + 18]!;
      if (type === MESSAGE_TYPE.UPDATE) this.#update(bytes, at + HEADER_LENGTH, at + length);
      else other(type, at, at + length);
      at += length;
    }
    return at;
  }

  #update(bytes: Uint8Array, start: number, end: number): void {
    this.updates++;
    const withdrawn = start + 2;
    const attributes = withdrawn + ((bytes[start]! << 8) | bytes[start + 1]!) + 2;
    const reached = attributes + ((bytes[attributes - 2]! << 8) | bytes[attributes - 1]!);
    if (reached > end || attributes > end) {
      this.foreign++;
    } else if (this.#isIpv4) {
      this.#prefixes(bytes, withdrawn, attributes - 2, false);
      this.#prefixes(bytes, reached, end, true);
    } else {
      this.#multiprotocol(bytes, attributes, reached);
    }
  }

  #multiprotocol(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at + 3 <= end) {
      const extended = (bytes[at]! & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
      const code = bytes[at + 1]!;
      const value = at + (extended ? 4 : 3);
      const next = value + (extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!);
      const isOurs = bytes[value + 1] === AFI.IPV6;
      // AFI, SAFI; with MP_REACH_NLRI a next hop of variable length and a reserved octet
      if (code === ATTRIBUTE.MP_REACH_NLRI && isOurs) {
        this.#prefixes(bytes, value + 5 + bytes[value + 3]!, next, true);
      } else if (code === ATTRIBUTE.MP_UNREACH_NLRI && isOurs) {
        this.#prefixes(bytes, value + 3, next, false);
      }
      at = next;
    }
  }

  #prefixes(bytes: Uint8Array, start: number, end: number, reached: boolean): void {
    const skip = this.#pathId;
    for (let at = start; at < end; ) {
      at += skip;
      const length = bytes[at]!;
      const n = this.#isIpv4 ? ipv4Number(bytes, at) : ipv6Number(bytes, at);
      at += 1 + ((length + 7) >>> 3);
      if (n < 0 || n >= this.#total) this.foreign++;
      else if (reached) this.#reach(n);
      else this.#withdraw(n);
    }
  }

  #reach(n: number): void {
    const bit = 1 << (n & 31);
    const word = this.#held[n >>> 5]!;
    if (n >= this.#ownFirst && n < this.#ownEnd) {
      this.echoed++;
    } else if ((word & bit) !== 0) {
      this.repeated++;
    } else {
      this.#held[n >>> 5] = word | bit;
      this.count++;
    }
  }

  #withdraw(n: number): void {
    const bit = 1 << (n & 31);
    const word = this.#held[n >>> 5]!;
    if ((word & bit) === 0) {
      this.unheld++;
      return;
    }
    this.#held[n >>> 5] = word & ~bit;
    this.count--;
  }
}

/** The prefix's number; -1 where it is none of the run's. */
function ipv4Number(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 32 - HOST_BITS) return -1;
  const address = (bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!;
  return (address - IPV4_BASE) >> HOST_BITS;
}

function ipv6Number(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 128 - HOST_BITS) return -1;
  for (let word = 0; word < 3; word++) if (word32(bytes, at + 1 + 4 * word) !== IPV6_HEAD[word]) return -1;
  return word32(bytes, at + 13) >>> HOST_BITS;
}

function word32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

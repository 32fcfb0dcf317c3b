// Authentication of Control packets (RFC 5880 6.7): the section that is added to what we send, and the verdict about what
// comes. Keys and digests only; the sequence number that was heard last is remembered here, time is not known here.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { BfdAuthentication } from '../intent/types.ts';
import { type BfdPacket, encodePacket, HEADER_LENGTH } from './packet.ts';

type Type = BfdAuthentication['type'];

/** RFC 5880 4.1, Auth Type; length of the digest; whether every packet has a number of its own. */
const TYPES = {
  simple: { code: 1, digest: undefined, length: 0, longestKey: 16, isMeticulous: false },
  md5: { code: 2, digest: 'md5', length: 16, longestKey: 16, isMeticulous: false },
  meticulousMd5: { code: 3, digest: 'md5', length: 16, longestKey: 16, isMeticulous: true },
  sha1: { code: 4, digest: 'sha1', length: 20, longestKey: 20, isMeticulous: false },
  meticulousSha1: { code: 5, digest: 'sha1', length: 20, longestKey: 20, isMeticulous: true },
} as const satisfies Readonly<Record<Type, object>>;

/** Type, length, key ID, reserved, sequence number: then the digest. */
const PREAMBLE = 8;

export class Authenticator {
  readonly #settings: BfdAuthentication;
  readonly #key: Uint8Array;
  #sent: number;
  #lastContents = '';
  /** `bfd.RcvAuthSeq`; undefined: `bfd.AuthSeqKnown` is 0. */
  #heard: number | undefined;

  /** @param sequence where our numbers begin, an unsigned integer of 32 bits, at random (RFC 5880 6.8.1) */
  constructor(settings: BfdAuthentication, sequence: number) {
    this.#settings = settings;
    // A longer key is cut, as other routers do.
    this.#key = new TextEncoder().encode(settings.password).subarray(0, TYPES[settings.type].longestKey);
    this.#sent = sequence >>> 0;
  }

  /** Nothing was heard for twice the detection time: any number is as good as another again. */
  forget(): void {
    this.#heard = undefined;
  }

  encode(packet: BfdPacket): Uint8Array {
    const { code, digest, length, isMeticulous } = TYPES[this.#settings.type];
    if (digest === undefined) {
      const section = Uint8Array.of(code, 3 + this.#key.length, this.#settings.keyId, ...this.#key);
      return encodePacket({ ...packet, authentication: section });
    }
    const section = new Uint8Array(PREAMBLE + length);
    section.set([code, section.length, this.#settings.keyId]);
    section.set(this.#key, PREAMBLE);
    new DataView(section.buffer).setUint32(4, this.#nextSequence(packet, isMeticulous));
    const bytes = encodePacket({ ...packet, authentication: section });
    bytes.set(createHash(digest).update(bytes).digest(), HEADER_LENGTH + PREAMBLE);
    return bytes;
  }

  /** RFC 5880 6.7.3: a keyed number need only grow when a packet says something else than the one before. */
  #nextSequence(packet: BfdPacket, isMeticulous: boolean): number {
    const contents = JSON.stringify({ ...packet, authentication: undefined });
    if (isMeticulous || contents !== this.#lastContents) this.#sent = (this.#sent + 1) >>> 0;
    this.#lastContents = contents;
    return this.#sent;
  }

  /** Is this packet the peer's? `multiplier` is ours: it bounds how many packets may have been lost between two. */
  accepts(bytes: Uint8Array, { authentication: section }: BfdPacket, multiplier: number): boolean {
    const { code, digest, length, isMeticulous } = TYPES[this.#settings.type];
    if (section.length < 3 || section[0] !== code || section[1] !== section.length) return false;
    if (section[2] !== this.#settings.keyId) return false;
    if (digest === undefined) return isSame(section.subarray(3), this.#key);
    if (section.length !== PREAMBLE + length) return false;
    const sequence = new DataView(section.buffer, section.byteOffset).getUint32(4);
    if (!this.#isExpected(sequence, isMeticulous, multiplier)) return false;
    const plain = bytes.slice(0, HEADER_LENGTH + section.length);
    plain.fill(0, HEADER_LENGTH + PREAMBLE);
    plain.set(this.#key, HEADER_LENGTH + PREAMBLE);
    if (!isSame(section.subarray(PREAMBLE), createHash(digest).update(plain).digest())) return false;
    this.#heard = sequence;
    return true;
  }

  #isExpected(sequence: number, isMeticulous: boolean, multiplier: number): boolean {
    if (this.#heard === undefined) return true;
    const ahead = (sequence - this.#heard) >>> 0;
    return ahead >= (isMeticulous ? 1 : 0) && ahead <= 3 * multiplier;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

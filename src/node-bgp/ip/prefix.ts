// Prefixes: text, octets and 32-bit words, and the one question asked of two of them: does one contain the other.

import { addressBytes, addressFromBytes, parseAddress } from './address.ts';
import type { Address, Family, Prefix } from './types.ts';

/** A prefix as signed 32-bit words, most significant first; `word1` to `word3` are 0 for IPv4. Host bits are zero. */
export interface PrefixWords {
  readonly family: Family;
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  readonly length: number;
}

export function familyOf(addressOrPrefix: Address | Prefix): Family {
  return addressOrPrefix.includes(':') ? 'ipv6' : 'ipv4';
}

export function maxLength(family: Family): 32 | 128 {
  return family === 'ipv4' ? 32 : 128;
}

/** The prefix that holds this address alone. */
export function hostPrefix(address: Address): Prefix {
  return `${address}/${maxLength(familyOf(address))}`;
}

/** Reads `address/length` where host bits may be set; `exact` says that none is. Undefined where the text is no such thing. */
export function parseCidr(text: string): { address: Address; prefix: Prefix; exact: boolean } | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const lengthText = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9][0-9]{0,2})$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  const family = familyOf(address);
  if (length > maxLength(family)) return undefined;
  const prefix = prefixFromBytes(family, addressBytes(address), length);
  return { address, prefix, exact: prefix === `${address}/${length}` };
}

/** Reads `address/length`; undefined where the text is none or has host bits set. */
export function parsePrefix(text: string): Prefix | undefined {
  const cidr = parseCidr(text);
  return cidr?.exact ? cidr.prefix : undefined;
}

export function prefixLength(prefix: Prefix): number {
  return Number(prefix.slice(prefix.indexOf('/') + 1));
}

/** All 4 or 16 octets of the network address, and the length. */
export function prefixParts(prefix: Prefix): { bytes: Uint8Array; length: number } {
  const slash = prefix.indexOf('/');
  return { bytes: addressBytes(prefix.slice(0, slash)), length: Number(prefix.slice(slash + 1)) };
}

/** The prefix of `length` bits that begins `bytes`; octets that are missing count as zero, host bits are cleared. */
export function prefixFromBytes(family: Family, bytes: Uint8Array, length: number): Prefix {
  const network = new Uint8Array(family === 'ipv4' ? 4 : 16);
  const octets = (length + 7) >> 3;
  for (let i = 0; i < octets; i++) network[i] = bytes[i] ?? 0;
  if (length & 7) network[octets - 1]! &= 0xff00 >> (length & 7);
  return `${addressFromBytes(network, 0, network.length)}/${length}`;
}

export function prefixWords(prefix: Prefix): PrefixWords {
  const { bytes, length } = prefixParts(prefix);
  const wide = bytes.length === 16;
  return {
    family: wide ? 'ipv6' : 'ipv4',
    word0: wordAt(bytes, 0),
    word1: wide ? wordAt(bytes, 4) : 0,
    word2: wide ? wordAt(bytes, 8) : 0,
    word3: wide ? wordAt(bytes, 12) : 0,
    length,
  };
}

/** The reverse of `prefixWords`; host bits are cleared. */
export function prefixFromWords(
  family: Family,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
  length: number,
): Prefix {
  const bytes = new Uint8Array(family === 'ipv4' ? 4 : 16);
  putWord(bytes, 0, word0);
  if (family === 'ipv6') {
    putWord(bytes, 4, word1);
    putWord(bytes, 8, word2);
    putWord(bytes, 12, word3);
  }
  return prefixFromBytes(family, bytes, length);
}

/** Whether every address of `inner` lies in `outer`. Families never contain each other. */
export function contains(outer: Prefix, inner: Prefix | Address): boolean {
  if (familyOf(outer) !== familyOf(inner)) return false;
  const a = prefixParts(outer);
  const b = inner.includes('/') ? prefixParts(inner) : { bytes: addressBytes(inner), length: 128 };
  if (b.length < a.length) return false;
  const whole = a.length >> 3;
  for (let i = 0; i < whole; i++) if (a.bytes[i] !== b.bytes[i]) return false;
  const rest = a.length & 7;
  return rest === 0 || ((a.bytes[whole]! ^ b.bytes[whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
}

function putWord(bytes: Uint8Array, offset: number, word: number): void {
  bytes[offset] = word >>> 24;
  bytes[offset + 1] = word >>> 16;
  bytes[offset + 2] = word >>> 8;
  bytes[offset + 3] = word;
}

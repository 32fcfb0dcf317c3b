// Addresses: text to canonical text, canonical text to bytes and back.
// Text from outside is read by the ip-address package; what is canonical already is read here, at a tenth of the cost.

import { Address6, AddressError } from 'ip-address';
import type { Address } from './types.ts';

const DOT = 46;
const COLON = 58;
const ZERO = 48;
const LOWER_A = 97;

/** Reads four decimal numbers without leading zeros; -1 where the text is no IPv4 address, else an unsigned 32-bit number. */
function parseIpv4(text: string): number {
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === DOT) {
      if (octet < 0 || ++dots > 3) return -1;
      value = value * 256 + octet;
      octet = -1;
    } else {
      const digit = c - ZERO;
      if (digit < 0 || digit > 9 || octet === 0) return -1;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    }
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1;
}

/** Canonical form of an address in any spelling; undefined where the text is no address. Zones (`%eth0`) are refused. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) return parseIpv4(text) < 0 ? undefined : text;
  // The package accepts a length and a zone behind the address; an address here has neither.
  if (text.includes('/') || text.includes('%')) return undefined;
  try {
    return addressFromBytes(Uint8Array.from(new Address6(text).toUnsignedByteArray()), 0, 16);
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}

/** The 4 or 16 octets of a canonical address, in network order. */
export function addressBytes(address: Address): Uint8Array {
  if (address.includes(':')) {
    const bytes = new Uint8Array(16);
    readIpv6(address, address.length, bytes);
    return bytes;
  }
  const value = parseIpv4(address);
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Reads the first `end` characters of a canonical IPv6 address into 16 zeroed octets. */
export function readIpv6(text: string, end: number, bytes: Uint8Array): void {
  let at = 0;
  let gap = -1;
  let start = 0;
  for (let i = 0; i <= end; i++) {
    const c = i < end ? text.charCodeAt(i) : COLON;
    if (c === DOT) {
      const value = parseIpv4(text.slice(start, end));
      bytes[at++] = value >>> 24;
      bytes[at++] = value >>> 16;
      bytes[at++] = value >>> 8;
      bytes[at++] = value;
      break;
    }
    if (c !== COLON) continue;
    if (i > start) {
      const group = hexNumber(text, start, i);
      bytes[at++] = group >>> 8;
      bytes[at++] = group;
    } else if (i > 0 && i < end) {
      gap = at;
    }
    start = i + 1;
  }
  if (gap >= 0 && at < 16) {
    bytes.copyWithin(16 - (at - gap), gap, at);
    bytes.fill(0, gap, 16 - (at - gap));
  }
}

function hexNumber(text: string, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    value = value * 16 + (c >= LOWER_A ? c - LOWER_A + 10 : c - ZERO);
  }
  return value;
}

/** The address in `length` octets (4 or 16; default: all that follow `offset`). */
export function addressFromBytes(bytes: Uint8Array, offset = 0, length = bytes.length - offset): Address {
  if (length === 4) return ipv4Text(bytes, offset);
  return ipv6Text(bytes, offset);
}

function ipv4Text(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

function ipv6Text(bytes: Uint8Array, offset: number): string {
  const gap = longestZeroRun(bytes, offset);
  if (gap.start === 0 && gap.count === 5 && bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff) {
    return `::ffff:${ipv4Text(bytes, offset + 12)}`; // RFC 5952 5: IPv4-mapped
  }
  let text = '';
  for (let group = 0; group < 8; group++) {
    if (group === gap.start) {
      text += '::';
      group += gap.count - 1;
      continue;
    }
    if (group > 0 && group !== gap.start + gap.count) text += ':';
    text += ((bytes[offset + 2 * group]! << 8) | bytes[offset + 2 * group + 1]!).toString(16);
  }
  return text;
}

/** RFC 5952 4.2: the first of the longest runs of at least two zero groups. */
function longestZeroRun(bytes: Uint8Array, offset: number): { start: number; count: number } {
  let best = { start: -1, count: 1 };
  let count = 0;
  for (let group = 0; group < 8; group++) {
    const zero = bytes[offset + 2 * group] === 0 && bytes[offset + 2 * group + 1] === 0;
    count = zero ? count + 1 : 0;
    if (count > best.count) best = { start: group - count + 1, count };
  }
  return best;
}

/** fe80::/10. IPv4 addresses have no link-local scope here: 169.254.0.0/16 is routed like any other. */
export function isLinkLocal(address: Address): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address);
}

/** Dotted quad of a BGP identifier, cluster id or any unsigned 32-bit number. */
export function formatRouterId(id: number): string {
  return `${id >>> 24}.${(id >>> 16) & 255}.${(id >>> 8) & 255}.${id & 255}`;
}

/** The number behind a dotted quad; undefined where the text is none. */
export function parseRouterId(text: string): number | undefined {
  const value = parseIpv4(text);
  return value < 0 ? undefined : value;
}

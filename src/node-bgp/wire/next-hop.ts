// Next hops as octets: which may be one, and the next hop field of MP_REACH_NLRI (RFC 4760 3, RFC 2545 3, RFC 8950 3).
// Not here: whether it can be reached.

import { type Address, addressFromBytes, type Family, isLinkLocal } from '../ip/index.ts';

/** RFC 4271 6.3: a next hop has to be the address of a host, so neither unspecified, multicast nor broadcast. */
export function isHostAddress(bytes: Uint8Array): boolean {
  if (bytes.every((octet) => octet === 0)) return false;
  if (bytes.length === 16) return bytes[0] !== 0xff;
  return bytes[0]! >> 4 !== 0xe && !bytes.every((octet) => octet === 255);
}

/** RFC 7606 7.11: whether the next hop field of MP_REACH_NLRI may have this length. */
export function isNextHopLength(family: Family, length: number, extendedNextHop: boolean): boolean {
  if (family === 'ipv4' && length === 4) return true;
  return (length === 16 || length === 32) && (family === 'ipv6' || extendedNextHop);
}

/** The next hops in a field of 4, 16 or 32 octets; undefined where the first is no address of a host. */
export function decodeMpNextHop(field: Uint8Array): { nextHop: Address; linkLocalNextHop?: Address } | undefined {
  if (field.length < 32) return isHostAddress(field) ? { nextHop: addressFromBytes(field) } : undefined;
  const second = addressFromBytes(field, 16, 16);
  const first = field.subarray(0, 16);
  // Some speakers without a global address send the unspecified one before their link-local one.
  if (!isHostAddress(first)) return isLinkLocal(second) ? { nextHop: second } : undefined;
  const nextHop = addressFromBytes(first);
  return isLinkLocal(second) ? { nextHop, linkLocalNextHop: second } : { nextHop };
}

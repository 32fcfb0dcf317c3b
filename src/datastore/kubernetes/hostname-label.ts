// The label by which Calico marks the block affinities of a node.

import { createHash } from 'node:crypto';

export const HOSTNAME_HASH_LABEL = 'projectcalico.org/hostname-hash';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** SHA3-256 of the node's name in base32 (RFC 4648 section 6) without padding: 52 letters. */
export function hostnameHash(node: string): string {
  return base32(createHash('sha3-256').update(node).digest());
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + BASE32[(value << (5 - bits)) & 31];
}

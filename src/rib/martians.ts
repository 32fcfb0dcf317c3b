// Destinations that no router passes on (RFC 6890): "this network", loopback, link-local, multicast and reserved ones. As in
// BIRD the network address alone is looked at, and the default route and what begins like it are none of them.

/** @param word0 the address in unsigned-or-signed 32-bit words */
export function isIpv4Martian(word0: number): boolean {
  if (word0 === 0) return false;
  const octet = word0 >>> 24;
  return octet === 0 || octet === 127 || octet >= 224 || word0 >>> 16 === 0xa9fe;
}

export function isIpv6Martian(word0: number, word1: number, word2: number, word3: number): boolean {
  const high = word0 >>> 22;
  if (high === 0xfe80 >>> 6 || high >>> 2 === 0xff) return true;
  return word0 === 0 && word1 === 0 && word2 === 0 && word3 === 1;
}

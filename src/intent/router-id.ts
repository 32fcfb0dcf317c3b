// The BGP identifier of a node: what the operator says (CALICO_ROUTER_ID), its IPv4 address, or a hash of its name.

import { createHash } from 'node:crypto';
import { type Address, formatRouterId, parseRouterId, type RouterId } from 'node-bgp';

export interface RouterIdChoice {
  readonly routerId: RouterId;
  /** Why it is not what one would expect, for people. */
  readonly remark?: string;
}

/**
 * Calico's rule: `hash`, any other setting as it is, else the node's IPv4 address. A setting that is no identifier
 * (RFC 6286 2.1: not zero) counts as none, and where nothing is left (a node with IPv6 only) the hash is taken.
 */
export function chooseRouterId(node: string, setting: string | undefined, ipv4: Address | undefined): RouterIdChoice {
  const hash = hashRouterId(node);
  if (setting === 'hash') return { routerId: hash };
  const given = setting === undefined || setting === '' ? undefined : parseRouterId(setting);
  if (given) return { routerId: given };
  const refused = setting && !given ? `${JSON.stringify(setting)} (CALICO_ROUTER_ID) is no router id; ` : '';
  const own = ipv4 === undefined ? undefined : parseRouterId(ipv4);
  if (own) return refused === '' ? { routerId: own } : { routerId: own, remark: `${refused}the IPv4 address is used` };
  return {
    routerId: hash,
    remark: `${refused}the node has no IPv4 address; the router id is the hash of its name, ${formatRouterId(hash)}`,
  };
}

/** The first four octets of SHA-256 of the name, moved below the multicast range. */
export function hashRouterId(node: string): RouterId {
  const digest = createHash('sha256').update(node).digest();
  const first = digest[0]!;
  digest[0] = first > 223 ? first - 32 : first;
  return digest.readUInt32BE(0);
}

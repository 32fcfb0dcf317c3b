// The tunnel device that a node needs where it programs routes of IPIP pools itself. Who makes the device, Felix or this
// daemon, is not known here.

import { type Address, contains } from 'node-bgp';
import type { IPPool } from '../datastore/resources/types.ts';
import type { Block } from './blocks.ts';
import type { Cluster } from './cluster.ts';
import { isOf, programsIpip } from './pools.ts';
import type { TunnelIntent } from './types.ts';

export const TUNNEL_DEVICE = 'tunl0';

/** Undefined: no route of this node leads through a tunnel. */
export function tunnelIntent(
  { own, defaults }: Cluster,
  pools: readonly IPPool[],
  blocks: readonly Block[],
): TunnelIntent | undefined {
  const tunnelled = pools.filter((pool) => isOf('ipv4', pool.cidr) && isTunnelled(pool));
  const carrier = own.bgp?.ipv4?.address;
  if (carrier === undefined || tunnelled.length === 0 || !programsIpip(defaults)) return undefined;
  const address = own.tunnelAddress ?? firstAddress(tunnelled, blocks);
  return { device: TUNNEL_DEVICE, carrier, ...(address === undefined ? {} : { address }) };
}

function isTunnelled({ ipipMode, vxlanMode }: IPPool): boolean {
  return ipipMode !== 'Never' && vxlanMode === 'Never';
}

/** The one that Calico gives to tunnels where nothing else is in the block yet. */
function firstAddress(pools: readonly IPPool[], blocks: readonly Block[]): Address | undefined {
  const block = blocks.find(({ cidr }) => pools.some((pool) => contains(pool.cidr, cidr)));
  return block?.cidr.slice(0, block.cidr.indexOf('/'));
}

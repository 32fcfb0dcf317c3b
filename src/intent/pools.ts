// IPPools as policies see them, and Calico's division of work: whose daemon, Felix or this one, programs a pool's routes.

import type { Family, Prefix } from 'node-bgp';
import type { BGPConfiguration, IPPool } from '../datastore/resources/types.ts';
import { compareText } from './cluster.ts';

/** One pool per prefix: of several the one with the lowest name. By text of the prefix. */
export function effectivePools(pools: Iterable<IPPool>): readonly IPPool[] {
  const byCidr = new Map<Prefix, IPPool>();
  for (const pool of pools) {
    const there = byCidr.get(pool.cidr);
    if (there === undefined || pool.metadata.name < there.metadata.name) byCidr.set(pool.cidr, pool);
  }
  return [...byCidr.values()].sort((a, b) => compareText(a.cidr, b.cidr));
}

/** By the look of the text, which is canonical. */
export function isOf(family: Family, prefix: Prefix): boolean {
  return prefix.includes(':') === (family === 'ipv6');
}

/** Routes of IPIP pools are this daemon's; Calico's default is that they are Felix's. */
export function programsIpip(defaults: BGPConfiguration | undefined): boolean {
  const owner = defaults?.programClusterRoutes;
  return owner === 'Enabled' || owner === 'EnabledIPIPOnly';
}

/** Routes of pools without encapsulation are this daemon's, as they are by default. */
export function programsUnencapsulated(defaults: BGPConfiguration | undefined): boolean {
  const owner = defaults?.programClusterRoutes;
  return owner !== 'Disabled' && owner !== 'EnabledIPIPOnly';
}

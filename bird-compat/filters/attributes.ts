// What filters can look at and change, one row a name: what it is in a policy, its type, and whether it can be written.

import {
  type AttributeName,
  all,
  attribute,
  defined,
  type Expression,
  equals,
  type FieldName,
  field,
} from '../../src/policy/index.ts';
import type { BirdType } from './types.ts';

export interface AttributeRow {
  readonly of: BirdType;
  readonly read: Expression;
  /** Absent: read-only. */
  readonly write?: AttributeName;
  /** Belongs to the route itself and always has a value; it cannot be unset. */
  readonly isStatic: boolean;
}

const looked = (of: BirdType, name: FieldName): AttributeRow => ({ of, read: field(name), isStatic: true });
const own = (of: BirdType, name: AttributeName): AttributeRow => ({
  of,
  read: attribute(name),
  write: name,
  isStatic: true,
});
const dynamic = (of: BirdType, name: AttributeName): AttributeRow => ({ ...own(of, name), isStatic: false });

/** Bits of the kernel's metrics: a number in the route, a bool in filters. One that is not there is not set. */
const bit = (name: `krt_${string}`): AttributeRow => ({
  of: 'bool',
  read: all(defined(attribute(name)), equals(attribute(name), 1)),
  write: name,
  isStatic: false,
});

const ROWS: Readonly<Record<string, AttributeRow>> = {
  net: looked('prefix', 'net'),
  proto: looked('string', 'protocol'),
  source: looked('enum rts', 'source'),
  cast: looked('enum rtc', 'cast'),
  ifindex: looked('int', 'ifindex'),
  from: looked('ip', 'from'),
  gw: own('ip', 'gateway'),
  ifname: own('string', 'interface'),
  scope: own('enum scope', 'scope'),
  dest: own('enum rtd', 'dest'),
  preference: own('int', 'preference'),
  igp_metric: dynamic('int', 'igp_metric'),
  bgp_origin: dynamic('enum bgp_origin', 'origin'),
  bgp_path: dynamic('bgppath', 'asPath'),
  bgp_next_hop: dynamic('ip', 'nextHop'),
  bgp_med: dynamic('int', 'med'),
  bgp_local_pref: dynamic('int', 'localPref'),
  bgp_atomic_aggr: dynamic('?', 'atomicAggregate'),
  bgp_aggregator: dynamic('?', 'aggregator'),
  bgp_community: dynamic('clist', 'communities'),
  bgp_originator_id: dynamic('quad', 'originatorId'),
  bgp_cluster_list: dynamic('clist', 'clusterList'),
  bgp_ext_community: dynamic('eclist', 'extendedCommunities'),
  bgp_large_community: dynamic('lclist', 'largeCommunities'),
  bgp_otc: dynamic('int', 'onlyToCustomer'),
  krt_metric: dynamic('int', 'metric'),
  krt_tunnel: dynamic('string', 'tunnel'),
  krt_prefsrc: dynamic('ip', 'krt_prefsrc'),
};

/** Undefined for names that Caracal has nothing for. */
export function attributeRow(name: string): AttributeRow | undefined {
  if (Object.hasOwn(ROWS, name)) return ROWS[name];
  if (!name.startsWith('krt_')) return undefined;
  const other = name as `krt_${string}`;
  return /^krt_(?:lock|feature)_/.test(name) ? bit(other) : dynamic('int', other);
}

// What a policy looks at and what it answers. The caller fills one `PolicyRoute` and may use it again for the next route.

import type { Address, Asn, Attributes, Family } from 'node-bgp';

/** Where a route comes from, as filters ask for it (`source`): BGP, the kernel (learned), static (ours), an interface. */
export type RouteSource = 'bgp' | 'kernel' | 'static' | 'direct';

export type RouteDest = 'router' | 'device' | 'blackhole' | 'unreachable' | 'prohibit' | 'multipath';

/** The session that a route comes from or goes to, as far as filters can see it. */
export interface PolicyPeer {
  /** Session name, for example `Mesh_10_0_0_2`. */
  readonly name: string;
  readonly type: 'ebgp' | 'ibgp';
  readonly localAs: Asn;
  readonly remoteAs: Asn;
  readonly address: Address;
}

export interface PolicyRoute {
  family: Family;
  /** The network address as unsigned-or-signed 32-bit words (only bits matter): 1 for IPv4, 4 for IPv6; `word1..3` are 0 for IPv4. */
  word0: number;
  word1: number;
  word2: number;
  word3: number;
  /** Prefix length. */
  length: number;
  /** For routes without BGP attributes (kernel, static, direct): as the speaker originates them (ORIGIN IGP, empty path, no LOCAL_PREF). */
  attributes: Attributes;
  source: RouteSource;
  /** Protocol name (`Mesh_10_0_0_2`, `kernel1`, `static1`, `direct1`). */
  protocol: string;
  /** The neighbour it was learned from, for BGP routes. */
  from: PolicyPeer | undefined;
  /** The neighbour it is exported to or imported from; undefined in a kernel policy. */
  peer: PolicyPeer | undefined;
  /** Name of the outgoing interface, '' where there is none (blackhole, unresolved). */
  interface: string;
  /** Resolved gateway, undefined where directly connected or none. */
  gateway: Address | undefined;
  /** Kernel metric of a learned route; undefined where it has none. */
  metric: number | undefined;
  /** Route preference between sources (BIRD: BGP 100, kernel 10, static 200, direct 240). */
  preference: number;
  /** Where packets go; absent: judged by gateway, interface and source. */
  dest?: RouteDest;
  /** Kernel attributes that have no field here, by their filter name: `krt_source`, `krt_prefsrc`, `igp_metric` ... */
  other?: Readonly<Record<string, number | string>>;
}

/** The decision of a policy. Attributes are the same object where nothing was changed, and where the route is rejected. */
export interface PolicyResult {
  readonly accepted: boolean;
  readonly attributes: Attributes;
  readonly preference: number;
  /** Kernel metric and tunnel device, or undefined for none. The metric of the route stays where no policy sets one. */
  readonly metric: number | undefined;
  readonly tunnel: string | undefined;
  /** Why the policy could not go on, which rejects the route (a type error, a division by zero, a limit). */
  readonly error?: string;
  /** Lines that `print` wrote. */
  readonly printed?: readonly string[];
  /** Whatever else was set, by its filter name (`dest`, `gateway`, `krt_prefsrc` ...); null where it was unset. */
  readonly other?: Readonly<Record<string, number | string | null>>;
}

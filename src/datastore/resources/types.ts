// Calico's and Kubernetes' resources as far as BGP needs them, in domain values: prefixes are canonical, durations are
// seconds, AS numbers are numbers. Defaults that Calico documents as schema defaults are filled in by the readers;
// a field that may be absent stays optional where absence has a meaning of its own.

import type { Address, Asn, Family, Prefix, Role, RouterId } from 'node-bgp';

export interface Metadata {
  readonly name: string;
  /** Present on Kubernetes' namespaced kinds; `default` where the document names none. */
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Empty on Kubernetes' own kinds, where annotations change often and mean nothing to BGP. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** `aa:nn` as one unsigned 32-bit number, or `aa:nn:mm` as three. */
export type CommunityValue =
  | { readonly type: 'standard'; readonly value: number }
  | { readonly type: 'large'; readonly value: readonly [number, number, number] };

export interface SecretKeyRef {
  readonly name: string;
  readonly key: string;
}

export type ClusterRoutesOwner = 'Enabled' | 'Disabled' | 'EnabledIPIPOnly' | 'EnabledNoEncapOnly';

export interface BGPConfiguration {
  readonly kind: 'BGPConfiguration';
  readonly metadata: Metadata;
  readonly logSeverityScreen?: string;
  readonly nodeToNodeMeshEnabled?: boolean;
  readonly asNumber?: Asn;
  /** undefined: field absent. Single addresses are full-length prefixes. */
  readonly serviceClusterIPs?: readonly Prefix[];
  readonly serviceExternalIPs?: readonly Prefix[];
  readonly serviceLoadBalancerIPs?: readonly Prefix[];
  readonly serviceLoadBalancerAggregation?: 'Enabled' | 'Disabled';
  readonly communities?: readonly { readonly name: string; readonly value: CommunityValue }[];
  /** Communities are resolved: names defined in the same object are already values. */
  readonly prefixAdvertisements?: readonly { readonly cidr: Prefix; readonly communities: readonly CommunityValue[] }[];
  readonly listenPort?: number;
  readonly nodeMeshPassword?: SecretKeyRef;
  /** Seconds. */
  readonly nodeMeshMaxRestartTime?: number;
  readonly bindMode?: 'None' | 'NodeIP';
  readonly ignoredInterfaces?: readonly string[];
  readonly localWorkloadPeeringIPV4?: Address;
  readonly localWorkloadPeeringIPV6?: Address;
  readonly programClusterRoutes?: ClusterRoutesOwner;
  readonly ipv4NormalRoutePriority?: number;
  readonly ipv6NormalRoutePriority?: number;
}

export interface BGPPeer {
  readonly kind: 'BGPPeer';
  readonly metadata: Metadata;
  readonly node?: string;
  readonly nodeSelector?: string;
  readonly peerIP?: { readonly address: Address; readonly port?: number };
  readonly asNumber?: Asn;
  readonly peerSelector?: string;
  readonly localWorkloadSelector?: string;
  readonly localASNumber?: Asn;
  readonly numAllowedLocalASNumbers?: number;
  readonly password?: SecretKeyRef;
  readonly sourceAddress?: 'UseNodeIP' | 'None';
  /** Seconds. */
  readonly maxRestartTime?: number;
  /** Seconds. */
  readonly keepaliveTime?: number;
  readonly ttlSecurity?: number;
  readonly reachableBy?: Address;
  readonly nextHopMode?: 'Auto' | 'Self' | 'Keep';
  readonly keepOriginalNextHop?: boolean;
  readonly filters?: readonly string[];
  readonly reversePeering?: 'Auto' | 'Manual';
}

export interface BGPFilterRule {
  readonly action: 'Accept' | 'Reject';
  readonly cidr?: Prefix;
  readonly matchOperator?: 'Equal' | 'NotEqual' | 'In' | 'NotIn';
  readonly prefixLength?: { readonly min?: number; readonly max?: number };
  readonly source?: 'RemotePeers';
  readonly interface?: string;
  readonly peerType?: 'eBGP' | 'iBGP';
  readonly community?: CommunityValue;
  readonly asPathPrefix?: readonly Asn[];
  readonly priority?: number;
  readonly operations?: readonly BGPFilterOperation[];
}

export type BGPFilterOperation =
  | { readonly type: 'addCommunity'; readonly value: CommunityValue }
  | { readonly type: 'prependASPath'; readonly asns: readonly Asn[] }
  | { readonly type: 'setPriority'; readonly value: number };

export interface BGPFilter {
  readonly kind: 'BGPFilter';
  readonly metadata: Metadata;
  readonly exportV4: readonly BGPFilterRule[];
  readonly importV4: readonly BGPFilterRule[];
  readonly exportV6: readonly BGPFilterRule[];
  readonly importV6: readonly BGPFilterRule[];
}

export type EncapsulationMode = 'Never' | 'Always' | 'CrossSubnet';

export interface IPPool {
  readonly kind: 'IPPool';
  readonly metadata: Metadata;
  readonly cidr: Prefix;
  readonly ipipMode: EncapsulationMode;
  readonly vxlanMode: EncapsulationMode;
  readonly disableBGPExport: boolean;
  readonly disabled: boolean;
}

export interface NodeResource {
  readonly kind: 'Node';
  readonly metadata: Metadata;
  /** Absent: the node takes no part in BGP. */
  readonly bgp?: {
    readonly ipv4?: { readonly address: Address; readonly network: Prefix };
    readonly ipv6?: { readonly address: Address; readonly network: Prefix };
    readonly asNumber?: Asn;
    readonly routeReflectorClusterID?: RouterId;
  };
  /** Of the IPIP tunnel. */
  readonly tunnelAddress?: Address;
  readonly wireguardIPv4?: Address;
  readonly wireguardIPv6?: Address;
  readonly podCIDRs: readonly Prefix[];
  /** Ready condition of a Kubernetes node; undefined where unknown. */
  readonly ready?: boolean;
  readonly unschedulable?: boolean;
}

export interface BlockAffinity {
  readonly kind: 'BlockAffinity';
  readonly metadata: Metadata;
  readonly cidr: Prefix;
  readonly node: string;
  readonly state: '' | 'confirmed' | 'pending' | 'pendingDeletion';
  readonly type: 'host' | 'virtual';
}

export interface Service {
  readonly kind: 'Service';
  readonly metadata: Metadata;
  readonly type: string;
  readonly clusterIP?: string;
  readonly clusterIPs: readonly Address[];
  readonly externalIPs: readonly Address[];
  readonly loadBalancerIP?: Address;
  readonly loadBalancerIngressIPs: readonly Address[];
  readonly externalTrafficPolicy?: string;
  readonly ipFamilies: readonly Family[];
}

export interface EndpointSlice {
  readonly kind: 'EndpointSlice';
  readonly metadata: Metadata;
  readonly serviceName?: string;
  readonly addressType: string;
  readonly endpoints: readonly { readonly ready?: boolean; readonly nodeName?: string }[];
}

/** Values are decoded; never logged, never part of a status. */
export interface Secret {
  readonly kind: 'Secret';
  readonly metadata: Metadata;
  readonly data: Readonly<Record<string, string>>;
}

/** Felix's verdict that a local workload is a BGP peer (endpoint-status file). */
export interface WorkloadPeer {
  readonly kind: 'WorkloadPeer';
  readonly metadata: Metadata;
  readonly bgpPeerName: string;
  readonly ipv4?: Address;
  readonly ipv6?: Address;
}

export interface CalicoNodeStatus {
  readonly kind: 'CalicoNodeStatus';
  readonly metadata: Metadata;
  readonly node: string;
  readonly classes: readonly ('Agent' | 'BGP' | 'Routes')[];
  readonly updatePeriodSeconds: number;
}

/** Felix's half of what must agree with BGPConfiguration; only `default` is read. */
export interface FelixConfiguration {
  readonly kind: 'FelixConfiguration';
  readonly metadata: Metadata;
  readonly programClusterRoutes?: ClusterRoutesOwner;
  readonly ipv4NormalRoutePriority?: number;
  readonly ipv6NormalRoutePriority?: number;
}

/** What the peers of a RouteReflector have in common with those that come from a range. */
export interface ReflectorSession {
  readonly name?: string;
  readonly asNumber?: Asn;
  /** Any AS but our own. */
  readonly external?: true;
  readonly client: boolean;
  readonly families: readonly Family[];
  readonly password?: SecretKeyRef;
  /** Seconds. */
  readonly holdTime?: number;
  readonly addPath: boolean;
  /** Names of BGPFilters, in order. */
  readonly filters?: readonly string[];
  readonly limits?: ReflectorLimits;
  readonly role?: Role;
  readonly requireRole?: true;
  readonly extendedMessages?: true;
  readonly extendedNextHop?: true;
  readonly gracefulShutdown?: true;
  /** Seconds. */
  readonly longLivedStaleTime?: number;
  readonly bfd?: ReflectorBfd;
  /** Hops (1 = directly connected), RFC 5082. */
  readonly ttlSecurity?: number;
}

/** BFD with a peer of a RouteReflector (RFC 5880). */
export interface ReflectorBfd {
  /** The peer may be more than one hop away (RFC 5883). */
  readonly multihop: boolean;
  /** Milliseconds between two packets, both ways. */
  readonly intervalMilliseconds: number;
  readonly multiplier: number;
}

export interface ReflectorLimit {
  readonly count: number;
  readonly action: 'warn' | 'block' | 'restart' | 'disable';
  /** Seconds. */
  readonly restartTime?: number;
}

export interface ReflectorLimits {
  readonly receive?: ReflectorLimit;
  readonly import?: ReflectorLimit;
  readonly export?: ReflectorLimit;
}

export interface ReflectorPeer extends ReflectorSession {
  readonly address: Address;
  /** Of a link-local address. */
  readonly interface?: string;
  readonly port?: number;
  readonly passive: boolean;
}

export interface ReflectorRange extends ReflectorSession {
  readonly range: Prefix;
  /** So many at a time. */
  readonly limit?: number;
  /** Names of the peers: this, and a number of so many digits. */
  readonly namePrefix?: string;
  readonly digits?: number;
}

/**
 * Caracal's own kind for a speaker outside the cluster (`apiVersion: caracal.io/v1`): a stand-alone route reflector on a
 * machine that is no Calico node. Its peers and policy are given here instead of by Calico's resources.
 */
export interface RouteReflector {
  readonly kind: 'RouteReflector';
  readonly metadata: Metadata;
  readonly routerId: RouterId;
  readonly asNumber: Asn;
  readonly clusterID?: RouterId;
  readonly listenPort: number;
  readonly listenAddresses: readonly Address[];
  /** External peers without filters are told nothing and not believed (RFC 8212). */
  readonly requireFilters?: true;
  /** All peers are told to look for other ways (RFC 8326). */
  readonly gracefulShutdown?: true;
  readonly peers: readonly ReflectorPeer[];
  readonly listenRanges?: readonly ReflectorRange[];
}

export type Resource =
  | BGPConfiguration
  | BGPPeer
  | BGPFilter
  | IPPool
  | NodeResource
  | BlockAffinity
  | Service
  | EndpointSlice
  | Secret
  | WorkloadPeer
  | CalicoNodeStatus
  | FelixConfiguration
  | RouteReflector;

export type ResourceKind = Resource['kind'];

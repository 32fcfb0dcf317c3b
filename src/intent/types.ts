// Intent: what this node is to do, computed as a whole from the resources. Plain data, comparable with deep equality;
// the diff of two Intents is what the speaker applies.

import type { Address, Asn, Attributes, Family, Prefix, Role, RouterId } from 'node-bgp';
import type { ResourceKind } from '../datastore/resources/types.ts';
import type { ResourceOf } from '../datastore/store.ts';
import type { ResourceProblem } from '../datastore/types.ts';
import type { Policy } from '../policy/index.ts';

export type PeerKind = 'mesh' | 'global' | 'node' | 'localWorkload' | 'static';

/** One session. The key in `Intent.peers` is `name`. */
export interface PeerIntent {
  /** Calico's protocol name: `Mesh_10_0_0_2`, `Global_…`, `Node_…`, `Local_Workload_…`. */
  readonly name: string;
  readonly kind: PeerKind;
  readonly description: string;
  /** Resources that made the peer, for explain: `BGPPeer rack-1`, `BGPConfiguration default`. */
  readonly origin: readonly string[];
  readonly families: readonly Family[];
  readonly address: Address;
  /** TCP port that is dialled. */
  readonly port: number;
  readonly remoteAs: Asn;
  readonly localAs: Asn;
  /** Source address of the connection, and next hop "self"; absent: the system chooses. */
  readonly localAddress?: Address;
  readonly passive: boolean;
  /** TCP-MD5 key; absent: none. Never shown. */
  readonly password?: string;
  /** Seconds. */
  readonly holdTime: number;
  /** Seconds; absent: a third of the hold time. */
  readonly keepaliveTime?: number;
  /** Seconds of graceful restart that we offer. */
  readonly restartTime: number;
  /** GTSM hops (1 = directly connected); absent: off. */
  readonly ttlSecurity?: number;
  /** How often our own AS may stand in a received AS_PATH. */
  readonly allowedLocalAs: number;
  readonly nextHopMode: 'auto' | 'self' | 'keep';
  /** The peer is a client of this route reflector (RFC 4456). */
  readonly routeReflectorClient: boolean;
  readonly addPath: 'off' | 'send' | 'receive' | 'both';
  readonly importPolicy: Policy;
  readonly exportPolicy: Policy;
  /** The peer must be on a connected network; absent: it may be any number of hops away. */
  readonly direct?: true;
  /** Interface that the peer is on: the one of a link-local address; of others, the only one that is used. */
  readonly interface?: string;
  /** `aware`: helps a peer that restarts, offers nothing itself. `off`: no graceful restart. Absent: both ways. */
  readonly gracefulRestart?: 'aware' | 'off';
  /**
   * Seconds that peers are asked to keep our routes as the last choice once the restart time is over (RFC 9494). Absent: we
   * ask for nothing and do what peers ask. `off`: neither.
   */
  readonly longLivedGracefulRestart?: 'off' | { readonly staleTime: number };
  readonly timers?: PeerTimers;
  readonly limits?: RouteLimits;
  /** Preference of the peer's routes against those of other sources; absent: 100. */
  readonly preference?: number;
  /** Where it is not the node's. */
  readonly clusterId?: RouterId;
  /** Any AS but our own is accepted; `remoteAs` is 0 then. */
  readonly anyExternalAs?: true;
  /** Of an external peer: what our AS is to its AS (RFC 9234); absent: that is not told, and nothing follows from it. */
  readonly role?: Role;
  /** The peer has to tell its role, too. */
  readonly requireRole?: true;
  /** Messages of up to 65,535 octets are offered (RFC 8654). */
  readonly extendedMessages?: true;
  /** IPv4 routes may have IPv6 next hops, both ways, where the peer agrees (RFC 8950). */
  readonly extendedNextHop?: true;
  /** All that the peer is told is marked as about to go: it is to look for other ways in time (RFC 8326). */
  readonly gracefulShutdown?: true;
  /** BFD beside the session; absent: none. */
  readonly bfd?: BfdIntent;
}

/** BFD (RFC 5880), asynchronous mode. Times are milliseconds. */
export interface BfdIntent {
  /** RFC 5883, else the peer is one hop away (RFC 5881). */
  readonly multihop: boolean;
  /** How often we want to send while the session is up, and how often the peer may: the slower of both ends counts. */
  readonly minTransmit: number;
  readonly minReceive: number;
  /** How often we send while it is not up; absent, and at least: a second. */
  readonly idleTransmit?: number;
  /** So many packets in a row may be missing before the session is down. */
  readonly multiplier: number;
  /** The peer sends first. */
  readonly passive?: true;
  readonly authentication?: BfdAuthentication;
  /** When BFD goes down the peer may be restarting: its routes are kept as RFC 4724 has it. */
  readonly graceful?: true;
}

/** RFC 5880 6.7. */
export interface BfdAuthentication {
  readonly type: 'simple' | 'md5' | 'meticulousMd5' | 'sha1' | 'meticulousSha1';
  readonly keyId: number;
  /** Never shown. */
  readonly password: string;
}

/** Seconds; what is absent is the daemon's own choice. */
export interface PeerTimers {
  readonly connectDelay?: number;
  readonly connectRetry?: number;
  /** The first pause after an error, and the longest that it grows to. */
  readonly errorWait?: readonly [first: number, longest: number];
  /** So long without error, and the pause is the first one again. */
  readonly errorForget?: number;
}

/** How many routes of one family are too many, and what is done then. */
export interface RouteLimit {
  readonly count: number;
  readonly action: 'warn' | 'block' | 'restart' | 'disable';
  /** Seconds that `restart` waits; absent: 60. */
  readonly restartTime?: number;
}

/** `receive`: all that the peer sends. `import`: what the import policy accepts. `export`: what the peer is sent. */
export interface RouteLimits {
  readonly receive?: RouteLimit;
  readonly import?: RouteLimit;
  readonly export?: RouteLimit;
}

/** Whoever connects from the range becomes a peer, named by `namePrefix` and a number of so many digits. */
export interface PeerRange {
  readonly name: string;
  readonly range: Prefix;
  readonly namePrefix: string;
  readonly digits: number;
  /** So many at a time; absent: 1000. */
  readonly limit?: number;
  readonly peer: Omit<PeerIntent, 'name' | 'address' | 'port'>;
}

/** A route that this node originates (protocol `static1`). */
export interface LocalRoute {
  readonly prefix: Prefix;
  readonly type: 'blackhole' | 'via';
  /** For `via`. */
  readonly gateway?: Address;
  /** Absent: ORIGIN IGP and an empty path. */
  readonly attributes?: Attributes;
  /** For explain: `BlockAffinity node-1-10-65-0-0-26`, `Service default/web`, `BGPPeer tor reachableBy`. */
  readonly origin: string;
}

export interface KernelIntent {
  /** Kernel export policy of reference 4.2: evaluated on best routes; sets metric and tunnel. */
  readonly policy: Policy;
  /** Interface name patterns whose addresses become direct routes, first match wins, a leading `-` excludes. */
  readonly directInterfaces: readonly string[];
  /** At most so many equal paths become one multipath route. */
  readonly maxPaths: number;
  /** What of the routes that others put into the kernel is learned; absent: all. */
  readonly importPolicy?: Policy;
  /** Routing table of the kernel; absent: main. */
  readonly table?: number;
  /** Metric of routes for which the policy sets none. */
  readonly metric?: number;
  /** Our routes are removed from the kernel when the daemon stops; absent: they stay. */
  readonly persist?: false;
}

/** The device that this node's routes to IPIP pools lead through. */
export interface TunnelIntent {
  readonly device: string;
  /** The Node's, else the first address of the first own block in an IPIP pool; absent: it has neither. */
  readonly address?: Address;
  /** Own address that encapsulated packets leave from. */
  readonly carrier: Address;
}

export interface ListenIntent {
  readonly address?: Address;
  readonly port: number;
}

export interface Intent {
  readonly node: string;
  readonly localAs: Asn;
  readonly bgpIdentifier: RouterId;
  /** Present where this node reflects. */
  readonly clusterId?: RouterId;
  /** Own address by family; a family without one has no peers. */
  readonly addresses: { readonly ipv4?: Address; readonly ipv6?: Address };
  readonly listen: readonly ListenIntent[];
  readonly peers: ReadonlyMap<string, PeerIntent>;
  readonly peerRanges?: readonly PeerRange[];
  readonly localRoutes: readonly LocalRoute[];
  readonly kernel: { readonly ipv4: KernelIntent; readonly ipv6: KernelIntent };
  /** Present where this node is to program routes through a tunnel. */
  readonly tunnel?: TunnelIntent;
  readonly logLevel: 'debug' | 'info' | 'none';
  /** Names of the nodes of the cluster that are route reflectors, in order; absent outside a cluster. */
  readonly reflectors?: readonly string[];
  readonly problems: readonly ResourceProblem[];
  /**
   * Present where the own Node is not known (yet, or no more). Such an Intent is empty; whoever applies Intents keeps the
   * last one, as confd writes no configuration then.
   */
  readonly nodeMissing?: true;
}

/** The resources as they are now, all valid by themselves. The list of a kind may be in any order. */
export interface ResourceView {
  list<K extends ResourceKind>(kind: K): readonly ResourceOf<K>[];
  get<K extends ResourceKind>(kind: K, name: string, namespace?: string): ResourceOf<K> | undefined;
}

/** What the environment of the node adds to the resources. */
export interface IntentOptions {
  readonly node: string;
  /** CALICO_ROUTER_ID: `hash`, an IPv4 address, or empty. */
  readonly routerId?: string;
  /** CALICO_ADVERTISE_CLUSTER_IPS: takes the place of `serviceClusterIPs`. */
  readonly advertiseClusterIps?: Prefix;
  /** CALICO_K8S_NODE_REF: the node's name in EndpointSlices; default: `node`. */
  readonly kubernetesNodeName?: string;
  /** USE_POD_CIDR: the Node's pod CIDRs are its blocks. */
  readonly usePodCidr?: boolean;
  /** What becomes of service routes while the own Node is cordoned; absent: they stay as they are. */
  readonly drain?: 'withdraw' | 'lower';
  /** NAMESPACE: where the Secrets of passwords are; default `kube-system`. */
  readonly secretNamespace?: string;
}

/**
 * What a change of a field costs. `restart`: the session is closed and opened again. `refilter`: routes are evaluated
 * again from what is stored (AdjRibIn, LocRib); the session does not notice. `live`: takes effect without either.
 */
export type Impact = 'restart' | 'refilter' | 'live';

/** Why a session changes: one of its own fields, or one of the node's that every session carries. */
export type PeerChangeCause = keyof PeerIntent | 'bgpIdentifier' | 'clusterId' | 'addresses';

export type PeerChange =
  | { readonly type: 'added'; readonly peer: PeerIntent }
  | { readonly type: 'removed'; readonly peer: PeerIntent }
  | {
      readonly type: 'changed';
      readonly before: PeerIntent;
      readonly after: PeerIntent;
      /** The highest of all causes. */
      readonly impact: Impact;
      readonly causes: readonly PeerChangeCause[];
    };

/** From one Intent to the next: exactly what is to be started, stopped, restarted or evaluated again. */
export interface IntentChange {
  /** By name. */
  readonly peers: readonly PeerChange[];
  /** A route that changed stands in both lists; remove first, then add. */
  readonly localRoutes: { readonly added: readonly LocalRoute[]; readonly removed: readonly LocalRoute[] };
  /** Families whose kernel routes are to be evaluated again. */
  readonly kernelPolicy: readonly Family[];
  /** Families whose direct routes are to be chosen anew. */
  readonly directInterfaces: readonly Family[];
  readonly listen: boolean;
  /** All sessions restart. */
  readonly bgpIdentifier: boolean;
  readonly clusterId: boolean;
  readonly logLevel: boolean;
}

/** Why an option of a session is what it is. */
export interface OptionReason {
  /** In Calico's word where it has one. */
  readonly option: string;
  /** Never a secret. */
  readonly value: string;
  readonly because: string;
}

/** A step of a policy, and the resources that have a say in it, in order. */
export interface PolicyStep {
  readonly step: string;
  readonly resources: readonly string[];
}

// What `GET /status` and `GET /routes` say: the shapes of the JSON, with the words of Calico's CalicoNodeStatus where it
// has one. docs/status.md explains every field. Plain data only; made by `report.ts` and `routes.ts`.

import type { Address, Asn, Family, Prefix } from 'node-bgp';
import type { BfdReport as BfdSession, BfdState } from '../bfd/types.ts';
import type { ResourceProblem, ServerContact, WatchStatus } from '../datastore/types.ts';
import type { PeerCounters, SessionFailure } from '../speaker/types.ts';
import type { PeerRole } from './role.ts';

/** A moment as RFC 3339 text in UTC with milliseconds. */
export type Timestamp = string;

/** A kernel route that did not go as wanted, and why. */
export interface KernelComplaint {
  readonly prefix: Prefix;
  readonly text: string;
}

/** What the kernel room knows about its table. */
export interface KernelStatus {
  readonly type: 'linux' | 'none';
  /** Routes that we want, and those of them that the kernel is known to hold. */
  readonly wanted: number;
  readonly installed: number;
  /** Routes that the kernel answered with an error. */
  readonly refused: readonly KernelComplaint[];
  /** Prefixes at which somebody else's route stands in the way of ours. */
  readonly conflicts: readonly KernelComplaint[];
  /** Routes whose device does not exist yet, or is down. */
  readonly waiting: readonly KernelComplaint[];
  /** Routes that another agent takes away again and again. */
  readonly fights: readonly KernelComplaint[];
}

export interface DatastoreStatus {
  /** `none`: nothing is read, since the cluster runs without BGP. */
  readonly type: string;
  readonly synced: boolean;
  readonly detail?: string;
  /** Milliseconds since the epoch. */
  readonly lastEventAt?: number;
  /** Where resources come from a server. */
  readonly contact?: ServerContact;
}

/** All that a report needs and a Snapshot does not hold; moments are milliseconds since the epoch. */
export interface StatusEnvironment {
  readonly version: string;
  readonly commit: string;
  readonly startedAt: number;
  readonly now: number;
  /** When an Intent was applied last. */
  readonly reconfiguredAt?: number;
  readonly datastore: DatastoreStatus;
  readonly kernel: KernelStatus;
  /** Absent: none. */
  readonly bfd?: readonly BfdSessionStatus[];
  /** Of the last minute; absent: the system does not count them. */
  readonly md5Drops?: Md5Drops;
  /** Whose first packet has come lately and who never answered ours: connections that are half open. */
  readonly halfOpen?: ReadonlySet<Address>;
  /** Graceful restart: still waiting for the End-of-RIB of a peer. */
  readonly recovering: boolean;
}

/** TCP segments that the kernel dropped because of MD5 signatures, of all peers together. */
export interface Md5Drops {
  /** A password is set here, and the segment was not signed. */
  readonly unsigned: number;
  /** The segment was signed, and no password is set here. */
  readonly unexpected: number;
  /** Signed with another password. */
  readonly wrong: number;
}

/** A session of BFD, and who ends with it. */
export interface BfdSessionStatus extends BfdSession {
  /** Names of BGP sessions. */
  readonly peers: readonly string[];
  /** Why it can neither send nor hear. */
  readonly trouble?: string;
}

export interface AgentReport {
  readonly state: 'Ready' | 'NotReady';
  /** Why not ready; empty when ready. */
  readonly reasons: readonly string[];
  readonly version: string;
  /** `unknown` where neither a build nor a work tree says it. */
  readonly commit: string;
  readonly routerID?: string;
  readonly asNumber?: Asn;
  readonly clusterID?: string;
  readonly addresses: { readonly ipv4?: Address; readonly ipv6?: Address };
  readonly lastBootTime: Timestamp;
  readonly lastReconfigurationTime?: Timestamp;
  readonly recovering: boolean;
}

/** The first three are CalicoNodeStatus's; the others are peers which that resource cannot express. */
export type PeerType = 'NodeMesh' | 'NodePeer' | 'GlobalPeer' | 'LocalWorkload' | 'Static';

export interface NegotiatedReport {
  readonly peerType: 'ebgp' | 'ibgp';
  readonly asNumber: Asn;
  readonly routerID: string;
  /** Seconds. */
  readonly holdTime: number;
  /** Seconds. */
  readonly keepaliveTime: number;
  readonly families: readonly Family[];
  readonly fourOctetAs: boolean;
  readonly routeRefresh: boolean;
  readonly enhancedRouteRefresh: boolean;
  readonly extendedNextHop: boolean;
  readonly maxMessageLength: number;
  readonly addPath: { readonly send: readonly Family[]; readonly receive: readonly Family[] };
  readonly gracefulRestart?: {
    /** Seconds. */
    readonly restartTime: number;
    readonly restarted: boolean;
    readonly notification: boolean;
    readonly families: readonly { readonly family: Family; readonly forwarding: boolean }[];
  };
  readonly longLivedGracefulRestart?: readonly {
    readonly family: Family;
    readonly forwarding: boolean;
    /** Seconds. */
    readonly staleTime: number;
  }[];
  /** Everything in the peer's OPEN, in words. */
  readonly capabilities: readonly string[];
}

export interface LastErrorReport {
  readonly at: Timestamp;
  readonly text: string;
  readonly direction?: 'sent' | 'received';
  readonly code?: number;
  readonly subcode?: number;
  /** Without a NOTIFICATION: how far it came. */
  readonly failure?: SessionFailure;
  /** What would help: one sentence. */
  readonly help?: string;
  /** The received message that led to it, or its beginning, as hex digits. */
  readonly message?: string;
}

/** How the routes of a session stand against a limit. */
export interface LimitReport {
  /** `receive`: all that comes; `import`: what the import policy accepts; `export`: what the peer is told. */
  readonly kind: 'receive' | 'import' | 'export';
  readonly family: Family;
  readonly limit: number;
  readonly action: 'warn' | 'block' | 'restart' | 'disable';
  readonly routes: number;
  /** With `block`: routes are left out. */
  readonly exceeded: boolean;
}

export interface BfdReport {
  readonly peerIP: Address;
  readonly sourceAddress?: Address;
  readonly interface?: string;
  readonly multihop: boolean;
  readonly state: BfdState;
  readonly since: Timestamp;
  /** The last diagnostic in the words of RFC 5880. */
  readonly diagnostic?: string;
  /** Why it can neither send nor hear. */
  readonly problem?: string;
  readonly localDiscriminator: number;
  /** 0: nothing was heard of the peer. */
  readonly remoteDiscriminator: number;
  /** Milliseconds between two packets of ours, and without a packet of the peer until the session is down; 0: none yet. */
  readonly interval: number;
  readonly timeout: number;
  /** Names of the BGP sessions that end with it. */
  readonly sessions: readonly string[];
}

export interface PeerReport {
  readonly peerIP: Address;
  readonly type: PeerType;
  readonly role: PeerRole;
  readonly state: 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';
  readonly since: Timestamp;
  readonly name: string;
  /** The state with its reason, as in the INFO column. */
  readonly info: string;
  readonly port: number;
  readonly asNumber: Asn;
  readonly localASNumber: Asn;
  readonly sourceAddress?: Address;
  readonly families: readonly Family[];
  readonly passive: boolean;
  /** A password is set here. */
  readonly password?: true;
  /** Its connections reach this node, and what this node answers does not reach it. */
  readonly halfOpen?: true;
  /** Why nobody waits for it: its Node is not ready, or gone. */
  readonly absent?: string;
  readonly routeReflectorClient: boolean;
  readonly description?: string;
  readonly origin: readonly string[];
  readonly lastError?: LastErrorReport;
  /** When the next attempt to connect is due. */
  readonly retryAt?: Timestamp;
  readonly connection?: { readonly local: string; readonly remote: string };
  readonly negotiated?: NegotiatedReport;
  /** State of the BFD session beside it. */
  readonly bfd?: BfdState;
  /** Octets that the peer has not taken yet, and since when there are any. */
  readonly sendQueue?: { readonly octets: number; readonly since: Timestamp };
  readonly counters: PeerCounters;
  /** Of an Established session. */
  readonly limits?: readonly LimitReport[];
}

export interface BgpReport {
  readonly numberEstablishedV4: number;
  readonly numberNotEstablishedV4: number;
  readonly numberEstablishedV6: number;
  readonly numberNotEstablishedV6: number;
  /** Of all peers together, in the last minute; absent where the system does not count them. */
  readonly md5Drops?: Md5Drops;
  /** By the family of the peer's address; sorted by name. */
  readonly peersV4: readonly PeerReport[];
  readonly peersV6: readonly PeerReport[];
}

export interface TableReport {
  readonly prefixes: number;
  readonly paths: number;
  readonly kernelRoutes: number;
}

/** Contact with the server that resources come from. */
export interface ContactReport extends Pick<ServerContact, 'server' | 'apiGroup'> {
  /** When the watch that has waited longest heard of the server last. */
  readonly lastContactTime?: Timestamp;
  /** A watch has been silent for so long that what is known may be old. */
  readonly stale: boolean;
  readonly watches: readonly WatchReport[];
}

export interface WatchReport extends Omit<WatchStatus, 'contactAge'> {
  readonly lastContactTime?: Timestamp;
}

export interface RefusalReport {
  readonly address: Address;
  readonly text: string;
  readonly count: number;
  readonly at: Timestamp;
}

export interface StatusReport {
  readonly node: string;
  readonly lastUpdated: Timestamp;
  readonly agent: AgentReport;
  readonly datastore: {
    readonly type: string;
    readonly synced: boolean;
    readonly detail?: string;
    readonly lastEventTime?: Timestamp;
    readonly contact?: ContactReport;
  };
  readonly bgp: BgpReport;
  /** All BFD sessions; absent: there are none. */
  readonly bfd?: readonly BfdReport[];
  readonly tables: Readonly<Record<Family, TableReport>>;
  readonly kernel: KernelStatus;
  readonly unresolvedNextHops: readonly Address[];
  /** Addresses whose connections are closed at once, the latest first; absent: there are none. */
  readonly refusedConnections?: readonly RefusalReport[];
  readonly problems: readonly ResourceProblem[];
}

export interface RouteReport {
  /** FIB: the best path of the prefix; RIB: another one. */
  readonly type: 'FIB' | 'RIB';
  readonly destination: Prefix;
  /** `N/A` for a route without one (device, blackhole). */
  readonly gateway: string;
  /** Device of the resolved next hop, `blackhole` for own blocks, `unreachable` where nothing resolves the next hop. */
  readonly interface: string;
  readonly learnedFrom: {
    readonly sourceType: 'Kernel' | 'Static' | 'Direct' | 'NodeMesh' | 'BGPPeer';
    readonly peerIP?: Address;
    /** Name of the session, or `static1`, `kernel1`, `direct1`. */
    readonly protocol: string;
  };
  readonly nextHop?: Address;
  readonly asPath: string;
  readonly origin: 'IGP' | 'EGP' | 'INCOMPLETE';
  readonly localPref?: number;
  readonly med?: number;
  readonly communities: readonly string[];
  readonly decidedBy?: string;
}

export interface PageQuery {
  readonly family: Family;
  /** 1 to 1000. */
  readonly limit: number;
  /** Where the last page ended: its `next`. */
  readonly after?: string;
}

export interface RoutesQuery extends PageQuery {
  readonly prefix?: Prefix;
  /** Only prefixes that contain this one, or lie in it. */
  readonly overlaps?: Prefix;
  /** Name of a session, or `static1`, `kernel1`, `direct1`. */
  readonly peer?: string;
}

export interface RoutesReport {
  readonly family: Family;
  readonly routes: readonly RouteReport[];
  /** Given as `after`, brings the next page; absent on the last one. */
  readonly next?: string;
}

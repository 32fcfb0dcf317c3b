// The router as one value: what may happen to it (Input), what it wants done (Effect), what it looks like (Snapshot),
// and what it has to tell (Fact). All plain data; time is an argument of `handle`.

import type {
  Address,
  Asn,
  ConnectionId,
  DialFailure,
  DownReason,
  Endpoints,
  Family,
  Negotiated,
  PeerState,
  Prefix,
} from 'node-bgp';
import type { BfdState, BfdWish } from '../bfd/types.ts';
import type { ResourceProblem } from '../datastore/types.ts';
import type { KernelEvent, KernelWish } from '../fib/types.ts';
import type { Intent, PeerKind, RouteLimit, RouteLimits } from '../intent/types.ts';
import type { FilterRemark } from '../rib/index.ts';

/** How the routes of a session stand against a limit. */
export interface LimitReading {
  readonly kind: keyof RouteLimits;
  readonly family: Family;
  readonly limit: RouteLimit;
  readonly count: number;
  /** There are more than may be, or with `block` would be. */
  readonly isExceeded: boolean;
}

import type { Refusal } from './strangers.ts';

export type Input =
  | { readonly type: 'intent'; readonly intent: Intent }
  /** A `dial` succeeded. */
  | { readonly type: 'connected'; readonly connection: ConnectionId; readonly endpoints: Endpoints }
  /** A `dial` failed, or a connection ended; `reason` is for people. */
  | {
      readonly type: 'disconnected';
      readonly connection: ConnectionId;
      readonly reason: string;
      readonly failure?: DialFailure;
    }
  | { readonly type: 'accepted'; readonly connection: ConnectionId; readonly endpoints: Endpoints }
  | { readonly type: 'bytes'; readonly connection: ConnectionId; readonly chunk: Uint8Array }
  /** The socket has taken so many bytes of what was written to it. */
  | { readonly type: 'written'; readonly connection: ConnectionId; readonly bytes: number }
  | { readonly type: 'kernel'; readonly events: readonly KernelEvent[] }
  /** Who is not waited for after a restart, and why: `its Node node-7 is NotReady`. The complete list, by name of the peer. */
  | { readonly type: 'absentPeers'; readonly peers: ReadonlyMap<string, string> }
  /** Somebody turns a session by hand. */
  | { readonly type: 'administer'; readonly peer: string; readonly order: PeerOrder }
  /** BFD has found out that the peer cannot be reached. */
  | { readonly type: 'bfdDown'; readonly peer: string; readonly text: string }
  /** A deadline passed, or there is work left from the last call (see `nextDeadline`). */
  | { readonly type: 'tick' }
  /** Close all sessions, so that peers keep our routes where they can; `final`: so that they forget them at once. */
  | { readonly type: 'shutdown'; readonly text?: string; readonly final?: boolean };

/**
 * `disable`: no session until `enable` (RFC 4271 8.1.2 ManualStop, ManualStart), whatever intents come. `restart`: a new
 * one. `refreshIn`: the peer is asked for its table. `refreshOut`: it is told ours again. Texts are for the peer (RFC 9003).
 */
export type PeerOrder =
  | { readonly type: 'disable' | 'restart'; readonly text?: string }
  | { readonly type: 'enable' | 'refreshIn' | 'refreshOut' };

export type Effect =
  | {
      readonly type: 'dial';
      readonly connection: ConnectionId;
      readonly remote: Address;
      /** That the peer is on: no other is used. */
      readonly interface?: string;
      readonly port: number;
      readonly local?: Address;
      readonly password?: string;
      readonly ttlSecurity?: number;
    }
  /** Options that an accepted connection needs before bytes flow (GTSM, TTL). */
  | { readonly type: 'acceptOptions'; readonly connection: ConnectionId; readonly ttlSecurity?: number }
  | { readonly type: 'close'; readonly connection: ConnectionId }
  /** Buffers are shared between connections and must not be changed; `written` reports progress. */
  | { readonly type: 'write'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** The complete list of sockets to listen on and the keys expected there (replaces the last). */
  | {
      readonly type: 'listen';
      readonly sockets: readonly { readonly address?: Address; readonly port: number }[];
      readonly keys: ReadonlyMap<Address | Prefix, string>;
    }
  /** Routes for the kernel room, in order. */
  | { readonly type: 'program'; readonly wishes: readonly KernelWish[] }
  /** Routes found in the kernel at the start that nobody wished for may go now: all peers have told their tables. */
  | { readonly type: 'recovered' }
  /** From now on BFD watches over this peer so; absent: it does not. */
  | { readonly type: 'bfd'; readonly peer: string; readonly wish?: BfdWish }
  | { readonly type: 'fact'; readonly fact: Fact };

/** Something worth telling; `src/daemon` maps facts to log lines, `src/status` to metrics. */
export type Fact =
  | {
      readonly type: 'peerStateChanged';
      readonly peer: string;
      readonly address: Address;
      readonly from: PeerState;
      readonly to: PeerState;
    }
  | {
      readonly type: 'peerDown';
      readonly peer: string;
      readonly address: Address;
      readonly reason: DownReason;
      /** False: an attempt failed, no session was lost. */
      readonly wasEstablished?: boolean;
      /** As in PeerError. */
      readonly help?: string;
      readonly message?: string;
    }
  | { readonly type: 'routesTreatedAsWithdrawn'; readonly peer: string; readonly text: string }
  | { readonly type: 'attributeDiscarded'; readonly peer: string; readonly text: string }
  | {
      readonly type: 'routeLimitExceeded';
      readonly peer: string;
      readonly text: string;
      readonly action: RouteLimit['action'];
    }
  | {
      readonly type: 'bfdStateChanged';
      readonly peer: string;
      readonly address: Address;
      readonly from: BfdState;
      readonly to: BfdState;
      /** Why, where there is something to say. */
      readonly text?: string;
    }
  | { readonly type: 'bfdTrouble'; readonly peer: string; readonly text: string }
  | { readonly type: 'connectionRefused'; readonly remote: Address; readonly text: string }
  | {
      readonly type: 'intentApplied';
      readonly added: number;
      readonly removed: number;
      readonly restarted: number;
      readonly refiltered: number;
    }
  | { readonly type: 'problem'; readonly problem: ResourceProblem }
  | { readonly type: 'nextHopUnresolved'; readonly nextHop: Address }
  /** A filter failed, or printed something. */
  | { readonly type: 'filterRemark'; readonly remark: FilterRemark };

export interface PeerError {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** One line for people, for example `received Cease/Administrative Shutdown: "maintenance"`. */
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

/** `closedAtOnce`: TCP came up and nothing else; `broken`: a session was lost without a word. */
export type SessionFailure = DialFailure | 'closedAtOnce' | 'broken';

export interface PeerCounters {
  /** Paths in AdjRibIn, accepted by import policy, and prefixes advertised to the peer. */
  readonly received: number;
  readonly accepted: number;
  readonly advertised: number;
  readonly updatesIn: number;
  readonly updatesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly flaps: number;
}

export interface PeerSnapshot {
  readonly name: string;
  readonly kind: PeerKind;
  readonly description: string;
  readonly origin: readonly string[];
  readonly families: readonly Family[];
  readonly address: Address;
  readonly port: number;
  readonly localAddress?: Address;
  readonly remoteAs: Asn;
  readonly localAs: Asn;
  readonly passive: boolean;
  /** A TCP-MD5 password is set here. */
  readonly hasPassword?: true;
  readonly routeReflectorClient: boolean;
  readonly state: PeerState;
  /** Milliseconds since the epoch: when `state` was entered. */
  readonly since: number;
  readonly lastError?: PeerError;
  /** Milliseconds since the epoch: when the next attempt to connect is due; absent where none is planned. */
  readonly retryAt?: number;
  /** The session is gone and its routes are not: until when (milliseconds since the epoch), and whether as the last choice. */
  readonly kept?: { readonly until: number; readonly isLastChoice: boolean };
  readonly negotiated?: Negotiated;
  readonly endpoints?: Endpoints;
  /** Why nobody waits for a session: `its Node node-7 is NotReady`. */
  readonly absent?: string;
  /** Octets that the peer has not taken yet, and since when (milliseconds) there are any; absent: none. */
  readonly sendQueue?: { readonly octets: number; readonly since: number };
  readonly counters: PeerCounters;
  /** Of a session, where there are any. */
  readonly limits?: readonly LimitReading[];
}

export interface RouteSnapshot {
  readonly prefix: Prefix;
  /** Session name, or `static1`, `kernel1`, `direct1`. */
  readonly protocol: string;
  readonly best: boolean;
  /** Which step of the decision put this path behind the best one; on the best path: the step that put it before the second. */
  readonly decidedBy?: string;
  readonly nextHop?: Address;
  readonly resolved?: { readonly device: string; readonly gateway?: Address };
  readonly localPref?: number;
  readonly med?: number;
  readonly asPath: string;
  readonly origin: 'IGP' | 'EGP' | 'INCOMPLETE';
  readonly communities: readonly string[];
}

/** Cheap to take: routes are read page by page through `Speaker.routes`. */
export interface Snapshot {
  readonly node: string;
  /** False until the first intent was applied. */
  readonly configured: boolean;
  readonly bgpIdentifier?: string;
  readonly localAs?: Asn;
  readonly clusterId?: string;
  readonly addresses: { readonly ipv4?: Address; readonly ipv6?: Address };
  readonly peers: readonly PeerSnapshot[];
  readonly tables: Readonly<
    Record<Family, { readonly prefixes: number; readonly paths: number; readonly kernelRoutes: number }>
  >;
  readonly unresolvedNextHops: readonly Address[];
  /** Who is not let in, the latest first. */
  readonly refusals: readonly Refusal[];
  readonly problems: readonly ResourceProblem[];
}

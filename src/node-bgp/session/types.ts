// The doors of a peer: what may happen to it (PeerInput), what it wants done (PeerOutput), how it is configured.
// A peer owns the state machine of RFC 4271 section 8 and up to two connections while a collision is settled.

import type { Address, Family } from '../ip/index.ts';
import type {
  Asn,
  AttributeSource,
  Capability,
  NotificationMessage,
  ProtocolFault,
  RouteRefreshMessage,
  RouterId,
  UpdateMessage,
} from '../wire/types.ts';

/** Names one TCP connection, or an attempt at one; chosen by whoever opens it, never reused. */
export type ConnectionId = number;

/** What the local AS is to the neighbour's (RFC 9234 3). */
export type Role = 'provider' | 'customer' | 'peer' | 'routeServer' | 'routeServerClient';

export interface PeerConfig {
  readonly localAs: Asn;
  readonly remoteAs: Asn;
  /** Any AS but our own is accepted; `remoteAs` says nothing then. */
  readonly anyExternalAs?: boolean;
  /** Told to external peers; one that tells a role which does not go with ours is refused (RFC 9234 4.2). */
  readonly role?: Role;
  /** One that tells none is refused as well (strict mode). */
  readonly requireRole?: boolean;
  readonly bgpIdentifier: RouterId;
  /** Address families offered; a session carries those that both sides offered. */
  readonly families: readonly Family[];
  /** Never dials, only accepts (RFC 4271 8.1.1 PassiveTcpEstablishment). */
  readonly passive: boolean;
  /** Seconds; 0 switches keepalives and the hold timer off (RFC 4271 4.2). */
  readonly holdTime: number;
  /** Seconds; default a third of the negotiated hold time. */
  readonly keepaliveTime?: number;
  /** Seconds between attempts to connect. */
  readonly connectRetryTime: number;
  /** Seconds before the first attempt after a start. */
  readonly connectDelayTime: number;
  /** Seconds of the first pause after an error; doubled by each further one up to `maxIdleHoldTime` (RFC 4271 8.1.1 DampPeerOscillations). */
  readonly idleHoldTime: number;
  readonly maxIdleHoldTime: number;
  /** Seconds without error after which the pause is the first one again; default 10 x `maxIdleHoldTime`. */
  readonly errorForgetTime?: number;
  /** Seconds without progress in sending before the session is given up (RFC 9687); default max(480, 2 x hold time); 0 off. */
  readonly sendHoldTime?: number;
  /** Graceful restart as offered (RFC 4724); absent: not offered. */
  readonly gracefulRestart?: {
    readonly restartTime: number;
    readonly restarted: boolean;
    readonly notification: boolean;
    /** Families whose forwarding state was kept across the restart (F bit). */
    readonly forwarding: readonly Family[];
    /** Families whose routes the peer is asked to keep; absent: all of the session. */
    readonly families?: readonly Family[];
  };
  /**
   * RFC 9494. Without a time (seconds) the peer is not asked to keep our routes for long; what it asks is done all the
   * same, and it learns that we know what LLGR_STALE means.
   */
  readonly longLivedGracefulRestart?: { readonly staleTime?: number };
  readonly addPath: { readonly send: readonly Family[]; readonly receive: readonly Family[] };
  readonly routeRefresh: boolean;
  readonly enhancedRouteRefresh: boolean;
  readonly extendedMessage: boolean;
  readonly fourOctetAs: boolean;
  readonly extendedNextHop: boolean;
}

/** What both OPENs together mean (RFC 5492 and the RFC of each capability). */
export interface Negotiated {
  readonly peerType: 'ebgp' | 'ibgp';
  readonly remoteAs: Asn;
  readonly remoteIdentifier: RouterId;
  /** Seconds; the smaller of the two. */
  readonly holdTime: number;
  /** Seconds; 0 when the hold time is 0. */
  readonly keepaliveTime: number;
  readonly families: readonly Family[];
  readonly fourOctetAs: boolean;
  readonly routeRefresh: boolean;
  readonly enhancedRouteRefresh: boolean;
  /** Largest message that may be sent: 4096 or 65535 (RFC 8654). */
  readonly maxMessageLength: number;
  /** From our point of view: `send` where we may send several paths, `receive` where the peer may. */
  readonly addPath: { readonly send: readonly Family[]; readonly receive: readonly Family[] };
  readonly extendedNextHop: boolean;
  /** What the peer said about its restarts; absent: no graceful restart with this peer. */
  readonly gracefulRestart?: {
    readonly restartTime: number;
    readonly restarted: boolean;
    readonly notification: boolean;
    /** Families for which the peer can keep forwarding; `forwarding` where it says it did. */
    readonly families: readonly { readonly family: Family; readonly forwarding: boolean }[];
  };
  readonly longLivedGracefulRestart?: readonly {
    readonly family: Family;
    readonly forwarding: boolean;
    readonly staleTime: number;
  }[];
  /** All capabilities of the peer's OPEN, for status. */
  readonly remoteCapabilities: readonly Capability[];
}

export type PeerState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

export type PeerInput =
  /** ManualStart / AutomaticStart (events 1 to 7). */
  | { readonly type: 'start' }
  /**
   * ManualStop / AutomaticStop (2, 8): closes with this Cease subcode and text (RFC 4486, 9003). `silent` closes without
   * a NOTIFICATION, so that a peer with graceful restart keeps the routes even where it lacks RFC 8538. `data` is what
   * the subcode has beside a text (`prefixLimitData`); such a stop is an error of the session, and told as one.
   */
  | {
      readonly type: 'stop';
      readonly subcode: number;
      readonly text?: string;
      readonly silent?: boolean;
      readonly data?: Uint8Array;
    }
  /** AutomaticStop (8), where connections are closed with this Cease and the peer is tried again after a pause. */
  | { readonly type: 'automaticStop'; readonly subcode: number; readonly text: string }
  /** The connection that a `connect` output asked for is up (TcpCR_Acked, 16). */
  | { readonly type: 'connected'; readonly connection: ConnectionId }
  /** It failed (TcpConnectionFails, 18), or a connection was lost. */
  | {
      readonly type: 'disconnected';
      readonly connection: ConnectionId;
      readonly reason: string;
      readonly failure?: DialFailure;
    }
  /** A connection of the peer was accepted (TcpConnectionConfirmed, 17). */
  | { readonly type: 'accepted'; readonly connection: ConnectionId }
  | { readonly type: 'bytes'; readonly connection: ConnectionId; readonly chunk: Uint8Array }
  /**
   * Bytes that are still waiting in the socket after some progress; drives the send hold timer (RFC 9687). To be told
   * when bytes begin to wait, after every progress, and when none are left (0).
   */
  | { readonly type: 'sendProgress'; readonly connection: ConnectionId; readonly waiting: number }
  /** A deadline may have passed. */
  | { readonly type: 'tick' }
  /** Configuration that needs no new session; see `needsNewSession`. */
  | { readonly type: 'reconfigure'; readonly config: PeerConfig };

/**
 * Why TCP did not come up, for programs: `unanswered` is silence, `unreachable` what a router or the own link says of the host,
 * `noRoute` and `noSourceAddress` are this host's own fault.
 */
export type DialFailure = 'refused' | 'unanswered' | 'unreachable' | 'noRoute' | 'noSourceAddress';

export type DownReason =
  | { readonly type: 'notificationSent'; readonly fault: ProtocolFault }
  | { readonly type: 'notificationReceived'; readonly message: NotificationMessage; readonly text: string }
  | { readonly type: 'connectionLost'; readonly text: string; readonly failure?: DialFailure }
  | { readonly type: 'stopped'; readonly text: string };

export type PeerOutput =
  /** Dial; answer with `connected` or `disconnected`. The peer names the attempt by the id it was given by `nextConnection`. */
  | { readonly type: 'connect'; readonly connection: ConnectionId }
  | { readonly type: 'close'; readonly connection: ConnectionId }
  | { readonly type: 'send'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  | { readonly type: 'stateChanged'; readonly from: PeerState; readonly to: PeerState }
  | { readonly type: 'established'; readonly connection: ConnectionId; readonly negotiated: Negotiated }
  | { readonly type: 'update'; readonly message: UpdateMessage }
  | { readonly type: 'routeRefresh'; readonly message: RouteRefreshMessage }
  /**
   * The session, or the attempt at one, ended. `wasEstablished` says whether routes are concerned; `message` is the received
   * message that led to it, where one did (its header alone where that was wrong).
   */
  | {
      readonly type: 'down';
      readonly reason: DownReason;
      readonly wasEstablished: boolean;
      readonly message?: Uint8Array;
    };

export interface PeerDependencies {
  /** Gives a fresh connection id for an outgoing attempt. */
  readonly nextConnection: () => ConnectionId;
  /** A number in [0, 1): jitter of timers (RFC 4271 10). */
  readonly random: () => number;
  readonly attributeSource: AttributeSource;
}

/** Where the ends of a connection are; for logs and status, unused by the state machine. */
export interface Endpoints {
  readonly local: Address;
  readonly localPort: number;
  readonly remote: Address;
  readonly remotePort: number;
  /** Between link-local addresses: the interface that they are on. */
  readonly interface?: string;
}

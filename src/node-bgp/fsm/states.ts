// The vocabulary of the state machine of RFC 4271 section 8: states with exactly their data, events, and what an arrow
// may ask for. Not here: the arrows (transitions.ts), and what two connections mean for one peer (session/peer.ts).

import type {
  ConnectionId,
  DialFailure,
  DownReason,
  Negotiated,
  PeerConfig,
  PeerOutput,
  PeerState,
} from '../session/types.ts';
import type { Framer, UpdateContext } from '../wire/index.ts';
import type { NotificationMessage, ProtocolFault, RouteRefreshMessage } from '../wire/types.ts';

/** A TCP connection that is up. */
export interface Connection {
  readonly id: ConnectionId;
  /** Who dialled: we (`outgoing`) or the peer (`incoming`). */
  readonly direction: 'outgoing' | 'incoming';
  /** Milliseconds. */
  readonly openedAt: number;
  readonly framer: Framer;
}

export type FsmState =
  | { readonly state: 'Idle' }
  /** `connection` names the attempt; there is nothing to read from yet. */
  | { readonly state: 'Connect'; readonly connection: ConnectionId }
  | { readonly state: 'Active' }
  | { readonly state: 'OpenSent'; readonly connection: Connection }
  | { readonly state: 'OpenConfirm'; readonly connection: Connection; readonly negotiated: Negotiated }
  | {
      readonly state: 'Established';
      readonly connection: Connection;
      readonly negotiated: Negotiated;
      /** How to read the UPDATEs of this session. */
      readonly context: UpdateContext;
      /** Milliseconds. */
      readonly since: number;
    };

export type StateOf<S extends PeerState> = Extract<FsmState, { readonly state: S }>;
export type ConnectedState = StateOf<'OpenSent' | 'OpenConfirm' | 'Established'>;

/** Events of RFC 4271 8.1, by number; what the RFC splits by session attributes is one event here. */
export type FsmEvent =
  /** 1, 4: ManualStart. */
  | { readonly type: 'Start' }
  /** 3, 5 to 7: AutomaticStart, after an end that needs no damping; not before `delay` seconds. */
  | { readonly type: 'AutomaticStart'; readonly delay: number }
  /** 2, 8. */
  | {
      readonly type: 'Stop';
      readonly subcode: number;
      readonly text: string;
      readonly silent: boolean;
      readonly data?: Uint8Array | undefined;
    }
  /** 8, where the peer is to be tried again. */
  | { readonly type: 'AutomaticStop'; readonly subcode: number; readonly text: string }
  /** 9. */
  | { readonly type: 'ConnectRetryTimerExpires' }
  /** 10. */
  | { readonly type: 'HoldTimerExpires' }
  /** 11. */
  | { readonly type: 'KeepaliveTimerExpires' }
  /** 13. */
  | { readonly type: 'IdleHoldTimerExpires' }
  /** 16 (TcpCR_Acked) and 17 (TcpConnectionConfirmed). */
  | { readonly type: 'TcpConnectionUp'; readonly connection: Connection }
  /** 18. */
  | { readonly type: 'TcpConnectionFails'; readonly reason: string; readonly failure?: DialFailure }
  /** 19: the OPEN is valid and says this. */
  | { readonly type: 'OpenReceived'; readonly negotiated: Negotiated }
  /** 21, 22, 28: header, OPEN or UPDATE (or ROUTE-REFRESH, RFC 7313 5) is wrong. */
  | { readonly type: 'MessageFault'; readonly fault: ProtocolFault }
  /** 23. */
  | { readonly type: 'OpenCollisionDump' }
  /** 24, 25. */
  | { readonly type: 'NotificationReceived'; readonly message: NotificationMessage; readonly text: string }
  /** 26. */
  | { readonly type: 'KeepaliveReceived' }
  /** 27: one or more of them. */
  | { readonly type: 'UpdateReceived' }
  /** RFC 2918. */
  | { readonly type: 'RouteRefreshReceived'; readonly message: RouteRefreshMessage }
  /** A message for whose event the state has no row (RFC 6608). */
  | { readonly type: 'UnexpectedMessage'; readonly messageType: number }
  /** 29 (RFC 9687). */
  | { readonly type: 'SendHoldTimerExpires' }
  /** Bytes moved, or began to wait, in the socket (RFC 9687). */
  | { readonly type: 'SendProgress'; readonly waiting: number }
  /** The peer has opened another connection in place of this one (RFC 4724 4.2). */
  | { readonly type: 'Superseded' }
  /** The attempt to connect is no longer wanted; nothing is told. */
  | { readonly type: 'Abandoned' }
  /** `Env.config` has changed in a way that needs no new session. */
  | { readonly type: 'Reconfigured'; readonly before: PeerConfig };

export type EventType = FsmEvent['type'];
export type EventOf<E extends EventType> = Extract<FsmEvent, { readonly type: E }>;

/** RFC 4271 8.2.1.3 and 10, RFC 9687. DelayOpenTimer is not offered. */
export type TimerName = 'connectRetry' | 'hold' | 'keepalive' | 'idleHold' | 'sendHold';

export type Action =
  /** Seconds from now; 0 switches the timer off. */
  | { readonly type: 'arm'; readonly timer: TimerName; readonly seconds: number }
  /** All timers off. */
  | { readonly type: 'disarmAll' }
  /** Messages up to this length are read from here on. */
  | { readonly type: 'allow'; readonly framer: Framer; readonly maxLength: number }
  | Extract<PeerOutput, { readonly type: 'connect' | 'close' | 'send' | 'established' | 'routeRefresh' }>;

/** How a peer goes on after an end: `promptly` by AutomaticStart, `damped` after the IdleHoldTimer. */
export type Restart = 'never' | 'promptly' | 'damped';

export interface End {
  readonly reason: DownReason;
  readonly restart: Restart;
}

/** What an arrow gives: where it leads, what is to be done, and what ended by it. */
export interface Step {
  readonly next: FsmState;
  readonly actions: readonly Action[];
  readonly end?: End;
}

/** What an arrow may know besides the state and the event. */
export interface Env {
  readonly config: PeerConfig;
  /** Milliseconds. */
  readonly now: number;
  readonly nextConnection: () => ConnectionId;
}

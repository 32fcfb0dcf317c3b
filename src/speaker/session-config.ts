// From a peer as intended, and the circumstances, to the configuration of its state machine.

import type { PeerConfig, RouterId } from 'node-bgp';
import type { PeerIntent, PeerTimers } from '../intent/types.ts';

/** What the intent does not say of a session, and what changes while it lasts. */
export interface SessionCircumstances {
  /** This process has restarted and not recovered yet (RFC 4724 3, R bit). */
  readonly restarted: boolean;
  /** Packets were forwarded by what we told last, without a break until now (F bit). */
  readonly forwarding: boolean;
  /** Seconds between attempts to connect. */
  readonly connectRetryTime: number;
}

/**
 * Seconds, shortened by up to a quarter (RFC 4271 10). Nodes that start together find each other within a second; who is
 * away for longer is asked seldom, and with time enough for the system to say why it cannot be reached.
 */
const FIRST_RETRY_TIME = 1;
const CONNECT_RETRY_TIME = 5;
const FIRST_ATTEMPTS = 5;

/** Seconds. */
const IDLE_HOLD_TIME = 1;
const MAX_IDLE_HOLD_TIME = 30;

/** Seconds until the next attempt, after so many that failed. */
export function connectRetryTime(failedAttempts: number): number {
  return failedAttempts < FIRST_ATTEMPTS ? FIRST_RETRY_TIME : CONNECT_RETRY_TIME;
}

export function sessionConfig(
  peer: PeerIntent,
  bgpIdentifier: RouterId,
  { restarted, forwarding, connectRetryTime }: SessionCircumstances,
): PeerConfig {
  const send = peer.addPath === 'send' || peer.addPath === 'both' ? peer.families : [];
  const receive = peer.addPath === 'receive' || peer.addPath === 'both' ? peer.families : [];
  return {
    localAs: peer.localAs,
    remoteAs: peer.remoteAs,
    ...(peer.anyExternalAs === undefined ? {} : { anyExternalAs: true }),
    ...(peer.role === undefined ? {} : { role: peer.role, requireRole: peer.requireRole === true }),
    bgpIdentifier,
    families: peer.families,
    passive: peer.passive,
    holdTime: peer.holdTime,
    ...(peer.keepaliveTime === undefined ? {} : { keepaliveTime: peer.keepaliveTime }),
    ...times(peer.timers, connectRetryTime),
    ...restarts(peer, restarted, forwarding),
    addPath: { send, receive },
    routeRefresh: true,
    enhancedRouteRefresh: true,
    extendedMessage: peer.extendedMessages === true,
    fourOctetAs: true,
    extendedNextHop: peer.extendedNextHop === true,
  };
}

type Times = 'connectRetryTime' | 'connectDelayTime' | 'idleHoldTime' | 'maxIdleHoldTime' | 'errorForgetTime';

/** The daemon's own choice, but where the intent says otherwise. */
function times(
  { connectDelay = 0, connectRetry, errorWait, errorForget }: PeerTimers = {},
  usualRetry: number,
): Pick<PeerConfig, Times> {
  const [idleHoldTime, maxIdleHoldTime] = errorWait ?? [IDLE_HOLD_TIME, MAX_IDLE_HOLD_TIME];
  return {
    connectRetryTime: connectRetry ?? usualRetry,
    connectDelayTime: connectDelay,
    idleHoldTime,
    maxIdleHoldTime,
    ...(errorForget === undefined ? {} : { errorForgetTime: errorForget }),
  };
}

/** RFC 4724 3, RFC 8538 2; long-lived graceful restart means nothing without the other one (RFC 9494 4.1). */
function restarts(
  { families, restartTime, gracefulRestart, longLivedGracefulRestart }: PeerIntent,
  restarted: boolean,
  forwarding: boolean,
): Pick<PeerConfig, 'gracefulRestart' | 'longLivedGracefulRestart'> {
  if (gracefulRestart === 'off') return {};
  return {
    gracefulRestart: {
      restartTime,
      restarted,
      notification: true,
      forwarding: forwarding ? families : [],
      ...(gracefulRestart === 'aware' ? { families: [] } : {}),
    },
    ...(longLivedGracefulRestart === 'off'
      ? {}
      : { longLivedGracefulRestart: gracefulRestart === 'aware' ? {} : (longLivedGracefulRestart ?? {}) }),
  };
}

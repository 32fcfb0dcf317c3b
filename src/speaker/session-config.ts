// From a peer as intended to the configuration of its state machine. The constants are BIRD's, so that a cluster in which
// some nodes run BIRD sees the same timers everywhere.

import type { PeerConfig, RouterId } from 'node-bgp';
import type { PeerIntent } from '../intent/types.ts';

/** Seconds. */
const CONNECT_RETRY_TIME = 2;
const CONNECT_DELAY_TIME = 0;
const ERROR_WAIT_TIME = 1;
const MAX_ERROR_WAIT_TIME = 30;

export function sessionConfig(peer: PeerIntent, bgpIdentifier: RouterId, restarted: boolean): PeerConfig {
  const send = peer.addPath === 'send' || peer.addPath === 'both' ? peer.families : [];
  const receive = peer.addPath === 'receive' || peer.addPath === 'both' ? peer.families : [];
  return {
    localAs: peer.localAs,
    remoteAs: peer.remoteAs,
    bgpIdentifier,
    families: peer.families,
    passive: peer.passive,
    holdTime: peer.holdTime,
    ...(peer.keepaliveTime === undefined ? {} : { keepaliveTime: peer.keepaliveTime }),
    connectRetryTime: CONNECT_RETRY_TIME,
    connectDelayTime: CONNECT_DELAY_TIME,
    idleHoldTime: ERROR_WAIT_TIME,
    maxIdleHoldTime: MAX_ERROR_WAIT_TIME,
    gracefulRestart: {
      restartTime: peer.restartTime,
      restarted,
      notification: false,
      forwarding: restarted ? peer.families : [],
    },
    addPath: { send, receive },
    routeRefresh: true,
    enhancedRouteRefresh: true,
    extendedMessage: false,
    fourOctetAs: true,
    extendedNextHop: false,
  };
}

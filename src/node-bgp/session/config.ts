// Defaults of a peer's configuration, and which changes of it need a new session. Not here: where it comes from.

import type { Family } from '../ip/index.ts';
import type { PeerConfig } from './types.ts';

type Required = Pick<PeerConfig, 'localAs' | 'remoteAs' | 'bgpIdentifier'>;

/** A configuration with usual values for everything that is not given. */
export function peerConfig(given: Required & Partial<PeerConfig>): PeerConfig {
  return {
    families: ['ipv4'],
    passive: false,
    holdTime: 90,
    connectRetryTime: 5,
    connectDelayTime: 0,
    idleHoldTime: 5,
    maxIdleHoldTime: 30,
    addPath: { send: [], receive: [] },
    routeRefresh: true,
    enhancedRouteRefresh: true,
    extendedMessage: true,
    fourOctetAs: true,
    extendedNextHop: false,
    ...given,
  };
}

type NeedsNewSession = (before: PeerConfig, after: PeerConfig) => boolean;

const sameFamilies = (a: readonly Family[], b: readonly Family[]): boolean =>
  a.length === b.length && a.every((family) => b.includes(family));

/** Used from the next occasion on, or at once by the state machine (`Reconfigured`). */
const never: NeedsNewSession = () => false;

/** Part of our OPEN, or of how the bytes of this session are read. */
const whenChanged =
  (field: keyof PeerConfig): NeedsNewSession =>
  (before, after) =>
    before[field] !== after[field];

/** One row a field; a new field does not compile before somebody says what its change means. */
const NEEDS_NEW_SESSION = {
  localAs: whenChanged('localAs'),
  remoteAs: whenChanged('remoteAs'),
  anyExternalAs: whenChanged('anyExternalAs'),
  role: whenChanged('role'),
  requireRole: whenChanged('requireRole'),
  bgpIdentifier: whenChanged('bgpIdentifier'),
  families: (a, b) => !sameFamilies(a.families, b.families),
  passive: never,
  holdTime: whenChanged('holdTime'),
  keepaliveTime: never,
  connectRetryTime: never,
  connectDelayTime: never,
  idleHoldTime: never,
  maxIdleHoldTime: never,
  errorForgetTime: never,
  sendHoldTime: never,
  // `restarted` and `forwarding` tell of our last restart: they are for the next OPEN and say nothing of this session.
  gracefulRestart: (a, b) =>
    a.gracefulRestart?.restartTime !== b.gracefulRestart?.restartTime ||
    a.gracefulRestart?.notification !== b.gracefulRestart?.notification ||
    !sameFamilies(a.gracefulRestart?.families ?? a.families, b.gracefulRestart?.families ?? b.families),
  longLivedGracefulRestart: ({ longLivedGracefulRestart: a }, { longLivedGracefulRestart: b }) =>
    (a === undefined) !== (b === undefined) || a?.staleTime !== b?.staleTime,
  addPath: (a, b) =>
    !sameFamilies(a.addPath.send, b.addPath.send) || !sameFamilies(a.addPath.receive, b.addPath.receive),
  routeRefresh: whenChanged('routeRefresh'),
  enhancedRouteRefresh: whenChanged('enhancedRouteRefresh'),
  extendedMessage: whenChanged('extendedMessage'),
  fourOctetAs: whenChanged('fourOctetAs'),
  extendedNextHop: whenChanged('extendedNextHop'),
} satisfies Record<keyof PeerConfig, NeedsNewSession>;

/**
 * Whether the change takes a new session (stop with Cease/Other Configuration Change, then start with the new
 * configuration). Where it does not, `reconfigure` applies it and the session goes on.
 */
export function needsNewSession(before: PeerConfig, after: PeerConfig): boolean {
  return Object.values(NEEDS_NEW_SESSION).some((row) => row(before, after));
}

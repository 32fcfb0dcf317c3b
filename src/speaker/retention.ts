// Whether routes outlive the session that told them, and for how long: on our side by what the peer said in its OPEN, on
// the peer's side by how we end the session (RFC 4724, RFC 8538, RFC 9494). Not here: what is done to the routes
// (peer-routes.ts).

import { CEASE, type DownReason, ERROR, type Family, type Negotiated, type PeerInput } from 'node-bgp';

/**
 * A lost connection may be a restart (RFC 4724 4.2); a NOTIFICATION of either side ends all, unless both have the N bit and
 * it is no Hard Reset (RFC 8538 4).
 */
export function isSurvivable(reason: DownReason, { gracefulRestart }: Negotiated): boolean {
  switch (reason.type) {
    case 'connectionLost':
      return true;
    case 'notificationSent':
      return gracefulRestart?.notification === true && !isHardReset(reason.fault);
    case 'notificationReceived':
      return gracefulRestart?.notification === true && !isHardReset(reason.message);
    case 'stopped':
      return false;
  }
}

function isHardReset({ code, subcode }: { readonly code: number; readonly subcode: number }): boolean {
  return code === ERROR.CEASE && subcode === CEASE.HARD_RESET;
}

/** Milliseconds: as stale routes, and as the last choice after that. */
export interface KeepingTimes {
  readonly stale: number;
  readonly longStale: number;
}

/** How long routes of a peer that is away are kept, by what its OPEN said; undefined: not at all. */
export function keepingTimes(negotiated: Negotiated, family: Family): KeepingTimes | undefined {
  const { gracefulRestart, longLivedGracefulRestart = [] } = negotiated;
  const restarts = gracefulRestart?.families.some((entry) => entry.family === family) === true;
  const staleTime = longLivedGracefulRestart.find((entry) => entry.family === family)?.staleTime ?? 0;
  if (!restarts && staleTime === 0) return undefined;
  // RFC 9494 4.1: a family that only the long-lived capability names has no restart time.
  return { stale: restarts ? gracefulRestart!.restartTime * 1000 : 0, longStale: staleTime * 1000 };
}

type Stop = Extract<PeerInput, { readonly type: 'stop' }>;

/**
 * The end of a session because our process ends. It is to come back, so peers that can keep our routes are given reason
 * to: where both have the N bit by a Cease that says so, elsewhere by a connection that is lost without a word. A `final`
 * end, and one that a peer cannot survive anyway, is Cease/Administrative Shutdown.
 */
export function farewell(negotiated: Negotiated | undefined, final: boolean, text = ''): Stop {
  const { gracefulRestart } = negotiated ?? {};
  if (final || gracefulRestart === undefined) return { type: 'stop', subcode: CEASE.ADMINISTRATIVE_SHUTDOWN, text };
  return { type: 'stop', subcode: CEASE.ADMINISTRATIVE_RESET, text, silent: !gracefulRestart.notification };
}

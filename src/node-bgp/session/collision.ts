// Which of two connections with one peer survives: RFC 4271 6.8 with the tie-breaks of RFC 6286 2.3 and the exception of
// RFC 4724 4.2. Pure. Not here: closing the other one (session/peer.ts).

import type { Asn, RouterId } from '../wire/types.ts';

export interface Party {
  readonly bgpIdentifier: RouterId;
  readonly as: Asn;
}

export type Direction = 'outgoing' | 'incoming';

/** The connection that was there when an OPEN came in on another one. */
export type Existing =
  /** Dialled, no answer yet. */
  | { readonly state: 'Connect' }
  | { readonly state: 'OpenSent' }
  | { readonly state: 'OpenConfirm'; readonly direction: Direction }
  | {
      readonly state: 'Established';
      readonly direction: Direction;
      /** Milliseconds. */
      readonly since: number;
      readonly gracefulRestart: boolean;
    };

export interface Newcomer {
  readonly direction: Direction;
  /** Milliseconds. */
  readonly openedAt: number;
}

/**
 * `undecided`: both go on. `closeExisting` and `closeNewcomer`: with Cease/Connection Collision Resolution (nothing is
 * said on an attempt in Connect). `supersede`: the existing session is dead and closed without a word.
 */
export type Verdict = 'undecided' | 'closeExisting' | 'closeNewcomer' | 'supersede';

/**
 * Milliseconds. An OPEN so soon after Established is the other half of a simultaneous open: the peer sent it before it
 * could know which connection wins, so both sides must decide by the same rule.
 */
const SIMULTANEOUS = 1000;

/** @param now milliseconds, when the newcomer's OPEN was read */
export function resolveCollision(
  local: Party,
  remote: Party,
  existing: Existing,
  newcomer: Newcomer,
  now: number,
): Verdict {
  switch (existing.state) {
    case 'Connect':
      return 'closeExisting';
    case 'OpenSent':
      return 'undecided';
    case 'OpenConfirm':
      return byInitiator(local, remote, existing.direction, newcomer.direction);
    case 'Established':
      if (now - existing.since < SIMULTANEOUS) {
        return byInitiator(local, remote, existing.direction, newcomer.direction);
      }
      return existing.gracefulRestart && newcomer.openedAt > existing.since ? 'supersede' : 'closeNewcomer';
  }
}

function byInitiator(local: Party, remote: Party, existing: Direction, newcomer: Direction): Verdict {
  // One side has one attempt at a time: by the second it has given up the first.
  if (existing === newcomer) return 'closeExisting';
  const survivor: Direction = isHigher(local, remote) ? 'outgoing' : 'incoming';
  return newcomer === survivor ? 'closeExisting' : 'closeNewcomer';
}

/** RFC 6286 2.3: the higher identifier wins, between equal ones the higher AS number. */
function isHigher(a: Party, b: Party): boolean {
  return a.bgpIdentifier === b.bgpIdentifier ? a.as > b.as : a.bgpIdentifier > b.bgpIdentifier;
}

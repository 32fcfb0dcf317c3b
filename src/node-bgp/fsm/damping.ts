// How long a peer stays in Idle after an error (RFC 4271 8.1.1, DampPeerOscillations): doubled by each further error up
// to a maximum, forgotten after a quiet time. Pure. Not here: which ends count as errors.

import type { PeerConfig } from '../session/types.ts';

export interface Damping {
  /** Errors in a row. */
  readonly errors: number;
  /** Milliseconds. */
  readonly lastErrorAt: number;
}

export const UNDAMPED: Damping = { errors: 0, lastErrorAt: Number.NEGATIVE_INFINITY };

/** An error is forgotten after so many times the longest pause (5 minutes at 30 seconds), unless the configuration says when. */
const FORGET_FACTOR = 10;

type Pauses = Pick<PeerConfig, 'idleHoldTime' | 'maxIdleHoldTime' | 'errorForgetTime'>;

export function addError(damping: Damping, config: Pauses, now: number): Damping {
  const memory = config.errorForgetTime ?? FORGET_FACTOR * config.maxIdleHoldTime;
  const forgotten = now - damping.lastErrorAt > memory * 1000;
  return { errors: forgotten ? 1 : damping.errors + 1, lastErrorAt: now };
}

/** Seconds, at least 1: a peer that fails at once must not be tried in a loop. */
export function idleHoldTime(damping: Damping, config: Pauses): number {
  const doublings = Math.max(0, damping.errors - 1);
  return Math.max(1, Math.min(config.maxIdleHoldTime, config.idleHoldTime * 2 ** doublings));
}

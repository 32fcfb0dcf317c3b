// Whom `caracal status --cluster` asks, and for what: the door between the ways that lead there.

import type { Reply } from './client.ts';

/** A node that is to be asked, by whatever way. */
export interface Target {
  /** Its name, or where it is asked. */
  readonly node: string;
  readonly addresses: readonly string[];
  /** @param patience milliseconds */
  readonly ask: (patience: number) => Promise<Reply>;
}

export interface Targets {
  readonly targets: readonly Target[];
  readonly close: () => void;
}

export const SESSIONS_PATH = '/sessions';

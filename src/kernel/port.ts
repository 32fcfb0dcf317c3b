// The port between the daemon and whatever programs routes: Linux through rtnetlink, or nothing at all.

import type { KernelEvent, KernelRoute, KernelWish } from '../fib/types.ts';

export interface KernelComplaint {
  readonly prefix: string;
  readonly text: string;
}

export interface KernelStatus {
  readonly wanted: number;
  readonly installed: number;
  readonly refused: readonly KernelComplaint[];
  /** Somebody else's route stands where ours should be; the text names its protocol. */
  readonly conflicts: readonly KernelComplaint[];
}

export interface Kernel {
  /** Reads back what is there and delivers it as a `snapshot`, then changes. Rejects with a typed error in one sentence. */
  start(deliver: (events: readonly KernelEvent[]) => void): Promise<void>;
  /** Routes as wished, in order; what cannot be done now is tried again when something relevant changes. */
  program(wishes: readonly KernelWish[]): void;
  /** Deletes own routes that nobody wished for since the start. */
  sweep(): void;
  /** Own routes that the kernel holds. */
  routes(): readonly KernelRoute[];
  status(): KernelStatus;
  /** Leaves the routes. Idempotent. */
  stop(): Promise<void>;
}

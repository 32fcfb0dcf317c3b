// What the driver says about itself beyond resources.

import type { ServerContact } from '../types.ts';

export interface SyncState {
  readonly synced: boolean;
  /** Why not. */
  readonly detail?: string;
}

export interface KubernetesStatus extends SyncState, ServerContact {}

// What the driver says about itself beyond resources: for status pages and metrics.

/** How one watch is doing. */
export interface WatchStatus {
  /** The plural, or the plural with what is picked out of it. */
  readonly name: string;
  /** `missing`: the server has no such kind, which is as good as none of it. */
  readonly state: 'starting' | 'watching' | 'missing' | 'failing';
  readonly resources: number;
  /** Milliseconds since the server was heard of last; absent: never. A quiet watch hears of it every minute or so. */
  readonly contactAge?: number;
  /** How often all was listed: once, and again after 410 and its like. */
  readonly lists: number;
  readonly failuresInARow: number;
  /** Why it is failing: one sentence. */
  readonly detail?: string;
}

export interface SyncState {
  readonly synced: boolean;
  /** Why not. */
  readonly detail?: string;
}

export interface KubernetesStatus extends SyncState {
  readonly server?: string;
  /** Group and version of Calico's resources. */
  readonly apiGroup?: string;
  /** Of the watch that has waited longest, in milliseconds. */
  readonly contactAge?: number;
  readonly watches: readonly WatchStatus[];
}

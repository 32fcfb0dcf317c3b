// The port between datastore drivers (files, Kubernetes, etcd) and the rest: resources arrive as a whole snapshot or as
// changes; a driver never throws bad input at its consumer, it reports a problem and keeps the last valid version.

import type { Resource, ResourceKind } from './resources/types.ts';

/** Something an operator should mend. Identity is kind, name, path and text. */
export interface ResourceProblem {
  /** Kind of the resource, or `File` where not even the kind could be read. */
  readonly kind: string;
  /** Name of the resource, or the file's path. */
  readonly name: string;
  /** Field path, for example `spec.exportV4[2].cidr`; '' for the whole resource. */
  readonly path: string;
  readonly text: string;
  /** File and line where known. */
  readonly place?: string;
  /** Absent: something was refused or ignored. `warning`: it is in force as written, but an operator should know. */
  readonly severity?: 'warning';
}

export type DatastoreEvent =
  | { readonly type: 'set'; readonly resource: Resource }
  | { readonly type: 'removed'; readonly kind: ResourceKind; readonly name: string; readonly namespace?: string }
  /** The complete, current list of problems of this driver (replaces the last). */
  | { readonly type: 'problems'; readonly problems: readonly ResourceProblem[] }
  /** Everything that existed at the start has been delivered, or contact was lost. */
  | { readonly type: 'synced'; readonly synced: boolean; readonly detail?: string };

/** How one of the things that a driver reads is doing. */
export interface WatchStatus {
  /** Of Kubernetes the plural, or the plural with what is picked out of it. */
  readonly name: string;
  /** `missing`: the server has no such kind, which is as good as none of it. */
  readonly state: 'starting' | 'watching' | 'missing' | 'failing';
  readonly resources: number;
  /** Milliseconds since the server was heard of last; absent: never. A quiet watch hears of it every minute or so. */
  readonly contactAge?: number;
  /** How often all was listed: once, and again when the server has forgotten what was before. */
  readonly lists: number;
  readonly failuresInARow: number;
  /** Why it is failing: one sentence. */
  readonly detail?: string;
}

/** What a driver knows of the server that it reads from: for status and metrics. */
export interface ServerContact {
  readonly server?: string;
  /** Group and version of Calico's resources. */
  readonly apiGroup?: string;
  /** Of the watch that has waited longest, in milliseconds. */
  readonly contactAge?: number;
  readonly watches: readonly WatchStatus[];
}

/** A driver. `start` delivers all that exists, then `synced`, then changes. Batches are delivered whole. */
export interface Datastore {
  start(deliver: (events: readonly DatastoreEvent[]) => void): Promise<void>;
  /** Idempotent; no delivery afterwards. */
  stop(): Promise<void>;
  /** Where there is a server to have contact with. */
  contact?(): ServerContact;
  /** Of these Nodes, those that are known to be away, and why: `is NotReady`. */
  awayNodes?(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

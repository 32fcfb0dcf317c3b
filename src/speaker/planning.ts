// What a change of the resources would do to a node, before it is made. Plain data, as `caracal plan --json` gives it;
// made by plan.ts. docs/plan.md tells every field.

import type { Address, Prefix } from 'node-bgp';
import type { ResourceProblem } from '../datastore/types.ts';
import type { RouteAttributes } from './explanation.ts';

export interface SessionChange {
  readonly name: string;
  readonly address: Address;
  /** `reset`: closed and opened again. `updated`: in force on the running session. */
  readonly change: 'added' | 'removed' | 'reset' | 'updated';
  /** Properties that differ, of a session that stays or is reset. */
  readonly causes: readonly string[];
  /** Resources that make the session, or made it. */
  readonly origin: readonly string[];
}

export interface ToldChange {
  readonly prefix: Prefix;
  /** Absent: was not told, or will not be. */
  readonly before?: RouteAttributes;
  readonly after?: RouteAttributes;
  readonly reason: string;
}

/** Peers for which the same changes stand together. */
export interface AdvertisementChange {
  readonly peers: readonly string[];
  readonly changes: readonly ToldChange[];
}

export interface KernelRouteChange {
  readonly prefix: Prefix;
  readonly before?: string;
  readonly after?: string;
  readonly reason: string;
}

export interface Plan {
  readonly node: string;
  readonly sessions: readonly SessionChange[];
  /** Of the node itself: router ID, cluster ID, listening sockets ... */
  readonly nodeChanges: readonly string[];
  readonly advertisements: readonly AdvertisementChange[];
  readonly kernelRoutes: readonly KernelRouteChange[];
  /** What `--guard` would stop at. */
  readonly dangers: readonly ResourceProblem[];
  /** Problems of the new resources that the old ones do not have. */
  readonly problems: readonly ResourceProblem[];
}

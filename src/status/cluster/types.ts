// What is known of a whole cluster: what each node says (`GET /sessions`), and what follows from both ends of each session.
// Plain data; docs/cluster-status.md explains every field.

import type { Address, Family } from 'node-bgp';
import type { AgentReport, Md5Drops, PeerReport, PeerType, Timestamp } from '../types.ts';

type SessionField =
  | ('peerIP' | 'type' | 'role' | 'state' | 'since' | 'name' | 'info' | 'port' | 'asNumber' | 'localASNumber')
  | ('sourceAddress' | 'families' | 'passive' | 'password' | 'halfOpen' | 'absent' | 'origin' | 'lastError');

/** A session that is not up, or does not carry all that it was made for. */
export interface SessionReport extends Pick<PeerReport, SessionField> {
  /** Families that an Established session lacks. */
  readonly missing: readonly Family[];
}

/** `GET /sessions`. */
export interface SessionsReport
  extends Pick<AgentReport, 'version' | 'commit' | 'state' | 'reasons' | 'routerID' | 'asNumber' | 'addresses'> {
  readonly node: string;
  readonly lastUpdated: Timestamp;
  readonly datastore: { readonly synced: boolean; readonly detail?: string };
  readonly md5Drops?: Md5Drops;
  /** Peers whose sessions are as they should be. */
  readonly established: { readonly [Type in PeerType]?: readonly Address[] };
  readonly others: readonly SessionReport[];
}

/** What came of asking one node. */
export type NodeAnswer =
  /** `addresses`: where it was asked; others it tells itself. */
  | { readonly type: 'report'; readonly report: SessionsReport; readonly addresses?: readonly Address[] }
  | {
      readonly type: 'silence';
      /** Its name, or where it was asked. */
      readonly node: string;
      /** As far as they are known. */
      readonly addresses: readonly Address[];
      readonly reason: string;
    };

/**
 * Why there is no session, by what has to be looked at:
 *
 * - `silent`: the node was asked, and gave no answer; nothing is known of its end
 * - `as`, `routerID`, `password`, `role`, `version`: what both ends have to agree on
 * - `unconfigured`: one end has no such peer; `unknown`: neither end has, though both are in the mesh
 * - `firewall`: packets do not get through; `refused`: nobody listens, or a firewall refuses; `unroutable`: no way
 * - `closed`: taken and closed at once; `lost`: it was up and broke
 * - `shutdown`: somebody has ended it; `limit`: too many routes
 * - `family`: it lacks a family, or does not come up for that
 * - `halfUp`: up at one end only
 * - `away`: the Node of the peer is not ready, or gone
 * - `pending`: nothing has gone wrong yet; `other`: anything else that an end says
 */
export type Cause = (typeof CAUSES)[number];

/** In the order in which they are told: what explains others comes first. */
export const CAUSES = [
  ...['silent', 'as', 'routerID', 'password', 'role', 'version', 'unconfigured', 'unknown'],
  ...['firewall', 'unroutable', 'refused', 'closed', 'lost', 'shutdown', 'limit', 'other'],
  ...['family', 'halfUp', 'away', 'pending'],
] as const;

/** A session that should be there, between two nodes or a node and somebody else. */
export interface Hole {
  readonly cause: Cause;
  /** With `oneWay`: whose packets, or wishes, do not get to the other one. Nodes by name, others by address. */
  readonly from: string;
  readonly to: string;
  readonly oneWay: boolean;
  /** The session is there all the same. */
  readonly isUp: boolean;
  /** What both ends say comes to this. */
  readonly text: string;
  readonly help?: string;
  /** Each end in its own words, where it said something. */
  readonly ends: readonly { readonly node: string; readonly peerIP: Address; readonly info: string }[];
}

/** Holes of one cause that are one thing: all of `from` with all of `to`. */
export interface HoleGroup {
  readonly cause: Cause;
  readonly oneWay: boolean;
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** One of them, which speaks for all. */
  readonly example: Hole;
}

export interface ClusterReport {
  readonly nodes: { readonly asked: number; readonly answered: number };
  /** Those who gave no answer. */
  readonly silent: readonly { readonly node: string; readonly reason: string }[];
  /** Between nodes, each once whoever told of it; and with others. */
  readonly sessions: {
    readonly nodes: { readonly expected: number; readonly established: number };
    readonly others: { readonly expected: number; readonly established: number };
  };
  /** Version -> nodes that run it. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  /** Nodes that are not ready, or do not see their datastore. */
  readonly troubled: readonly { readonly node: string; readonly reasons: readonly string[] }[];
  readonly holes: readonly Hole[];
}

// Why a prefix is where it is: where it came from, which path is best, who is told, what the kernel gets. Plain data, as
// `GET /explain` gives it; made by explain.ts. docs/explain.md tells every field.

import type { Address, Asn, Prefix } from 'node-bgp';
import type { KernelRoute } from '../fib/types.ts';
import type { Origin, RouteSource, TraceStep } from '../policy/index.ts';

/** A verdict in one clause, the rule behind it, and on demand every step that led to it. */
export interface Reason {
  readonly text: string;
  /** Absent: no rule decided, the default of the policy or something else than a policy did. */
  readonly rule?: Origin;
  readonly trace?: readonly TraceStep[];
}

export interface RouteAttributes {
  readonly nextHop?: Address;
  readonly asPath: string;
  readonly origin: 'IGP' | 'EGP' | 'INCOMPLETE';
  readonly localPref?: number;
  readonly med?: number;
  readonly communities: readonly string[];
}

export interface PathExplanation {
  /** Session name, or `static1`, `kernel1`, `direct1`. */
  readonly protocol: string;
  readonly source: RouteSource;
  /** Of a path learned from a BGP peer. */
  readonly peer?: { readonly address: Address; readonly asNumber: Asn };
  /** Which resource, or whose route in the kernel, is behind a path of this node. */
  readonly madeBy?: string;
  readonly best: boolean;
  /** By the import policy. */
  readonly accepted: boolean;
  /** Of paths learned from BGP peers. */
  readonly import?: Reason;
  /** The step of the decision that put this path behind the best one; on the best path, the step that settled it. */
  readonly decidedBy?: string;
  /** Kept while the peer restarts (RFC 4724). */
  readonly stale?: true;
  /** Where the next hop leads, as far as it leads anywhere. */
  readonly interface?: string;
  readonly gateway?: Address;
  readonly unreachable?: true;
  /** After the import policy; as received where that keeps the path out. */
  readonly attributes: RouteAttributes;
}

/** What becomes of one path on the way to a peer. */
export interface ToldPath {
  readonly protocol: string;
  readonly sent: boolean;
  readonly reason: Reason;
  /** As they go on the wire. */
  readonly attributes?: RouteAttributes;
}

/** Peers that fare alike stand together. */
export interface ExportOutcome {
  /** Session names. */
  readonly peers: readonly string[];
  /** False: there is no session now, and `paths` is what would be if there were. */
  readonly established: boolean;
  /** The best path, or with ADD-PATH every path; none where there is none to tell. */
  readonly paths: readonly ToldPath[];
}

export interface KernelOutcome {
  /** What the kernel is to have. */
  readonly route?: KernelRoute;
  readonly reason: Reason;
  /** Absent where nobody looked at a kernel. */
  readonly installed?: boolean;
  /** Why the kernel does not have it, in its words. */
  readonly trouble?: string;
}

export interface PrefixExplanation {
  readonly type: 'prefix';
  readonly node: string;
  /** An address, or a prefix. */
  readonly asked: string;
  /** The longest match, for an address; the prefix itself otherwise. Absent: the table holds nothing of it. */
  readonly prefix?: Prefix;
  /** Prefixes of the table around it, the longest first. */
  readonly inside: readonly Prefix[];
  /** Best first, those that import kept out last. */
  readonly paths: readonly PathExplanation[];
  readonly exports: readonly ExportOutcome[];
  readonly kernel: KernelOutcome;
  /** False: made of resources alone, without sessions and without a kernel. */
  readonly running: boolean;
}

export interface PrefixQuery {
  /** A canonical address or prefix. */
  readonly target: string;
  /** Session name: of exports only what this peer gets, and every step of the policies. */
  readonly peer?: string;
}

// What `GET /explain` answers: a prefix (src/speaker/explanation.ts), or a peer with the reasons of its options, its
// policies and its state. docs/explain.md tells every field; as text in explain-text.ts.

import type { ResourceProblem } from '../datastore/types.ts';
import type { OptionReason, PolicyStep } from '../intent/types.ts';
import type { PrefixExplanation } from '../speaker/explanation.ts';
import type { PeerReport, Timestamp } from './types.ts';

export interface ExplainQuery {
  /** A canonical address or prefix. */
  readonly target?: string;
  /** Name or address of a peer. */
  readonly peer?: string;
}

export interface PolicyReport {
  /** In order; the first that decides is final. */
  readonly steps: readonly PolicyStep[];
  /** What becomes of a route that no step decides on. */
  readonly otherwise: 'accept' | 'reject';
}

export interface PeerExplanation {
  readonly type: 'peer';
  readonly node: string;
  readonly now: Timestamp;
  readonly peer: PeerReport;
  readonly options: readonly OptionReason[];
  readonly import: PolicyReport;
  readonly export: PolicyReport;
  /** Problems of the resources that made the peer. */
  readonly problems: readonly ResourceProblem[];
  /** False: made of resources alone; then state, counters and the like of `peer` mean nothing. */
  readonly running: boolean;
}

export type ExplainReport = PrefixExplanation | PeerExplanation;

/** A question that has no answer: a sentence for whoever asked. */
export interface ExplainProblem {
  readonly problem: string;
}

// What metrics are made from, and the shape of a row in the table of metrics (rows.ts, peer-rows.ts).

import type { Family } from 'node-bgp';
import type { PeerReport, StatusReport } from '../types.ts';

/** `summary`: peers that the mesh or a reflector's clients are made of have no series of their own. */
export type MetricsMode = 'summary' | 'per-peer';

/** What was written to the kernel since the start. */
export interface KernelOperations {
  readonly add: number;
  readonly replace: number;
  readonly delete: number;
  /** Answers with an error. */
  readonly refused: number;
}

/** What the daemon knows at the moment of a scrape. */
export interface MetricsSource {
  readonly report: StatusReport;
  readonly kernelOperations: KernelOperations;
}

export interface ProcessFigures {
  /** Seconds. */
  readonly cpu: number;
  /** Octets. */
  readonly resident: number;
  readonly heapUsed: number;
  readonly external: number;
  /** Seconds by quantile, as text. */
  readonly loopDelay: ReadonlyMap<string, number>;
}

export const TOTALS = ['updatesIn', 'updatesOut', 'bytesIn', 'bytesOut', 'flaps'] as const;

export type TotalName = (typeof TOTALS)[number];

/** Since the start, of all peers that there were. */
export type Totals = Readonly<Record<TotalName, Readonly<Record<Family, number>>>>;

export interface MetricsView extends MetricsSource {
  readonly peers: readonly PeerReport[];
  /** Those that have series of their own. */
  readonly listed: readonly PeerReport[];
  readonly totals: Totals;
  readonly process: ProcessFigures;
}

/** No labels: a metric of one series. */
export type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

export interface MetricRow {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly labels: readonly string[];
  readonly help: string;
  readonly read: (view: MetricsView) => Iterable<Sample>;
}

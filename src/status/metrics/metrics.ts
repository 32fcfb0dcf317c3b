// `GET /metrics`: the tables of metrics in the text format of Prometheus. prom-client, which writes it, is loaded with the
// first question: a node that nobody scrapes does not pay for it.

import type { Histogram, Registry } from 'prom-client';
import { LoopDelay } from './loop-delay.ts';
import { listedPeers, PEER_ROWS } from './peer-rows.ts';
import { LATENESS, NODE_ROWS } from './rows.ts';
import { RunningTotals } from './totals.ts';
import type { MetricRow, MetricsMode, MetricsSource, MetricsView, Sample } from './types.ts';

export interface MetricsPage {
  readonly type: string;
  readonly body: string;
}

export interface MetricsOptions {
  readonly mode: MetricsMode;
  readonly read: () => MetricsSource;
}

/** A row, and what takes its samples. */
interface Instrument {
  readonly row: MetricRow;
  readonly fill: (samples: Iterable<Sample>) => void;
}

interface Loaded {
  readonly registry: Registry;
  readonly instruments: readonly Instrument[];
  readonly lateness: Histogram;
}

export const METRIC_ROWS: readonly MetricRow[] = [...NODE_ROWS, ...PEER_ROWS];

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #totals = new RunningTotals();
  #loopDelay: LoopDelay | undefined;
  #loading: Promise<Loaded> | undefined;
  #lateness: Histogram | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  async page(): Promise<MetricsPage> {
    this.#loading ??= load();
    this.#loopDelay ??= new LoopDelay();
    const { registry, instruments, lateness } = await this.#loading;
    this.#lateness = lateness;
    const view = this.#view();
    for (const { row, fill } of instruments) fill(row.read(view));
    return { type: registry.contentType, body: await registry.metrics() };
  }

  /** A timer of the router was handled so many milliseconds after it was due; counted from the first question on. */
  observeLateness(milliseconds: number): void {
    this.#lateness?.observe(milliseconds / 1000);
  }

  stop(): void {
    this.#loopDelay?.stop();
  }

  #view(): MetricsView {
    const source = this.#options.read();
    const peers = [...source.report.bgp.peersV4, ...source.report.bgp.peersV6];
    this.#totals.add(peers);
    return {
      ...source,
      peers,
      listed: listedPeers(peers, this.#options.mode),
      totals: this.#totals.totals,
      process: this.#process(),
    };
  }

  #process(): MetricsView['process'] {
    const { rss, heapUsed, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const loopDelay = this.#loopDelay?.read() ?? new Map();
    return { cpu: (user + system) / 1e6, resident: rss, heapUsed, external, loopDelay };
  }
}

async function load(): Promise<Loaded> {
  // A CommonJS package: in a bundle it has this export only.
  const { Counter, Gauge, Histogram, Registry } = (await import('prom-client')).default;
  const registry = new Registry();
  const instruments = METRIC_ROWS.map((row): Instrument => {
    const { name, help, labels } = row;
    const configuration = { name, help, labelNames: [...labels], registers: [registry] };
    if (row.type === 'gauge') {
      const metric = new Gauge(configuration);
      return { row, fill: (samples) => fill(metric, samples, (value, given) => metric.set(given, value)) };
    }
    const metric = new Counter(configuration);
    return { row, fill: (samples) => fill(metric, samples, (value, given) => metric.inc(given, value)) };
  });
  const { name, help, buckets } = LATENESS;
  const lateness = new Histogram({ name, help, buckets: [...buckets], registers: [registry] });
  return { registry, instruments, lateness };
}

/** The samples take the place of those of the last scrape; without any there is no series, not a zero. */
function fill(
  metric: { reset(): void; remove(labels: object): void },
  samples: Iterable<Sample>,
  put: (value: number, labels: Record<string, string>) => void,
): void {
  // A metric without labels begins at zero again when it is reset.
  metric.reset();
  metric.remove({});
  for (const [value, labels = {}] of samples) put(value, { ...labels });
}

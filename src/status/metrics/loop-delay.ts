// How late the event loop is, as Node measures it. Begins with the first question: until then it costs nothing.

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds between two measurements, which Node's values contain. */
const RESOLUTION = 20;
/** Figures are of this window of milliseconds at least, so that two Prometheuses side by side do not halve it for each other. */
const WINDOW = 60_000;
const QUANTILES: readonly (readonly [text: string, percentile: number])[] = [
  ['0.5', 50],
  ['0.9', 90],
  ['0.99', 99],
  ['1', 100],
];

export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  #since = performance.now();

  constructor() {
    this.#histogram.enable();
  }

  /** Seconds by quantile. */
  read(): Map<string, number> {
    const { count } = this.#histogram;
    const delays = new Map(
      QUANTILES.map(([text, percentile]) => {
        const milliseconds = count === 0 ? 0 : this.#histogram.percentile(percentile) / 1e6 - RESOLUTION;
        return [text, Math.max(0, milliseconds) / 1000];
      }),
    );
    if (performance.now() - this.#since >= WINDOW) {
      this.#histogram.reset();
      this.#since = performance.now();
    }
    return delays;
  }

  stop(): void {
    this.#histogram.disable();
  }
}

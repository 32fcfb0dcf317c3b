// How long the event loop was busy without a pause: as the clock says, and as processor time, in which other processes of a
// busy machine do not show.

import { performance } from 'node:perf_hooks';

export interface Turns {
  /** Milliseconds of the longest turn by the clock. */
  readonly longest: number;
  /** Milliseconds of processor time of the most expensive turn. */
  readonly dearest: number;
}

/** Looks at the clocks in every turn from now on; the loop does not sleep meanwhile. */
export class TurnWatch {
  #longest = 0;
  #dearest = 0;
  #at = performance.now();
  #spent = spent();
  #next: NodeJS.Immediate;

  constructor() {
    this.#next = setImmediate(this.#look);
  }

  readonly #look = (): void => {
    const [now, cpu] = [performance.now(), spent()];
    this.#longest = Math.max(this.#longest, now - this.#at);
    this.#dearest = Math.max(this.#dearest, cpu - this.#spent);
    [this.#at, this.#spent] = [now, cpu];
    this.#next = setImmediate(this.#look);
  };

  stop(): Turns {
    clearImmediate(this.#next);
    return { longest: this.#longest, dearest: this.#dearest };
  }
}

/** Milliseconds of processor time of this thread alone. */
function spent(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

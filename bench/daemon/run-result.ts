// What the benchmark asks of the load generator, and what it answers: plain values that travel as JSON.

import type { Plan } from './plan.ts';
import type { Memory } from './process-figures.ts';

export interface Task {
  readonly workload: 'load' | 'churn' | 'herd';
  readonly plan: Plan;
  /** Processes of the daemon. */
  readonly processes: readonly number[];
  /** Milliseconds for each thing that is waited for. */
  readonly timeout: number;
  /** Changes of churn. */
  readonly changes: number;
  /** Milliseconds that the daemon rests before its memory is read. */
  readonly rest: number;
}

/** Times in milliseconds; NaN, as JSON null, where a run does not have them. */
export interface RunResult {
  readonly established: number;
  /** From the first dial until all are Established. */
  readonly establishing: number;
  readonly converging: number;
  readonly latencies?: readonly number[];
  readonly daemon: { readonly cpu: number; readonly before: Memory; readonly after: Memory };
  /** `waited`: the share of the time in which there was nothing for it to do; `reads`: those that brought something. */
  readonly generator: { readonly cpu: number; readonly waited: number; readonly reads: number };
  /** Processors that something else on this machine used meanwhile. */
  readonly others: number;
  /** On the system's monotonic clock, in microseconds: where to look in a profile. */
  readonly window: { readonly from: number; readonly to: number };
  readonly checks: {
    readonly repeated: number;
    readonly echoed: number;
    readonly unheld: number;
    readonly foreign: number;
    readonly secondTries: number;
  };
  /** `latest`: milliseconds that one came after it was due, at worst. */
  readonly keepalives: { readonly count: number; readonly latest: number };
  /** Why the run does not count. */
  readonly failure?: string;
  readonly remarks?: string;
}

/** Each reason once, with the number of clients that gave it. */
export function describeFailures(clients: readonly { readonly failure: string }[]): string {
  const counts = new Map<string, number>();
  for (const { failure } of clients) if (failure !== '') counts.set(failure, (counts.get(failure) ?? 0) + 1);
  return [...counts].map(([failure, count]) => `${count} x ${failure}`).join('; ');
}

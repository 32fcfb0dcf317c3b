// Processor time of this thread, in nanosecond steps: what other programs on the machine do does not show, as it would in
// the time of day. (Node's own figures of a thread advance in steps of a millisecond.)

import { createRequire } from 'node:module';

const CLOCK_THREAD_CPUTIME_ID = 3;

const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
const clockGettime = koffi.load(null).func('int clock_gettime(int, void *)');
/** struct timespec */
const time = new BigInt64Array(2);

/** Milliseconds. */
export function processorTime(): number {
  clockGettime(CLOCK_THREAD_CPUTIME_ID, time);
  return Number(time[0]) * 1000 + Number(time[1]) / 1_000_000;
}

// Waits for a condition with a deadline. The only place in labs and tests where time passes.

import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 20;

/** True as soon as the condition holds, false when it did not within so many milliseconds. */
export async function waitFor(condition: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= deadline) return false;
    await pause(POLL_MS);
  }
}

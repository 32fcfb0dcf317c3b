// How long to wait before the next attempt. Never "for ever".

/** Milliseconds. */
const FIRST = 500;
const LONGEST = 30_000;

/**
 * Milliseconds to wait after so many failures in a row (1 for the first): from half a second doubling to half a minute,
 * each time something between half of that and all of it, so that those who failed together do not come back together.
 */
export function backOff(failures: number, random: () => number, longest = LONGEST, first = FIRST): number {
  const most = Math.min(longest, first * 2 ** Math.min(failures - 1, 30));
  return most * (0.5 + random() / 2);
}

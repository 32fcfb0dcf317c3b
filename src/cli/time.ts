// Times on the command line: `90s`, `5m`, `1h`.

import type { Parsed } from '../status/endpoint.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** A week: more than any command waits, and far below what a timer can. */
const LONGEST = 168 * 3600;

/** Seconds. */
export function parseTime(text: string): Parsed<number> {
  const [, digits, unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const seconds = SECONDS[unit];
  if (digits === undefined || seconds === undefined) return { problem: `"${text}" is no time such as 90s, 5m or 1h` };
  const value = Number(digits) * seconds;
  return value > LONGEST ? { problem: `"${text}" is longer than 168h` } : { value };
}

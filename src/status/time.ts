// Moments and durations as text. The moment is always an argument: nothing here knows what time it is.

import type { Timestamp } from './types.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** BIRD shows the time of day for what is younger than this, the date for what is older. */
const TIME_OF_DAY_LIMIT = 20 * HOUR;

export function timestamp(milliseconds: number): Timestamp {
  return new Date(milliseconds).toISOString();
}

/** The SINCE column: `23:30:04` within 20 hours, else `2026-04-05`, in UTC. */
export function sinceText(since: Timestamp, now: Timestamp): string {
  const age = Date.parse(now) - Date.parse(since);
  return age < TIME_OF_DAY_LIMIT ? since.slice(11, 19) : since.slice(0, 10);
}

/** A duration in the one or two units that matter: `12 s`, `3 min`, `2 h 5 min`, `8 d 3 h`. */
export function durationText(milliseconds: number): string {
  const duration = Math.max(0, milliseconds);
  if (duration < MINUTE) return `${Math.ceil(duration / SECOND)} s`;
  if (duration < HOUR) return `${Math.floor(duration / MINUTE)} min`;
  if (duration < DAY) return twoUnits(duration, [HOUR, 'h'], [MINUTE, 'min']);
  return twoUnits(duration, [DAY, 'd'], [HOUR, 'h']);
}

function twoUnits(duration: number, [big, bigName]: [number, string], [small, smallName]: [number, string]): string {
  const rest = Math.floor((duration % big) / small);
  return `${Math.floor(duration / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
}

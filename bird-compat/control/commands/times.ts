// Times in answers and in the log: by the `timeformat` of the configuration, or the style that BIRD takes by itself.

import { strftime } from '../../strftime.ts';
import type { CommandConfiguration } from '../types.ts';

/** `recent` for what is not older than `limit` milliseconds, else `older`. */
interface Format {
  readonly recent: string;
  readonly older: string;
  readonly limit: number;
}

const HOUR = 3_600_000;
const SHORT_LIMIT = 20 * HOUR;

const always = (format: string): Format => ({ recent: format, older: format, limit: Number.POSITIVE_INFINITY });

const STYLES: Readonly<Record<string, Format>> = {
  'iso short': { recent: '%T', older: '%F', limit: SHORT_LIMIT },
  'iso short ms': { recent: '%T.%3f', older: '%F', limit: SHORT_LIMIT },
  'iso short us': { recent: '%T.%6f', older: '%F', limit: SHORT_LIMIT },
  'iso long': always('%F %T'),
  'iso long ms': always('%F %T.%3f'),
  'iso long us': always('%F %T.%6f'),
  'old short': { recent: '%R', older: '%b%d', limit: SHORT_LIMIT },
  'old long': always('%d-%m-%Y %T'),
};

/** BIRD 2 counts milliseconds. */
const USUAL = {
  1: { base: 'iso long', protocol: 'iso short', route: 'iso short', log: 'iso long' },
  2: { base: 'iso long ms', protocol: 'iso short ms', route: 'iso short ms', log: 'iso long ms' },
} as const;

export type TimeUse = 'base' | 'protocol' | 'route' | 'log';

/** Writes times of one kind. */
export function timeWriter(
  { timeFormats, dialect }: Pick<CommandConfiguration, 'timeFormats' | 'dialect'>,
  use: TimeUse,
  now: number,
) {
  const chosen = timeFormats[use] ?? USUAL[dialect.bird][use];
  const { recent, older, limit } = typeof chosen === 'string' ? STYLES[chosen]! : always(chosen.format);
  let [lastAt, lastText] = [Number.NaN, ''];
  return (at: number): string => {
    // Routes of one table came in a few moments.
    const moment = dialect.bird === 1 ? Math.floor(at / 1000) * 1000 : at;
    if (moment !== lastAt) {
      lastText = strftime(now - at < limit ? recent : older, moment);
      lastAt = moment;
    }
    return lastText;
  };
}

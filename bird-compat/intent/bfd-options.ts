// Options of BFD, in a `protocol bfd` and in a BGP protocol, one row each.

import type { BfdAuthentication } from '../../src/intent/types.ts';
import type { Unit } from '../filters/index.ts';
import type { Option } from '../language/index.ts';
import type { BfdOptions } from './configuration.ts';
import { OptionReader } from './option-reader.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Handler = (options: Writable<BfdOptions>, option: OptionReader) => void;

const MILLISECONDS: Readonly<Record<string, number>> = { s: 1000, ms: 1, us: 1 / 1000 };

const authentication =
  (type: BfdAuthentication['type']): Handler =>
  (options) => {
    options.authentication = type;
  };

const HANDLERS: Readonly<Record<string, Handler>> = {
  interval: (options, option) => {
    options.minReceive = options.minTransmit = milliseconds(option);
  },
  'min rx interval': (options, option) => {
    options.minReceive = milliseconds(option);
  },
  'min tx interval': (options, option) => {
    options.minTransmit = milliseconds(option);
  },
  'idle tx interval': (options, option) => {
    options.idleTransmit = milliseconds(option);
  },
  multiplier: (options, option) => {
    options.multiplier = option.number();
  },
  passive: (options, option) => {
    options.passive = option.flag();
  },
  authentication: (options, option) => {
    options.authentication = option.word() === 'simple' ? 'simple' : 'none';
  },
  'authentication keyed md5': authentication('md5'),
  'authentication keyed sha1': authentication('sha1'),
  'authentication meticulous keyed md5': authentication('meticulousMd5'),
  'authentication meticulous keyed sha1': authentication('meticulousSha1'),
  password: (options, option) => {
    options.password ??= option.text();
  },
};

function milliseconds(option: OptionReader): number {
  const { term, unit } = option.argument(0, 'time')!;
  return option.numberOf(term) * MILLISECONDS[unit]!;
}

export function readBfdOptions(options: readonly Option[], unit: Unit): BfdOptions {
  const read: Writable<BfdOptions> = {};
  for (const option of options) HANDLERS[option.name]!(read, new OptionReader(option, unit));
  return read;
}

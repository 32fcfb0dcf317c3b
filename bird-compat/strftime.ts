// Times as BIRD writes them: by the formats of the C library, in the local time zone. Which format is used where is told by
// the callers.

/** `%3f` are milliseconds, `%f` and `%6f` microseconds, which BIRD 2 adds. */
const DIRECTIVE = /%([36]?f|.)/gs;

const EXPANSIONS: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  x: '%m/%d/%y',
};

const PARTS: Readonly<Record<string, (time: Date) => string>> = {
  a: (time) => english(time, { weekday: 'short' }),
  A: (time) => english(time, { weekday: 'long' }),
  b: (time) => english(time, { month: 'short' }),
  B: (time) => english(time, { month: 'long' }),
  C: (time) => two(Math.floor(time.getFullYear() / 100)),
  d: (time) => two(time.getDate()),
  e: (time) => String(time.getDate()).padStart(2),
  f: (time) => digits(time.getMilliseconds() * 1000, 6),
  '3f': (time) => digits(time.getMilliseconds(), 3),
  '6f': (time) => digits(time.getMilliseconds() * 1000, 6),
  H: (time) => two(time.getHours()),
  h: (time) => english(time, { month: 'short' }),
  I: (time) => two(time.getHours() % 12 || 12),
  j: (time) => digits(dayOfYear(time), 3),
  k: (time) => String(time.getHours()).padStart(2),
  l: (time) => String(time.getHours() % 12 || 12).padStart(2),
  M: (time) => two(time.getMinutes()),
  m: (time) => two(time.getMonth() + 1),
  n: () => '\n',
  p: (time) => (time.getHours() < 12 ? 'AM' : 'PM'),
  S: (time) => two(time.getSeconds()),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  t: () => '\t',
  u: (time) => String(time.getDay() || 7),
  w: (time) => String(time.getDay()),
  Y: (time) => String(time.getFullYear()),
  y: (time) => two(time.getFullYear() % 100),
  Z: (time) => english(time, { timeZoneName: 'short' }).split(' ').at(-1)!,
  z: zone,
  '%': () => '%',
};

/** @param at milliseconds since the epoch. A directive that is not known stays as it is. */
export function strftime(format: string, at: number): string {
  const time = new Date(at);
  return format.replace(DIRECTIVE, (whole, name: string) => {
    const expansion = EXPANSIONS[name];
    return expansion === undefined ? (PARTS[name]?.(time) ?? whole) : strftime(expansion, at);
  });
}

function english(time: Date, part: Intl.DateTimeFormatOptions): string {
  return time.toLocaleDateString('en-US', part);
}

function zone(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function dayOfYear(time: Date): number {
  const [year, month, day] = [time.getFullYear(), time.getMonth(), time.getDate()];
  return (Date.UTC(year, month, day) - Date.UTC(year, 0, 0)) / 86_400_000;
}

function two(value: number): string {
  return digits(value, 2);
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}

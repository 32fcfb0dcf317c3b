// Sets of ints, enum values, quads, addresses and communities as matchers over run-time values. Prefix sets have their own file.

import { fault } from './fault.ts';
import type { Range, SetItem } from './types.ts';
import { addressHex, describeType, isBoxed, quadNumber, type RuntimeValue, runtimeOf, sameValue } from './values.ts';

export type ValueMatcher = (value: RuntimeValue) => boolean;

/** Inclusive intervals that do not touch, in ascending order: lows at even, highs at odd places. */
type Intervals<T extends number | string> = readonly T[];

type ItemOf<T extends SetItem['type']> = SetItem & { readonly type: T };

const CACHE = new WeakMap<readonly SetItem[], ValueMatcher>();

/** The matcher of a set; a value of a type that the set has no member of is a run-time error. */
export function valueSetMatcher(items: readonly SetItem[]): ValueMatcher {
  let matcher = CACHE.get(items);
  if (matcher === undefined) {
    matcher = makeMatcher(items);
    CACHE.set(items, matcher);
  }
  return matcher;
}

function makeMatcher(items: readonly SetItem[]): ValueMatcher {
  const groups = Map.groupBy(items, (item) => item.type);
  if (groups.size === 0) return () => false;
  const matchers = [...groups].map(([type, group]) => groupMatcher(type, group));
  const [only, ...others] = matchers;
  const matcher: (value: RuntimeValue) => boolean | undefined =
    others.length === 0
      ? only!
      : (value) => matchers.reduce<boolean | undefined>((found, next) => found || (next(value) ?? found), undefined);
  return (value) => matcher(value) ?? fault(`~ between ${describeType(value)} and a set of another type`);
}

/** Undefined for a value that is not of the type of this group. */
function groupMatcher(type: SetItem['type'], items: readonly SetItem[]): (value: RuntimeValue) => boolean | undefined {
  switch (type) {
    case 'int': {
      const intervals = mergeNumbers((items as ItemOf<'int'>[]).map((item) => [item.from, item.to]));
      return (value) => (typeof value === 'number' ? inIntervals(intervals, value) : undefined);
    }
    case 'enum':
      return enumMatcher(items as ItemOf<'enum'>[]);
    case 'quad': {
      const intervals = mergeNumbers((items as ItemOf<'quad'>[]).map((item) => [item.from, item.to]));
      return (value) => {
        const quad = quadNumber(value);
        return quad === undefined ? undefined : inIntervals(intervals, quad);
      };
    }
    case 'ip':
      return addressMatcher(items as ItemOf<'ip'>[]);
    case 'pair':
      return pairMatcher(items as ItemOf<'pair'>[]);
    case 'ec': {
      const intervals = merge((items as ItemOf<'ec'>[]).map((item) => [item.from, item.to]));
      return (value) => (isBoxed(value, 'ec') ? inIntervals(intervals, value.value) : undefined);
    }
    case 'lc':
      return largeMatcher(items as ItemOf<'lc'>[]);
    case 'value':
      return (value) => (items as ItemOf<'value'>[]).some((item) => sameValue(value, runtimeOf(item.value)));
  }
}

function enumMatcher(items: readonly ItemOf<'enum'>[]): (value: RuntimeValue) => boolean | undefined {
  const kinds = new Set(items.map((item) => item.of));
  return (value) => {
    if (!isBoxed(value, 'enum') || !kinds.has(value.of)) return undefined;
    return items.some((item) => item.of === value.of && value.value >= item.from && value.value <= item.to);
  };
}

function addressMatcher(items: readonly ItemOf<'ip'>[]): (value: RuntimeValue) => boolean | undefined {
  const singles = new Set(items.filter((item) => item.from === item.to).map((item) => item.from));
  const spans = items
    .filter((item) => item.from !== item.to)
    .map((item) => [addressHex(item.from), addressHex(item.to)] as const);
  const intervals = merge(spans);
  return (value) => {
    if (!isBoxed(value, 'ip')) return undefined;
    return singles.has(value.value) || (intervals.length > 0 && inIntervals(intervals, addressHex(value.value)));
  };
}

const HALF: Range = [0, 0xffff];

function pairMatcher(items: readonly ItemOf<'pair'>[]): (value: RuntimeValue) => boolean | undefined {
  // A run of whole rows, or a part of one row, is one interval of the 32-bit number; other rectangles stay.
  const isInterval = ({ first, second }: ItemOf<'pair'>) =>
    first[0] === first[1] || (second[0] === HALF[0] && second[1] === HALF[1]);
  const intervals = mergeNumbers(
    items.filter(isInterval).map(({ first, second }) => [first[0] * 65536 + second[0], first[1] * 65536 + second[1]]),
  );
  const rectangles = items.filter((item) => !isInterval(item));
  return (value) => {
    if (!isBoxed(value, 'pair')) return undefined;
    if (inIntervals(intervals, value.value)) return true;
    const high = value.value >>> 16;
    const low = value.value & 0xffff;
    return rectangles.some(({ first, second }) => inRange(first, high) && inRange(second, low));
  };
}

function largeMatcher(items: readonly ItemOf<'lc'>[]): (value: RuntimeValue) => boolean | undefined {
  return (value) => {
    if (!isBoxed(value, 'lc')) return undefined;
    const [a, b, c] = value.value;
    return items.some((item) => inRange(item.first, a) && inRange(item.second, b) && inRange(item.third, c));
  };
}

function inRange(range: Range, value: number): boolean {
  return value >= range[0] && value <= range[1];
}

function mergeNumbers(ranges: readonly Range[]): Intervals<number> {
  return merge(ranges, (high) => high + 1);
}

function merge<T extends number | string>(
  ranges: readonly (readonly [T, T])[],
  behind: (high: T) => T = (high) => high,
): Intervals<T> {
  const sorted = ranges.filter(([from, to]) => from <= to).sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const merged: T[] = [];
  for (const [from, to] of sorted) {
    const high = merged.at(-1);
    if (high !== undefined && from <= behind(high)) {
      if (to > high) merged[merged.length - 1] = to;
    } else {
      merged.push(from, to);
    }
  }
  return merged;
}

function inIntervals<T extends number | string>(intervals: Intervals<T>, value: T): boolean {
  let low = 0;
  let high = intervals.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (intervals[2 * middle + 1]! < value) low = middle + 1;
    else high = middle;
  }
  return 2 * low < intervals.length && intervals[2 * low]! <= value;
}

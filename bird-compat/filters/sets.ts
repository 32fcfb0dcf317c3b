// Sets of constants as the engine has them: intervals of numbers and addresses, rectangles of communities.

import { familyOf, maxLength } from 'node-bgp';
import { extendedCommunity, type PrefixRange, type Range, type SetItem, type Value } from '../../src/policy/index.ts';
import { type Component, fail, type Place, type PrefixPattern, type SetElement, type Term } from '../language/index.ts';
import type { Environment } from './environment.ts';
import { prefixOf } from './literals.ts';

/** The value of a term that stands in a set; fails at the place where it has none. */
export type Constant = (term: Term, place: Place) => Value;

const HALF = 0xffff;
const WORD = 0xffff_ffff;

export function prefixRange(pattern: PrefixPattern, env: Environment): PrefixRange {
  const { prefix: literal, range, end } = pattern;
  const prefix = prefixOf(literal, env.unit.dialect);
  const { length } = literal;
  const longest = maxLength(familyOf(prefix));
  if (range === '+') return { prefix, min: length, max: longest };
  if (range === '-') return { prefix, min: 0, max: length };
  if (range === undefined) return { prefix, min: length, max: length };
  const [min, max] = range;
  if (min > max || max > longest) {
    fail(end, `Invalid prefix pattern range: {${min}, ${max}}${env.unit.dialect.bird === 1 ? '.' : ''}`);
  }
  return { prefix, min, max };
}

export function setItems(element: SetElement, constant: Constant): readonly SetItem[] {
  switch (element.type) {
    case 'value':
      return [valueItem(element, constant)];
    case 'pair': {
      const [first, second] = element.parts.map((part) => rangeOf(part, constant, HALF, element.end)) as [Range, Range];
      if (first[0] > first[1] || second[0] > second[1]) {
        fail(element.end, 'From value cannot be higher that To value in pair sets');
      }
      return [{ type: 'pair', first, second }];
    }
    case 'pairSpan': {
      const from = element.from.map((term) => bounded(intOf(term, element.end, constant), HALF, element.end));
      const to = element.to.map((term) => bounded(intOf(term, element.end, constant), HALF, element.end));
      return boxes(from, to, HALF).map(([first, second]) => ({ type: 'pair', first: first!, second: second! }));
    }
    case 'ec':
      return [extendedItem(element, constant)];
    case 'lc': {
      const [first, second, third] = element.parts.map((part) => rangeOf(part, constant, WORD, element.end));
      return [{ type: 'lc', first: first!, second: second!, third: third! }];
    }
    case 'lcSpan': {
      const from = element.from.map((term) => intOf(term, element.end, constant));
      const to = element.to.map((term) => intOf(term, element.end, constant));
      return boxes(from, to, WORD).map(([a, b, c]) => ({ type: 'lc', first: a!, second: b!, third: c! }));
    }
  }
}

type Of<T extends SetElement['type']> = Extract<SetElement, { readonly type: T }>;

const INCOMPATIBLE = 'Set-incompatible type';

function valueItem({ from, to, end }: Of<'value'>, constant: Constant): SetItem {
  const low = constant(from, end);
  const high = to === undefined ? low : constant(to, end);
  const incompatible = from.type === 'symbol' ? `${from.name}: set-incompatible type` : INCOMPATIBLE;
  if (low.type !== high.type) fail(end, incompatible);
  switch (low.type) {
    case 'int':
      return { type: 'int', from: low.value, to: (high as typeof low).value };
    case 'ip':
      return { type: 'ip', from: low.value, to: (high as typeof low).value };
    case 'quad':
      return { type: 'quad', from: low.value, to: (high as typeof low).value };
    case 'enum':
      return { type: 'enum', of: low.of, from: low.value, to: (high as typeof low).value };
    case 'ec':
      return { type: 'ec', from: low.value, to: (high as typeof low).value };
    case 'pair': {
      const halves = [low.value >>> 16, low.value & HALF];
      if (to !== undefined) fail(end, incompatible);
      return { type: 'pair', first: [halves[0]!, halves[0]!], second: [halves[1]!, halves[1]!] };
    }
    case 'lc': {
      const [a, b, c] = low.value;
      if (to !== undefined) fail(end, incompatible);
      return { type: 'lc', first: [a, a], second: [b, b], third: [c, c] };
    }
    default:
      return fail(end, incompatible);
  }
}

function intOf(term: Term, place: Place, constant: Constant): number {
  const value = constant(term, place);
  return value.type === 'int' ? value.value : fail(place, 'Integer expression expected');
}

function bounded(value: number, limit: number, place: Place): number {
  return value <= limit ? value : fail(place, `Value ${value} out of range (0-${limit})`);
}

function rangeOf(part: Component, constant: Constant, limit: number, end: Place): Range {
  if (part === '*') return [0, limit];
  const from = bounded(intOf(part.from, part.end, constant), limit, end);
  return [from, part.to === undefined ? from : bounded(intOf(part.to, part.end, constant), limit, end)];
}

function extendedItem({ kind, key, keyEnd, value, end }: Of<'ec'>, constant: Constant): SetItem {
  const number = intOf(key, keyEnd, constant);
  const limit = kind !== 'generic' && number > HALF ? HALF : WORD;
  const [from, to] = rangeOf(value, constant, limit, end);
  const bound = (local: number) => extendedCommunity(kind, number, false, local)!;
  return { type: 'ec', from: bound(from), to: bound(to) };
}

/**
 * Numbers of several digits from `from` to `to`, as boxes: `(1,3)..(3,4)` is (1,3..*), (2,*) and (3,*..4). None where
 * `to` comes first.
 */
export function boxes(from: readonly number[], to: readonly number[], limit: number): readonly (readonly Range[])[] {
  const [low = 0, ...lowRest] = from;
  const [high = 0, ...highRest] = to;
  if (low > high) return [];
  if (lowRest.length === 0) return [[[low, high]]];
  if (low === high) return boxes(lowRest, highRest, limit).map((rest) => [[low, low], ...rest]);
  const nothing = lowRest.map(() => 0);
  const everything = lowRest.map(() => limit);
  const begins = lowRest.every((digit) => digit === 0);
  const ends = highRest.every((digit) => digit === limit);
  const middle: Range = [begins ? low : low + 1, ends ? high : high - 1];
  return [
    ...(begins ? [] : boxes(lowRest, everything, limit).map((rest) => [[low, low] as Range, ...rest])),
    ...(middle[0] > middle[1] ? [] : [[middle, ...lowRest.map((): Range => [0, limit])]]),
    ...(ends ? [] : boxes(nothing, highRest, limit).map((rest) => [[high, high] as Range, ...rest])),
  ];
}

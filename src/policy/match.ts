// The `~` of filters between two values that are only known while the policy runs. What is known beforehand is compiled
// (conditions.ts) and must mean the same.

import type { PrefixWords } from 'node-bgp';
import { pathContains } from './as-path.ts';
import { equalLarge } from './communities.ts';
import { fault } from './fault.ts';
import { matchGlob } from './glob.ts';
import { maskWord, prefixSetMatcher } from './prefix-set.ts';
import { valueSetMatcher } from './value-set.ts';
import { describeType, hostWords, quadNumber, type RuntimeValue, wordsOf } from './values.ts';

export function matchValues(left: RuntimeValue, right: RuntimeValue): boolean {
  if (typeof right === 'string' && typeof left === 'string') return matchGlob(right, left);
  if (typeof right !== 'object' || left === undefined) return mismatch(left, right);
  switch (right.type) {
    case 'prefix':
      return isInside(left, wordsOf(right.value)) ?? mismatch(left, right);
    case 'prefixSet': {
      const words = prefixOrHost(left);
      if (words === undefined) return mismatch(left, right);
      const matcher = prefixSetMatcher(right.items, words.family);
      return matcher?.(words.word0, words.word1, words.word2, words.word3, words.length) ?? false;
    }
    case 'set':
      return matchSet(left, right.items);
    case 'clist': {
      const number = typeof left === 'object' && left.type === 'pair' ? left.value : quadNumber(left);
      return number === undefined ? mismatch(left, right) : right.value.includes(number);
    }
    case 'eclist':
      return typeof left === 'object' && left.type === 'ec' ? right.value.includes(left.value) : mismatch(left, right);
    case 'lclist':
      if (typeof left !== 'object' || left.type !== 'lc') return mismatch(left, right);
      return right.value.some((member) => equalLarge(member, left.value));
    case 'path':
      return typeof left === 'number' ? pathContains(right.value, left) : mismatch(left, right);
    case 'pathMask':
      return typeof left === 'object' && left.type === 'path' ? right.matches(left.value) : mismatch(left, right);
    default:
      return mismatch(left, right);
  }
}

function mismatch(left: RuntimeValue, right: RuntimeValue): never {
  return fault(`~ between ${describeType(left)} and ${describeType(right)}`);
}

function matchSet(left: RuntimeValue, items: Parameters<typeof valueSetMatcher>[0]): boolean {
  const matcher = valueSetMatcher(items);
  if (typeof left !== 'object') return matcher(left);
  switch (left.type) {
    case 'clist': {
      // Members of a cluster list are quads, of a community list pairs: the set says what is meant.
      const type = items[0]?.type === 'quad' ? 'quad' : 'pair';
      return left.value.some((value) => matcher({ type, value }));
    }
    case 'eclist':
      return left.value.some((value) => matcher({ type: 'ec', value }));
    case 'lclist':
      return left.value.some((value) => matcher({ type: 'lc', value }));
    case 'path':
      return left.value.some((segment) => segment.asns.some(matcher));
    default:
      return matcher(left);
  }
}

function prefixOrHost(value: RuntimeValue): PrefixWords | undefined {
  if (typeof value !== 'object') return undefined;
  if (value.type === 'prefix') return wordsOf(value.value);
  return value.type === 'ip' ? hostWords(value.value) : undefined;
}

/** Undefined where the value is neither a prefix nor an address. */
function isInside(value: RuntimeValue, outer: PrefixWords): boolean | undefined {
  const inner = prefixOrHost(value);
  return inner === undefined ? undefined : wordsInside(inner, outer);
}

export function wordsInside(inner: PrefixWords, outer: PrefixWords): boolean {
  return (
    inner.family === outer.family &&
    inner.length >= outer.length &&
    ((inner.word0 ^ outer.word0) & maskWord(outer.length, 0)) === 0 &&
    ((inner.word1 ^ outer.word1) & maskWord(outer.length, 1)) === 0 &&
    ((inner.word2 ^ outer.word2) & maskWord(outer.length, 2)) === 0 &&
    ((inner.word3 ^ outer.word3) & maskWord(outer.length, 3)) === 0
  );
}

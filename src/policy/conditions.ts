// Conditions whose right or left side is known beforehand, compiled to matchers that make no values while they run; and the
// conditions that have one answer for a whole address family. All of them mean the same as matchValues and sameValue.

import { type Family, familyOf, maxLength, prefixLength, prefixWords } from 'node-bgp';
import { currentInterface } from './attributes.ts';
import { equalLarge } from './communities.ts';
import type { Evaluator } from './context.ts';
import { compileGlob } from './glob.ts';
import { matchValues } from './match.ts';
import { compilePrefixSet, maskWord } from './prefix-set.ts';
import type { Expression, PrefixRange } from './types.ts';
import { valueSetMatcher } from './value-set.ts';
import { type Constant, hostWords } from './values.ts';

type Match = Expression & { readonly type: 'match' };

/** Undefined where nothing is known beforehand that would help. */
export function compileMatch({ left, right }: Match, family: Family): Evaluator | undefined {
  if (left.type === 'field' && left.name === 'net') return matchNet(right, family);
  if (left.type === 'attribute' && left.name === 'interface' && right.type === 'string') {
    const matches = compileGlob(right.value);
    return (context) => matches(currentInterface(context));
  }
  if (left.type === 'attribute' && left.name === 'nextHop') return matchNextHop(right);
  if (right.type !== 'attribute') return undefined;
  if (left.type === 'pair' && right.name === 'communities') {
    const { value } = left;
    return (context) => context.attributes.communities?.includes(value) ?? false;
  }
  if (left.type === 'lc' && right.name === 'largeCommunities') {
    const { value } = left;
    return (context) => context.attributes.largeCommunities?.some((member) => equalLarge(member, value)) ?? false;
  }
  return undefined;
}

function matchNet(right: Expression, family: Family): Evaluator | undefined {
  const items = asPrefixRanges(right);
  return items === undefined ? undefined : compileNetIn(items, family);
}

/** `net = P` */
export function compileNetEquals(right: Expression, family: Family): Evaluator | undefined {
  if (right.type !== 'prefix') return undefined;
  const length = prefixLength(right.value);
  return compileNetIn([{ prefix: right.value, min: length, max: length }], family);
}

/** One IPv4 prefix is the usual case, and the one that must not cost a call of its own. */
function compileNetIn(items: readonly PrefixRange[], family: Family): Evaluator {
  const matches = compilePrefixSet(items, family);
  if (matches === undefined) return () => false;
  const [item] = items;
  if (items.length > 1 || family === 'ipv6' || item === undefined || item.min < prefixLength(item.prefix)) {
    return ({ word0, word1, word2, word3, length }) => matches(word0, word1, word2, word3, length);
  }
  const { min, max } = item;
  const { word0: word, length } = prefixWords(item.prefix);
  const mask = maskWord(length, 0);
  return (context) => ((context.word0 ^ word) & mask) === 0 && context.length >= min && context.length <= max;
}

/** A prefix on the right side of `~` is the set of itself and all inside it. */
export function asPrefixRanges(expression: Expression): readonly PrefixRange[] | undefined {
  if (expression.type === 'prefixSet') return expression.items;
  if (expression.type !== 'prefix') return undefined;
  const prefix = expression.value;
  return [{ prefix, min: prefixLength(prefix), max: maxLength(familyOf(prefix)) }];
}

/** A next hop may be of the other family (RFC 8950), so there is a matcher for each. One that is missing is left to `~`. */
function matchNextHop(right: Expression): Evaluator | undefined {
  if (right.type === 'set') {
    const matches = valueSetMatcher(right.items);
    return ({ attributes: { nextHop } }) => matches(nextHop === undefined ? undefined : { type: 'ip', value: nextHop });
  }
  const items = asPrefixRanges(right);
  if (items === undefined) return undefined;
  const ipv4 = compilePrefixSet(items, 'ipv4');
  const ipv6 = compilePrefixSet(items, 'ipv6');
  return ({ attributes: { nextHop } }) => {
    if (nextHop === undefined) return matchValues(undefined, right as Constant);
    const words = hostWords(nextHop);
    const matcher = words.family === 'ipv4' ? ipv4 : ipv6;
    return matcher?.(words.word0, words.word1, words.word2, words.word3, words.length) ?? false;
  };
}

/**
 * The answer of a condition where it is the same for every route of a family: what is written for the other family then
 * costs nothing. Undefined where it depends on the route. No operand that could fail is passed over.
 */
export function foldCondition(condition: Expression, family: Family): boolean | undefined {
  switch (condition.type) {
    case 'bool':
      return condition.value;
    case 'not': {
      const value = foldCondition(condition.value, family);
      return value === undefined ? undefined : !value;
    }
    case 'and':
    case 'or': {
      const decisive = condition.type === 'or';
      for (const operand of condition.operands) {
        const value = foldCondition(operand, family);
        if (value !== !decisive) return value;
      }
      return !decisive;
    }
    case 'compare':
      if (condition.operator !== '=' || condition.right.type !== 'string') return undefined;
      if (condition.left.type !== 'field' || condition.left.name !== 'family') return undefined;
      return condition.right.value === family;
    case 'match': {
      const { left, right } = condition;
      if (left.type !== 'field' || left.name !== 'net') return undefined;
      const items = asPrefixRanges(right);
      return items?.every((item) => familyOf(item.prefix) !== family) ? false : undefined;
    }
    default:
      return undefined;
  }
}

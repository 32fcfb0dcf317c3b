// Expressions that make values of others: a masked address, communities, path masks.

import { prefixFromWords } from 'node-bgp';
import { compileMask, type MaskStep } from './as-path.ts';
import { extendedCommunity, pairNumber } from './communities.ts';
import type { Context, Evaluator } from './context.ts';
import { fault } from './fault.ts';
import { pathMaskText } from './print.ts';
import type { Expression, PathMaskItem } from './types.ts';
import { valueSetMatcher } from './value-set.ts';
import {
  asInt,
  describeType,
  hostWords,
  isBoxed,
  type PathMaskValue,
  quadNumber,
  type RuntimeValue,
} from './values.ts';

type Of<T extends Expression['type']> = Extract<Expression, { readonly type: T }>;

/** The address with all bits behind the first `length` cleared. */
export function compileMaskOf(of: Evaluator, length: Evaluator): Evaluator {
  return (context) => {
    const value = of(context);
    const bits = asInt(length(context), '.mask');
    if (!isBoxed(value, 'ip')) return fault(`.mask of ${describeType(value)}`);
    const words = hostWords(value.value);
    const kept = Math.min(bits, words.length);
    const prefix = prefixFromWords(words.family, words.word0, words.word1, words.word2, words.word3, kept);
    return { type: 'ip', value: prefix.slice(0, prefix.indexOf('/')) };
  };
}

type Compile = (expression: Expression) => Evaluator;

export function compileCommunity(
  expression: Of<'makePair' | 'makeLarge' | 'makeExtended'>,
  compile: Compile,
): Evaluator {
  switch (expression.type) {
    case 'makePair': {
      const first = compile(expression.first);
      const second = compile(expression.second);
      return (context) => {
        const high = asInt(first(context), 'pair');
        const low = asInt(second(context), 'pair');
        if (high > 0xffff || low > 0xffff) fault('a number of a pair is at most 65535');
        return { type: 'pair', value: pairNumber(high, low) };
      };
    }
    case 'makeLarge': {
      const parts = [expression.first, expression.second, expression.third].map(compile);
      return (context) => {
        const [a, b, c] = parts.map((part) => asInt(part(context), 'large community'));
        return { type: 'lc', value: [a!, b!, c!] };
      };
    }
    case 'makeExtended': {
      const key = compile(expression.key);
      const local = compile(expression.value);
      return (context) => {
        const keyValue = key(context);
        const quad = quadNumber(keyValue);
        const value = asInt(local(context), 'extended community');
        const number = quad ?? asInt(keyValue, 'extended community');
        const hex = extendedCommunity(expression.kind, number, quad !== undefined, value);
        return hex === undefined ? fault(`extended community value ${value} is too large`) : { type: 'ec', value: hex };
      };
    }
  }
}

/** A mask without expressions is made once. */
export function compilePathMask({ items }: Of<'pathMask'>, compile: Compile): Evaluator {
  if (items.every((item) => item.type !== 'expression')) {
    const mask = makeMask(items);
    return () => mask;
  }
  const resolvers = items.map((item): ((context: Context) => PathMaskItem) => {
    if (item.type !== 'expression') return () => item;
    const value = compile(item.value);
    return (context) => maskItemOf(value(context));
  });
  return (context) => makeMask(resolvers.map((resolve) => resolve(context)));
}

function maskItemOf(value: RuntimeValue): PathMaskItem {
  if (typeof value === 'number') return { type: 'asn', from: value, to: value };
  if (isBoxed(value, 'set')) return { type: 'set', items: value.items };
  return fault(`path mask takes int, not ${describeType(value)}`);
}

function makeMask(items: readonly PathMaskItem[]): PathMaskValue {
  return { type: 'pathMask', matches: compileMask(items.map(maskStep)), text: pathMaskText(items) };
}

function maskStep(item: PathMaskItem): MaskStep {
  switch (item.type) {
    case 'any':
      return 'any';
    case 'one':
      return () => true;
    case 'asn':
      return (asn) => asn >= item.from && asn <= item.to;
    case 'set':
      return valueSetMatcher(item.items);
    case 'expression':
      throw new TypeError('an expression in a path mask that is not worked out');
  }
}

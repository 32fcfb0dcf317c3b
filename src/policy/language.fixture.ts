// Short ways to write expressions, and to see what they are, for the tests of the language.

import { attribute, evaluate, int, type PolicyRoute, policy, print } from './index.ts';
import { route } from './policy.fixture.ts';
import { expressionText } from './print.ts';
import type { Expression, PathMaskItem, Policy, SetItem } from './types.ts';

export const pair = (first: number, second: number): Expression => ({ type: 'pair', value: first * 65536 + second });
export const lc = (...value: [number, number, number]): Expression => ({ type: 'lc', value });
export const ec = (kind: 'rt' | 'ro' | 'generic' | number, key: Expression, value: number): Expression => ({
  type: 'makeExtended',
  kind,
  key,
  value: int(value),
});
export const setOf = (...items: SetItem[]): Expression => ({ type: 'set', items });
export const ints = (from: number, to = from): SetItem => ({ type: 'int', from, to });
export const pairs = (first: [number, number], second: [number, number]): SetItem => ({ type: 'pair', first, second });
export const clist = (...value: number[]): Expression => ({ type: 'clist', value });
export const path = (...asns: number[]): Expression => ({ type: 'path', value: [{ type: 'sequence', asns }] });
export const mask = (...items: PathMaskItem[]): Expression => ({ type: 'pathMask', items });
export const changed = (
  operation: 'add' | 'delete' | 'filter' | 'prepend',
  of: Expression,
  value: Expression,
): Expression => ({
  type: 'changed',
  operation,
  of,
  value,
});
export const part = (of: Expression, name: 'ip' | 'len' | 'first' | 'last' | 'lastNonaggregated'): Expression => ({
  type: 'part',
  of,
  name,
});
export const divide = (left: number, right: number): Expression => ({
  type: 'arithmetic',
  operator: '/',
  left: int(left),
  right: int(right),
});

/** Rows of a table with the expression as text in front, for the name of the test. */
export function named<T extends readonly [Expression, ...unknown[]]>(rows: readonly T[]): [string, ...T][] {
  return rows.map((row) => [expressionText(row[0]), ...row]);
}

/** What `print` shows of an expression, or the run-time error. */
export function shown(
  expression: Expression,
  subject: PolicyRoute = route('10.0.0.0/8'),
  rest: Partial<Policy> = {},
): string {
  const result = evaluate({ ...policy('test', 'accept', [print(expression)]), ...rest }, subject);
  return result.error ?? result.printed!.join('|');
}

export const VOID = attribute('med');

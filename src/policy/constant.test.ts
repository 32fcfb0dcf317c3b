// Constants are what a policy would print of them.

import { expect, it } from 'vitest';
import { evaluateConstant, int, minus, plus, string, variable } from './index.ts';
import { changed, clist, divide, mask, pair, path, VOID } from './language.fixture.ts';
import type { Expression } from './types.ts';

it.each<[string, Expression, unknown]>([
  ['a difference that wraps', minus(1, int(2)), { type: 'value', value: { type: 'int', value: 4294967295 } }],
  ['a list', changed('add', clist(), pair(1, 2)), { type: 'value', value: { type: 'clist', value: [65538] } }],
  ['a path', path(1), { type: 'value', value: { type: 'path', value: [{ type: 'sequence', asns: [1] }] } }],
  ['nothing', VOID, { type: 'void' }],
  ['an error', divide(1, 0), { type: 'fault', text: 'division by zero' }],
  ['a type error', plus(string('a'), 1), { type: 'fault', text: 'left operand takes int, not string' }],
])('the value of %s', (_name, expression, expected) => {
  expect(evaluateConstant(expression)).toEqual(expected);
});

it.each([
  ['a variable', variable('x')],
  ['a path mask', mask({ type: 'any' })],
])('%s is none', (_name, expression) => {
  expect(() => evaluateConstant(expression)).toThrow(TypeError);
});

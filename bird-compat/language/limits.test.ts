// How deep and how long configurations may be: deep ones are refused before they could be too deep for anybody, long ones
// are not.

import { describe, expect, test } from 'vitest';
import { evaluate, policyKey, printPolicy } from '../../src/policy/index.ts';
import { route } from '../../src/policy/policy.fixture.ts';
import { answer, FRAME, filterOf } from '../bird.fixture.ts';

const REFUSED = /nested deeper than 400 levels$/;
const times = (count: number, text: string) => text.repeat(count);

describe('what is nested', () => {
  test.each([
    ['parentheses', (depth: number) => `filter f { if ${times(depth, '(')}true${times(depth, ')')} then accept; }`],
    ['negations', (depth: number) => `filter f { if ${times(depth, '! ')}true then accept; accept; }`],
    ['conditions', (depth: number) => `filter f { ${times(depth, 'if true then { ')}accept;${times(depth, ' }')} }`],
    ['alternatives', (depth: number) => `filter f { ${times(depth, 'if false then reject; else ')}accept; }`],
    ['cases', (depth: number) => `filter f { ${times(depth, 'case 1 { 1: ')}accept;${times(depth, ' }')} }`],
    [
      'lists',
      (depth: number) =>
        `filter f { bgp_community = ${times(depth, 'add(')}-empty-${times(depth, ',(1,2))')}; accept; }`,
    ],
    ['defined', (depth: number) => `filter f { if ${times(depth, 'defined(')}1${times(depth, ')')} then accept; }`],
  ])('%s work to a depth of 300, and are refused far below', (_name, text) => {
    const policy = filterOf(text(300));
    expect(evaluate(policy, route('10.0.0.0/8')).accepted).toBe(true);
    expect(policyKey(policy).length + printPolicy(policy).length).toBeGreaterThan(100);
    expect(answer(FRAME + text(100_000))).toMatch(REFUSED);
  });

  test('blocks and functions of functions as well', () => {
    expect(answer(`${FRAME}filter f { ${times(50_000, '{ ')}`, { bird: 2 })).toMatch(REFUSED);
    const calls = Array.from({ length: 60 }, (_, i) => `function g${i + 1}() { return g${i}() || g${i}(); }\n`).join(
      '',
    );
    const policy = filterOf(`function g0() { return false; }\n${calls} filter f { if g60() then accept; }`);
    expect(evaluate(policy, route('10.0.0.0/8')).error).toBe('more than 10000 function calls');
  });
});

describe('what is long', () => {
  test('a condition of 5,000 prefixes', () => {
    const condition = Array.from({ length: 5_000 }, (_, i) => `net ~ 10.${i >> 8}.${i & 255}.0/24`).join(' || ');
    const policy = filterOf(`filter f { if ${condition} then accept; }`);
    expect(['10.19.135.0/24', '10.20.0.0/24'].map((net) => evaluate(policy, route(net)).accepted)).toEqual([
      true,
      false,
    ]);
  });

  test('both logical operators in turn', () => {
    expect(answer(`${FRAME}filter f { if true${times(150, ' && true || false')} then accept; }`)).toBe('fine');
    expect(answer(`${FRAME}filter f { if true${times(5_000, ' && true || false')} then accept; }`)).toMatch(REFUSED);
  });

  test('rows of operators inside each other count together', () => {
    const row = ' + 1'.repeat(100);
    expect(answer(`${FRAME}define S = ${times(5, '(')}0${times(5, `${row})`)};`)).toMatch(REFUSED);
  });

  test('a sum of 300 numbers; longer ones are refused', () => {
    expect(answer(`${FRAME}define S = 0${times(300, ' + 1')};`)).toBe('fine');
    expect(answer(`${FRAME}define S = 0${times(5_000, ' + 1')};`, { bird: 1 })).toMatch(REFUSED);
  });

  test('a set of 20,000 prefixes and a filter of 20,000 commands', () => {
    const set = Array.from({ length: 20_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24+`).join(', ');
    expect(evaluate(filterOf(`filter f { if net ~ [ ${set} ] then accept; }`), route('10.78.31.64/26')).accepted).toBe(
      true,
    );
    expect(answer(`${FRAME}filter f { ${times(20_000, 'bgp_med = bgp_med + 1; ')} accept; }`)).toBe('fine');
  });
});

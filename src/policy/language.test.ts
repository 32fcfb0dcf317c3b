// The filter language of BIRD on this representation: operators, printing, case, functions, dialects. Expectations are what
// BIRD 1.6 or 2.0.12 answered, unless a test says otherwise.

import type { Attributes } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import {
  accept,
  all,
  any,
  assign,
  attribute,
  bool,
  call,
  compare,
  declare,
  defined,
  either,
  enumValue,
  equals,
  evaluate,
  extendedCommunity,
  field,
  int,
  ip,
  matches,
  minus,
  not,
  type PolicyFunction,
  type PolicyRoute,
  plus,
  policy,
  prefix,
  print,
  reject,
  returns,
  run,
  set,
  string,
  unset,
  variable,
  when,
} from './index.ts';
import { expressionText } from './print.ts';
import { attributes, IBGP, route } from './testing.ts';
import type { Expression, PathMaskItem, Policy, SetItem } from './types.ts';

const pair = (first: number, second: number): Expression => ({ type: 'pair', value: first * 65536 + second });
const lc = (...value: [number, number, number]): Expression => ({ type: 'lc', value });
const ec = (kind: 'rt' | 'ro' | 'generic' | number, key: Expression, value: number): Expression => ({
  type: 'makeExtended',
  kind,
  key,
  value: int(value),
});
const setOf = (...items: SetItem[]): Expression => ({ type: 'set', items });
const ints = (from: number, to = from): SetItem => ({ type: 'int', from, to });
const pairs = (first: [number, number], second: [number, number]): SetItem => ({ type: 'pair', first, second });
const clist = (...value: number[]): Expression => ({ type: 'clist', value });
const path = (...asns: number[]): Expression => ({ type: 'path', value: [{ type: 'sequence', asns }] });
const mask = (...items: PathMaskItem[]): Expression => ({ type: 'pathMask', items });
const changed = (
  operation: 'add' | 'delete' | 'filter' | 'prepend',
  of: Expression,
  value: Expression,
): Expression => ({
  type: 'changed',
  operation,
  of,
  value,
});
const part = (of: Expression, name: 'ip' | 'len' | 'first' | 'last' | 'lastNonaggregated'): Expression => ({
  type: 'part',
  of,
  name,
});
const divide = (left: number, right: number): Expression => ({
  type: 'arithmetic',
  operator: '/',
  left: int(left),
  right: int(right),
});

/** Rows of a table with the expression as text in front, for the name of the test. */
function named<T extends readonly [Expression, ...unknown[]]>(rows: readonly T[]): [string, ...T][] {
  return rows.map((row) => [expressionText(row[0]), ...row]);
}

/** What `print` shows of an expression, or the run-time error. */
function shown(expression: Expression, subject: PolicyRoute = route('10.0.0.0/8'), rest: Partial<Policy> = {}): string {
  const result = evaluate({ ...policy('test', 'accept', [print(expression)]), ...rest }, subject);
  return result.error ?? result.printed!.join('|');
}

const VOID = attribute('med');

describe('operators', () => {
  it.each(
    named<[Expression, string]>([
      // arithmetic is unsigned, 32 bit, and wraps
      [minus(1, 2), '4294967295'],
      [plus(int(4294967295), 2), '1'],
      [{ type: 'arithmetic', operator: '*', left: int(65536), right: int(65537) }, '65536'],
      [divide(7, 2), '3'],
      [divide(7, 0), 'division by zero'],
      [plus(bool(true), 1), 'left operand takes int, not bool'],
      // && and || look no further than needed
      [all(bool(false), int(1)), 'FALSE'],
      [all(int(1), bool(true)), '&& takes bool, not int'],
      [any(bool(true), int(1)), 'TRUE'],
      [any(bool(false), bool(false), VOID), '|| takes bool, not void'],
      [not(int(1)), '! takes bool, not int'],
      // equality of different types is no error
      [equals(int(1), pair(0, 1)), 'FALSE'],
      [compare(int(1), '!=', string('1')), 'TRUE'],
      [equals(bool(true), int(1)), 'FALSE'],
      [equals(setOf(ints(1), ints(2)), setOf(ints(1), ints(2))), 'TRUE'],
      [equals(ip('1.2.3.4'), { type: 'quad', value: 0x01020304 }), 'TRUE'],
      [equals(path(1, 2), path(1, 2)), 'TRUE'],
      [equals(clist(1, 2), clist(2, 1)), 'FALSE'],
      // order
      [compare(pair(1, 2), '<', pair(1, 3)), 'TRUE'],
      [compare(ip('1.2.3.4'), '<', ip('1.2.3.5')), 'TRUE'],
      [compare(ip('10.0.0.0'), '>', ip('9.255.255.255')), 'TRUE'],
      [compare(ip('200.0.0.0'), '>', ip('100.0.0.0')), 'TRUE'],
      [compare(prefix('10.0.0.0/8'), '<', prefix('10.0.0.0/9')), 'TRUE'],
      [compare(string('a'), '<', string('b')), 'TRUE'],
      [compare(bool(false), '<', bool(true)), 'TRUE'],
      [compare(lc(1, 2, 3), '<', lc(1, 2, 4)), 'TRUE'],
      [compare(enumValue('ORIGIN_IGP'), '<', enumValue('ORIGIN_EGP')), 'TRUE'],
      [compare(int(4294967295), '>', 1), 'TRUE'],
      [compare(int(1), '<', pair(1, 2)), 'no order between int and pair'],
      [compare(path(1), '<', path(2)), 'no order between path and path'],
      // void comes before everything
      [compare(VOID, '<', 0), 'TRUE'],
      [compare(VOID, '<=', 0), 'TRUE'],
      [compare(VOID, '>', 0), 'FALSE'],
      [compare(VOID, '>=', 0), 'FALSE'],
      [equals(VOID, 0), 'FALSE'],
      [compare(VOID, '!=', 0), 'TRUE'],
      [equals(VOID, VOID), 'TRUE'],
      [matches(VOID, setOf(ints(1))), '~ between void and set'],
      // parts
      [part(prefix('10.1.0.0/16'), 'ip'), '10.1.0.0'],
      [part(prefix('10.1.0.0/16'), 'len'), '16'],
      [part(field('net'), 'len'), '8'],
      [part(field('net'), 'ip'), '10.0.0.0'],
      [part(path(1, 2, 3), 'len'), '3'],
      [part(path(1, 2, 3), 'first'), '1'],
      [part(path(1, 2, 3), 'last'), '3'],
      [part(clist(1, 2), 'len'), '2'],
      [part(int(1), 'len'), '.len of int'],
      [part(clist(), 'first'), '.first of clist'],
      [{ type: 'mask', of: ip('10.1.2.3'), length: int(8) }, '10.0.0.0'],
      [{ type: 'mask', of: ip('10.1.2.3'), length: int(40) }, '10.1.2.3'],
      [{ type: 'mask', of: ip('2001:db8::1'), length: int(32) }, '2001:db8::'],
    ]),
  )('%s', (_name, expression, expected) => {
    expect(shown(expression)).toBe(expected);
  });

  const questions: [Expression, Expression, string][] = [
    [ip('1.2.3.4'), prefix('1.0.0.0/8'), 'TRUE'],
    [ip('1.2.3.4'), prefix('2001:db8::/32'), 'FALSE'],
    [prefix('10.0.0.0/7'), prefix('10.0.0.0/8'), 'FALSE'],
    [prefix('10.1.0.0/16'), prefix('10.0.0.0/8'), 'TRUE'],
    [prefix('10.1.0.0/16'), { type: 'prefixSet', items: [{ prefix: '10.1.0.0/16', min: 8, max: 24 }] }, 'TRUE'],
    [prefix('2001:db8::/33'), { type: 'prefixSet', items: [{ prefix: '2001:db8::/32', min: 32, max: 128 }] }, 'TRUE'],
    [int(7), setOf(ints(1), ints(5, 9)), 'TRUE'],
    [int(4), setOf(ints(1), ints(5, 9)), 'FALSE'],
    [int(4), setOf(), 'FALSE'],
    [pair(1, 2), setOf(ints(1)), '~ between pair and a set of another type'],
    [pair(1, 50000), setOf(pairs([1, 1], [2, 65535]), pairs([2, 2], [0, 3])), 'TRUE'],
    [pair(2, 4), setOf(pairs([1, 1], [2, 65535]), pairs([2, 2], [0, 3])), 'FALSE'],
    [pair(7, 4), setOf(pairs([0, 65535], [4, 20])), 'TRUE'],
    [pair(7, 3), setOf(pairs([0, 65535], [4, 20])), 'FALSE'],
    [pair(7, 3), setOf(pairs([5, 9], [0, 65535])), 'TRUE'],
    [pair(10, 3), setOf(pairs([5, 9], [0, 65535])), 'FALSE'],
    [ip('10.0.0.7'), setOf({ type: 'ip', from: '10.0.0.1', to: '10.0.0.9' }), 'TRUE'],
    [ip('10.0.0.10'), setOf({ type: 'ip', from: '10.0.0.1', to: '10.0.0.9' }), 'FALSE'],
    [ip('2001:db8::5'), setOf({ type: 'ip', from: '2001:db8::5', to: '2001:db8::5' }), 'TRUE'],
    [ip('10.0.0.7'), setOf({ type: 'quad', from: 0x0a000007, to: 0x0a000007 }), 'TRUE'],
    [lc(1, 2, 9), setOf({ type: 'lc', first: [1, 1], second: [2, 2], third: [0, 4294967295] }), 'TRUE'],
    [lc(1, 3, 9), setOf({ type: 'lc', first: [1, 1], second: [2, 2], third: [0, 4294967295] }), 'FALSE'],
    [ec('rt', int(10), 20), setOf({ type: 'ec', from: '0002000a00000000', to: '0002000affffffff' }), 'TRUE'],
    [ec('ro', int(10), 20), setOf({ type: 'ec', from: '0002000a00000000', to: '0002000affffffff' }), 'FALSE'],
    [field('source'), setOf({ type: 'enum', of: 'source', from: 11, to: 11 }), 'TRUE'],
    [
      enumValue('ORIGIN_IGP'),
      setOf({ type: 'enum', of: 'source', from: 0, to: 11 }),
      '~ between enum and a set of another type',
    ],
    [clist(0x10002, 0x70004), setOf(pairs([7, 7], [4, 4])), 'TRUE'],
    [clist(0x10002), setOf(pairs([7, 7], [4, 4])), 'FALSE'],
    [clist(0x0a000001), setOf({ type: 'quad', from: 0x0a000001, to: 0x0a000001 }), 'TRUE'],
    [
      { type: 'eclist', value: ['0002000a00000014'] },
      setOf({ type: 'ec', from: '0002000a00000000', to: '0002000affffffff' }),
      'TRUE',
    ],
    [
      { type: 'lclist', value: [[1, 2, 3]] },
      setOf({ type: 'lc', first: [1, 9], second: [2, 2], third: [3, 3] }),
      'TRUE',
    ],
    [pair(1, 2), clist(0x10002), 'TRUE'],
    [ip('10.0.0.1'), clist(0x0a000001), 'TRUE'],
    [ec('rt', int(10), 20), { type: 'eclist', value: ['0002000a00000014'] }, 'TRUE'],
    [lc(1, 2, 3), { type: 'lclist', value: [[1, 2, 3]] }, 'TRUE'],
    [lc(1, 2, 4), { type: 'lclist', value: [[1, 2, 3]] }, 'FALSE'],
    [int(2), path(1, 2), 'TRUE'],
    [int(3), path(1, 2), 'FALSE'],
    [path(1, 2), setOf(ints(2, 9)), 'TRUE'],
    [path(1), setOf(ints(2, 9)), 'FALSE'],
    [path(1, 2), mask({ type: 'any' }, { type: 'asn', from: 2, to: 2 }), 'TRUE'],
    [path(1, 2), mask({ type: 'one' }), 'FALSE'],
    [path(1, 2), mask({ type: 'one' }, { type: 'asn', from: 1, to: 4 }), 'TRUE'],
    [path(1, 2), mask({ type: 'set', items: [ints(1), ints(8)] }, { type: 'any' }), 'TRUE'],
    [path(1, 2), mask({ type: 'expression', value: minus(2, 1) }, { type: 'one' }), 'TRUE'],
    [path(1, 2), mask({ type: 'expression', value: string('x') }), 'path mask takes int, not string'],
    [string('eth0'), string('eth*'), 'TRUE'],
    [string('eth*'), string('eth0'), 'FALSE'],
    [int(1), int(1), '~ between int and int'],
    [string('a'), path(1), '~ between string and path'],
  ];
  it.each(named(questions.map(([left, right, expected]) => [matches(left, right), expected] as const)))(
    '%s',
    (_name, question, expected) => {
      expect(shown(question)).toBe(expected);
    },
  );

  it('mean the same for what is known beforehand and what is not', () => {
    const questions: [Expression, Expression][] = [
      [field('net'), { type: 'prefixSet', items: [{ prefix: '10.0.0.0/8', min: 4, max: 8 }] }],
      [field('net'), prefix('10.0.0.0/7')],
      [field('net'), prefix('2001:db8::/32')],
      [attribute('interface'), string('e*0')],
      [attribute('nextHop'), prefix('10.0.0.0/24')],
      [attribute('nextHop'), setOf({ type: 'ip', from: '10.0.0.2', to: '10.0.0.2' })],
      [pair(1, 2), attribute('communities')],
      [lc(1, 2, 3), attribute('largeCommunities')],
    ];
    const subject = route('10.0.0.0/8', {
      attributes: attributes({ communities: [0x10002], largeCommunities: [[1, 2, 3]] }),
    });
    // A function sees its arguments only when it runs.
    const functions = (type: Expression['type'], other: Expression['type']): PolicyFunction[] => [
      {
        name: 'ask',
        parameters: [
          { name: 'left', of: type as 'ip' },
          { name: 'right', of: other as 'ip' },
        ],
        body: [returns(matches(variable('left'), variable('right')))],
      },
    ];
    const typeOf = (expression: Expression): Expression['type'] => {
      if (expression.type === 'field') return 'prefix';
      if (expression.type !== 'attribute') return expression.type;
      const types: Record<string, Expression['type']> = { interface: 'string', nextHop: 'ip', communities: 'clist' };
      return types[expression.name] ?? 'lclist';
    };
    for (const [left, right] of questions) {
      const late = shown(call('ask', left, right), subject, { functions: functions(typeOf(left), typeOf(right)) });
      expect([left, right, late]).toEqual([left, right, shown(matches(left, right), subject)]);
    }
  });
});

describe('lists', () => {
  it.each(
    named<[Expression, string]>([
      [changed('add', clist(), pair(3, 4)), '(clist (3,4))'],
      [changed('add', clist(0x30004), pair(3, 4)), '(clist (3,4))'],
      // BIRD appends; sorted lists are ours, and what both send.
      [changed('add', clist(0x30004), pair(1, 2)), '(clist (1,2) (3,4))'],
      [changed('add', clist(0x30004), clist(0x30004, 0x10002)), '(clist (1,2) (3,4))'],
      [changed('add', clist(0x30004), ip('0.1.0.2')), '(clist (1,2) (3,4))'],
      [changed('delete', clist(0x30004, 0x10002), pair(3, 4)), '(clist (1,2))'],
      [changed('delete', clist(0x30004, 0x10002), setOf(pairs([1, 1], [0, 65535]))), '(clist (3,4))'],
      [changed('filter', clist(0x30004, 0x10002), setOf(pairs([1, 1], [0, 65535]))), '(clist (1,2))'],
      [changed('filter', clist(0x30004, 0x10002), clist(0x30004, 0x50006)), '(clist (3,4))'],
      [changed('add', clist(), lc(1, 2, 3)), 'add of lc'],
      [changed('add', { type: 'eclist', value: [] }, ec('rt', int(10), 20)), '(eclist (rt, 10, 20))'],
      [changed('delete', { type: 'eclist', value: ['0002000a00000014'] }, ec('rt', int(10), 20)), '(eclist )'],
      [changed('add', { type: 'lclist', value: [[1, 2, 3]] }, lc(1, 2, 2)), '(lclist (1, 2, 2) (1, 2, 3))'],
      [changed('delete', { type: 'lclist', value: [[1, 2, 3]] }, lc(1, 2, 3)), '(lclist )'],
      [changed('prepend', path(2, 3), int(1)), '(path 1 2 3)'],
      [changed('delete', path(1, 2, 1), int(1)), '(path 2)'],
      [changed('filter', path(1, 2, 3), setOf(ints(2, 9))), '(path 2 3)'],
      [changed('add', path(1), int(1)), 'add on path'],
      [changed('prepend', path(1), string('x')), 'prepend of string'],
      [changed('add', int(1), int(1)), 'add on int'],
      [changed('prepend', clist(), int(1)), 'prepend to clist'],
    ]),
  )('%s', (_name, expression, expected) => {
    expect(shown(expression)).toBe(expected);
  });
});

describe('print', () => {
  it.each(
    named<[Expression, string]>([
      [VOID, '(void)'],
      [bool(true), 'TRUE'],
      [int(4294967295), '4294967295'],
      [string('a "b"'), 'a "b"'],
      [enumValue('ORIGIN_EGP'), '(enum 31)1'],
      [field('source'), '(enum 30)11'],
      [field('net'), '10.0.0.0/8'],
      [field('from'), '10.0.0.2'],
      [field('protocol'), 'Mesh_10_0_0_2'],
      [attribute('interface'), 'eth0'],
      [attribute('dest'), '(enum 34)0'],
      [attribute('gateway'), '10.0.0.2'],
      [attribute('asPath'), '(path 64512 65001)'],
      [
        {
          type: 'path',
          value: [
            { type: 'sequence', asns: [1] },
            { type: 'set', asns: [2, 3] },
          ],
        },
        '(path 1 {2 3})',
      ],
      [attribute('communities'), '(clist )'],
      [pair(1, 2), '(1,2)'],
      [lc(1, 2, 3), '(1, 2, 3)'],
      [ec('rt', int(10), 20), '(rt, 10, 20)'],
      [ec('rt', ip('1.2.3.4'), 5), '(rt, 1.2.3.4, 5)'],
      [ec('ro', int(70000), 5), '(ro, 70000, 5)'],
      [ec('generic', int(0x43000001), 2), '(generic, 0x43000001, 0x2)'],
      [ec(0, int(1), 2), '(unknown 0x0, 1, 2)'],
      [ec(0x4300, int(1), 2), '(generic, 0x43000001, 0x2)'],
      [ec('rt', int(70000), 70000), 'extended community value 70000 is too large'],
      [{ type: 'makePair', first: int(1), second: minus(4, 1) }, '(1,3)'],
      [{ type: 'makePair', first: int(65536), second: int(1) }, 'a number of a pair is at most 65535'],
      [{ type: 'makeLarge', first: int(1), second: int(2), third: minus(4, 1) }, '(1, 2, 3)'],
      [setOf(ints(1), ints(5, 9)), '[1, 5..9]'],
      [
        mask({ type: 'asn', from: 4, to: 4 }, { type: 'any' }, { type: 'one' }, { type: 'asn', from: 1, to: 2 }),
        '[= 4 * ? 1..2 =]',
      ],
      [{ type: 'quad', value: 0x01020304 }, '1.2.3.4'],
    ]),
  )('%s', (_name, expression, expected) => {
    expect(shown(expression)).toBe(expected);
  });

  it('writes a line for each print, joins printn, and works everything out first', () => {
    const printn = (item: Expression) => ({ type: 'print', items: [item], newline: false }) as const;
    const subject = policy('test', 'accept', [
      print(string('a'), int(1)),
      printn(string('b')),
      print(string('c')),
      printn(string('d')),
      print(string('lost'), divide(1, 0)),
    ]);
    expect(evaluate(subject, route('10.0.0.0/8'))).toMatchObject({
      accepted: false,
      error: 'division by zero',
      printed: ['a1', 'bc', 'd'],
    });
  });
});

describe('case', () => {
  const choose = (of: Expression, items: SetItem[], others: boolean) =>
    policy('test', 'accept', [
      {
        type: 'case',
        of,
        arms: [
          { items, body: [set('med', int(1))] },
          { items: [{ type: 'value', value: { type: 'int', value: 9 } }, ...items], body: [set('med', int(2))] },
        ],
        ...(others ? { else: [set('med', int(3))] } : {}),
      },
    ]);
  const med = (subject: Policy) => evaluate(subject, route('10.0.0.0/8')).attributes.med;

  it('takes the first arm that has the value', () => {
    expect(med(choose(int(5), [ints(4, 6)], true))).toBe(1);
    expect(med(choose(int(9), [ints(4, 6)], true))).toBe(2);
  });

  it('takes else, or goes on behind it', () => {
    expect(med(choose(int(7), [ints(4, 6)], true))).toBe(3);
    expect(med(choose(int(7), [ints(4, 6)], false))).toBeUndefined();
  });

  it('compares strings', () => {
    const items: SetItem[] = [{ type: 'value', value: { type: 'string', value: 'eth0' } }];
    expect(med({ ...choose(attribute('interface'), items, true) })).toBe(1);
  });
});

describe('functions', () => {
  const functions: PolicyFunction[] = [
    {
      name: 'fib',
      parameters: [{ name: 'n', of: 'int' }],
      body: [
        when(compare(variable('n'), '<', 2), returns(variable('n'))),
        returns(plus(call('fib', minus(variable('n'), 1)), call('fib', minus(variable('n'), 2)))),
      ],
    },
    { name: 'nothing', parameters: [], body: [] },
    { name: 'refuse', parameters: [], body: [reject()] },
    {
      name: 'lastIf',
      parameters: [{ name: 'x', of: 'bool' }],
      body: [when(variable('x'), set('med', int(1)))],
    },
    {
      name: 'lastElse',
      parameters: [{ name: 'x', of: 'bool' }],
      body: [either(variable('x'), [], [])],
    },
  ];

  it.each(
    named<[Expression, Policy['dialect'] | 'none', string]>([
      [call('fib', int(10)), 'none', '55'],
      [call('nothing'), 'none', '(void)'],
      [call('fib', string('x')), 'none', 'argument 1 of fib takes int, not string'],
      [call('lastIf', bool(true)), 'none', '(void)'],
      [call('lastIf', bool(true)), 'bird2', '(void)'],
      [call('lastIf', bool(true)), 'bird1', 'FALSE'],
      [call('lastIf', bool(false)), 'bird1', 'TRUE'],
      [call('lastElse', bool(true)), 'bird1', 'TRUE'],
      [call('lastElse', bool(false)), 'bird1', 'FALSE'],
    ]),
  )('%s in a dialect', (_name, expression, dialect, expected) => {
    const rest = dialect === 'none' ? { functions } : { functions, dialect: dialect as 'bird1' };
    expect(shown(expression, undefined, rest)).toBe(expected);
  });

  it('end the policy with their verdict even where their value is asked for', () => {
    const subject = policy('test', 'accept', [print(call('refuse')), accept()], functions);
    const result = evaluate(subject, route('10.0.0.0/8'));
    expect([result.accepted, result.error, result.printed]).toEqual([false, undefined, undefined]);
  });

  it('have variables of their own', () => {
    const inner: PolicyFunction = {
      name: 'inner',
      parameters: [{ name: 'x', of: 'int' }],
      body: [assign('x', int(9)), returns(variable('x'))],
    };
    const subject = policy(
      'test',
      'accept',
      [declare('x', 'int', int(1)), run('inner', [int(5)]), print(variable('x'))],
      [inner],
    );
    expect(evaluate(subject, route('10.0.0.0/8')).printed).toEqual(['1']);
  });

  it('leave the policy to go on behind a return', () => {
    const subject = policy('test', 'accept', [run('nothing'), print(int(1)), returns(), print(int(2))], functions);
    expect(evaluate(subject, route('10.0.0.0/8')).printed).toEqual(['1']);
  });
});

describe('what is defined', () => {
  const local: Attributes = { origin: 0, asPath: [] };
  const forKernel = route('10.0.0.0/8', {
    attributes: local,
    source: 'static',
    peer: undefined,
    from: undefined,
    interface: '',
    gateway: undefined,
  });
  const forPeer = { ...forKernel, peer: IBGP };

  it.each<[string, Expression, PolicyRoute, string]>([
    ['no AS path on a static route for the kernel', defined(attribute('asPath')), forKernel, 'FALSE'],
    ['no ORIGIN on it', defined(attribute('origin')), forKernel, 'FALSE'],
    ['an AS path on its way to a peer', defined(attribute('asPath')), forPeer, 'TRUE'],
    ['a list that is not there is empty', defined(attribute('communities')), forKernel, 'TRUE'],
    ['no next hop', defined(attribute('nextHop')), forKernel, 'FALSE'],
    ['no metric', defined(attribute('metric')), forKernel, 'FALSE'],
    ['a gateway, always', attribute('gateway'), forKernel, '0.0.0.0'],
    ['an interface name, always', defined(attribute('interface')), forKernel, 'TRUE'],
    ['a neighbour, always', field('from'), forKernel, '0.0.0.0'],
    ['a destination', attribute('dest'), forKernel, '(enum 34)2'],
    ['no peer type for the kernel', field('peerType'), forKernel, '(void)'],
    ['length of a path that is not there', part(attribute('asPath'), 'len'), forKernel, '.len of void'],
    ['an aggregator that is not there', defined(attribute('aggregator')), forKernel, 'FALSE'],
    [
      'an aggregator',
      defined(attribute('aggregator')),
      { ...forPeer, attributes: { ...local, aggregator: { asn: 1, address: 1 } } },
      'TRUE',
    ],
  ])('%s', (_name, expression, subject, expected) => {
    expect(shown(expression, subject)).toBe(expected);
  });

  it('includes an empty path in the dialect of BIRD 2', () => {
    expect(shown(part(attribute('asPath'), 'len'), forKernel, { dialect: 'bird2' })).toBe('0');
  });
});

describe('attributes that a filter writes', () => {
  const subject = route('10.0.0.0/8', { attributes: attributes({ originatorId: 5 }) });
  const resultOf = (...statements: Parameters<typeof policy>[2]) =>
    evaluate(policy('test', 'accept', statements), subject);

  it('take an enum value for an int, and an address for a quad', () => {
    const result = resultOf(set('med', enumValue('RTS_STATIC')), set('originatorId', ip('1.2.3.4')));
    expect(result.attributes).toEqual(attributes({ med: 1, originatorId: 0x01020304 }));
  });

  it('can be unset', () => {
    const { localPref: _, nextHop: __, ...rest } = attributes();
    expect(resultOf(unset('localPref'), unset('nextHop'), unset('originatorId')).attributes).toEqual(rest);
  });

  it.each([
    ['preference', unset('preference'), 'preference cannot be changed'],
    ['aggregator', set('aggregator', int(1)), 'aggregator cannot be changed'],
    ['dest', set('dest', enumValue('RTD_ROUTER')), 'dest takes blackhole, unreachable or prohibit'],
    ['origin', set('origin', int(1)), 'origin takes an origin, not int'],
    ['asPath', set('asPath', clist()), 'asPath takes path, not clist'],
    ['void', set('localPref', VOID), 'localPref takes int, not void'],
  ])('refuse what does not belong: %s', (_name, statement, error) => {
    expect(resultOf(statement).error).toBe(error);
  });

  it('show the change at once: a chosen gateway, interface or destination', () => {
    const result = resultOf(
      set('gateway', ip('10.0.0.99')),
      print(attribute('gateway'), attribute('dest')),
      set('interface', string('eth7')),
      print(attribute('interface'), attribute('dest'), attribute('gateway')),
      set('dest', enumValue('RTD_UNREACHABLE')),
      print(attribute('dest')),
    );
    expect(result.printed).toEqual(['10.0.0.99(enum 34)0', 'eth7(enum 34)10.0.0.0', '(enum 34)3']);
  });
});

describe('route origin validation', () => {
  const table = [
    { prefix: '10.0.0.0/8', max: 16, asn: 65001 },
    { prefix: '10.1.0.0/16', max: 24, asn: 0 },
  ];

  it.each([
    ['10.0.0.0/8', 65001, 'ROA_VALID'],
    ['10.2.0.0/16', 65001, 'ROA_VALID'],
    ['10.2.0.0/17', 65001, 'ROA_INVALID'],
    ['10.2.0.0/16', 65002, 'ROA_INVALID'],
    ['10.1.0.0/24', 0, 'ROA_INVALID'],
    ['172.16.0.0/12', 65001, 'ROA_UNKNOWN'],
  ])('%s from AS %i is %s', (net, asn, expected) => {
    const given: Expression = { type: 'roaCheck', table, prefix: prefix(net), asn: int(asn) };
    expect(shown(equals(given, enumValue(expected)))).toBe('TRUE');
    const own = route(net, { attributes: attributes({ asPath: [{ type: 'sequence', asns: [7, asn] }] }) });
    expect(shown(equals({ type: 'roaCheck', table }, enumValue(expected)), own)).toBe('TRUE');
  });
});

describe('extended communities', () => {
  it('take the shortest type that holds the key', () => {
    expect([
      extendedCommunity('rt', 10, false, 20),
      extendedCommunity('rt', 70000, false, 20),
      extendedCommunity('ro', 0x01020304, true, 20),
      extendedCommunity('rt', 70000, false, 70000),
    ]).toEqual(['0002000a00000014', '0202000111700014', '0103010203040014', undefined]);
  });
});

// Operators, lists and printing of the filter language. Expectations are what BIRD 1.6 or 2.0.12 answered, unless a test says
// otherwise.

import { describe, expect, it } from 'vitest';
import {
  all,
  any,
  attribute,
  bool,
  call,
  compare,
  enumValue,
  equals,
  evaluate,
  field,
  int,
  ip,
  matches,
  minus,
  not,
  type PolicyFunction,
  plus,
  policy,
  prefix,
  print,
  returns,
  string,
  variable,
} from './index.ts';
import {
  changed,
  clist,
  divide,
  ec,
  ints,
  lc,
  mask,
  named,
  pair,
  pairs,
  part,
  path,
  setOf,
  shown,
  VOID,
} from './language.fixture.ts';
import { attributes, route } from './policy.fixture.ts';
import type { Expression } from './types.ts';

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

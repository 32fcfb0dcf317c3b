// Statements and attributes of the filter language: case, functions, dialects, what is defined. Expectations are what BIRD 1.6 or
// 2.0.12 answered, unless a test says otherwise.

import type { Attributes } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import {
  accept,
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
  minus,
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
import { clist, ints, named, part, shown, VOID } from './language.fixture.ts';
import { attributes, IBGP, route } from './policy.fixture.ts';
import type { Expression, Policy, SetItem } from './types.ts';

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

  it('takes else for what is not there', () => {
    expect(med(choose(VOID, [ints(4, 6)], true))).toBe(3);
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

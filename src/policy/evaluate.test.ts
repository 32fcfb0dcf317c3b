import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accept,
  addCommunity,
  all,
  any,
  asPathStartsWith,
  assign,
  attribute,
  bool,
  compare,
  declare,
  defined,
  deleteCommunity,
  either,
  equals,
  evaluate,
  explain,
  familyIs,
  field,
  hasCommunity,
  int,
  interfaceMatches,
  lessThan,
  minus,
  nextHopIn,
  nextHopIs,
  not,
  type Origin,
  type Policy,
  type PolicyRoute,
  peerTypeIs,
  policy,
  prefixIn,
  prefixIs,
  prefixMatches,
  prependAsPath,
  reject,
  run,
  type Statement,
  set,
  setLocalPref,
  setMed,
  setMetric,
  setNextHop,
  setPreference,
  setTunnel,
  sourceIs,
  unset,
  variable,
  when,
  withOrigin,
} from './index.ts';
import { attributes, EBGP, IBGP, randomPolicy, randomRoute, route } from './policy.fixture.ts';
import type { Expression } from './types.ts';

const onlyIf = (condition: Expression): Policy => policy('test', 'reject', [when(condition, accept())]);
const body = (...statements: Statement[]): Policy => policy('test', 'accept', statements);

describe('conditions', () => {
  const net16 = prefixMatches([{ prefix: '10.1.0.0/16', min: 20, max: 24 }]);
  const set = { type: 'prefixSet', items: [{ prefix: '10.1.0.0/16', min: 20, max: 24 }] } as const;
  const path = (asns: number[]) => attributes({ asPath: [{ type: 'sequence', asns }] });
  const communities = attributes({ communities: [0xfde80064], largeCommunities: [[65000, 1, 2]] });

  it.each<[string, Expression, PolicyRoute, boolean]>([
    ['prefix equal, for In', prefixIn(['10.1.0.0/16']), route('10.1.0.0/16'), true],
    ['prefix inside, for In', prefixIn(['10.1.0.0/16']), route('10.1.2.3/32'), true],
    ['prefix around, for In', prefixIn(['10.1.0.0/16']), route('10.0.0.0/8'), false],
    ['prefix beside, for In', prefixIn(['10.1.0.0/16']), route('10.2.0.0/16'), false],
    ['prefix of the other family, for In', prefixIn(['0.0.0.0/0']), route('2001:db8::/32'), false],
    ['prefix inside, for Equal', prefixIs('10.1.0.0/16'), route('10.1.0.0/17'), false],
    ['prefix equal, for Equal', prefixIs('10.1.0.0/16'), route('10.1.0.0/16'), true],
    [
      'prefix equal, as = of BIRD',
      equals(field('net'), { type: 'prefix', value: '10.1.0.0/16' }),
      route('10.1.0.0/16'),
      true,
    ],
    [
      'prefix equal, as != of BIRD',
      compare(field('net'), '!=', { type: 'prefix', value: '10.1.0.0/16' }),
      route('10.1.0.0/16'),
      false,
    ],
    ['length in range', net16, route('10.1.16.0/20'), true],
    ['length too small', net16, route('10.1.0.0/19'), false],
    ['length too large', net16, route('10.1.0.0/25'), false],
    // Calico's Equal with prefixLength compares a prefix with a set, which is never the same.
    ['Equal with a set of lengths', equals(field('net'), set), route('10.1.16.0/20'), false],
    ['NotEqual with a set of lengths', compare(field('net'), '!=', set), route('10.1.16.0/20'), true],
    ['source, from BGP', sourceIs('bgp'), route('10.0.0.0/8'), true],
    ['source, from the kernel', sourceIs('bgp'), route('10.0.0.0/8', { source: 'kernel' }), false],
    ['interface', interfaceMatches('eth*'), route('10.0.0.0/8'), true],
    ['another interface', interfaceMatches('cali*'), route('10.0.0.0/8'), false],
    ['no interface, pattern *', interfaceMatches('*'), route('10.0.0.0/8', { interface: '' }), true],
    ['no interface, pattern eth*', interfaceMatches('eth*'), route('10.0.0.0/8', { interface: '' }), false],
    ['peer type', peerTypeIs('ebgp'), route('10.0.0.0/8', { peer: EBGP }), true],
    ['the other peer type', peerTypeIs('ebgp'), route('10.0.0.0/8', { peer: IBGP }), false],
    ['peer type without a peer', peerTypeIs('ebgp'), route('10.0.0.0/8', { peer: undefined }), false],
    ['family', familyIs('ipv6'), route('2001:db8::/32'), true],
    ['the other family', familyIs('ipv6'), route('10.0.0.0/8'), false],
    ['community', hasCommunity('65000:100'), route('10.0.0.0/8', { attributes: communities }), true],
    ['another community', hasCommunity('65000:101'), route('10.0.0.0/8', { attributes: communities }), false],
    ['community of a route without any', hasCommunity('65000:100'), route('10.0.0.0/8'), false],
    ['large community', hasCommunity('65000:1:2'), route('10.0.0.0/8', { attributes: communities }), true],
    ['another large community', hasCommunity('65000:1:3'), route('10.0.0.0/8', { attributes: communities }), false],
    [
      'AS path prefix',
      asPathStartsWith([64512, 65001]),
      route('10.0.0.0/8', { attributes: path([64512, 65001, 7]) }),
      true,
    ],
    ['AS path is the prefix', asPathStartsWith([64512, 65001]), route('10.0.0.0/8'), true],
    ['AS path without the local AS in front', asPathStartsWith([65001]), route('10.0.0.0/8'), false],
    [
      'AS path prefix of an empty path',
      asPathStartsWith([65001]),
      route('10.0.0.0/8', { attributes: path([]) }),
      false,
    ],
    [
      'priority as LOCAL_PREF',
      equals(attribute('localPref'), 2147483647 - 512),
      route('10.0.0.0/8', { attributes: attributes({ localPref: 2147483135 }) }),
      true,
    ],
    [
      'priority of a route without LOCAL_PREF',
      equals(attribute('localPref'), 512),
      route('10.0.0.0/8', { attributes: { origin: 0, asPath: [] } }),
      false,
    ],
    ['next hop in a network', nextHopIn('10.0.0.0/24'), route('10.0.0.0/8'), true],
    ['next hop outside a network', nextHopIn('10.0.1.0/24'), route('10.0.0.0/8'), false],
    [
      'next hop that is not there',
      nextHopIn('0.0.0.0/0'),
      route('10.0.0.0/8', { attributes: { origin: 0, asPath: [] } }),
      false,
    ],
    [
      'next hop of the other family',
      nextHopIn('2001:db8::/32'),
      route('10.0.0.0/8', { attributes: attributes({ nextHop: '2001:db8::2' }) }),
      true,
    ],
    ['next hop one of several', nextHopIs(['10.0.0.1', '10.0.0.2']), route('10.0.0.0/8'), true],
    ['next hop none of several', nextHopIs(['10.0.0.1', '10.0.0.3']), route('10.0.0.0/8'), false],
    ['no condition at all', all(), route('10.0.0.0/8'), true],
    ['nothing to choose from', any(), route('10.0.0.0/8'), false],
    ['conjunction', all(sourceIs('bgp'), not(interfaceMatches('eth0'))), route('10.0.0.0/8'), false],
    ['disjunction', any(sourceIs('static'), interfaceMatches('eth0')), route('10.0.0.0/8'), true],
  ])('%s', (_name, condition, subject, expected) => {
    expect(evaluate(onlyIf(condition), subject)).toEqual({
      accepted: expected,
      attributes: subject.attributes,
      preference: 100,
      metric: undefined,
      tunnel: undefined,
    });
  });
});

describe('changes of attributes', () => {
  const base = attributes({ communities: [0xfde80001], largeCommunities: [[1, 2, 3]], med: 7 });

  it.each<[string, Statement, object]>([
    ['LOCAL_PREF', setLocalPref(minus(2147483647, 512)), { localPref: 2147483135 }],
    ['MED', setMed(9), { med: 9 }],
    ['next hop', setNextHop('10.0.0.77'), { nextHop: '10.0.0.77' }],
    ['ORIGIN', set('origin', { type: 'enum', of: 'origin', value: 2 }), { origin: 2 }],
    ['a community', addCommunity('64999:5'), { communities: [0xfde70005, 0xfde80001] }],
    [
      'a large community',
      addCommunity('1:2:4'),
      {
        largeCommunities: [
          [1, 2, 3],
          [1, 2, 4],
        ],
      },
    ],
    [
      'AS numbers',
      prependAsPath([65000, 65009]),
      { asPath: [{ type: 'sequence', asns: [65000, 65009, 64512, 65001] }] },
    ],
  ])('%s: a new frozen value, the old one stays', (_name, statement, changed) => {
    const subject = route('10.0.0.0/8', { attributes: structuredClone(base) });
    const result = evaluate(body(statement), subject);
    expect(result.attributes).toEqual({ ...base, ...changed });
    expect([Object.isFrozen(result.attributes), subject.attributes]).toEqual([true, base]);
  });

  it.each<[string, Statement]>([
    ['LOCAL_PREF that it has', setLocalPref(100)],
    ['a community that it has', addCommunity('65000:1')],
    ['a large community that it has', addCommunity('1:2:3')],
    ['deleting a community that it has not', deleteCommunity('65000:2')],
    ['a next hop that it has', setNextHop('10.0.0.2')],
    ['no AS numbers', prependAsPath([])],
    ['unsetting what is not there', unset('originatorId')],
    [
      'filtering what all belongs',
      {
        type: 'change',
        attribute: 'communities',
        operation: 'filter',
        value: { type: 'set', items: [{ type: 'pair', first: [0, 65535], second: [0, 65535] }] },
      },
    ],
  ])('%s: the same object', (_name, statement) => {
    const subject = route('10.0.0.0/8', { attributes: base });
    expect(evaluate(body(statement), subject).attributes).toBe(base);
  });

  it('leaves no empty list behind', () => {
    const subject = route('10.0.0.0/8', { attributes: base });
    const { communities: _, ...rest } = base;
    expect(evaluate(body(deleteCommunity('65000:1')), subject).attributes).toEqual(rest);
    expect(evaluate(body(unset('communities')), subject).attributes).toEqual(rest);
  });

  it('forgets the link-local next hop together with the next hop', () => {
    const subject = route('2001:db8::/32', {
      attributes: attributes({ nextHop: '2001:db8::2', linkLocalNextHop: 'fe80::2' }),
    });
    expect(evaluate(body(setNextHop('2001:db8::3')), subject).attributes).toEqual(
      attributes({ nextHop: '2001:db8::3' }),
    );
  });

  it('adds communities in any order with one result', () => {
    const texts = ['65000:3', '64999:9', '65000:1', '1:1'];
    fc.assert(
      fc.property(fc.shuffledSubarray(texts, { minLength: texts.length }), (order) => {
        const policyOf = body(...order.map((text) => addCommunity(text)), ...order.map((text) => addCommunity(text)));
        expect(evaluate(policyOf, route('10.0.0.0/8')).attributes.communities).toEqual([
          0x00010001, 0xfde70009, 0xfde80001, 0xfde80003,
        ]);
      }),
    );
  });

  it('gives a rejected route back as it came', () => {
    const subject = route('10.0.0.0/8', { metric: 5 });
    const changes = body(setLocalPref(5), setMetric(6), setPreference(7), setTunnel('tunl0'), reject());
    expect(evaluate(changes, subject)).toEqual({
      accepted: false,
      attributes: subject.attributes,
      preference: 100,
      metric: 5,
      tunnel: undefined,
    });
    expect(evaluate(changes, subject).attributes).toBe(subject.attributes);
  });

  it('sets preference, kernel metric and tunnel beside the attributes', () => {
    const subject = route('10.0.0.0/8');
    expect(evaluate(body(setPreference(200), setMetric(512), setTunnel('tunl0')), subject)).toEqual({
      accepted: true,
      attributes: subject.attributes,
      preference: 200,
      metric: 512,
      tunnel: 'tunl0',
    });
  });

  it('takes an empty tunnel for none', () => {
    expect(evaluate(body(setTunnel('tunl0'), setTunnel('')), route('10.0.0.0/8')).tunnel).toBeUndefined();
  });

  it('hands on the kernel metric of the route where nobody sets one', () => {
    expect(evaluate(body(), route('10.0.0.0/8', { metric: 1024 })).metric).toBe(1024);
  });

  it('reports other kernel attributes by their names', () => {
    const statements = [
      set('krt_prefsrc', { type: 'ip', value: '10.0.0.1' }),
      set('krt_mtu', int(1400)),
      unset('krt_realm'),
      set('dest', { type: 'enum', of: 'dest', value: 2 }),
    ];
    expect(evaluate(body(...statements), route('10.0.0.0/8', { other: { krt_realm: 5 } })).other).toEqual({
      krt_prefsrc: '10.0.0.1',
      krt_mtu: 1400,
      krt_realm: null,
      dest: 'blackhole',
    });
  });
});

describe('the order of statements', () => {
  const first: Origin = { resource: 'BGPFilter lab', rule: 'exportV4[0]' };
  const second: Origin = { resource: 'BGPFilter lab', rule: 'exportV4[1]' };

  it('lets the first verdict count, whatever stands behind it', () => {
    const subject = body(
      withOrigin(first, when(prefixIn(['10.0.0.0/8']), accept())),
      withOrigin(second, when(prefixIn(['10.0.0.0/8']), reject())),
    );
    expect(explain(subject, route('10.1.0.0/16')).decidedBy).toEqual(first);
  });

  it('goes on behind a rule that does not match, and ends with the default', () => {
    const subject = policy('test', 'reject', [withOrigin(first, when(prefixIn(['10.0.0.0/8']), accept()))]);
    expect(explain(subject, route('172.16.0.0/12'))).toEqual({
      accepted: false,
      attributes: attributes(),
      preference: 100,
      metric: undefined,
      tunnel: undefined,
      decidedBy: undefined,
      trace: [{ origin: first, text: 'if net ~ [10.0.0.0/8+] then', outcome: 'notMatched' }],
    });
  });

  it('tells every step of the way to the verdict', () => {
    const subject = body(
      setMetric(1024, { step: 'metric' }),
      withOrigin(second, when(prefixIn(['10.0.0.0/8']), addCommunity('65000:1'), setLocalPref(100), accept())),
    );
    const { trace, decidedBy } = explain(subject, route('10.1.0.0/16'));
    expect({ trace, decidedBy }).toEqual({
      decidedBy: second,
      trace: [
        { origin: { step: 'metric' }, text: 'krt_metric = 1024', outcome: 'changed' },
        { origin: second, text: 'if net ~ [10.0.0.0/8+] then', outcome: 'matched' },
        { origin: second, text: 'bgp_community.add((65000,1))', outcome: 'changed' },
        { origin: second, text: 'bgp_local_pref = 100', outcome: 'unchanged' },
        { origin: second, text: 'accept', outcome: 'accepted' },
      ],
    });
  });

  it('ends the whole policy with an accept inside a function, in the name of who called it', () => {
    const subject = policy(
      'test',
      'reject',
      [run('filters', [], first), reject()],
      [{ name: 'filters', parameters: [], body: [accept()] }],
    );
    expect(explain(subject, route('10.0.0.0/8'))).toMatchObject({ accepted: true, decidedBy: first });
  });

  it('does not show what is for the other family', () => {
    const subject = body(
      when(all(familyIs('ipv6'), sourceIs('bgp')), reject()),
      when(prefixIn(['2001:db8::/32']), reject()),
    );
    expect(explain(subject, route('10.0.0.0/8')).trace).toEqual([]);
    expect(evaluate(subject, route('2001:db8::/32')).accepted).toBe(false);
  });
});

describe('a run-time error', () => {
  it.each<[string, Statement, string]>([
    ['of types', when(int(1), accept()), 'if takes bool, not int'],
    ['of something undefined', setMed(minus(1, attribute('localPref'))), 'right operand takes int, not void'],
    ['of a division', setMed({ type: 'arithmetic', operator: '/', left: int(1), right: int(0) }), 'division by zero'],
    ['of an order', when(lessThan(attribute('nextHop'), 5), accept()), 'no order between ip and int'],
    ['of an attribute', set('localPref', { type: 'string', value: 'x' }), 'localPref takes int, not string'],
    ['of a preference', setPreference(70000), 'preference is at most 65535'],
  ])('%s rejects the route and says why', (_name, statement, error) => {
    const { localPref: _, ...without } = attributes();
    const subject = route('10.0.0.0/8', { attributes: without });
    const result = {
      accepted: false,
      attributes: without,
      preference: 100,
      metric: undefined,
      tunnel: undefined,
      error,
    };
    const origin = { step: 'here' };
    expect(evaluate(body(withOrigin(origin, statement)), subject)).toEqual(result);
    expect(explain(body(withOrigin(origin, statement)), subject)).toMatchObject({ ...result, decidedBy: origin });
  });

  it('ends a function that calls itself for ever', () => {
    const call: Expression = { type: 'call', function: 'f', arguments: [] };
    const statements: Statement[] = [{ type: 'return', value: call }];
    const subject = policy('test', 'accept', [run('f')], [{ name: 'f', parameters: [], body: statements }]);
    expect(evaluate(subject, route('10.0.0.0/8'))).toMatchObject({
      accepted: false,
      error: 'functions nested deeper than 64',
    });
  });

  it('ends a policy that calls too much', () => {
    const twice = (name: string): Statement[] => [run(name), run(name)];
    const functions = Array.from({ length: 20 }, (_, i) => ({
      name: `f${i}`,
      parameters: [],
      body: i === 0 ? [] : twice(`f${i - 1}`),
    }));
    expect(evaluate(policy('test', 'accept', [run('f19')], functions), route('10.0.0.0/8'))).toMatchObject({
      accepted: false,
      error: 'more than 10000 function calls',
    });
  });
});

describe('a policy that makes no sense', () => {
  it.each<[string, Statement]>([
    ['a variable that is not declared', assign('x', int(1))],
    ['a variable declared twice', either(bool(true), [declare('x', 'int'), declare('x', 'int')], [])],
    ['a function that is not there', run('nobody')],
    ['a prefix with host bits', when(prefixIn(['10.0.0.1/8']), accept())],
  ])('throws TypeError: %s', (_name, statement) => {
    expect(() => evaluate(body(statement), route('10.0.0.0/8'))).toThrow(TypeError);
  });
});

describe('evaluate and explain', () => {
  it('give the same result for every policy and route', () => {
    fc.assert(
      fc.property(randomPolicy, randomRoute, (subject, input) => {
        const before = structuredClone(input);
        const { decidedBy: _, trace: __, ...explained } = explain(subject, input);
        expect(evaluate(subject, input)).toEqual(explained);
        expect(input).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });

  it('make attributes anew, and frozen, for accepted routes only', () => {
    fc.assert(
      fc.property(randomPolicy, randomRoute, (subject, input) => {
        const result = evaluate(subject, input);
        if (result.attributes === input.attributes) return;
        expect([result.accepted, Object.isFrozen(result.attributes)]).toEqual([true, true]);
      }),
      { numRuns: 500 },
    );
  });

  it('do not depend on the order of neighbours that are merged', () => {
    const pools = ['10.0.0.0/16', '10.1.0.0/16', '10.2.0.0/16'].map((cidr) => when(prefixIn([cidr]), accept()));
    const other = when(prefixIn(['10.1.7.0/24']), reject());
    const verdicts = [
      [...pools, other],
      [other, ...pools],
    ].map((statements) =>
      ['10.1.7.0/26', '10.2.0.0/26', '10.3.0.0/26'].map(
        (prefix) => evaluate(policy('test', 'reject', statements), route(prefix)).accepted,
      ),
    );
    expect(verdicts).toEqual([
      [true, true, false],
      [false, true, false],
    ]);
  });
});

describe('variables', () => {
  it('are void until assigned, and belong to their block', () => {
    const subject = policy('test', 'reject', [
      declare('m', 'int'),
      when(not(defined(variable('m'))), declare('m', 'int', int(5)), setMetric(variable('m'))),
      when(defined(variable('m')), reject()),
      assign('m', int(7)),
      setMed(variable('m')),
      accept(),
    ]);
    const result = evaluate(subject, route('10.0.0.0/8'));
    expect([result.metric, result.attributes.med]).toEqual([5, 7]);
  });

  it('start afresh with every route', () => {
    const subject = policy('test', 'accept', [
      declare('seen', 'bool'),
      when(defined(variable('seen')), reject()),
      assign('seen', bool(true)),
    ]);
    expect([1, 2].map(() => evaluate(subject, route('10.0.0.0/8')).accepted)).toEqual([true, true]);
  });
});

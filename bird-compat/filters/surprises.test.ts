// What surprises people who write filters for BIRD, one case each. All of it was observed on BIRD 1.6 and, where it says so,
// is different in BIRD 2.

import type { Attributes } from 'node-bgp';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../src/policy/index.ts';
import { attributes, EBGP, route } from '../../src/policy/policy.fixture.ts';
import { answer, FRAME, filterOf, outcome, read, shown } from '../bird.fixture.ts';
import { readCommandFilter } from '../index.ts';

/** A static route on its way into the kernel: nothing of BGP, no metric. */
const bare = route('10.1.0.0/16', {
  attributes: { origin: 0, asPath: [] },
  source: 'static',
  from: undefined,
  peer: undefined,
  interface: '',
  gateway: undefined,
});

describe('what is not there', () => {
  test.each([
    ['an attribute that is not set is void, and reading it is no error', 'krt_metric', '(void)'],
    ['so is a variable', 'V', '(void)'],
    ['void is less than everything', 'krt_metric < 1024', 'TRUE'],
    ['less or equal as well', 'krt_metric <= 0', 'TRUE'],
    ['not greater', 'krt_metric > 0', 'FALSE'],
    ['not greater or equal', 'krt_metric >= 0', 'FALSE'],
    ['not equal', 'krt_metric = 0', 'FALSE'],
    ['different', 'krt_metric != 0', 'TRUE'],
    ['void is void', 'krt_metric = bgp_med', 'TRUE'],
    ['not defined', 'defined(krt_metric)', 'FALSE'],
    ['an undefined community list is empty and defined', 'defined(bgp_community)', 'TRUE'],
    ['and has no members', 'bgp_community.len', '0'],
    ['and matches nothing', '(1,2) ~ bgp_community', 'FALSE'],
    ['the extended one', 'defined(bgp_ext_community)', 'TRUE'],
    ['the large one', 'defined(bgp_large_community)', 'TRUE'],
    ['an undefined path is void', 'bgp_path', '(void)'],
    ['of which no length is known', 'bgp_path.len', 'error: .len of void'],
    ['which matches no mask', 'bgp_path ~ [= * =]', 'error: ~ between void and pathMask'],
    ['an interface is always defined', 'defined(ifname)', 'TRUE'],
    ['and empty where there is none', 'ifname = ""', 'TRUE'],
    ['so is a gateway', 'gw', '0.0.0.0'],
    ['and who a route is from', 'from', '0.0.0.0'],
    ['and its source', 'defined(source)', 'TRUE'],
    ['and the number of an interface', 'ifindex', '0'],
  ])('%s: %s', (_name, term, expected) => {
    const result = evaluate(filterOf(`filter f int V; { print ${term}; accept; }`, { bird: 1 }), bare);
    expect(result.error === undefined ? result.printed?.join() : `error: ${result.error}`).toBe(expected);
  });

  test('prepending to a path that is not there is an error', () => {
    expect(outcome('bgp_path.prepend(1); accept;', bare).error).toBe('prepend to void');
  });

  test('in BIRD 2 the path is empty', () => {
    expect(shown('bgp_path.len, bgp_path ~ [= * =]', bare, { bird: 2 })).toBe('0TRUE');
    expect(outcome('bgp_path.prepend(1); accept;', bare, { bird: 2 }).attributes.asPath).toEqual([
      { type: 'sequence', asns: [1] },
    ]);
  });

  test('an attribute that is unset in an export filter is gone', () => {
    const { med: _, ...rest } = attributes({ med: 5 });
    const result = outcome('unset(bgp_med); accept;', route('10.0.0.0/8', { attributes: attributes({ med: 5 }) }));
    expect(result.attributes).toEqual(rest);
  });
});

describe('operators', () => {
  test.each([
    ['both logical operators have one precedence', 'true || false && false', 'FALSE'],
    ['and associate to the left', 'false && true || true', 'TRUE'],
    ['they look no further than needed', 'false && (1 / 0 = 1)', 'FALSE'],
    ['not even at types', 'true || 1', 'TRUE'],
    ['but what they look at must be bool', '1 && true', 'error: && takes bool, not int'],
    ['! binds tighter than comparisons', '! bgp_local_pref = 100', 'error: ! takes bool, not int'],
    ['numbers have 32 bits and wrap around', '1 - 2', '4294967295'],
    ['in both directions', '4294967295 + 2', '1'],
    ['division truncates', '7 / 2', '3'],
    ['and not by zero', '1 / 0', 'error: division by zero'],
    ['different types are not equal', '1 = true', 'FALSE'],
    ['without an error', '1 != "a"', 'TRUE'],
    ['but have no order', '1 < true', 'error: no order between int and bool'],
    ['nor a sum', '1 + true', 'error: right operand takes int, not bool'],
    ['~ with a prefix means inside', 'net ~ 10.0.0.0/8', 'TRUE'],
    ['or the prefix itself', 'net ~ 10.1.0.0/16', 'TRUE'],
    ['= means this one', 'net = 10.0.0.0/8', 'FALSE'],
    ['a set takes the exact length', 'net ~ [ 10.0.0.0/8 ]', 'FALSE'],
    ['+ all inside', 'net ~ [ 10.0.0.0/8+ ]', 'TRUE'],
    ['- all around', 'net ~ [ 10.1.2.0/24- ]', 'TRUE'],
    ['a range by length', 'net ~ [ 10.0.0.0/8{16,24} ]', 'TRUE'],
    ['that may begin above', 'net ~ [ 10.1.2.0/24{8,20} ]', 'TRUE'],
    ['texts match shell patterns, the pattern on the right', '"eth0" ~ "eth*"', 'TRUE'],
    ['and not on the left', '"eth*" ~ "eth0"', 'FALSE'],
    ['with case', '"ETH0" ~ "eth*"', 'FALSE'],
    ['what follows a star is literal', '"abcx" ~ "a*?x"', 'FALSE'],
    ['escaped stars too', '"a*c" ~ "a\\*c"', 'TRUE'],
    ['an enum is not its number', 'RTS_BGP = 11', 'FALSE'],
  ])('%s: %s', (_name, term, expected) => {
    expect(shown(term, route('10.1.0.0/16'))).toBe(expected);
  });

  test('comparisons do not associate', () => {
    expect(answer(`${FRAME}filter f { if 1 = 1 = true then accept; }`, { bird: 1 })).toBe('2:21 syntax error');
  });

  test('an address is a router ID where one is wanted, in lists and sets too', () => {
    const subject = route('10.1.0.0/16', {
      attributes: attributes({ originatorId: 0x01020304, clusterList: [0x05060708, 9] }),
    });
    expect(
      shown(
        'bgp_originator_id = 1.2.3.4, bgp_originator_id ~ [1.2.3.0..1.2.3.9], 5.6.7.8 ~ bgp_cluster_list, ' +
          'bgp_cluster_list ~ [0.0.0.0..0.0.0.9], bgp_cluster_list ~ [1.1.1.1]',
        subject,
      ),
    ).toBe('TRUETRUETRUETRUEFALSE');
  });

  test('in the IPv6 daemon an IPv4 address is nothing else', () => {
    const subject = route('2001:db8::/32', { attributes: attributes({ originatorId: 0x01020304 }) });
    expect(shown('1.2.3.4, bgp_originator_id = 1.2.3.4, net ~ 2001::/16', subject, { family: 'ipv6' })).toBe(
      '1.2.3.4TRUETRUE',
    );
    expect(answer(`${FRAME}filter f { if net ~ [10.0.0.0/8] then accept; }`, { family: 'ipv6' })).toBe(
      '2:30 syntax error',
    );
  });
});

describe('commands', () => {
  test.each([
    ['a filter that says nothing rejects', 'bgp_med = 1;', false],
    ['and so does one that returns', 'return true; accept;', false],
    ['error rejects', 'error; accept;', false],
    ['a run-time error rejects', 'if bgp_med then accept; accept;', false],
    ['else belongs to the nearest if', 'if true then if false then accept; else reject; accept;', false],
    ['a case without a match goes on', 'case 5 { 1: reject; } accept;', true],
    ['and its else is for the case', 'case 5 { 1: if true then reject; else: accept; }', true],
  ])('%s', (_name, commands, accepted) => {
    expect(outcome(commands).accepted).toBe(accepted);
  });

  test('if on what is no bool is an error, void too', () => {
    expect(outcome('if 1 then accept;').error).toBe('if takes bool, not int');
    expect(outcome('if bgp_med then accept;').error).toBe('if takes bool, not void');
  });

  test('BIRD 2 refuses it while it reads', () => {
    expect(answer(`${FRAME}filter f { if 1 then accept; }`, { bird: 2 })).toBe(
      '2:30 Argument 1 of CONDITION must be of type bool, got type int',
    );
  });

  test('an enum may be assigned to a number', () => {
    expect(outcome('bgp_med = RTS_STATIC; accept;').attributes.med).toBe(1);
  });

  test('print works everything out first, and printn ends no line', () => {
    expect(outcome('printn "a", 1; print net; print; print "b"; accept;').printed).toEqual(['a110.1.0.0/16', '', 'b']);
    expect(outcome('print "a", 1 / 0; accept;').printed).toBeUndefined();
  });

  test('accept and reject may print', () => {
    expect(outcome('reject "no ", net;')).toMatchObject({ accepted: false, printed: ['no 10.1.0.0/16'] });
  });

  test('a tunnel with an empty name is none', () => {
    expect(outcome('krt_tunnel = ""; accept;').tunnel).toBeUndefined();
    expect(outcome('krt_tunnel = "tunl0"; if defined(krt_tunnel) then accept;')).toMatchObject({
      accepted: true,
      tunnel: 'tunl0',
    });
  });

  test('preference is at most 65535', () => {
    expect(outcome('preference = 65536; accept;').error).toBe('preference is at most 65535');
  });

  test('a lock is a bool that is a bit', () => {
    expect(outcome('krt_lock_mtu = true; krt_mtu = 1400; if krt_lock_mtu then accept;')).toMatchObject({
      accepted: true,
      other: { krt_lock_mtu: 1, krt_mtu: 1400 },
    });
    expect(outcome('if krt_lock_mtu then accept;')).toMatchObject({ accepted: false });
  });
});

describe('functions', () => {
  const shownOf = (functions: string, term: string, bird: 1 | 2 = 1) => {
    const policy = filterOf(`${functions} filter f { print ${term}; accept; }`, { bird });
    const { error, printed } = evaluate(policy, bare);
    return error ?? printed?.join();
  };

  test.each<[string, string, string, string, string]>([
    ['without return: void', 'function g() { bgp_med = 5; }', 'g()', '(void)', '(void)'],
    ['the last if not taken', 'function g() { if false then bgp_med = 5; }', 'g()', 'TRUE', '(void)'],
    ['the last if taken', 'function g() { if true then bgp_med = 5; }', 'g()', 'FALSE', '(void)'],
  ])('%s', (_name, functions, term, bird1, bird2) => {
    expect([shownOf(functions, term, 1), shownOf(functions, term, 2)]).toEqual([bird1, bird2]);
  });

  test('accept and reject in a function end the filter', () => {
    const text = 'function g() { accept; } filter f { g(); reject; }';
    expect(evaluate(filterOf(text, { bird: 1 }), bare).accepted).toBe(true);
    expect(evaluate(filterOf('function g() { reject; } filter f { if g() then accept; accept; }'), bare).accepted).toBe(
      false,
    );
  });

  test('variables are cleared at every entry', () => {
    const text = 'function g(int a) int x; { if defined(x) then return 1; x = a; return x; }';
    expect(shownOf(text, 'g(5), " ", g(7)')).toBe('5 7');
  });

  test('a function of BIRD 1.6 cannot call itself', () => {
    const self = (commands: string, bird: 1 | 2) =>
      answer(`${FRAME}function g(int x) { ${commands} return 0; }`, { bird });
    expect(self('if x > 0 then return g(x - 1);', 1)).toBe('2:49 Wrong number of arguments for function g.');
    expect(self('if x > 0 then return g(x - 1);', 2)).toBe('fine');
    expect(answer(`${FRAME}function g() { g(); }`, { bird: 1 })).toBe(
      '2:18 Caracal does not do functions that call themselves (g)',
    );
  });

  test('recursion of BIRD 2 has an end', () => {
    const text = 'function g(int x) { if x = 0 then return 0; return x + g(x - 1); }';
    expect(shownOf(text, 'g(10)', 2)).toBe('55');
    expect(shownOf(text, 'g(1000)', 2)).toBe('functions nested deeper than 64');
  });

  test('a parameter may have the name of something outside, and a name is defined before it is used', () => {
    expect(shownOf('define x = 1; function g(int x) { return x; }', 'g(9), x')).toBe('91');
    expect(answer(`${FRAME}filter f { g(); accept; } function g() { accept; }`, { bird: 1 })).toBe(
      "2:14 You can't call something which is not a function. Really.",
    );
  });
});

describe('attributes as they are sent', () => {
  const sent = (commands: string, before: Partial<Attributes> = {}): Attributes =>
    outcome(`${commands} accept;`, route('10.1.0.0/16', { peer: EBGP, attributes: attributes(before) })).attributes;

  test.each<[string, string, Partial<Attributes>, Partial<Attributes>]>([
    [
      'a community is there once',
      'bgp_community.add((1,2)); bgp_community.add((1,2));',
      {},
      { communities: [0x10002] },
    ],
    [
      'a list takes away a list',
      'bgp_community.delete(add(-empty-,(0,1)));',
      { communities: [1, 5] },
      { communities: [5] },
    ],
    ['or a set', 'bgp_community.delete([(0,1..4)]);', { communities: [1, 5] }, { communities: [5] }],
    ['and keeps one', 'bgp_community.filter([(0,5)]);', { communities: [1, 5] }, { communities: [5] }],
    ['an emptied list is gone', 'bgp_community.empty;', { communities: [1] }, {}],
    ['large ones', 'bgp_large_community.add((1,2,3));', {}, { largeCommunities: [[1, 2, 3]] }],
    ['extended ones', 'bgp_ext_community.add((rt,1,2));', {}, { extendedCommunities: ['0002000100000002'] }],
    ['a path grows in front', 'bgp_path.prepend(7);', {}, { asPath: [{ type: 'sequence', asns: [7, 64512, 65001] }] }],
    ['loses AS numbers', 'bgp_path.delete([64512..64999]);', {}, { asPath: [{ type: 'sequence', asns: [65001] }] }],
    ['is emptied', 'bgp_path.empty;', {}, { asPath: [] }],
    ['is set as a whole', 'bgp_path = prepend(+empty+, 9);', {}, { asPath: [{ type: 'sequence', asns: [9] }] }],
    ['an originator', 'bgp_originator_id = 1.2.3.4;', {}, { originatorId: 0x01020304 }],
    ['a next hop', 'bgp_next_hop = 10.9.9.9;', {}, { nextHop: '10.9.9.9' }],
    ['an origin', 'bgp_origin = ORIGIN_INCOMPLETE;', {}, { origin: 2 }],
  ])('%s: %s', (_name, commands, before, after) => {
    const { communities: _, ...rest } = attributes(before);
    expect(sent(commands, before)).toEqual({ ...rest, ...after });
  });
});

describe('bgp_otc of BIRD 2 (RFC 9234)', () => {
  const marked = (onlyToCustomer?: number) =>
    route('10.1.0.0/16', { attributes: attributes(onlyToCustomer === undefined ? {} : { onlyToCustomer }) });

  test('is a number that filters look at and set', () => {
    expect(shown('bgp_otc', marked(64999), { bird: 2 })).toBe('64999');
    expect(shown('defined(bgp_otc)', marked(), { bird: 2 })).toBe('FALSE');
    const set = outcome('bgp_otc = 64512; accept;', marked(), { bird: 2 });
    expect(set.attributes.onlyToCustomer).toBe(64512);
    expect(outcome('unset(bgp_otc); accept;', marked(7), { bird: 2 }).attributes.onlyToCustomer).toBeUndefined();
  });

  test('is no word of BIRD 1.6', () => {
    expect(answer('filter f { if bgp_otc = 1 then accept; reject; }')).toBe('1:23 bgp_otc: variable expected.');
  });
});

describe('filters of commands', () => {
  test('know the names of the configuration', () => {
    const configuration = read(`${FRAME}define N = 10.0.0.0/8; filter mine { if net ~ N then accept; }`);
    const accepts = (text: string) => evaluate(readCommandFilter(text, configuration), bare).accepted;
    expect(['where net ~ N', 'filter mine', 'filter { reject; }', 'where net = N'].map(accepts)).toEqual([
      ...[true, true, false, false],
    ]);
  });

  test.each([
    ['where nosuchattr = 1', 'cli:1:18 nosuchattr: variable expected.'],
    ['filter nosuch', 'cli:1:8 No such filter.'],
    ['where net ~ 10.0.0.1/8', 'cli:1:22 Invalid network prefix: 10.0.0.1/8.'],
    ['where true true', 'cli:1:12 syntax error'],
  ])('say what is wrong: %s', (text, expected) => {
    expect(() => readCommandFilter(text, read(FRAME))).toThrow(expected);
  });
});

import { describe, expect, test } from 'vitest';
import { defined, Field, formatPath, type Read, Report } from './reader.ts';
import {
  addressOf,
  asn,
  asnOrZero,
  communityUpTo,
  flag,
  integer,
  interfaceAddressOf,
  interfacePattern,
  list,
  oneOf,
  parseDuration,
  port,
  prefix,
  prefixOf,
  prefixOrAddress,
  restartTime,
  routerId,
  selector,
  text,
  textMap,
  textUpTo,
} from './values.ts';

function read<T>(reader: Read<T>, value: unknown): { value: T | undefined; said: string[]; refused: boolean } {
  const report = new Report('BGPPeer', 'tor', () => undefined);
  const result = new Field({ field: value }, [], report).read('field', reader);
  return { value: result, said: report.problems.map((problem) => problem.text), refused: report.refused };
}

describe('values that are read', () => {
  const rows: [what: string, reader: Read<unknown>, value: unknown, expected: unknown][] = [
    ['null is absent', text, null, undefined],
    ['text', text, 'x', 'x'],
    ['true', flag, true, true],
    ['an integer', integer(1, 3), 3, 3],
    ['port 0 is not set', port, 0, undefined],
    ['a port', port, 65535, 65535],
    ['an AS number', asn, 4294967295, 4294967295],
    ['an AS number as text', asn, '64512', 64512],
    ['a dotted AS number', asn, '1.10', 65546],
    ['AS 0 where it means the global one', asnOrZero, 0, 0],
    ['an IPv6 address in any spelling', addressOf(), 'FE0A:0::2', 'fe0a::2'],
    ['a prefix', prefix, '10.0.0.0/8', '10.0.0.0/8'],
    ['an IPv6 prefix in any spelling', prefixOf('ipv6'), 'FD00:0:0::/48', 'fd00::/48'],
    ['an address as a prefix', prefixOrAddress, '1.2.3.4', '1.2.3.4/32'],
    ['an IPv6 address as a prefix', prefixOrAddress, 'fd00::1', 'fd00::1/128'],
    [
      'an interface address',
      interfaceAddressOf('ipv4'),
      '10.0.0.7/24',
      { address: '10.0.0.7', network: '10.0.0.0/24' },
    ],
    [
      'an interface address without a length',
      interfaceAddressOf('ipv6'),
      'fd00::7',
      { address: 'fd00::7', network: 'fd00::7/128' },
    ],
    ['a router id', routerId, '10.0.0.1', 0x0a000001],
    ['a duration', restartTime, '1m30s', 90],
    ['a community', communityUpTo(40), '65535:65535', { type: 'standard', value: 0xffffffff }],
    ['a large community', communityUpTo(40), '4294967295:0:1', { type: 'large', value: [4294967295, 0, 1] }],
    ['a selector', selector, "rack == 'a'", "rack == 'a'"],
    ['the empty selector is not set', selector, '', undefined],
    ['an interface pattern', interfacePattern, 'cali*', 'cali*'],
    ['a list', list(integer(0, 9)), [1, 2], [1, 2]],
    [
      'labels that YAML made into something else',
      textMap,
      { a: 'x', b: true, c: 7, d: null },
      { a: 'x', b: 'true', c: '7', d: '' },
    ],
  ];
  test.each(rows)('%s', (_what, reader, value, expected) => {
    expect(read(reader, value)).toEqual({ value: expected, said: [], refused: false });
  });
});

describe('values that are refused', () => {
  const rows: [reader: Read<unknown>, value: unknown, said: string][] = [
    [text, 7, 'must be text, not 7 (quotes make it text)'],
    [text, ['x'], 'must be text, not a list'],
    [textUpTo(3), 'abcd', 'has 4 characters; 3 are allowed'],
    [flag, 'yes', 'must be true or false, not "yes"'],
    [integer(1, 3), 4, 'must be a whole number from 1 to 3, not 4'],
    [integer(1, 3), 1.5, 'must be a whole number from 1 to 3, not 1.5'],
    [integer(1, 3), '2', 'must be a whole number from 1 to 3, not "2"'],
    [port, 65536, 'must be a whole number from 0 to 65535, not 65536'],
    [asn, 0, 'AS number 0 is reserved (RFC 7607)'],
    [asn, 4294967296, 'must be an AS number from 0 to 4294967295, not 4294967296'],
    [asn, 1.1, 'must be an AS number from 0 to 4294967295, not 1.1 (the dotted form needs quotes)'],
    [asn, '1.65536', 'must be an AS number from 0 to 4294967295, not "1.65536"'],
    [asn, 'AS64512', 'must be an AS number from 0 to 4294967295, not "AS64512"'],
    [addressOf('ipv4'), 'fd00::1', '"fd00::1" is not an IPv4 address'],
    [addressOf(), '10.0.0.300', '"10.0.0.300" is not an IP address'],
    [prefix, '10.0.0.1/8', '"10.0.0.1/8" has host bits set; the prefix is 10.0.0.0/8'],
    [prefix, '10.0.0.0/33', '"10.0.0.0/33" is not an IP prefix such as "10.65.0.0/16"'],
    [prefixOf('ipv6'), '10.0.0.0/8', '"10.0.0.0/8" is not an IPv6 prefix such as "fd00:10:65::/64"'],
    [prefixOrAddress, '10.0.0.1/24', '"10.0.0.1/24" has host bits set; the prefix is 10.0.0.0/24'],
    [interfaceAddressOf('ipv4'), 'eth0', '"eth0" is not an IPv4 address, with or without a length'],
    [routerId, '10.0.0.1/32', '"10.0.0.1/32" is not four numbers such as "10.0.0.1" (without a length)'],
    [routerId, '0.0.0.0', 'must not be 0.0.0.0'],
    [restartTime, 30, 'must be a duration such as "90s" or "1m30s", not 30'],
    [restartTime, '-5s', 'must be a duration such as "90s" or "1m30s", not "-5s"'],
    [restartTime, '2h', 'is 7200 s; BGP has room for 4095 s (RFC 4724 3)'],
    [
      communityUpTo(40),
      '65536:1',
      '"65536:1" is not a community: "aa:nn" (each up to 65535) or "aa:nn:mm" (each up to 4294967295)',
    ],
    [
      communityUpTo(40),
      'no-export',
      '"no-export" is not a community: "aa:nn" (each up to 65535) or "aa:nn:mm" (each up to 4294967295)',
    ],
    [communityUpTo(8), '65535:65535', 'has 11 characters; 8 are allowed'],
    [
      selector,
      'rack = a',
      '"rack = a" is not a selector: an operator (==, !=, in, not in, contains, starts with, ends with) is expected after the label (character 6)',
    ],
    [interfacePattern, 'a b', '"a b" is not an interface name or pattern: 1 to 15 letters, digits and _ . * -'],
    [list(text), 'x', 'must be a list, not "x"'],
    [list(text, { max: 1 }), ['x', 'y'], 'has 2 entries; 1 are allowed'],
    [list(text, { min: 1 }), [], 'must have at least 1 entry'],
    [list(text), ['x', null], 'must not be empty'],
    [oneOf(['A', 'B']), 'C', 'must be one of A, B, not "C"'],
  ];
  test.each(rows)('%#: %s %j', (reader, value, said) => {
    expect(read(reader, value)).toMatchObject({ said: [said], refused: true });
  });
});

test('an unknown word falls back to the documented default with a warning, the empty one silently', () => {
  const report = new Report('BGPPeer', 'tor', () => 'a.yaml:3:5');
  const field = new Field({ a: 'Soon', b: '' }, ['spec'], report);
  expect([field.read('a', oneOf(['X', 'Y'], 'X')), field.read('b', oneOf(['X', 'Y'], 'X'))]).toEqual(['X', 'X']);
  expect(report.refused).toBe(false);
  expect(report.problems).toEqual([
    {
      kind: 'BGPPeer',
      name: 'tor',
      path: 'spec.a',
      text: '"Soon" is none of X, Y; X is used',
      place: 'a.yaml:3:5',
      severity: 'warning',
    },
  ]);
});

test.each([
  ['10s', 10],
  ['1h1m1s', 3661],
  ['1.5s', 2],
  ['1499ms', 1],
  ['500ms', 1],
  ['499ms', 0],
  ['1500000us', 2],
  ['.5m', 30],
  ['+2s', 2],
  ['0', 0],
  ['10', undefined],
  ['', undefined],
  ['s', undefined],
  ['1d', undefined],
  ['-1s', undefined],
  ['1s ', undefined],
])('the duration %j is %s seconds', (value, seconds) => {
  expect(parseDuration(value)).toBe(seconds);
});

test('a value that is no mapping is refused once, however many fields are asked for', () => {
  const report = new Report('BGPPeer', 'tor', () => undefined);
  const spec = new Field({ spec: 'oops' }, [], report).at('spec');
  spec.read('a', text);
  spec.need('b', text);
  spec.warnOfUnknown();
  expect(report.problems.map(({ path, text }) => `${path} ${text}`)).toEqual([
    'spec must be a mapping of fields, not text',
  ]);
});

test('a tolerant field reports, but does not refuse the resource', () => {
  const report = new Report('Node', 'n1', () => undefined);
  const spec = new Field({ spec: { a: { b: 7 } } }, [], report).at('spec').tolerant();
  expect(spec.at('a').read('b', text)).toBeUndefined();
  expect(report.refused).toBe(false);
  expect(report.problems).toEqual([
    { kind: 'Node', name: 'n1', path: 'spec.a.b', text: 'must be text, not 7 (quotes make it text); it is ignored' },
  ]);
});

test('fields that nobody asked for are named', () => {
  const report = new Report('BGPPeer', 'tor', () => undefined);
  const spec = new Field({ a: 'x', b: 'y', c: 'z' }, ['spec'], report);
  spec.read('a', text);
  spec.pass('b');
  spec.warnOfUnknown();
  expect(report.problems.map(({ path, severity }) => [path, severity])).toEqual([['spec.c', 'warning']]);
});

test('paths are written as they would be in a program', () => {
  expect(formatPath(['spec', 'exportV4', 2, 'cidr'])).toBe('spec.exportV4[2].cidr');
  expect(formatPath(['metadata', 'labels', 'a/b'])).toBe('metadata.labels["a/b"]');
  expect(formatPath([])).toBe('');
});

test('long values are cut in what is said about them', () => {
  expect(read(flag, 'x'.repeat(500)).said).toEqual([`must be true or false, not "${'x'.repeat(57)}..."`]);
});

test('undefined fields are absent', () => {
  expect(Object.keys(defined({ a: 1, b: undefined }))).toEqual(['a']);
});

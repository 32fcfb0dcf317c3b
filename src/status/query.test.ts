import { expect, test } from 'vitest';
import { parseExplainQuery, parseRoutesQuery } from './query.ts';

test.each([
  ['', { family: 'ipv4', limit: 100 }],
  ['family=ipv6&limit=5&after=17', { family: 'ipv6', limit: 5, after: '17' }],
  ['prefix=fd00:0::/64', { family: 'ipv6', limit: 100, prefix: 'fd00::/64' }],
  ['overlaps=10.65.3.7/16', { family: 'ipv4', limit: 100, overlaps: '10.65.0.0/16' }],
  ['overlaps=fd00:65::/32&limit=1', { family: 'ipv6', limit: 1, overlaps: 'fd00:65::/32' }],
  [
    'prefix=10.65.0.0/26&peer=Mesh_10_0_0_2',
    { family: 'ipv4', limit: 100, prefix: '10.65.0.0/26', peer: 'Mesh_10_0_0_2' },
  ],
])('query "%s"', (text, value) => {
  expect(parseRoutesQuery(new URLSearchParams(text))).toEqual({ value });
});

test.each([
  ['famly=ipv6', 'there is no parameter "famly"; there are family, prefix, overlaps, peer, limit, after'],
  ['family=ipv5', 'family has to be ipv4 or ipv6'],
  ['after=-1', 'after has to be the next of a page'],
  ['after=1.5', 'after has to be the next of a page'],
  ['limit=0', 'limit has to be a number from 1 to 1000'],
  ['limit=1e9', 'limit has to be a number from 1 to 1000'],
  ['prefix=10.65.0.0', '"10.65.0.0" is not a prefix such as 10.65.0.0/26'],
  ['prefix=10.65.0.0/33', '"10.65.0.0/33" is not a prefix such as 10.65.0.0/26'],
  ['prefix=10.65.0.0/26&family=ipv6', '10.65.0.0/26 is not a prefix of family ipv6'],
])('query "%s" is refused', (text, problem) => {
  expect(parseRoutesQuery(new URLSearchParams(text))).toEqual({ problem });
});

test.each([
  ['prefix=10.65.0.9/26', { target: '10.65.0.0/26' }],
  ['prefix=FD00:0::1&peer=a', { target: 'fd00::1', peer: 'a' }],
  ['peer=10.0.0.2', { peer: '10.0.0.2' }],
])('explain query "%s"', (text, value) => {
  expect(parseExplainQuery(new URLSearchParams(text))).toEqual({ value });
});

test.each([
  ['', 'prefix or peer has to be given'],
  ['prefix=web', '"web" is neither an address nor a prefix such as 10.65.0.0/26'],
  ['address=10.0.0.1', 'there is no parameter "address"; there are prefix, peer'],
])('explain query "%s" is refused', (text, problem) => {
  expect(parseExplainQuery(new URLSearchParams(text))).toEqual({ problem });
});

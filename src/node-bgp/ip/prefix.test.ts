import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contains,
  type Family,
  hostPrefix,
  maxLength,
  parseCidr,
  parsePrefix,
  prefixFromBytes,
  prefixFromWords,
  prefixLength,
  prefixParts,
  prefixWords,
} from './index.ts';

const prefix = fc
  .constantFrom<Family>('ipv4', 'ipv6')
  .chain((family) =>
    fc
      .tuple(
        fc.uint8Array({ minLength: maxLength(family) / 8, maxLength: maxLength(family) / 8 }),
        fc.integer({ min: 0, max: maxLength(family) }),
      )
      .map(([octets, length]) => prefixFromBytes(family, octets, length)),
  );

describe('a prefix in text', () => {
  it.each(['0.0.0.0/0', '10.0.0.0/8', '10.65.0.64/26', '10.0.0.1/32', '::/0', 'fd00:1::/64', 'fd00::1/128'])(
    '%s is one',
    (text) => {
      expect(parsePrefix(text)).toBe(text);
    },
  );

  it.each([
    '10.0.0.0',
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/8 ',
    'fd00::1/64',
    'fd00::/129',
    'fd00::/1e1',
    '/8',
  ])('%j is none', (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });

  it('becomes canonical', () => {
    expect(parsePrefix('FD00:0:0:1::/64')).toBe('fd00:0:0:1::/64');
  });

  it('may have host bits where an address with its network is meant', () => {
    expect(parseCidr('10.0.1.5/24')).toEqual({ address: '10.0.1.5', prefix: '10.0.1.0/24', exact: false });
    expect(parseCidr('FD00::5/64')).toEqual({ address: 'fd00::5', prefix: 'fd00::/64', exact: false });
    expect(parseCidr('10.0.1.0/24')).toEqual({ address: '10.0.1.0', prefix: '10.0.1.0/24', exact: true });
    expect(parseCidr('10.0.1.0')).toBeUndefined();
  });
});

describe('a prefix in parts', () => {
  it('is octets and a length', () => {
    expect(prefixParts('10.65.0.64/26')).toEqual({ bytes: Uint8Array.of(10, 65, 0, 64), length: 26 });
    expect(prefixLength('fd00:1::/64')).toBe(64);
  });

  it('is signed words', () => {
    expect(prefixWords('255.0.0.0/8')).toEqual({
      family: 'ipv4',
      word0: -16777216,
      word1: 0,
      word2: 0,
      word3: 0,
      length: 8,
    });
    expect(prefixWords('fd00:1::8000:2/128')).toEqual({
      family: 'ipv6',
      word0: 0xfd000001 | 0,
      word1: 0,
      word2: 0,
      word3: 0x80000002 | 0,
      length: 128,
    });
  });

  it('loses its host bits and takes missing octets as zero', () => {
    expect(prefixFromBytes('ipv4', Uint8Array.of(10, 0xff), 12)).toBe('10.240.0.0/12');
    expect(prefixFromBytes('ipv6', new Uint8Array(0), 0)).toBe('::/0');
    expect(prefixFromWords('ipv4', 0x0affffff, 0, 0, 0, 8)).toBe('10.0.0.0/8');
  });

  it('comes back from text, octets and words', () => {
    fc.assert(
      fc.property(prefix, (text) => {
        const { family, word0, word1, word2, word3, length } = prefixWords(text);
        const parts = prefixParts(text);
        expect(parsePrefix(text)).toBe(text);
        expect(prefixFromBytes(family, parts.bytes, parts.length)).toBe(text);
        expect(prefixFromWords(family, word0, word1, word2, word3, length)).toBe(text);
      }),
    );
  });
});

describe('containment', () => {
  it.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.0.0.0/9', '10.128.0.0/9', false],
    ['10.65.0.64/26', '10.65.0.127', true],
    ['10.65.0.64/26', '10.65.0.128', false],
    ['0.0.0.0/0', '10.0.0.1', true],
    ['0.0.0.0/0', 'fd00::1', false],
    ['::/0', '10.0.0.0/8', false],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/64', 'fd00:0:0:1::/64', false],
  ])('%s contains %s: %s', (outer, inner, expected) => {
    expect(contains(outer, inner)).toBe(expected);
  });

  it('is the same for a host and its prefix', () => {
    expect(hostPrefix('10.0.0.1')).toBe('10.0.0.1/32');
    expect(hostPrefix('fd00::1')).toBe('fd00::1/128');
    fc.assert(
      fc.property(prefix, prefix, (outer, inner) => {
        const address = inner.slice(0, inner.indexOf('/'));
        expect(contains(outer, hostPrefix(address))).toBe(contains(outer, address));
      }),
    );
  });
});

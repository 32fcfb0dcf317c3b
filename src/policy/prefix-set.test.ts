import fc from 'fast-check';
import { type Family, maxLength, prefixFromWords, prefixWords } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { compilePrefixSet } from './prefix-set.ts';
import type { PrefixRange } from './types.ts';

type Words = readonly [number, number, number, number];

function bits(prefix: string): string {
  const { family, word0, word1, word2, word3, length } = prefixWords(prefix);
  const words = family === 'ipv4' ? [word0] : [word0, word1, word2, word3];
  return words
    .map((word) => (word >>> 0).toString(2).padStart(32, '0'))
    .join('')
    .slice(0, length);
}

/** What a set means, on texts of zeros and ones. */
function naiveMatch(items: readonly PrefixRange[], family: Family, prefix: string): boolean {
  const net = bits(prefix);
  return items.some((item) => {
    if (item.prefix.includes(':') !== (family === 'ipv6')) return false;
    const own = bits(item.prefix);
    const common = Math.min(own.length, net.length);
    return net.length >= item.min && net.length <= item.max && own.slice(0, common) === net.slice(0, common);
  });
}

function matches(items: readonly PrefixRange[], prefix: string): boolean {
  const { family, word0, word1, word2, word3, length } = prefixWords(prefix);
  return compilePrefixSet(items, family)?.(word0, word1, word2, word3, length) ?? false;
}

/** Few different bits, so that prefixes meet. */
const word = fc.oneof(fc.constantFrom(0, -1, 1 << 31, 0x0a000000, 0x0a010000), fc.integer());

const family = fc.constantFrom<Family>('ipv4', 'ipv6');

const prefixOf = (kind: Family) =>
  fc
    .tuple(fc.tuple(word, word, word, word), fc.nat({ max: maxLength(kind) }))
    .map(([words, length]) => prefixFromWords(kind, ...(words as Words), length));

const rangeOf = (kind: Family): fc.Arbitrary<PrefixRange> =>
  fc.record({
    prefix: prefixOf(kind),
    min: fc.nat({ max: maxLength(kind) }),
    max: fc.nat({ max: maxLength(kind) }),
  });

/** A set, and a prefix that is often related to one of its members. */
const question = family.chain((kind) =>
  fc.array(fc.oneof(rangeOf(kind), rangeOf('ipv6')), { maxLength: 40 }).chain((items) => {
    const related = items
      .filter((item) => item.prefix.includes(':') === (kind === 'ipv6'))
      .map((item) => {
        const { word0, word1, word2, word3 } = prefixWords(item.prefix);
        return fc
          .nat({ max: maxLength(kind) })
          .map((length) => prefixFromWords(kind, word0, word1, word2, word3, length));
      });
    return fc.record({
      kind: fc.constant(kind),
      items: fc.constant(items),
      prefix: fc.oneof(prefixOf(kind), ...related),
    });
  }),
);

describe('prefix sets', () => {
  it('mean the same as comparing bits one by one', () => {
    fc.assert(
      fc.property(question, ({ kind, items, prefix }) => {
        expect(matches(items, prefix)).toBe(naiveMatch(items, kind, prefix));
      }),
      { numRuns: 500 },
    );
  });

  // As BIRD 2.0.12 answers.
  it.each([
    ['10.0.0.0/8', { prefix: '10.1.0.0/16', min: 8, max: 24 }, true],
    ['10.0.0.0/8', { prefix: '10.1.0.0/16', min: 0, max: 16 }, true],
    ['10.0.0.0/7', { prefix: '10.1.0.0/16', min: 0, max: 16 }, true],
    ['0.0.0.0/0', { prefix: '10.1.0.0/16', min: 0, max: 16 }, true],
    ['11.0.0.0/8', { prefix: '10.1.0.0/16', min: 0, max: 16 }, false],
    ['10.1.0.0/20', { prefix: '10.1.0.0/16', min: 8, max: 24 }, true],
    ['10.1.0.0/25', { prefix: '10.1.0.0/16', min: 8, max: 24 }, false],
    ['10.1.2.3/32', { prefix: '10.0.0.0/8', min: 8, max: 32 }, true],
    ['2001:db8:1::/48', { prefix: '2001:db8::/32', min: 32, max: 128 }, true],
    ['2001:db9::/48', { prefix: '2001:db8::/32', min: 32, max: 128 }, false],
  ])('%s in %o is %s', (prefix, item, expected) => {
    expect(matches([item], prefix)).toBe(expected);
  });

  it('are undefined for a family they have nothing of', () => {
    expect(compilePrefixSet([{ prefix: '10.0.0.0/8', min: 8, max: 32 }], 'ipv6')).toBeUndefined();
    expect(compilePrefixSet([], 'ipv4')).toBeUndefined();
  });

  it('refuse a text that is no prefix', () => {
    expect(() => compilePrefixSet([{ prefix: '10.0.0.1/8', min: 8, max: 32 }], 'ipv4')).toThrow(TypeError);
  });

  it('hold thousands of prefixes', () => {
    const items = Array.from({ length: 4096 }, (_, i) => ({
      prefix: `10.${i >> 8}.${i & 255}.0/24`,
      min: 24,
      max: 32,
    }));
    expect([matches(items, '10.15.255.7/32'), matches(items, '10.16.0.0/24'), matches(items, '10.0.0.0/23')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

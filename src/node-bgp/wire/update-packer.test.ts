import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBytes, type Family, prefixFromWords, prefixWords } from '../ip/index.ts';
import { decodeAttributeSet, decodeUpdate, encodeAttributes, Framer, nlriEntries } from './index.ts';
import type { AttributeContext, Attributes } from './types.ts';
import { UpdatePacker } from './update-packer.ts';

const CONTEXT: AttributeContext = { fourOctetAs: true, peerType: 'ibgp' };

interface Heard {
  readonly reached: Map<string, Attributes>;
  readonly withdrawn: string[];
  readonly lengths: number[];
}

/** What a peer understands. */
function hear(bytes: Uint8Array, family: Family, addPath: boolean, maxLength: number): Heard {
  const framer = new Framer(maxLength);
  framer.push(bytes);
  const heard: Heard = { reached: new Map(), withdrawn: [], lengths: [] };
  const context = { ...CONTEXT, families: [family], addPathReceive: addPath ? [family] : [], extendedNextHop: false };
  for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
    if ('fault' in frame) throw new Error(frame.fault.text);
    heard.lengths.push(frame.body.length + 19);
    const decoded = decodeUpdate(frame.body, context, decodeAttributeSet);
    if (!decoded.ok) throw new Error(decoded.fault.text);
    const { reached, withdrawn, set, fault } = decoded.value;
    if (fault !== undefined) throw new Error(fault.text);
    const keys = (blocks: typeof reached) =>
      blocks.flatMap((block) => nlriEntries(block).map(({ prefix, pathId }) => `${prefix} ${pathId ?? ''}`));
    for (const key of keys(reached)) heard.reached.set(key, set!.attributes);
    heard.withdrawn.push(...keys(withdrawn));
  }
  return heard;
}

function prefixesOf(family: Family): fc.Arbitrary<string[]> {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const mask = (value: number, bits: number) => (bits <= 0 ? 0 : bits >= 32 ? value : value & (-1 << (32 - bits)));
  const one = fc
    .tuple(word, word, word, word, fc.nat(family === 'ipv4' ? 32 : 128))
    .map(([a, b, c, d, length]) =>
      family === 'ipv4'
        ? prefixFromWords(family, mask(a, length), 0, 0, 0, length)
        : prefixFromWords(
            family,
            mask(a, length),
            mask(b, length - 32),
            mask(c, length - 64),
            mask(d, length - 96),
            length,
          ),
    );
  return fc.uniqueArray(one, { maxLength: 2000, size: 'max' });
}

describe.each(['ipv4', 'ipv6'] as const)('packed %s prefixes', (family) => {
  const nextHop = family === 'ipv4' ? '192.0.2.1' : '2001:db8::1';
  const attributes: Attributes = { origin: 0, asPath: [], nextHop, localPref: 100, communities: [1, 2, 3] };
  const mp = family === 'ipv6';

  it.each([
    [4096, false],
    [4096, true],
    [65_535, false],
  ])('are what is heard, in messages of at most %d octets, path identifiers: %s', (maxLength, addPath) => {
    fc.assert(
      fc.property(prefixesOf(family), prefixesOf(family), (reached, withdrawn) => {
        const packer = new UpdatePacker(maxLength);
        const pack = (prefixes: string[]) =>
          prefixes.forEach((prefix, n) => {
            const { word0, word1, word2, word3, length } = prefixWords(prefix);
            packer.prefix(word0, word1, word2, word3, length, addPath ? n : -1);
          });
        packer.withdraw(family);
        pack(withdrawn);
        packer.reach(family, encodeAttributes(attributes, CONTEXT, mp), mp ? addressBytes(nextHop) : undefined);
        pack(reached);
        packer.position();
        const { messages } = packer;
        const heard = hear(packer.take(), family, addPath, maxLength);
        const named = (prefixes: string[]) => prefixes.map((prefix, n) => `${prefix} ${addPath ? n : ''}`);
        expect(heard.withdrawn).toEqual(named(withdrawn));
        expect([...heard.reached.keys()]).toEqual(named(reached));
        for (const told of heard.reached.values()) expect(told).toEqual(attributes);
        expect(Math.max(0, ...heard.lengths)).toBeLessThanOrEqual(maxLength);
        expect(messages).toBe(heard.lengths.length);
      }),
      { numRuns: 20 },
    );
  });
});

describe('a packer', () => {
  it('fills messages: the next prefix would not have had room', () => {
    const packer = new UpdatePacker(4096);
    packer.withdraw('ipv4');
    for (let n = 0; n < 5000; n++) packer.prefix(n << 6, 0, 0, 0, 26, -1);
    expect(
      hear(packer.take(), 'ipv4', false, 4096)
        .lengths.slice(0, -1)
        .every((length) => length > 4096 - 21),
    ).toBe(true);
  });

  it('is empty after it was taken from', () => {
    const packer = new UpdatePacker(4096);
    packer.withdraw('ipv4');
    packer.prefix(0, 0, 0, 0, 0, -1);
    expect(packer.take()).toHaveLength(24);
    expect(packer.take()).toHaveLength(0);
  });

  it('says so where attributes leave no room for a prefix', () => {
    const packer = new UpdatePacker(4096);
    packer.reach('ipv4', new Uint8Array(4070), undefined);
    expect(() => packer.prefix(0, 0, 0, 0, 8, -1)).toThrow(RangeError);
  });
});

import fc from 'fast-check';
import { type AttributeContext, type Attributes, decodeAttributeSet, encodeAttributes, passOn } from 'node-bgp';
import { expect, test } from 'vitest';
import type { SourceInfo } from './source.ts';
import { additionsForExport, type ExportTarget, finishForCodec, prepareForExport } from './transform.ts';

const CONTEXT = { fourOctetAs: true } as const;
const IBGP: AttributeContext = { ...CONTEXT, peerType: 'ibgp' };
const TARGET: ExportTarget = {
  type: 'ibgp',
  localAs: 64512,
  identifier: 0x0a000001,
  clusterId: 0x0a000001,
  nextHopMode: 'auto',
  localAddress: '10.0.0.254',
  routeReflectorClient: true,
  llgrAware: true,
};

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const asn = fc.integer({ min: 1, max: 0xffff_ffff });
const segment = (maxLength: number) =>
  fc.record({
    type: fc.constantFrom('sequence' as const, 'set' as const),
    asns: fc.array(asn, { minLength: 1, maxLength }),
  });
const inside = {
  localPref: u32,
  originatorId: u32,
  clusterList: fc.array(u32, { minLength: 1, maxLength: 70 }),
};
const odd = {
  extendedCommunities: fc.constant(['0002fc0000000064']),
  unknown: fc.constant([{ code: 99, flags: 0xe0, value: Uint8Array.of(1) }]),
};

/** Most blocks are like this; with `more` come those that have to take the long way. */
function block(longest: number, more: object): fc.Arbitrary<Attributes> {
  return fc.record(
    {
      origin: fc.constantFrom(0 as const, 1 as const, 2 as const),
      asPath: fc.array(segment(longest), { maxLength: 3 }),
      nextHop: fc.constantFrom('10.0.0.7', '192.0.2.1'),
      med: u32,
      atomicAggregate: fc.constant(true as const),
      aggregator: fc.record({ asn, address: u32 }),
      communities: fc.array(u32, { minLength: 1, maxLength: longest }),
      largeCommunities: fc.uniqueArray(fc.tuple(u32, u32, u32), { minLength: 1, maxLength: 2, selector: String }),
      ...more,
    },
    { requiredKeys: ['origin', 'asPath', 'nextHop'] },
  );
}

const attributes = fc.oneof(block(15, {}), block(15, inside), block(80, { ...inside, ...odd }));
const situation = fc.record({
  attributes,
  from: fc.constantFrom('ebgp' as const, 'ibgp' as const),
  nextHopMode: fc.constantFrom('auto' as const, 'self' as const, 'keep' as const),
});

test('what is passed on as octets is what decoding, changing and encoding would give', () => {
  let short = 0;
  fc.assert(
    fc.property(situation, ({ attributes, from, nextHopMode }) => {
      const target = { ...TARGET, nextHopMode };
      const block = encodeAttributes(attributes, IBGP, false);
      const outcome = decodeAttributeSet(block, undefined, true, { ...CONTEXT, peerType: from });
      if (outcome.verdict !== 'ok' || outcome.notes.length > 0) return;
      const source = sourceOf(from);
      const passed = passOn(block, additionsForExport(source, attributes.nextHop, target)!);
      if (passed === undefined) return;
      short++;
      const received = { ...outcome.set.attributes, localPref: outcome.set.attributes.localPref ?? 100 };
      const sent = finishForCodec(prepareForExport(source, received, target), target);
      expect(Buffer.from(passed).toString('hex')).toBe(
        Buffer.from(encodeAttributes(sent, IBGP, false)).toString('hex'),
      );
    }),
    { numRuns: 3000 },
  );
  expect(short).toBeGreaterThan(300);
});

test.each<[string, Partial<ExportTarget>]>([
  ['external peers', { type: 'ebgp' }],
  ['peers that are to look for other ways', { gracefulShutdown: true }],
])('attributes for %s are changed in other ways too', (_, change) => {
  expect(additionsForExport(sourceOf('ibgp'), '10.0.0.7', { ...TARGET, ...change })).toBeUndefined();
});

function sourceOf(type: 'ebgp' | 'ibgp'): SourceInfo {
  const remoteAs = type === 'ibgp' ? 64512 : 65001;
  const peer = { name: 'a', type, localAs: 64512, remoteAs, address: '10.0.0.2' };
  return { kind: 'bgp', protocol: 'a', preference: 100, peer, identifier: 0x0a000002, routeReflectorClient: true };
}

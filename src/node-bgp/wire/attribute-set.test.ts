import { describe, expect, it } from 'vitest';
import { decodeAttributeSet } from './attribute-set.ts';
import { encodeAttributes } from './encode-attributes.ts';
import { fromHex, toHex } from './hex.ts';
import type { AttributeContext, Attributes } from './types.ts';

const IBGP: AttributeContext = { fourOctetAs: true, peerType: 'ibgp' };
const EBGP: AttributeContext = { fourOctetAs: true, peerType: 'ebgp' };
const CONFED: AttributeContext = { fourOctetAs: true, peerType: 'confed' };

const ORIGIN = '40 01 01 00';
const EMPTY_PATH = '40 02 00';
const NEXT_HOP = '40 03 04 0a000001';
const MINIMAL: Attributes = { origin: 0, asPath: [], nextHop: '10.0.0.1' };

function read(hex: string, context: AttributeContext) {
  return decodeAttributeSet(fromHex(hex), undefined, true, context);
}

describe('an attribute block reads as written', () => {
  const LONG_LIST = Array.from({ length: 64 }, (_, i) => i);
  const cases: [string, string, Partial<Attributes>, AttributeContext?][] = [
    ['with nothing but what is mandatory', `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP}`, {}],
    ['with ORIGIN EGP', `40 01 01 01 ${EMPTY_PATH} ${NEXT_HOP}`, { origin: 1 }],
    ['with ORIGIN INCOMPLETE', `40 01 01 02 ${EMPTY_PATH} ${NEXT_HOP}`, { origin: 2 }],
    [
      'with an AS_PATH of a sequence and a set',
      `${ORIGIN} 40 02 16 02 02 0000fc00 fffffffe 01 01 00000001 01 01 00000002 ${NEXT_HOP}`,
      {
        asPath: [
          { type: 'sequence', asns: [64512, 4294967294] },
          { type: 'set', asns: [1] },
          { type: 'set', asns: [2] },
        ],
      },
    ],
    [
      'with an AS_PATH of a confederation (RFC 5065)',
      `${ORIGIN} 40 02 0c 03 01 0000fdea 04 01 0000fdeb ${NEXT_HOP}`,
      {
        asPath: [
          { type: 'confedSequence', asns: [65002] },
          { type: 'confedSet', asns: [65003] },
        ],
      },
      CONFED,
    ],
    ['with MULTI_EXIT_DISC', `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} 80 04 04 ffffffff`, { med: 4294967295 }],
    ['with LOCAL_PREF', `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} 40 05 04 000000c8`, { localPref: 200 }],
    [
      'with LOCAL_PREF in a confederation',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} 40 05 04 00000000`,
      { localPref: 0 },
      CONFED,
    ],
    ['with ATOMIC_AGGREGATE', `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} 40 06 00`, { atomicAggregate: true }],
    [
      'with AGGREGATOR',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} c0 07 08 00011170 0a000001`,
      { aggregator: { asn: 70000, address: 0x0a000001 } },
    ],
    [
      'with COMMUNITIES in the order received (RFC 1997)',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} c0 08 08 ffffff01 fc000001`,
      { communities: [0xffffff01, 0xfc000001] },
    ],
    [
      'with a list so long that its length needs two octets',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} d0 08 0100 ${LONG_LIST.map((i) => i.toString(16).padStart(8, '0')).join('')}`,
      { communities: LONG_LIST },
    ],
    [
      'with ORIGINATOR_ID (RFC 4456)',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} 80 09 04 0a000005`,
      { originatorId: 0x0a000005 },
    ],
    [
      'with CLUSTER_LIST (RFC 4456)',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} 80 0a 08 f4000001 00000002`,
      { clusterList: [0xf4000001, 2] },
    ],
    [
      'with EXTENDED_COMMUNITIES (RFC 4360)',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} c0 10 10 0002fde800000001 430c000000000000`,
      { extendedCommunities: ['0002fde800000001', '430c000000000000'] },
    ],
    [
      'with LARGE_COMMUNITIES (RFC 8092)',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} c0 20 18 0000fc00 00000001 ffffffff 00000001 00000002 00000003`,
      {
        largeCommunities: [
          [64512, 1, 4294967295],
          [1, 2, 3],
        ],
      },
    ],
    [
      'with ONLY_TO_CUSTOMER (RFC 9234 5)',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} c0 23 04 0001fc00`,
      { onlyToCustomer: 130048 },
      EBGP,
    ],
    [
      'with the partial bit of attributes it knows (RFC 4271 5)',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} e0 08 04 fc000001 c0 20 0c 00000001 00000002 00000003`,
      { communities: [0xfc000001], largeCommunities: [[1, 2, 3]], partial: [8] },
    ],
    [
      'with optional transitive attributes that it does not know, marked partial (RFC 4271 5)',
      `${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} e0 0b 01 07 e0 63 04 0000fc00 e0 ff 00`,
      {
        unknown: [
          { code: 11, flags: 0xe0, value: Uint8Array.of(7) },
          { code: 99, flags: 0xe0, value: Uint8Array.of(0, 0, 0xfc, 0) },
          { code: 255, flags: 0xe0, value: new Uint8Array(0) },
        ],
      },
    ],
  ];

  it.each(cases)('%s', (_, hex, fields, context = IBGP) => {
    const attributes: Attributes = { ...MINIMAL, ...fields };
    expect(read(hex, context)).toEqual({ verdict: 'ok', set: { attributes }, notes: [] });
    expect(toHex(encodeAttributes(attributes, context, false))).toBe(toHex(fromHex(hex)));
  });
});

describe('reading attributes', () => {
  it('sets the partial bit of what it does not know, and forgets what is not transitive', () => {
    const outcome = read(`${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} c0 63 01 01 80 1a 01 02`, IBGP);
    expect(outcome).toEqual({
      verdict: 'ok',
      set: { attributes: { ...MINIMAL, unknown: [{ code: 99, flags: 0xe0, value: Uint8Array.of(1) }] } },
      notes: [],
    });
  });

  it('takes them in any order', () => {
    expect(read(`80 04 04 00000005 ${NEXT_HOP} ${EMPTY_PATH} ${ORIGIN}`, IBGP)).toEqual({
      verdict: 'ok',
      set: { attributes: { ...MINIMAL, med: 5 } },
      notes: [],
    });
  });

  it('keeps each large community once (RFC 8092 5)', () => {
    const one = '00000001 00000002 00000003';
    expect(read(`${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} c0 20 18 ${one} ${one}`, IBGP)).toMatchObject({
      set: { attributes: { largeCommunities: [[1, 2, 3]] } },
    });
  });

  it('copies what it keeps', () => {
    const raw = fromHex(`${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} e0 63 02 0102`);
    const outcome = decodeAttributeSet(raw, undefined, true, IBGP);
    raw.fill(0);
    expect(outcome).toMatchObject({ set: { attributes: { unknown: [{ value: Uint8Array.of(1, 2) }] } } });
  });
});

describe('the next hop', () => {
  const block = fromHex(`${ORIGIN} ${EMPTY_PATH}`);
  const global = 'fd000000000000000000000000000001';
  const linkLocal = 'fe800000000000000000000000000002';
  const zero = '0'.repeat(32);

  it.each([
    ['4 octets (RFC 4760)', '0a000001', { nextHop: '10.0.0.1' }],
    ['16 octets', global, { nextHop: 'fd00::1' }],
    ['32 octets (RFC 2545 3)', global + linkLocal, { nextHop: 'fd00::1', linkLocalNextHop: 'fe80::2' }],
    ['32 octets whose second address is not link-local', global + global, { nextHop: 'fd00::1' }],
    ['32 octets without a global address', zero + linkLocal, { nextHop: 'fe80::2' }],
  ])('comes from MP_REACH_NLRI: %s', (_, hex, nextHops) => {
    expect(decodeAttributeSet(block, fromHex(hex), false, IBGP)).toEqual({
      verdict: 'ok',
      set: { attributes: { origin: 0, asPath: [], ...nextHops } },
      notes: [],
    });
  });

  it.each(['00000000', 'e0000001', 'ffffffff', zero, `ff02${'0'.repeat(28)}`, zero + global])(
    'of MP_REACH_NLRI is the address of a host, unlike %s',
    (hex) => {
      expect(decodeAttributeSet(block, fromHex(hex), false, IBGP)).toMatchObject({
        verdict: 'withdraw',
        fault: { code: 3, subcode: 8 },
      });
    },
  );

  it('of NEXT_HOP is passed over where MP_REACH_NLRI has one, however bad (RFC 4760 3)', () => {
    const raw = fromHex(`${ORIGIN} ${EMPTY_PATH} 00 03 02 0a00`);
    expect(decodeAttributeSet(raw, fromHex(global), false, IBGP)).toEqual({
      verdict: 'ok',
      set: { attributes: { origin: 0, asPath: [], nextHop: 'fd00::1' } },
      notes: [],
    });
  });

  it('is left out of the attributes where MP_REACH_NLRI holds it', () => {
    expect(encodeAttributes({ ...MINIMAL, nextHop: 'fd00::1' }, IBGP, true)).toEqual(block);
  });
});

describe('what an eBGP peer must not see', () => {
  const attributes: Attributes = { ...MINIMAL, localPref: 100, originatorId: 1, clusterList: [2], med: 3 };

  it('is not sent to one', () => {
    expect(toHex(encodeAttributes(attributes, EBGP, false))).toBe(
      toHex(fromHex(`${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} 80 04 04 00000003`)),
    );
  });

  it('stays inside a confederation as far as it may', () => {
    expect(toHex(encodeAttributes(attributes, CONFED, false))).toBe(
      toHex(fromHex(`${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP} 80 04 04 00000003 40 05 04 00000064`)),
    );
  });
});

describe('writing attributes', () => {
  it('leaves out empty lists, which would be malformed', () => {
    const attributes: Attributes = {
      ...MINIMAL,
      communities: [],
      extendedCommunities: [],
      largeCommunities: [],
      clusterList: [],
      unknown: [],
    };
    expect(encodeAttributes(attributes, IBGP, false)).toEqual(fromHex(`${ORIGIN} ${EMPTY_PATH} ${NEXT_HOP}`));
  });

  it('cuts a path segment of more than 255 AS numbers', () => {
    const asns = Array.from({ length: 300 }, (_, i) => i + 1);
    const raw = encodeAttributes({ ...MINIMAL, asPath: [{ type: 'sequence', asns }] }, IBGP, false);
    expect(decodeAttributeSet(raw, undefined, true, IBGP)).toMatchObject({
      set: {
        attributes: {
          asPath: [
            { type: 'sequence', asns: asns.slice(0, 255) },
            { type: 'sequence', asns: asns.slice(255) },
          ],
        },
      },
    });
  });

  it('gives equal octets for unknown attributes in any order', () => {
    const a = { code: 99, flags: 0xe0, value: Uint8Array.of(1) };
    const b = { code: 12, flags: 0xe0, value: Uint8Array.of(2) };
    expect(encodeAttributes({ ...MINIMAL, unknown: [a, b] }, IBGP, false)).toEqual(
      encodeAttributes({ ...MINIMAL, unknown: [b, a] }, IBGP, false),
    );
  });
});

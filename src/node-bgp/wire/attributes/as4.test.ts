import { describe, expect, it } from 'vitest';
import { decodeAttributeSet } from '../attribute-set.ts';
import { encodeAttributes } from '../encode-attributes.ts';
import { fromHex, toHex } from '../hex.ts';
import type { AsPathSegment, AttributeContext, Attributes } from '../types.ts';

const OLD: AttributeContext = { fourOctetAs: false, peerType: 'ebgp' };
const OLD_CONFED: AttributeContext = { fourOctetAs: false, peerType: 'confed' };
const HEAD = '40 01 01 00';
const TAIL = '40 03 04 0a000001';
const TRANS = '5ba0';

const sequence = (...asns: number[]): AsPathSegment => ({ type: 'sequence', asns });
const set = (...asns: number[]): AsPathSegment => ({ type: 'set', asns });
const confedSequence = (...asns: number[]): AsPathSegment => ({ type: 'confedSequence', asns });

/** A block with an AS_PATH of two octets and whatever else stands behind it. */
function read(path: string, more: string, context: AttributeContext) {
  const value = fromHex(path);
  const head = `${HEAD} 40 02 ${value.length.toString(16).padStart(2, '0')} ${path} ${TAIL} ${more}`;
  return decodeAttributeSet(fromHex(head), undefined, true, context);
}

function as4Path(path: string): string {
  return `c0 11 ${fromHex(path).length.toString(16).padStart(2, '0')} ${path}`;
}

describe('a path from a peer of two octets (RFC 6793 4.2.3)', () => {
  it.each<[string, string, string, AsPathSegment[]]>([
    ['without AS4_PATH stays', '02 02 fc00 fc01', '', [sequence(64512, 64513)]],
    [
      'gets its wide numbers from AS4_PATH',
      `02 02 ${TRANS} fc01`,
      as4Path('02 02 00011170 0000fc01'),
      [sequence(70000, 64513)],
    ],
    [
      'keeps what was prepended by peers of two octets',
      `02 03 fc02 fc03 ${TRANS}`,
      as4Path('02 01 00011170'),
      [sequence(64514, 64515, 70000)],
    ],
    [
      'keeps a set and counts it as one',
      `01 02 fc02 fc03 02 01 ${TRANS}`,
      as4Path('02 01 00011170'),
      [set(64514, 64515), sequence(70000)],
    ],
    [
      'is cut inside of a segment',
      `02 02 fc02 ${TRANS} 01 01 0001`,
      as4Path('02 01 00011170 01 01 00000001'),
      [sequence(64514, 70000), set(1)],
    ],
    ['ignores an AS4_PATH that is longer', `02 01 ${TRANS}`, as4Path('02 02 00011170 00011171'), [sequence(23456)]],
    ['ignores an AS4_PATH that is malformed', `02 01 ${TRANS}`, as4Path('02 02 00011170'), [sequence(23456)]],
    ['ignores an AS4_PATH with AS 0 (RFC 7607)', `02 01 ${TRANS}`, as4Path('02 01 00000000'), [sequence(23456)]],
    [
      'ignores confederation segments in AS4_PATH (RFC 6793 6)',
      `02 01 ${TRANS}`,
      as4Path('03 01 0000fdea 02 01 00011170'),
      [sequence(70000)],
    ],
  ])('%s', (_, path, more, expected) => {
    expect(read(path, more, OLD)).toMatchObject({ verdict: 'ok', set: { attributes: { asPath: expected } } });
  });

  it('keeps the confederation segments that lead', () => {
    expect(read(`03 01 fdea 02 01 ${TRANS}`, as4Path('02 01 00011170'), OLD_CONFED)).toMatchObject({
      set: { attributes: { asPath: [confedSequence(65002), sequence(70000)] } },
    });
  });

  it('tells of an AS4_PATH that it discarded', () => {
    expect(read(`02 01 ${TRANS}`, as4Path('02 02 00011170'), OLD)).toMatchObject({
      verdict: 'ok',
      notes: [{ code: 3, subcode: 11, text: expect.any(String) }],
    });
  });

  it('is discarded from a peer of four octets (RFC 6793 4.1)', () => {
    const raw = fromHex(`${HEAD} 40 02 06 02 01 0000fc00 ${TAIL} ${as4Path('02 01 00011170')}`);
    expect(decodeAttributeSet(raw, undefined, true, { fourOctetAs: true, peerType: 'ebgp' })).toMatchObject({
      verdict: 'ok',
      set: { attributes: { asPath: [sequence(64512)] } },
      notes: [{ code: 3, subcode: 9 }],
    });
  });
});

describe('an aggregator from a peer of two octets', () => {
  const AS4_AGGREGATOR = 'c0 12 08 00011170 0a000009';

  it('is the one of AS4_AGGREGATOR where AGGREGATOR says AS_TRANS', () => {
    expect(read(`02 01 fc00`, `c0 07 06 ${TRANS} 0a000009 ${AS4_AGGREGATOR}`, OLD)).toMatchObject({
      set: { attributes: { aggregator: { asn: 70000, address: 0x0a000009 } } },
    });
  });

  it('makes both companions stale where AGGREGATOR says something else', () => {
    const more = `c0 07 06 fc09 0a000001 ${as4Path('02 01 00011170')} ${AS4_AGGREGATOR}`;
    expect(read(`02 01 ${TRANS}`, more, OLD)).toMatchObject({
      set: { attributes: { asPath: [sequence(23456)], aggregator: { asn: 64521, address: 0x0a000001 } } },
    });
  });

  it('does not come from AS4_AGGREGATOR alone', () => {
    const outcome = read(`02 01 fc00`, AS4_AGGREGATOR, OLD);
    expect(outcome).toEqual({
      verdict: 'ok',
      set: { attributes: { origin: 0, asPath: [sequence(64512)], nextHop: '10.0.0.1' } },
      notes: [],
    });
  });

  it('stands in no way of AS4_PATH where it came alone', () => {
    const more = `c0 07 06 fc09 0a000001 ${as4Path('02 01 00011170')}`;
    expect(read(`02 01 ${TRANS}`, more, OLD)).toMatchObject({
      set: { attributes: { asPath: [sequence(70000)], aggregator: { asn: 64521 } } },
    });
  });
});

describe('a path to a peer of two octets (RFC 6793 4.2.2)', () => {
  const base: Attributes = { origin: 0, asPath: [], nextHop: '10.0.0.1' };

  it.each<[string, Partial<Attributes>, string, string]>([
    [
      'has no companion where two octets hold all',
      { asPath: [sequence(64512, 65535)] },
      '40 02 06 02 02 fc00 ffff',
      '',
    ],
    [
      'has AS_TRANS and AS4_PATH where they do not',
      { asPath: [sequence(70000, 64513), set(65536)] },
      `40 02 0a 02 02 ${TRANS} fc01 01 01 ${TRANS}`,
      'c0 11 10 02 02 00011170 0000fc01 01 01 00010000',
    ],
    [
      'leaves confederation segments out of AS4_PATH',
      { asPath: [confedSequence(65002), sequence(70000)] },
      `40 02 08 03 01 fdea 02 01 ${TRANS}`,
      'c0 11 06 02 01 00011170',
    ],
    [
      'has AS4_AGGREGATOR',
      { aggregator: { asn: 70000, address: 9 } },
      '40 02 00',
      `c0 07 06 ${TRANS} 00000009 c0 12 08 00011170 00000009`,
    ],
    ['has AGGREGATOR alone', { aggregator: { asn: 64512, address: 9 } }, '40 02 00', 'c0 07 06 fc00 00000009'],
  ])('%s', (_, fields, path, more) => {
    const attributes: Attributes = { ...base, ...fields };
    const raw = encodeAttributes(attributes, OLD_CONFED, false);
    expect(toHex(raw)).toBe(toHex(fromHex(`${HEAD} ${path} ${TAIL} ${more}`)));
    expect(decodeAttributeSet(raw, undefined, true, OLD_CONFED)).toEqual({
      verdict: 'ok',
      set: { attributes },
      notes: [],
    });
  });
});

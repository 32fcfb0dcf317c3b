// RFC 7606 clause by clause: what an error in the attributes of an UPDATE costs. Each row is one UPDATE with one IPv4
// prefix in its NLRI field.

import { describe, expect, it } from 'vitest';
import { decodeAttributeSet } from './attribute-set.ts';
import { fromHex } from './hex.ts';
import { nlriEntries } from './nlri.ts';
import { decodeUpdate, type UpdateContext } from './update.ts';

const IBGP: UpdateContext = {
  fourOctetAs: true,
  peerType: 'ibgp',
  families: ['ipv4', 'ipv6'],
  addPathReceive: [],
  extendedNextHop: false,
};
const EBGP: UpdateContext = { ...IBGP, peerType: 'ebgp' };
const OLD: UpdateContext = { ...IBGP, fourOctetAs: false };

const ORIGIN = '40 01 01 00';
const AS_PATH = '40 02 00';
const NEXT_HOP = '40 03 04 0a000001';
const GOOD = `${ORIGIN} ${AS_PATH} ${NEXT_HOP}`;
const PREFIX = '18 0a4100';

function bodyOf(attributes: string, nlri: string, withdrawn = ''): Uint8Array {
  const length = (hex: string) => fromHex(hex).length.toString(16).padStart(4, '0');
  return fromHex(`${length(withdrawn)} ${withdrawn} ${length(attributes)} ${attributes} ${nlri}`);
}

/** What the UPDATE cost: `subcode` of the fault or of the first note. */
function judge(attributes: string, context: UpdateContext, nlri = PREFIX) {
  const decoded = decodeUpdate(bodyOf(attributes, nlri), context, decodeAttributeSet);
  if (!decoded.ok) return { action: 'session reset', code: decoded.fault.code, subcode: decoded.fault.subcode };
  const { fault, notes, withdrawn, reached } = decoded.value;
  const prefixes = { withdrawn: withdrawn.flatMap(nlriEntries), reached: reached.flatMap(nlriEntries) };
  if (fault !== undefined) {
    expect(prefixes).toEqual({ withdrawn: [{ prefix: '10.65.0.0/24' }], reached: [] });
    return { action: 'treat-as-withdraw', code: fault.code, subcode: fault.subcode };
  }
  expect(prefixes).toEqual({ withdrawn: [], reached: [{ prefix: '10.65.0.0/24' }] });
  if (notes.length === 0) return { action: 'none' };
  return { action: 'attribute discard', code: notes[0]!.code, subcode: notes[0]!.subcode };
}

const FLAGS = 4;
const LENGTH = 5;
const LIST = 1;

describe('RFC 7606', () => {
  it.each<[string, string, string, string, (number | undefined)?, UpdateContext?]>([
    ['3 c', 'ORIGIN optional', `c0 01 01 00 ${AS_PATH} ${NEXT_HOP}`, 'treat-as-withdraw', FLAGS],
    ['3 c', 'AS_PATH not transitive', `${ORIGIN} 00 02 00 ${NEXT_HOP}`, 'treat-as-withdraw', FLAGS],
    ['3 c', 'NEXT_HOP optional', `${ORIGIN} ${AS_PATH} 80 03 04 0a000001`, 'treat-as-withdraw', FLAGS],
    ['3 c', 'MULTI_EXIT_DISC transitive', `${GOOD} c0 04 04 00000001`, 'treat-as-withdraw', FLAGS],
    ['3 c', 'LOCAL_PREF optional', `${GOOD} c0 05 04 00000001`, 'treat-as-withdraw', FLAGS],
    ['3 c', 'ATOMIC_AGGREGATE optional', `${GOOD} c0 06 00`, 'treat-as-withdraw', FLAGS],
    ['3 c', 'COMMUNITIES well-known', `${GOOD} 40 08 04 00000001`, 'treat-as-withdraw', FLAGS],
    ['3 c', 'CLUSTER_LIST transitive', `${GOOD} c0 0a 04 00000001`, 'treat-as-withdraw', FLAGS],
    ['3 c', 'LARGE_COMMUNITIES not transitive', `${GOOD} 80 20 0c ${'00'.repeat(12)}`, 'treat-as-withdraw', FLAGS],
    ['3 c', 'partial bit of a well-known attribute', `60 01 01 00 ${AS_PATH} ${NEXT_HOP}`, 'none'],
    ['3 c', 'extended length without need', `50 01 0001 00 ${AS_PATH} ${NEXT_HOP}`, 'none'],
    ['3 d', 'no ORIGIN', `${AS_PATH} ${NEXT_HOP}`, 'treat-as-withdraw', 3],
    ['3 d', 'no AS_PATH', `${ORIGIN} ${NEXT_HOP}`, 'treat-as-withdraw', 3],
    ['3 d', 'no NEXT_HOP', `${ORIGIN} ${AS_PATH}`, 'treat-as-withdraw', 3],
    ['3 d', 'no attributes at all', '', 'treat-as-withdraw', 3],
    ['3 d', 'no LOCAL_PREF', GOOD, 'none'],
    ['3 g', 'MULTI_EXIT_DISC twice', `${GOOD} 80 04 04 00000001 80 04 04 00000002`, 'attribute discard', LIST],
    ['3 g', 'the second of two is malformed', `${GOOD} 80 04 04 00000001 80 04 01 00`, 'attribute discard', LIST],
    ['3 g', 'an unknown attribute twice', `${GOOD} c0 63 01 01 c0 63 01 02`, 'attribute discard', LIST],
    ['3 g', 'MP_REACH_NLRI twice', `${mpReach()} ${mpReach()} ${GOOD}`, 'session reset', LIST],
    ['3 g', 'MP_UNREACH_NLRI twice', `80 0f 03 000201 ${GOOD} 80 0f 03 000201`, 'session reset', LIST],
    ['3 h', 'withdraw beats discard', `${GOOD} 40 06 01 00 80 04 01 00`, 'treat-as-withdraw', LENGTH],
    ['3 h', 'reset beats withdraw', `40 01 01 09 ${AS_PATH} ${NEXT_HOP} 40 63 00`, 'session reset', 2],
    ['4', 'an attribute that exceeds the list', `${GOOD} 80 04 05 00000001`, 'treat-as-withdraw', LIST],
    ['4', 'one octet behind the last attribute', `${GOOD} 80`, 'treat-as-withdraw', LIST],
    ['4', 'two octets behind the last attribute', `${GOOD} 8004`, 'treat-as-withdraw', LIST],
    ['4', 'three octets of an extended header', `${GOOD} 900400`, 'treat-as-withdraw', LIST],
    ['4', 'MP_REACH_NLRI exceeds the list', `${GOOD} 80 0e 20 0002 01 10`, 'session reset', LIST],
    ['4', 'ORIGIN of length zero', `40 01 00 ${AS_PATH} ${NEXT_HOP}`, 'treat-as-withdraw', LENGTH],
    ['5.3', 'MP_REACH_NLRI with wrong flags', `${GOOD} c0 ${mpReach().slice(3)}`, 'session reset', FLAGS],
    ['5.3', 'MP_UNREACH_NLRI with wrong flags', `${GOOD} 40 0f 03 000201`, 'session reset', FLAGS],
    ['5.3', 'MP_REACH_NLRI of 4 octets', `${GOOD} 80 0e 04 00020100`, 'session reset', 9],
    ['5.3', 'MP_UNREACH_NLRI of 2 octets', `${GOOD} 80 0f 02 0002`, 'session reset', 9],
    ['5.3', 'IPv6 prefix of 129 bits', `${GOOD} ${mpReach(`81 ${'00'.repeat(17)}`)}`, 'session reset', 9],
    ['5.3', 'IPv6 prefix that is cut short', `${GOOD} ${mpReach('40 fd')}`, 'session reset', 9],
    ['5.3', 'withdrawn IPv6 prefix of 129 bits', `${GOOD} 80 0f 15 000201 81 ${'00'.repeat(17)}`, 'session reset', 9],
    ['7.1', 'ORIGIN of 2 octets', `40 01 02 0000 ${AS_PATH} ${NEXT_HOP}`, 'treat-as-withdraw', LENGTH],
    ['7.1', 'ORIGIN 3', `40 01 01 03 ${AS_PATH} ${NEXT_HOP}`, 'treat-as-withdraw', 6],
    ['7.2', 'AS_PATH segment type 0', `${ORIGIN} 40 02 06 00 01 00000001 ${NEXT_HOP}`, 'treat-as-withdraw', 11],
    ['7.2', 'AS_PATH segment type 5', `${ORIGIN} 40 02 06 05 01 00000001 ${NEXT_HOP}`, 'treat-as-withdraw', 11],
    ['7.2', 'AS_PATH segment overrun', `${ORIGIN} 40 02 06 02 02 00000001 ${NEXT_HOP}`, 'treat-as-withdraw', 11],
    ['7.2', 'AS_PATH segment underrun', `${ORIGIN} 40 02 07 02 01 00000001 02 ${NEXT_HOP}`, 'treat-as-withdraw', 11],
    ['7.2', 'AS_PATH segment without ASes', `${ORIGIN} 40 02 02 02 00 ${NEXT_HOP}`, 'treat-as-withdraw', 11],
    ['7.2', 'two octets for four', `${ORIGIN} 40 02 04 02 01 fc00 ${NEXT_HOP}`, 'treat-as-withdraw', 11],
    ['7.3', 'NEXT_HOP of 3 octets', `${ORIGIN} ${AS_PATH} 40 03 03 0a0000`, 'treat-as-withdraw', LENGTH],
    ['7.3', 'NEXT_HOP of 16 octets', `${ORIGIN} ${AS_PATH} 40 03 10 ${'01'.repeat(16)}`, 'treat-as-withdraw', LENGTH],
    ['3 e', 'NEXT_HOP 0.0.0.0', `${ORIGIN} ${AS_PATH} 40 03 04 00000000`, 'treat-as-withdraw', 8],
    ['3 e', 'NEXT_HOP 224.0.0.1', `${ORIGIN} ${AS_PATH} 40 03 04 e0000001`, 'treat-as-withdraw', 8],
    ['7.4', 'MULTI_EXIT_DISC of 3 octets', `${GOOD} 80 04 03 000001`, 'treat-as-withdraw', LENGTH],
    ['7.5', 'LOCAL_PREF of 5 octets', `${GOOD} 40 05 05 0000000001`, 'treat-as-withdraw', LENGTH],
    ['7.5', 'LOCAL_PREF from outside', `${GOOD} 40 05 04 00000001`, 'attribute discard', 9, EBGP],
    ['7.5', 'malformed LOCAL_PREF from outside', `${GOOD} c0 05 01 00`, 'attribute discard', 9, EBGP],
    ['7.6', 'ATOMIC_AGGREGATE of 1 octet', `${GOOD} 40 06 01 00`, 'attribute discard', LENGTH],
    ['7.7', 'AGGREGATOR of 6 octets for 8', `${GOOD} c0 07 06 fc000a000001`, 'attribute discard', LENGTH],
    ['7.7', 'AGGREGATOR of 8 octets for 6', `${GOOD} c0 07 08 0001fc000a000001`, 'attribute discard', LENGTH, OLD],
    ['7.7', 'AGGREGATOR of 6 octets', `${GOOD} c0 07 06 fc000a000001`, 'none', undefined, OLD],
    ['7.8', 'COMMUNITIES of 5 octets', `${GOOD} c0 08 05 0000000100`, 'treat-as-withdraw', LENGTH],
    ['7.8', 'COMMUNITIES of length zero', `${GOOD} c0 08 00`, 'treat-as-withdraw', LENGTH],
    ['7.9', 'ORIGINATOR_ID of 3 octets', `${GOOD} 80 09 03 0a0000`, 'treat-as-withdraw', LENGTH],
    ['7.9', 'ORIGINATOR_ID from outside', `${GOOD} 80 09 04 0a000001`, 'attribute discard', 9, EBGP],
    ['7.10', 'CLUSTER_LIST of 6 octets', `${GOOD} 80 0a 06 0a0000010a00`, 'treat-as-withdraw', LENGTH],
    ['7.10', 'CLUSTER_LIST of length zero', `${GOOD} 80 0a 00`, 'treat-as-withdraw', LENGTH],
    ['7.10', 'CLUSTER_LIST from outside', `${GOOD} 80 0a 04 0a000001`, 'attribute discard', 9, EBGP],
    ['7.11', 'next hop of 4 octets for IPv6', `${GOOD} 80 0e 09 0002 01 04 0a000001 00`, 'session reset', 9],
    ['7.11', 'next hop longer than the attribute', `${GOOD} 80 0e 09 0002 01 10 0a000001 00`, 'session reset', 9],
    ['7.11', 'next hop of 16 octets for IPv4', `80 0e 15 0001 01 10 ${'01'.repeat(16)} 00 ${GOOD}`, 'session reset', 9],
    ['7.14', 'EXTENDED_COMMUNITIES of 9 octets', `${GOOD} c0 10 09 ${'00'.repeat(9)}`, 'treat-as-withdraw', LENGTH],
    ['7.14', 'EXTENDED_COMMUNITIES of length zero', `${GOOD} c0 10 00`, 'treat-as-withdraw', LENGTH],
    [
      'RFC 8092 6',
      'LARGE_COMMUNITIES of 13 octets',
      `${GOOD} c0 20 0d ${'00'.repeat(13)}`,
      'treat-as-withdraw',
      LENGTH,
    ],
    ['RFC 9234 5', 'ONLY_TO_CUSTOMER of 2 octets', `${GOOD} c0 23 02 fc00`, 'treat-as-withdraw', LENGTH],
    ['RFC 8092 6', 'LARGE_COMMUNITIES of length zero', `${GOOD} c0 20 00`, 'treat-as-withdraw', LENGTH],
    ['RFC 7607', 'AS 0 in AS_PATH', `${ORIGIN} 40 02 06 02 01 00000000 ${NEXT_HOP}`, 'treat-as-withdraw', 11],
    ['RFC 7607', 'AS 0 in AGGREGATOR', `${GOOD} c0 07 08 00000000 0a000001`, 'attribute discard', 9],
    [
      'RFC 5065 5',
      'confederation segment from outside',
      `${ORIGIN} 40 02 06 03 01 00000001 ${NEXT_HOP}`,
      'treat-as-withdraw',
      11,
      EBGP,
    ],
    ['RFC 6793 6', 'AS4_AGGREGATOR of 6 octets', `${GOOD} c0 12 06 000000010000`, 'attribute discard', LENGTH, OLD],
    ['RFC 4271 6.3', 'an unknown well-known attribute', `${GOOD} 40 63 00`, 'session reset', 2],
    ['RFC 4271 5', 'an unknown optional attribute', `${GOOD} 80 63 00 c0 64 00`, 'none'],
  ])('%s: %s', (_clause, _what, attributes, action, subcode, context = IBGP) => {
    const expected = subcode === undefined ? { action } : { action, code: 3, subcode };
    expect(judge(attributes, context)).toEqual(expected);
  });

  it('3 f: the attribute that was discarded is not there, all others are', () => {
    const attributes = `${GOOD} 40 06 01 00 c0 07 06 fc000a000001 80 04 04 00000005`;
    const decoded = decodeUpdate(bodyOf(attributes, PREFIX), IBGP, decodeAttributeSet);
    expect(decoded).toMatchObject({ ok: true, value: { notes: [{ subcode: 5 }, { subcode: 5 }] } });
    expect(decoded.ok && decoded.value.set).toEqual({
      attributes: { origin: 0, asPath: [], nextHop: '10.0.0.1', med: 5 },
    });
  });

  it('3 g: the first of two counts', () => {
    const attributes = `${GOOD} 80 04 04 00000001 80 04 04 00000002`;
    expect(decodeUpdate(bodyOf(attributes, PREFIX), IBGP, decodeAttributeSet)).toMatchObject({
      value: { set: { attributes: { med: 1 } } },
    });
  });

  it.each([
    ['a prefix of 33 bits', '21 0a00000000'],
    ['a prefix that is cut short', '18 0a41'],
    ['a good prefix and a bad one', '18 0a4100 20 0a'],
  ])('3 i, 3 j, 5.3: %s ends the session in either field', (_, prefixes) => {
    const fault = { code: 3, subcode: 10, data: new Uint8Array(0), text: expect.any(String) };
    expect(decodeUpdate(bodyOf(GOOD, prefixes), IBGP, decodeAttributeSet)).toEqual({ ok: false, fault });
    expect(decodeUpdate(bodyOf('', '', prefixes), IBGP, decodeAttributeSet)).toEqual({ ok: false, fault });
  });

  it('3 b: lengths that exceed the message end the session', () => {
    for (const hex of ['', '00', '0000', '000000', '0001 0000', '0000 0001', '0003 0000 0000', 'ffff 0000']) {
      expect(decodeUpdate(fromHex(hex), IBGP, decodeAttributeSet)).toMatchObject({
        ok: false,
        fault: { code: 3, subcode: LIST },
      });
    }
  });

  it('5.2: an error without reachable prefixes ends the session, except where the attribute is discarded', () => {
    expect(judgeAlone(`${GOOD} 80 04 01 00`)).toMatchObject({ ok: false, fault: { code: 3, subcode: LENGTH } });
    expect(judgeAlone(`80 0f 03 000201 ${GOOD} 80 04 01 00`)).toMatchObject({ ok: false, fault: { subcode: LENGTH } });
    expect(judgeAlone(`40 01 ff 00 ${mpReach()}`)).toMatchObject({ ok: false, fault: { code: 3, subcode: LIST } });
    expect(judgeAlone(`${GOOD} 40 06 01 00`)).toMatchObject({ ok: true, value: { notes: [{ subcode: LENGTH }] } });
    expect(judgeAlone(ORIGIN)).toEqual({ ok: true, value: { type: 'update', withdrawn: [], reached: [], notes: [] } });
  });

  it('5.1: MP_REACH_NLRI is found wherever it stands', () => {
    for (const attributes of [
      `${mpReach()} ${ORIGIN} ${AS_PATH}`,
      `${ORIGIN} ${mpReach()} ${AS_PATH}`,
      `${ORIGIN} ${AS_PATH} ${mpReach()}`,
    ]) {
      const decoded = decodeUpdate(bodyOf(attributes, ''), IBGP, decodeAttributeSet);
      expect(decoded).toMatchObject({
        ok: true,
        value: { withdrawn: [], set: { attributes: { origin: 0, asPath: [], nextHop: 'fd00::1' } }, notes: [] },
      });
      expect(decoded.ok && decoded.value.reached.flatMap(nlriEntries)).toEqual([{ prefix: 'fd00:1::/64' }]);
    }
  });
});

function judgeAlone(attributes: string) {
  return decodeUpdate(bodyOf(attributes, ''), IBGP, decodeAttributeSet);
}

/** MP_REACH_NLRI of fd00:1::/64 (or these prefixes) by fd00::1. */
function mpReach(prefixes = '40 fd00000100000000'): string {
  const value = `0002 01 10 fd000000000000000000000000000001 00 ${prefixes}`;
  return `80 0e ${fromHex(value).length.toString(16).padStart(2, '0')} ${value}`;
}

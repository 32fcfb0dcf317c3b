import { describe, expect, it } from 'vitest';
import { decodeAttributeSet } from './attribute-set.ts';
import { fromHex, toHex } from './hex.ts';
import { HEADER_LENGTH } from './iana.ts';
import { nlriEntries } from './nlri.ts';
import type { AttributeSource, NlriBlock } from './types.ts';
import { decodeUpdate, encodeEndOfRib, type UpdateContext } from './update.ts';

const BOTH: UpdateContext = {
  fourOctetAs: true,
  peerType: 'ibgp',
  families: ['ipv4', 'ipv6'],
  addPathReceive: [],
  extendedNextHop: false,
};
const IPV4: UpdateContext = { ...BOTH, families: ['ipv4'] };
const IPV6: UpdateContext = { ...BOTH, families: ['ipv6'] };
const GOOD = '40 01 01 00 40 02 00 40 03 04 0a000001';
const WITHOUT_NEXT_HOP = '40 01 01 00 40 02 00';
const NEXT_HOP6 = 'fd000000000000000000000000000001';

function bodyOf(withdrawn: string, attributes: string, nlri: string): Uint8Array {
  const length = (hex: string) => fromHex(hex).length.toString(16).padStart(4, '0');
  return fromHex(`${length(withdrawn)} ${withdrawn} ${length(attributes)} ${attributes} ${nlri}`);
}

/** MP_REACH_NLRI with these prefixes. */
function mpReach(afi: string, nextHop: string, prefixes: string): string {
  const value = `${afi} 01 ${(nextHop.length / 2).toString(16).padStart(2, '0')} ${nextHop} 00 ${prefixes}`;
  return `90 0e ${fromHex(value).length.toString(16).padStart(4, '0')} ${value}`;
}

function mpUnreach(afi: string, prefixes: string): string {
  return `80 0f ${(3 + fromHex(prefixes).length).toString(16).padStart(2, '0')} ${afi} 01 ${prefixes}`;
}

/** The message with prefixes in text instead of blocks. */
function read(body: Uint8Array, context: UpdateContext, source: AttributeSource = decodeAttributeSet) {
  const decoded = decodeUpdate(body, context, source);
  if (!decoded.ok) return decoded.fault;
  const { withdrawn, reached, ...rest } = decoded.value;
  return { ...rest, withdrawn: textOf(withdrawn), reached: textOf(reached) };
}

function textOf(blocks: readonly NlriBlock[]): string[] {
  return blocks.flatMap((block) =>
    nlriEntries(block).map(({ prefix, pathId }) => (pathId === undefined ? prefix : `${prefix} ${pathId}`)),
  );
}

const ATTRIBUTES = { origin: 0, asPath: [], nextHop: '10.0.0.1' };
const NOTHING = { type: 'update', withdrawn: [], reached: [], notes: [] };

describe('an UPDATE', () => {
  it('announces and withdraws IPv4 prefixes', () => {
    expect(read(bodyOf('08 0b 10 0a02', GOOD, '00 18 0a4100 1a 0a4200ff'), BOTH)).toEqual({
      ...NOTHING,
      withdrawn: ['11.0.0.0/8', '10.2.0.0/16'],
      reached: ['0.0.0.0/0', '10.65.0.0/24', '10.66.0.192/26'],
      set: { attributes: ATTRIBUTES },
    });
  });

  it('only withdraws', () => {
    expect(read(bodyOf('08 0b', '', ''), BOTH)).toEqual({ ...NOTHING, withdrawn: ['11.0.0.0/8'] });
    expect(read(bodyOf('', mpUnreach('0002', '10 fd00 80 fd000000000000000000000000000001'), ''), BOTH)).toEqual({
      ...NOTHING,
      withdrawn: ['fd00::/16', 'fd00::1/128'],
    });
  });

  it('announces IPv6 prefixes', () => {
    const attributes = mpReach('0002', NEXT_HOP6, '00 40 fd00000000000001') + WITHOUT_NEXT_HOP;
    expect(read(bodyOf('', attributes, ''), BOTH)).toEqual({
      ...NOTHING,
      reached: ['::/0', 'fd00:0:0:1::/64'],
      set: { attributes: { ...ATTRIBUTES, nextHop: 'fd00::1' } },
    });
  });

  it('announces IPv4 prefixes in MP_REACH_NLRI, also by an IPv6 next hop (RFC 8950)', () => {
    expect(read(bodyOf('', mpReach('0001', '0a000009', '08 0a') + WITHOUT_NEXT_HOP, ''), BOTH)).toEqual({
      ...NOTHING,
      reached: ['10.0.0.0/8'],
      set: { attributes: { ...ATTRIBUTES, nextHop: '10.0.0.9' } },
    });
    const byIpv6 = bodyOf('', mpReach('0001', NEXT_HOP6, '08 0a') + WITHOUT_NEXT_HOP, '');
    expect(read(byIpv6, { ...BOTH, extendedNextHop: true })).toMatchObject({
      reached: ['10.0.0.0/8'],
      set: { attributes: { nextHop: 'fd00::1' } },
    });
  });

  it('may withdraw in both ways and announce in one', () => {
    const attributes = `${mpUnreach('0002', '10 fd00')} ${GOOD}`;
    expect(read(bodyOf('08 0b', attributes, '08 0a'), BOTH)).toEqual({
      ...NOTHING,
      withdrawn: ['11.0.0.0/8', 'fd00::/16'],
      reached: ['10.0.0.0/8'],
      set: { attributes: ATTRIBUTES },
    });
  });

  it('may announce in both ways, each with its own next hop', () => {
    const attributes = `${GOOD} ${mpReach('0002', NEXT_HOP6, '10 fd00')}`;
    const message = read(bodyOf('08 0b', attributes, '08 0a'), BOTH);
    expect(message).toMatchObject({
      withdrawn: ['11.0.0.0/8'],
      reached: ['10.0.0.0/8'],
      set: { attributes: ATTRIBUTES },
      following: { withdrawn: [], notes: [], set: { attributes: { ...ATTRIBUTES, nextHop: 'fd00::1' } } },
    });
    expect('following' in message && textOf(message.following!.reached)).toEqual(['fd00::/16']);
  });

  it('withdraws what it announced where its attributes are bad, and what it withdrew', () => {
    const attributes = `${mpUnreach('0002', '10 fd00')} 40 01 01 07 40 02 00 40 03 04 0a000001`;
    expect(read(bodyOf('08 0b', attributes, '08 0a'), BOTH)).toEqual({
      ...NOTHING,
      withdrawn: ['11.0.0.0/8', 'fd00::/16', '10.0.0.0/8'],
      fault: { code: 3, subcode: 6, data: fromHex('40010107'), text: 'ORIGIN 7' },
    });
  });

  it('has path identifiers in the families that were negotiated so (RFC 7911)', () => {
    const context: UpdateContext = { ...BOTH, addPathReceive: ['ipv4'] };
    expect(read(bodyOf('00000001 08 0b', GOOD, 'ffffffff 08 0a 00000000 00'), context)).toMatchObject({
      withdrawn: ['11.0.0.0/8 1'],
      reached: ['10.0.0.0/8 4294967295', '0.0.0.0/0 0'],
    });
    expect(read(bodyOf('', mpUnreach('0002', '10 fd00'), ''), context)).toMatchObject({ withdrawn: ['fd00::/16'] });
    expect(read(bodyOf('', GOOD, '00000001 08 0a 000000'), context)).toMatchObject({ code: 3, subcode: 10 });
  });

  it('gives the attribute source views that are not copied', () => {
    const body = bodyOf('', `${mpReach('0002', NEXT_HOP6, '10 fd00')} ${WITHOUT_NEXT_HOP}`, '');
    const seen: unknown[] = [];
    read(body, BOTH, (raw, mpNextHop, needsNextHop, context) => {
      seen.push(toHex(raw), toHex(mpNextHop!), needsNextHop, raw.buffer === body.buffer);
      return decodeAttributeSet(raw, mpNextHop, needsNextHop, context);
    });
    expect(seen).toEqual([toHex(fromHex(WITHOUT_NEXT_HOP)), NEXT_HOP6, false, true]);
  });

  it('gives the attribute source everything in order where MP attributes stand in the middle', () => {
    const reach = mpReach('0002', NEXT_HOP6, '10 fd00');
    const unreach = mpUnreach('0002', '10 fd01');
    const [origin, path, med] = ['40 01 01 00', '40 02 00', '80 04 04 00000001'];
    for (const attributes of [
      [reach, origin, path, med, unreach],
      [origin, unreach, path, reach, med],
      [origin, reach, path, unreach, med],
      [origin, reach, unreach, path, med],
      [unreach, origin, path, reach, med],
    ]) {
      const message = read(bodyOf('', attributes.join(' '), ''), BOTH, (raw) => {
        expect(toHex(raw)).toBe(toHex(fromHex(`${origin} ${path} ${med}`)));
        return { verdict: 'ok', set: { attributes: { origin: 0, asPath: [] } }, notes: [] };
      });
      expect(message).toMatchObject({ reached: ['fd00::/16'], withdrawn: ['fd01::/16'] });
    }
  });

  it('ends the session where the attribute source says so', () => {
    const fault = { code: 3, subcode: 2, data: new Uint8Array(0), text: 'x' };
    expect(read(bodyOf('', GOOD, '08 0a'), BOTH, () => ({ verdict: 'reset', fault }))).toEqual(fault);
  });
});

describe('a family that was not negotiated', () => {
  it.each<[string, string, string, string, UpdateContext]>([
    ['IPv4 prefixes', '08 0b', GOOD, '08 0a', IPV6],
    ['MP_REACH_NLRI', '', `${mpReach('0002', NEXT_HOP6, '10 fd00')} ${GOOD}`, '', IPV4],
    ['MP_REACH_NLRI of a next hop it cannot know', '', `${mpReach('4004', '0a', 'ffff')} ${GOOD}`, '', IPV4],
    ['MP_UNREACH_NLRI', '', mpUnreach('0002', '10 fd00'), '', IPV4],
    ['MP_UNREACH_NLRI without prefixes', '', mpUnreach('0002', ''), '', IPV4],
  ])('is ignored with a note: %s', (_, withdrawn, attributes, nlri, context) => {
    expect(read(bodyOf(withdrawn, attributes, nlri), context)).toEqual({
      ...NOTHING,
      notes: expect.arrayContaining([
        { code: 3, subcode: 9, data: new Uint8Array(0), text: expect.stringContaining('not negotiated') },
      ]),
    });
  });

  it('does not harm the other one', () => {
    const attributes = `${mpReach('0002', NEXT_HOP6, '10 fd00')} ${GOOD}`;
    expect(read(bodyOf('', attributes, '08 0a'), IPV4)).toMatchObject({ reached: ['10.0.0.0/8'], notes: [{}] });
    expect(read(bodyOf('', attributes, '08 0a'), IPV6)).toMatchObject({ reached: ['fd00::/16'], notes: [{}] });
  });
});

describe('End-of-RIB (RFC 4724 2)', () => {
  it('is an empty UPDATE for IPv4 and an empty MP_UNREACH_NLRI for IPv6', () => {
    expect(toHex(encodeEndOfRib('ipv4'))).toBe(`${'ff'.repeat(16)}00170200000000`);
    expect(toHex(encodeEndOfRib('ipv6'))).toBe(`${'ff'.repeat(16)}001d0200000006800f03000201`);
    for (const family of ['ipv4', 'ipv6'] as const) {
      expect(read(encodeEndOfRib(family).slice(HEADER_LENGTH), BOTH)).toEqual({ ...NOTHING, endOfRib: family });
    }
  });

  it('may be an empty MP_UNREACH_NLRI for IPv4, and have a long length', () => {
    expect(read(bodyOf('', mpUnreach('0001', ''), ''), BOTH)).toEqual({ ...NOTHING, endOfRib: 'ipv4' });
    expect(read(bodyOf('', '90 0f 0003 000201', ''), BOTH)).toEqual({ ...NOTHING, endOfRib: 'ipv6' });
  });

  it('is none where anything else stands in the message', () => {
    const empty = mpUnreach('0002', '');
    expect(read(bodyOf('08 0b', empty, ''), BOTH)).toEqual({ ...NOTHING, withdrawn: ['11.0.0.0/8'] });
    expect(read(bodyOf('', `${empty} ${GOOD}`, '08 0a'), BOTH)).not.toHaveProperty('endOfRib');
    expect(read(bodyOf('', `${empty} ${GOOD}`, ''), BOTH)).toEqual(NOTHING);
  });

  it('is none for a family that was not negotiated', () => {
    expect(read(encodeEndOfRib('ipv4').slice(HEADER_LENGTH), IPV6)).toEqual(NOTHING);
  });
});

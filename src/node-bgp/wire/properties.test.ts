// What holds for every message and every octet string, whatever it is.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressFromBytes } from '../ip/index.ts';
import { decodeAttributeSet } from './attribute-set.ts';
import { describeNotification } from './describe.ts';
import { encodeAttributes } from './encode-attributes.ts';
import type { Decoded } from './fault.ts';
import { type Frame, Framer } from './frame.ts';
import {
  ERROR,
  HEADER_LENGTH,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  UNSPECIFIC,
} from './iana.ts';
import {
  decodeKeepalive,
  decodeNotification,
  decodeRouteRefresh,
  encodeNotification,
  encodeRouteRefresh,
} from './messages.ts';
import { nlriEntries } from './nlri.ts';
import { decodeOpen, encodeOpen } from './open.ts';
import type {
  AsPathSegment,
  AttributeContext,
  Attributes,
  Capability,
  LargeCommunity,
  OpenMessage,
  UnknownAttribute,
} from './types.ts';
import { decodeUpdate, type UpdateContext } from './update.ts';
import { encodeMessage } from './writer.ts';

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const asn = fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffff_ffff }));
const afiSafi = { afi: u16, safi: u8 };

const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.record({ type: fc.constant('multiprotocol' as const), ...afiSafi }),
  fc.constantFrom<Capability>({ type: 'routeRefresh' }, { type: 'enhancedRouteRefresh' }, { type: 'extendedMessage' }),
  fc.record({
    type: fc.constant('extendedNextHop' as const),
    entries: fc.array(fc.record({ afi: u16, safi: u16, nextHopAfi: u16 }), { maxLength: 5 }),
  }),
  fc.record({ type: fc.constant('fourOctetAs' as const), asn }),
  fc.record({
    type: fc.constant('addPath' as const),
    families: fc.array(fc.record({ ...afiSafi, mode: fc.constantFrom(1, 2, 3) }), { maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant('gracefulRestart' as const),
    restarted: fc.boolean(),
    notification: fc.boolean(),
    restartTime: fc.integer({ min: 0, max: 4095 }),
    families: fc.array(fc.record({ ...afiSafi, forwarding: fc.boolean() }), { maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant('longLivedGracefulRestart' as const),
    families: fc.array(
      fc.record({ ...afiSafi, forwarding: fc.boolean(), staleTime: fc.integer({ min: 0, max: 0xff_ffff }) }),
      { maxLength: 5 },
    ),
  }),
  fc.record({
    type: fc.constant('unknown' as const),
    code: fc.integer({ min: 72, max: 255 }),
    value: fc.uint8Array({ maxLength: 60 }),
  }),
);

const open: fc.Arbitrary<OpenMessage> = fc.record({
  type: fc.constant('open' as const),
  version: fc.constant(4),
  myAs: fc.integer({ min: 1, max: 0xffff }),
  holdTime: fc.oneof(fc.constant(0), fc.integer({ min: 3, max: 0xffff })),
  bgpIdentifier: fc.integer({ min: 1, max: 0xffff_ffff }),
  capabilities: fc.uniqueArray(capability, { selector: (c) => JSON.stringify(c), maxLength: 20 }),
});

const segment: fc.Arbitrary<AsPathSegment> = fc.record({
  type: fc.constantFrom('set' as const, 'sequence' as const),
  asns: fc.array(asn, { minLength: 1, maxLength: 6 }),
});

const ipv4 = fc
  .tuple(fc.integer({ min: 1, max: 223 }), u8, u8, u8)
  .map((octets) => addressFromBytes(Uint8Array.from(octets)));

const largeCommunity: fc.Arbitrary<LargeCommunity> = fc.tuple(u32, u32, u32);

const unknownAttribute: fc.Arbitrary<UnknownAttribute> = fc.record({
  code: fc.integer({ min: 40, max: 255 }),
  flags: fc.constant(0xe0),
  value: fc.uint8Array({ maxLength: 300 }),
});

const attributes: fc.Arbitrary<Attributes> = fc.record(
  {
    origin: fc.constantFrom(0 as const, 1 as const, 2 as const),
    asPath: fc.array(segment, { maxLength: 4 }),
    nextHop: ipv4,
    med: u32,
    localPref: u32,
    atomicAggregate: fc.constant(true as const),
    aggregator: fc.record({ asn, address: u32 }),
    communities: fc.array(u32, { minLength: 1, maxLength: 100 }),
    extendedCommunities: fc.array(fc.stringMatching(/^[0-9a-f]{16}$/), { minLength: 1, maxLength: 5 }),
    largeCommunities: fc.uniqueArray(largeCommunity, { selector: String, minLength: 1, maxLength: 5 }),
    originatorId: u32,
    clusterList: fc.array(u32, { minLength: 1, maxLength: 5 }),
    onlyToCustomer: u32,
    unknown: fc
      .uniqueArray(unknownAttribute, { selector: ({ code }) => code, minLength: 1, maxLength: 3 })
      .map((list) => list.toSorted((a, b) => a.code - b.code)),
  },
  { requiredKeys: ['origin', 'asPath', 'nextHop'] },
);

const attributeContext: fc.Arbitrary<AttributeContext> = fc.record({
  fourOctetAs: fc.boolean(),
  peerType: fc.constantFrom('ebgp' as const, 'ibgp' as const, 'confed' as const),
});

const updateContext: fc.Arbitrary<UpdateContext> = fc.record({
  fourOctetAs: fc.boolean(),
  peerType: fc.constantFrom('ebgp' as const, 'ibgp' as const, 'confed' as const),
  families: fc.subarray(['ipv4' as const, 'ipv6' as const]),
  addPathReceive: fc.subarray(['ipv4' as const, 'ipv6' as const]),
  extendedNextHop: fc.boolean(),
});

/** A body that looks like an UPDATE: the lengths fit, the rest is what comes. */
const updateBody = fc
  .tuple(
    fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ maxLength: 12 })),
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(attributes, attributeContext).map(([a, context]) => encodeAttributes(a, context, false)),
    ),
    fc.uint8Array({ maxLength: 12 }),
  )
  .map(([withdrawn, block, nlri]) =>
    encodeMessage(MESSAGE_TYPE.UPDATE, (w) => {
      w.u16(withdrawn.length).bytes(withdrawn).u16(block.length).bytes(block).bytes(nlri);
    }).slice(HEADER_LENGTH),
  );

function framesOf(chunks: readonly Uint8Array[]): Frame[] {
  const framer = new Framer(MAX_MESSAGE_LENGTH);
  return chunks.flatMap((chunk) => {
    framer.push(chunk);
    const frames: Frame[] = [];
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
      frames.push(frame);
      if ('fault' in frame) break;
    }
    return frames;
  });
}

function bodyOf(message: Uint8Array): Uint8Array {
  const [frame] = framesOf([message]);
  if (frame === undefined || 'fault' in frame) throw new Error('the encoder wrote no message');
  return frame.body;
}

/** Junk behind a message that was cut out of a longer buffer must not reach its decoder. */
function withJunk(body: Uint8Array, junk: Uint8Array): Uint8Array {
  return Uint8Array.from([...junk, ...body, ...junk]).subarray(junk.length, junk.length + body.length);
}

describe('a message that was written', () => {
  it('reads as the same OPEN', () => {
    fc.assert(
      fc.property(open, (message) => {
        expect(decodeOpen(bodyOf(encodeOpen(message)))).toEqual({ ok: true, value: message });
      }),
    );
  });

  it('reads as the same NOTIFICATION', () => {
    fc.assert(
      fc.property(u8, u8, fc.uint8Array(), (code, subcode, data) => {
        const value = { type: 'notification', code, subcode, data };
        expect(decodeNotification(bodyOf(encodeNotification({ code, subcode, data })))).toEqual({ ok: true, value });
        expect(describeNotification(code, subcode, data)).not.toBe('');
      }),
    );
  });

  it('reads as the same ROUTE-REFRESH', () => {
    fc.assert(
      fc.property(u16, u8, u8, (afi, safi, subtype) => {
        const value = { type: 'routeRefresh', afi, safi, subtype } as const;
        expect(decodeRouteRefresh(bodyOf(encodeRouteRefresh(value)))).toEqual({ ok: true, value });
      }),
    );
  });
});

describe('attributes that were written', () => {
  it('read as the same attributes, whatever the octets of an AS number', () => {
    fc.assert(
      fc.property(attributes, fc.boolean(), (value, fourOctetAs) => {
        const context: AttributeContext = { fourOctetAs, peerType: 'ibgp' };
        const raw = encodeAttributes(value, context, false);
        const outcome = decodeAttributeSet(raw, undefined, true, context);
        expect(outcome).toEqual({ verdict: 'ok', set: { attributes: value }, notes: [] });
      }),
    );
  });

  it('are written the same once they were read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), attributes, attributeContext, (noise, value, context) => {
        const raw = Uint8Array.from([...encodeAttributes(value, context, false), ...noise]);
        const outcome = decodeAttributeSet(raw, undefined, true, context);
        if (outcome.verdict !== 'ok') return;
        const again = encodeAttributes(outcome.set.attributes, context, false);
        const second = decodeAttributeSet(again, undefined, true, context);
        expect(second).toEqual({ verdict: 'ok', set: outcome.set, notes: [] });
      }),
    );
  });
});

describe('a stream', () => {
  const streams = fc.array(fc.oneof(open.map(encodeOpen), updateBody.map(asUpdate)), { minLength: 1, maxLength: 4 });

  it('gives the same messages wherever it is split', () => {
    fc.assert(
      fc.property(streams, (messages) => {
        const bytes = Uint8Array.from(messages.flatMap((message) => [...message]));
        const whole = framesOf([bytes]);
        expect(whole.length).toBe(messages.length);
        for (let at = 0; at <= bytes.length; at++) {
          expect(framesOf([bytes.slice(0, at), bytes.slice(at)])).toEqual(whole);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('gives the same messages with junk behind them', () => {
    fc.assert(
      fc.property(streams, fc.uint8Array(), (messages, junk) => {
        const bytes = messages.flatMap((message) => [...message]);
        const frames = framesOf([Uint8Array.from([...bytes, ...junk])]);
        expect(frames.slice(0, messages.length)).toEqual(framesOf([Uint8Array.from(bytes)]));
      }),
    );
  });

  it('of noise gives messages or one fault of the header, and never an exception', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
        for (const frame of framesOf(chunks)) {
          if ('fault' in frame) expect(frame.fault.code).toBe(ERROR.MESSAGE_HEADER);
        }
      }),
    );
  });

  function asUpdate(body: Uint8Array): Uint8Array {
    return encodeMessage(MESSAGE_TYPE.UPDATE, (w) => w.bytes(body));
  }
});

describe('any octets', () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    open.map((message) => encodeOpen(message).slice(HEADER_LENGTH)),
    updateBody,
  );

  const decoders: [string, number, (body: Uint8Array) => Decoded<unknown>][] = [
    ['OPEN', ERROR.OPEN, decodeOpen],
    ['NOTIFICATION', ERROR.MESSAGE_HEADER, decodeNotification],
    ['KEEPALIVE', ERROR.MESSAGE_HEADER, decodeKeepalive],
    ['ROUTE-REFRESH', ERROR.ROUTE_REFRESH, decodeRouteRefresh],
  ];

  it.each(decoders)('are an %s or a fault of its class, and junk around them changes nothing', (_, code, decodeIt) => {
    fc.assert(
      fc.property(bodies, fc.uint8Array(), (body, junk) => {
        const decoded = decodeIt(body);
        if (!decoded.ok) expect(decoded.fault.code).toBe(code);
        expect(decodeIt(withJunk(body, junk))).toEqual(decoded);
      }),
    );
  });

  it('are an UPDATE or a fault of its class, and junk around them changes nothing', () => {
    fc.assert(
      fc.property(bodies, fc.uint8Array(), updateContext, (body, junk, context) => {
        const plain = readUpdate(body, context);
        expect(readUpdate(withJunk(body, junk), context)).toEqual(plain);
      }),
    );
  });

  it('that are refused make a NOTIFICATION that can be sent', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (body) => {
        for (const decoded of [decodeOpen(body), decodeRouteRefresh(body)]) {
          if (decoded.ok) continue;
          const message = encodeNotification(decoded.fault);
          expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_LENGTH);
          expect(decodeNotification(bodyOf(message)).ok).toBe(true);
        }
      }),
    );
  });

  function readUpdate(body: Uint8Array, context: UpdateContext) {
    const decoded = decodeUpdate(body, context, decodeAttributeSet);
    if (!decoded.ok) {
      expect(decoded.fault.code).toBe(ERROR.UPDATE);
      expect(decoded.fault.subcode).not.toBe(UNSPECIFIC);
      return decoded;
    }
    const { withdrawn, reached, following, ...rest } = decoded.value;
    return {
      ...rest,
      withdrawn: withdrawn.map(nlriEntries),
      reached: [...reached, ...(following?.reached ?? [])].map(nlriEntries),
      following: following?.set,
    };
  }
});

describe('the longest message', () => {
  it('fits the length field', () => {
    const message = encodeMessage(MESSAGE_TYPE.UPDATE, (w) =>
      w.bytes(new Uint8Array(MAX_EXTENDED_MESSAGE_LENGTH - HEADER_LENGTH)),
    );
    const framer = new Framer(MAX_EXTENDED_MESSAGE_LENGTH);
    framer.push(message);
    expect(framer.next()).toMatchObject({ type: MESSAGE_TYPE.UPDATE });
  });
});

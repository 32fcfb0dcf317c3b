import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BfdPacket, decodePacket, diagnosticText, encodePacket } from './packet.ts';

const PACKET: BfdPacket = {
  diagnostic: 1,
  state: 'Up',
  poll: true,
  final: false,
  demand: false,
  multiplier: 3,
  myDiscriminator: 0x01020304,
  yourDiscriminator: 0xa0b0c0d0,
  minTransmit: 300,
  minReceive: 33.3,
  authentication: new Uint8Array(),
};
/** RFC 5880 4.1, octet by octet. */
const OCTETS = [
  ...[0x21, 0xe0, 3, 24],
  ...[1, 2, 3, 4],
  ...[0xa0, 0xb0, 0xc0, 0xd0],
  ...[0, 0x04, 0x93, 0xe0], // 300,000 microseconds
  ...[0, 0, 0x82, 0x14], // 33,300
  ...[0, 0, 0, 0],
];

const changed = (...changes: readonly (readonly [at: number, octet: number])[]) => {
  const octets = Uint8Array.from(OCTETS);
  for (const [at, octet] of changes) octets[at] = octet;
  return octets;
};

describe('a Control packet', () => {
  test('is what RFC 5880 4.1 draws', () => {
    expect([...encodePacket(PACKET)]).toEqual(OCTETS);
    expect(decodePacket(Uint8Array.from(OCTETS))).toEqual(PACKET);
  });

  test('may have octets behind it, which are not read', () => {
    expect(decodePacket(Uint8Array.from([...OCTETS, 1, 2, 3]))).toEqual(PACKET);
  });

  test('carries an authentication section', () => {
    const authentication = Uint8Array.of(1, 6, 1, 97, 98, 99);
    const bytes = encodePacket({ ...PACKET, authentication });
    expect([bytes[1], bytes[3], bytes.length]).toEqual([0xe4, 30, 30]);
    expect(decodePacket(bytes)).toEqual({ ...PACKET, authentication });
  });

  test.each<[string, Uint8Array]>([
    ['another version', changed([0, 0x41])],
    ['a length below 24', changed([3, 23])],
    ['a length beyond the datagram', changed([3, 25])],
    ['an authentication section that has no room', changed([1, 0xe4])],
    ['Detect Mult 0', changed([2, 0])],
    ['the M bit', changed([1, 0xe1])],
    ['My Discriminator 0', changed([4, 0], [5, 0], [6, 0], [7, 0])],
    ['Your Discriminator 0 in state Up', changed([8, 0], [9, 0], [10, 0], [11, 0])],
    ['Your Discriminator 0 in state Init', changed([1, 0x80], [8, 0], [9, 0], [10, 0], [11, 0])],
    ['too few octets', Uint8Array.from(OCTETS.slice(0, 23))],
    ['none', new Uint8Array()],
  ])('with %s is discarded (RFC 5880 6.8.6)', (_, bytes) => {
    expect(decodePacket(bytes)).toBeUndefined();
  });

  test.each([0x40, 0x00])('with Your Discriminator 0 is taken in state Down and AdminDown: %i', (flags) => {
    expect(decodePacket(changed([1, flags], [8, 0], [9, 0], [10, 0], [11, 0]))?.yourDiscriminator).toBe(0);
  });

  test('of any octets never throws, and what is read can be written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        bytes[0] = (bytes[0] ?? 0) & 0x3f;
        const packet = decodePacket(bytes);
        if (packet === undefined) return;
        expect(decodePacket(encodePacket(packet))).toEqual(packet);
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});

test('a diagnostic has the name of the RFC, and none where there is nothing to say', () => {
  expect([0, 1, 3, 7, 30].map(diagnosticText)).toEqual([
    undefined,
    'Control Detection Time Expired',
    'Neighbor Signaled Session Down',
    'Administratively Down',
    'diagnostic 30',
  ]);
});

import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './hex.ts';
import { HEADER_LENGTH } from './iana.ts';
import { decodeOpen, encodeOpen } from './open.ts';
import type { Capability, OpenMessage } from './types.ts';

const OPEN: OpenMessage = {
  type: 'open',
  version: 4,
  myAs: 64512,
  holdTime: 90,
  bgpIdentifier: 0x0a000001,
  capabilities: [],
};

/** Version 4, AS 64512, hold time 90, identifier 10.0.0.1, then the optional parameters as given. */
function bodyWith(parameters: string): Uint8Array {
  return fromHex(`04 fc00 005a 0a000001 ${parameters}`);
}

/** One Capabilities parameter that holds these octets. */
function bodyWithCapabilities(capabilities: string): Uint8Array {
  const value = fromHex(capabilities);
  return bodyWith(`${byte(value.length + 2)} 02 ${byte(value.length)} ${capabilities}`);
}

const byte = (value: number) => value.toString(16).padStart(2, '0');

const CAPABILITIES: readonly [string, string, Capability][] = [
  ['multiprotocol IPv4 (RFC 4760)', '01 04 0001 00 01', { type: 'multiprotocol', afi: 1, safi: 1 }],
  ['multiprotocol of a family not carried here', '01 04 4004 00 47', { type: 'multiprotocol', afi: 16388, safi: 71 }],
  ['route refresh (RFC 2918)', '02 00', { type: 'routeRefresh' }],
  [
    'extended next hop (RFC 8950)',
    '05 06 0001 0001 0002',
    { type: 'extendedNextHop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
  ],
  ['extended message (RFC 8654)', '06 00', { type: 'extendedMessage' }],
  ['role (RFC 9234)', '09 01 03', { type: 'role', role: 3 }],
  [
    'graceful restart (RFC 4724, 8538)',
    '40 0a c078 0001 01 80 0002 01 00',
    {
      type: 'gracefulRestart',
      restarted: true,
      notification: true,
      restartTime: 120,
      families: [
        { afi: 1, safi: 1, forwarding: true },
        { afi: 2, safi: 1, forwarding: false },
      ],
    },
  ],
  [
    'graceful restart of a helper',
    '40 02 0000',
    { type: 'gracefulRestart', restarted: false, notification: false, restartTime: 0, families: [] },
  ],
  ['four-octet AS (RFC 6793)', '41 04 fffffffe', { type: 'fourOctetAs', asn: 4294967294 }],
  [
    'ADD-PATH (RFC 7911)',
    '45 08 0001 01 03 0002 01 01',
    {
      type: 'addPath',
      families: [
        { afi: 1, safi: 1, mode: 3 },
        { afi: 2, safi: 1, mode: 1 },
      ],
    },
  ],
  ['enhanced route refresh (RFC 7313)', '46 00', { type: 'enhancedRouteRefresh' }],
  [
    'long-lived graceful restart (RFC 9494)',
    '47 07 0001 01 80 015180',
    { type: 'longLivedGracefulRestart', families: [{ afi: 1, safi: 1, forwarding: true, staleTime: 86400 }] },
  ],
  ['an unknown one', '49 03 010203', { type: 'unknown', code: 73, value: Uint8Array.of(1, 2, 3) }],
  ['an unknown one without value', '80 00', { type: 'unknown', code: 128, value: new Uint8Array(0) }],
];

describe('an OPEN', () => {
  it('without optional parameters reads as written', () => {
    const message = encodeOpen(OPEN);
    expect(toHex(message)).toBe(`${'ff'.repeat(16)}001d0104fc00005a0a00000100`);
    expect(decodeOpen(message.slice(HEADER_LENGTH))).toEqual({ ok: true, value: OPEN });
  });

  it.each(CAPABILITIES)('with %s reads as written', (_, hex, capability) => {
    const message: OpenMessage = { ...OPEN, capabilities: [capability] };
    expect(decodeOpen(bodyWithCapabilities(hex))).toEqual({ ok: true, value: message });
    expect(encodeOpen(message).slice(HEADER_LENGTH)).toEqual(bodyWithCapabilities(hex));
  });

  it('with all of them keeps their order', () => {
    const message: OpenMessage = { ...OPEN, capabilities: CAPABILITIES.map(([, , capability]) => capability) };
    expect(decodeOpen(encodeOpen(message).slice(HEADER_LENGTH))).toEqual({ ok: true, value: message });
  });

  it('may spread its capabilities over several parameters, and repeat them (RFC 5492 4)', () => {
    expect(decodeOpen(bodyWith('14 02 02 0200 02 06 010400010001 02 06 010400010001'))).toEqual({
      ok: true,
      value: { ...OPEN, capabilities: [{ type: 'routeRefresh' }, { type: 'multiprotocol', afi: 1, safi: 1 }] },
    });
  });

  it('keeps one capability with two values twice', () => {
    const body = bodyWithCapabilities('49 01 01 49 01 02 49 01 01');
    expect(decodeOpen(body)).toMatchObject({
      value: {
        capabilities: [
          { code: 73, value: Uint8Array.of(1) },
          { code: 73, value: Uint8Array.of(2) },
        ],
      },
    });
  });

  it('takes ADD-PATH with an undefined mode as a capability it does not understand (RFC 7911 4)', () => {
    expect(decodeOpen(bodyWithCapabilities('45 04 0001 01 04'))).toMatchObject({
      value: { capabilities: [{ type: 'unknown', code: 69, value: Uint8Array.of(0, 1, 1, 4) }] },
    });
  });
});

describe('an OPEN with long optional parameters (RFC 9072)', () => {
  const long: OpenMessage = {
    ...OPEN,
    capabilities: Array.from({ length: 100 }, (_, i) => ({ type: 'multiprotocol', afi: i, safi: 1 })),
  };

  it('is written and read', () => {
    const body = encodeOpen(long).slice(HEADER_LENGTH);
    expect(toHex(body.slice(9, 16))).toBe('ffff025b020258');
    expect(decodeOpen(body)).toEqual({ ok: true, value: long });
  });

  it('is written only where it is needed', () => {
    const shortest = (octets: number): OpenMessage => ({
      ...OPEN,
      capabilities: [{ type: 'unknown', code: 200, value: new Uint8Array(octets - 2) }],
    });
    expect(encodeOpen(shortest(252)).slice(HEADER_LENGTH + 9, HEADER_LENGTH + 11)).toEqual(Uint8Array.of(254, 2));
    expect(encodeOpen(shortest(253)).slice(HEADER_LENGTH + 9, HEADER_LENGTH + 11)).toEqual(Uint8Array.of(255, 255));
  });

  it('is read with any length octet but zero', () => {
    expect(decodeOpen(bodyWith('01 ff 0005 02 0002 0200'))).toEqual({
      ok: true,
      value: { ...OPEN, capabilities: [{ type: 'routeRefresh' }] },
    });
  });
});

describe('an OPEN is refused', () => {
  it.each([
    ['version 3 (RFC 4271 6.2)', '03 fc00 005a 0a000001 00', 1, '0004'],
    ['version 5', '05 fc00 005a 0a000001 00', 1, '0004'],
    ['AS 0 (RFC 7607)', '04 0000 005a 0a000001 00', 2, ''],
    ['identifier 0 (RFC 6286)', '04 fc00 005a 00000000 00', 3, ''],
    ['hold time 1', '04 fc00 0001 0a000001 00', 6, ''],
    ['hold time 2', '04 fc00 0002 0a000001 00', 6, ''],
    ['authentication, which nobody uses', '04 fc00 005a 0a000001 03 01 01 00', 4, ''],
    ['optional parameter 3', '04 fc00 005a 0a000001 02 03 00', 4, ''],
    ['parameters that are cut short', '04 fc00 005a 0a000001 04 02 02', 0, ''],
    ['octets behind the parameters', '04 fc00 005a 0a000001 00 00', 0, ''],
    ['a parameter longer than all of them', '04 fc00 005a 0a000001 02 02 05', 0, ''],
    ['a capability longer than its parameter', '04 fc00 005a 0a000001 04 02 02 02 01', 0, ''],
    ['a capability without length', '04 fc00 005a 0a000001 03 02 01 02', 0, ''],
    ['extended lengths that are cut short', '04 fc00 005a 0a000001 ff ff 00', 0, ''],
  ])('for %s', (_, hex, subcode, data) => {
    expect(decodeOpen(fromHex(hex))).toEqual({
      ok: false,
      fault: { code: 2, subcode, data: fromHex(data), text: expect.any(String) },
    });
  });

  it.each([
    ['multiprotocol', '01 03 000100'],
    ['multiprotocol, too long', '01 05 0001000100'],
    ['route refresh', '02 01 00'],
    ['extended next hop', '05 05 0001000100'],
    ['extended message', '06 01 00'],
    ['role', '09 00'],
    ['graceful restart', '40 01 00'],
    ['graceful restart, families', '40 05 0078 000101'],
    ['four-octet AS', '41 02 fc00'],
    ['ADD-PATH', '45 03 000101'],
    ['enhanced route refresh', '46 01 00'],
    ['long-lived graceful restart', '47 06 0001 01 80 0151'],
  ])('for the length of %s', (_, hex) => {
    expect(decodeOpen(bodyWithCapabilities(hex))).toMatchObject({ ok: false, fault: { code: 2, subcode: 0 } });
  });

  it('for AS 0 in the capability (RFC 7607)', () => {
    expect(decodeOpen(bodyWithCapabilities('41 04 00000000'))).toMatchObject({ fault: { code: 2, subcode: 2 } });
  });

  it('for two roles (RFC 9234 4.2)', () => {
    expect(decodeOpen(bodyWithCapabilities('09 01 00 09 01 00'))).toMatchObject({ ok: true });
    expect(decodeOpen(bodyWithCapabilities('09 01 00 09 01 03'))).toMatchObject({ fault: { code: 2, subcode: 11 } });
  });

  it('but hold times 0 and 3 are good', () => {
    expect(decodeOpen(fromHex('04 fc00 0000 0a000001 00'))).toMatchObject({ value: { holdTime: 0 } });
    expect(decodeOpen(fromHex('04 fc00 0003 0a000001 00'))).toMatchObject({ value: { holdTime: 3 } });
  });
});

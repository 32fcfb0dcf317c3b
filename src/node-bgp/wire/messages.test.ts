import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './hex.ts';
import { HEADER_LENGTH, MAX_MESSAGE_LENGTH } from './iana.ts';
import {
  decodeKeepalive,
  decodeNotification,
  decodeRouteRefresh,
  encodeNotification,
  encodeRouteRefresh,
  KEEPALIVE,
} from './messages.ts';

const MARKER = 'ff'.repeat(16);

describe('a KEEPALIVE', () => {
  it('is a header', () => {
    expect(toHex(KEEPALIVE)).toBe(`${MARKER}001304`);
    expect(decodeKeepalive(new Uint8Array(0))).toEqual({ ok: true, value: { type: 'keepalive' } });
  });

  it('has no body', () => {
    expect(decodeKeepalive(Uint8Array.of(0))).toMatchObject({
      ok: false,
      fault: { code: 1, subcode: 2, data: Uint8Array.of(0, 20) },
    });
  });
});

describe('a NOTIFICATION', () => {
  it.each([
    ['without data', '0400', { code: 4, subcode: 0, data: new Uint8Array(0) }],
    ['with data', '0102ffff', { code: 1, subcode: 2, data: Uint8Array.of(255, 255) }],
  ])('%s reads as written', (_, body, fields) => {
    expect(decodeNotification(fromHex(body))).toEqual({ ok: true, value: { type: 'notification', ...fields } });
    expect(toHex(encodeNotification(fields)).slice(2 * HEADER_LENGTH)).toBe(body);
  });

  it('keeps its data when the message is gone', () => {
    const body = fromHex('0602 0161');
    const decoded = decodeNotification(body);
    body.fill(0);
    expect(decoded).toMatchObject({ value: { data: Uint8Array.of(1, 0x61) } });
  });

  it('cuts data that do not fit', () => {
    const message = encodeNotification({ code: 3, subcode: 9, data: new Uint8Array(65_000) });
    expect(message.length).toBe(MAX_MESSAGE_LENGTH);
    expect(toHex(message.slice(16, 21))).toBe('1000030309');
  });

  it('needs a code and a subcode', () => {
    expect(decodeNotification(Uint8Array.of(6))).toMatchObject({ ok: false, fault: { code: 1, subcode: 2 } });
  });
});

describe('a ROUTE-REFRESH', () => {
  it.each([
    ['a request (RFC 2918)', '00010001', { afi: 1, subtype: 0, safi: 1 }],
    ['the begin (RFC 7313)', '00020101', { afi: 2, subtype: 1, safi: 1 }],
    ['the end (RFC 7313)', '00020201', { afi: 2, subtype: 2, safi: 1 }],
  ])('that is %s reads as written', (_, body, fields) => {
    const message = { type: 'routeRefresh', ...fields } as const;
    expect(decodeRouteRefresh(fromHex(body))).toEqual({ ok: true, value: message });
    expect(toHex(encodeRouteRefresh(message))).toBe(`${MARKER}001705${body}`);
  });

  it.each(['', '000101', '0001010100', '0001020100'])(
    'of a wrong length is refused with the whole message: %j (RFC 7313 5)',
    (body) => {
      const length = (fromHex(body).length + HEADER_LENGTH).toString(16).padStart(4, '0');
      expect(decodeRouteRefresh(fromHex(body))).toEqual({
        ok: false,
        fault: { code: 7, subcode: 1, data: fromHex(`${MARKER}${length}05${body}`), text: expect.any(String) },
      });
    },
  );

  it('may hold filters behind a request, which are passed over', () => {
    expect(decodeRouteRefresh(fromHex('00010001 01 40 0000'))).toMatchObject({ ok: true });
  });
});

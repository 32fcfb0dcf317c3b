// The three small messages: NOTIFICATION, KEEPALIVE, ROUTE-REFRESH.

import { type Decoded, decode, headerFault, Malformed, routeRefreshFault } from './fault.ts';
import { HEADER_LENGTH, MAX_MESSAGE_LENGTH, MESSAGE_TYPE, REFRESH_SUBTYPE } from './iana.ts';
import { Reader } from './reader.ts';
import type { KeepaliveMessage, NotificationMessage, RouteRefreshMessage } from './types.ts';
import { encodeMessage } from './writer.ts';

const ROUTE_REFRESH_LENGTH = 4;

/** Reads the body of a NOTIFICATION (RFC 4271 4.5); `data` is a copy. */
export function decodeNotification(body: Uint8Array): Decoded<NotificationMessage> {
  return decode(() => {
    const r = new Reader(body, () => badLength(body.length, 'a NOTIFICATION without code and subcode'));
    return { type: 'notification', code: r.u8(), subcode: r.u8(), data: r.copy(r.remaining) };
  });
}

/** A complete NOTIFICATION. Data that does not fit a message of 4096 octets is cut. */
export function encodeNotification(fault: {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}): Uint8Array {
  const room = MAX_MESSAGE_LENGTH - HEADER_LENGTH - 2;
  return encodeMessage(MESSAGE_TYPE.NOTIFICATION, (w) => {
    w.u8(fault.code).u8(fault.subcode).bytes(fault.data.subarray(0, room));
  });
}

/** Reads the body of a KEEPALIVE, which is empty (RFC 4271 4.4). */
export function decodeKeepalive(body: Uint8Array): Decoded<KeepaliveMessage> {
  return decode(() => {
    if (body.length > 0) throw new Malformed(badLength(body.length, 'a KEEPALIVE with a body'));
    return { type: 'keepalive' };
  });
}

/** The complete KEEPALIVE; shared, never to be written to. */
export const KEEPALIVE: Uint8Array = encodeMessage(MESSAGE_TYPE.KEEPALIVE, () => {});

/**
 * Reads the body of a ROUTE-REFRESH (RFC 2918 3, RFC 7313 3.2). A wrong length is fault 7/1 with the complete message
 * (RFC 7313 5); what follows in a plain request (RFC 5291, never offered) is passed over.
 */
export function decodeRouteRefresh(body: Uint8Array): Decoded<RouteRefreshMessage> {
  return decode(() => {
    const r = new Reader(body, wrongLength);
    const afi = r.u16();
    const subtype = r.u8();
    const safi = r.u8();
    if (r.remaining > 0 && subtype !== REFRESH_SUBTYPE.REQUEST) throw new Malformed(wrongLength());
    return { type: 'routeRefresh', afi, safi, subtype };
  });

  function wrongLength() {
    const message = encodeMessage(MESSAGE_TYPE.ROUTE_REFRESH, (w) => w.bytes(body));
    return routeRefreshFault(message, `a ROUTE-REFRESH of ${body.length} octets instead of ${ROUTE_REFRESH_LENGTH}`);
  }
}

/** A complete ROUTE-REFRESH. */
export function encodeRouteRefresh(message: RouteRefreshMessage): Uint8Array {
  return encodeMessage(MESSAGE_TYPE.ROUTE_REFRESH, (w) => {
    w.u16(message.afi).u8(message.subtype).u8(message.safi);
  });
}

function badLength(bodyLength: number, text: string) {
  const length = bodyLength + HEADER_LENGTH;
  return headerFault('BAD_MESSAGE_LENGTH', Uint8Array.of(length >>> 8, length), text);
}

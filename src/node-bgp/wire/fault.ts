// How a decoder says whose fault it was: the peer's. A fault is a value; inside a decoder it travels as `Malformed`.

import { ERROR, HEADER_ERROR, OPEN_ERROR, ROUTE_REFRESH_ERROR, UPDATE_ERROR } from './iana.ts';
import type { ProtocolFault } from './types.ts';

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: ProtocolFault };

const NO_DATA = new Uint8Array(0);

/** What a NOTIFICATION of this code and subcode says (RFC 4271 4.5); `text` is for people and never sent. */
export function fault(code: number, subcode: number, data: Uint8Array = NO_DATA, text = ''): ProtocolFault {
  return { code, subcode, data, text };
}

export function headerFault(subcode: keyof typeof HEADER_ERROR, data: Uint8Array, text: string): ProtocolFault {
  return fault(ERROR.MESSAGE_HEADER, HEADER_ERROR[subcode], data, text);
}

export function openFault(subcode: number | keyof typeof OPEN_ERROR, text: string, data?: Uint8Array): ProtocolFault {
  return fault(ERROR.OPEN, typeof subcode === 'number' ? subcode : OPEN_ERROR[subcode], data, text);
}

export function updateFault(subcode: keyof typeof UPDATE_ERROR, text: string, data?: Uint8Array): ProtocolFault {
  return fault(ERROR.UPDATE, UPDATE_ERROR[subcode], data, text);
}

export function routeRefreshFault(data: Uint8Array, text: string): ProtocolFault {
  return fault(ERROR.ROUTE_REFRESH, ROUTE_REFRESH_ERROR.INVALID_MESSAGE_LENGTH, data, text);
}

/** Thrown inside a decoder, caught by `decode` alone. Not an Error: it never leaves the room and needs no stack. */
export class Malformed {
  readonly fault: ProtocolFault;

  constructor(fault: ProtocolFault) {
    this.fault = fault;
  }
}

/** Runs a decoder; what it blames on the peer becomes a value, everything else is our own bug and goes on. */
export function decode<T>(read: () => T): Decoded<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, fault: error.fault };
    throw error;
  }
}

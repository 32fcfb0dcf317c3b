// What a NOTIFICATION says, in words: names from the registries, and the data of those that carry some (RFC 9003 text,
// the refused version, the prefix limit). And the other way: the data of a shutdown with a text.

import type { Family } from '../ip/index.ts';
import { toHex } from './hex.ts';
import {
  afiOf,
  CEASE,
  ERROR,
  FSM_ERROR,
  familyOfAfi,
  HEADER_ERROR,
  OPEN_ERROR,
  ROUTE_REFRESH_ERROR,
  SAFI,
  UNSPECIFIC,
  UPDATE_ERROR,
} from './iana.ts';

type Subcodes = ReadonlyMap<number, string>;

const HEADER_SUBCODES: Subcodes = new Map([
  [HEADER_ERROR.CONNECTION_NOT_SYNCHRONIZED, 'Connection Not Synchronized'],
  [HEADER_ERROR.BAD_MESSAGE_LENGTH, 'Bad Message Length'],
  [HEADER_ERROR.BAD_MESSAGE_TYPE, 'Bad Message Type'],
]);

const OPEN_SUBCODES: Subcodes = new Map([
  [OPEN_ERROR.UNSUPPORTED_VERSION_NUMBER, 'Unsupported Version Number'],
  [OPEN_ERROR.BAD_PEER_AS, 'Bad Peer AS'],
  [OPEN_ERROR.BAD_BGP_IDENTIFIER, 'Bad BGP Identifier'],
  [OPEN_ERROR.UNSUPPORTED_OPTIONAL_PARAMETER, 'Unsupported Optional Parameter'],
  [OPEN_ERROR.UNACCEPTABLE_HOLD_TIME, 'Unacceptable Hold Time'],
  [OPEN_ERROR.UNSUPPORTED_CAPABILITY, 'Unsupported Capability'],
  [OPEN_ERROR.ROLE_MISMATCH, 'Role Mismatch'],
]);

const UPDATE_SUBCODES: Subcodes = new Map([
  [UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST, 'Malformed Attribute List'],
  [UPDATE_ERROR.UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE, 'Unrecognized Well-known Attribute'],
  [UPDATE_ERROR.MISSING_WELL_KNOWN_ATTRIBUTE, 'Missing Well-known Attribute'],
  [UPDATE_ERROR.ATTRIBUTE_FLAGS_ERROR, 'Attribute Flags Error'],
  [UPDATE_ERROR.ATTRIBUTE_LENGTH_ERROR, 'Attribute Length Error'],
  [UPDATE_ERROR.INVALID_ORIGIN, 'Invalid ORIGIN Attribute'],
  [UPDATE_ERROR.INVALID_NEXT_HOP, 'Invalid NEXT_HOP Attribute'],
  [UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR, 'Optional Attribute Error'],
  [UPDATE_ERROR.INVALID_NETWORK_FIELD, 'Invalid Network Field'],
  [UPDATE_ERROR.MALFORMED_AS_PATH, 'Malformed AS_PATH'],
]);

const FSM_SUBCODES: Subcodes = new Map([
  [FSM_ERROR.UNEXPECTED_MESSAGE_IN_OPEN_SENT, 'Unexpected Message in OpenSent'],
  [FSM_ERROR.UNEXPECTED_MESSAGE_IN_OPEN_CONFIRM, 'Unexpected Message in OpenConfirm'],
  [FSM_ERROR.UNEXPECTED_MESSAGE_IN_ESTABLISHED, 'Unexpected Message in Established'],
]);

const CEASE_SUBCODES: Subcodes = new Map([
  [CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED, 'Maximum Number of Prefixes Reached'],
  [CEASE.ADMINISTRATIVE_SHUTDOWN, 'Administrative Shutdown'],
  [CEASE.PEER_DE_CONFIGURED, 'Peer De-configured'],
  [CEASE.ADMINISTRATIVE_RESET, 'Administrative Reset'],
  [CEASE.CONNECTION_REJECTED, 'Connection Rejected'],
  [CEASE.OTHER_CONFIGURATION_CHANGE, 'Other Configuration Change'],
  [CEASE.CONNECTION_COLLISION_RESOLUTION, 'Connection Collision Resolution'],
  [CEASE.OUT_OF_RESOURCES, 'Out of Resources'],
  [CEASE.HARD_RESET, 'Hard Reset'],
  [CEASE.BFD_DOWN, 'BFD Down'],
]);

const ROUTE_REFRESH_SUBCODES: Subcodes = new Map([
  [ROUTE_REFRESH_ERROR.INVALID_MESSAGE_LENGTH, 'Invalid Message Length'],
]);

const ERROR_NAMES: ReadonlyMap<number, { readonly name: string; readonly subcodes?: Subcodes }> = new Map([
  [ERROR.MESSAGE_HEADER, { name: 'Message Header Error', subcodes: HEADER_SUBCODES }],
  [ERROR.OPEN, { name: 'OPEN Message Error', subcodes: OPEN_SUBCODES }],
  [ERROR.UPDATE, { name: 'UPDATE Message Error', subcodes: UPDATE_SUBCODES }],
  [ERROR.HOLD_TIMER_EXPIRED, { name: 'Hold Timer Expired' }],
  [ERROR.FINITE_STATE_MACHINE, { name: 'Finite State Machine Error', subcodes: FSM_SUBCODES }],
  [ERROR.CEASE, { name: 'Cease', subcodes: CEASE_SUBCODES }],
  [ERROR.ROUTE_REFRESH, { name: 'ROUTE-REFRESH Message Error', subcodes: ROUTE_REFRESH_SUBCODES }],
  [ERROR.SEND_HOLD_TIMER_EXPIRED, { name: 'Send Hold Timer Expired' }],
]);

/** One line for people, for example `Cease/Administrative Shutdown: "maintenance"`. */
export function describeNotification(code: number, subcode: number, data: Uint8Array): string {
  const names = ERROR_NAMES.get(code);
  const name = names?.name ?? `Error ${code}`;
  const subname = names?.subcodes?.get(subcode) ?? (subcode === UNSPECIFIC ? '' : `subcode ${subcode}`);
  const head = subname === '' ? name : `${name}/${subname}`;
  const detail = describeData(code, subcode, data);
  return detail === '' ? head : `${head}: ${detail}`;
}

function describeData(code: number, subcode: number, data: Uint8Array): string {
  if (data.length === 0) return '';
  if (code === ERROR.CEASE) return describeCease(subcode, data);
  if (code === ERROR.MESSAGE_HEADER && subcode === HEADER_ERROR.BAD_MESSAGE_LENGTH && data.length === 2) {
    return `length ${unsigned(data)}`;
  }
  if (code === ERROR.MESSAGE_HEADER && subcode === HEADER_ERROR.BAD_MESSAGE_TYPE && data.length === 1) {
    return `type ${data[0]}`;
  }
  if (code === ERROR.OPEN && subcode === OPEN_ERROR.UNSUPPORTED_VERSION_NUMBER && data.length === 2) {
    return `version ${unsigned(data)} is supported`;
  }
  // Nothing is specified for this one; several implementations send the AS number they refuse.
  if (code === ERROR.OPEN && subcode === OPEN_ERROR.BAD_PEER_AS && (data.length === 2 || data.length === 4)) {
    return `AS ${unsigned(data)}`;
  }
  if (code === ERROR.UPDATE && subcode === UPDATE_ERROR.MISSING_WELL_KNOWN_ATTRIBUTE && data.length === 1) {
    return `attribute ${data[0]}`;
  }
  if (code === ERROR.FINITE_STATE_MACHINE && data.length === 1) return `message type ${data[0]}`; // RFC 6608 4
  return `data ${toHex(data)}`;
}

function describeCease(subcode: number, data: Uint8Array): string {
  if (subcode === CEASE.ADMINISTRATIVE_SHUTDOWN || subcode === CEASE.ADMINISTRATIVE_RESET) {
    const text = shutdownText(data);
    if (text !== undefined) return text === '' ? '' : `"${text}"`;
  }
  if (subcode === CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED && data.length === 7) {
    const afi = unsigned(data.subarray(0, 2));
    const family = familyOfAfi(afi, data[2]!) ?? `AFI ${afi} SAFI ${data[2]}`;
    return `${family} limit ${unsigned(data.subarray(3))}`; // RFC 4486 4
  }
  if (subcode === CEASE.HARD_RESET && data.length >= 2) {
    return describeNotification(data[0]!, data[1]!, data.subarray(2)); // RFC 8538 3.1
  }
  return `data ${toHex(data)}`;
}

/** RFC 9003 2: a length octet and UTF-8. Undefined where the octets are something else. */
function shutdownText(data: Uint8Array): string | undefined {
  const length = data[0]!;
  if (length > data.length - 1) return undefined;
  const text = new TextDecoder().decode(data.subarray(1, 1 + length));
  // RFC 9003 4: nothing of it may act on a terminal or a log.
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
}

/** The data of Cease/Maximum Number of Prefixes Reached (RFC 4486 4). */
export function prefixLimitData(family: Family, limit: number): Uint8Array {
  const data = new Uint8Array(7);
  const view = new DataView(data.buffer);
  view.setUint16(0, afiOf(family));
  view.setUint8(2, SAFI.UNICAST);
  view.setUint32(3, limit);
  return data;
}

/** The data of Cease/Administrative Shutdown or Reset with a text for the operator of the peer (RFC 9003 2); cut to 255 octets. */
export function shutdownData(text: string): Uint8Array {
  if (text === '') return new Uint8Array(0);
  const data = new Uint8Array(256);
  // encodeInto stops before a character that does not fit, so the cut never splits one.
  const { written } = new TextEncoder().encodeInto(text, data.subarray(1));
  data[0] = written;
  return data.slice(0, 1 + written);
}

function unsigned(data: Uint8Array): number {
  return data.reduce((value, octet) => value * 256 + octet, 0);
}

// The numbers of the IANA registries for BGP, with their names. No other file holds one of them bare.
// Not here: what the numbers make a speaker do.

import type { Family } from '../ip/index.ts';

/** RFC 4271 4.1: marker, length, type. */
export const HEADER_LENGTH = 19;
/** RFC 4271 4.1. */
export const MAX_MESSAGE_LENGTH = 4096;
/** RFC 8654. */
export const MAX_EXTENDED_MESSAGE_LENGTH = 65535;

export const BGP_VERSION = 4;
/** RFC 6793: stands for an AS number that needs four octets where there are two. */
export const AS_TRANS = 23456;

export const MESSAGE_TYPE = { OPEN: 1, UPDATE: 2, NOTIFICATION: 3, KEEPALIVE: 4, ROUTE_REFRESH: 5 } as const;

export const OPTIONAL_PARAMETER = {
  CAPABILITIES: 2,
  /** RFC 9072: not a parameter but the sign that lengths have two octets. */
  EXTENDED_LENGTH: 255,
} as const;

export const CAPABILITY = {
  MULTIPROTOCOL: 1,
  ROUTE_REFRESH: 2,
  EXTENDED_NEXT_HOP: 5,
  EXTENDED_MESSAGE: 6,
  ROLE: 9,
  GRACEFUL_RESTART: 64,
  FOUR_OCTET_AS: 65,
  ADD_PATH: 69,
  ENHANCED_ROUTE_REFRESH: 70,
  LONG_LIVED_GRACEFUL_RESTART: 71,
} as const;

export const AFI = { IPV4: 1, IPV6: 2 } as const;
export const SAFI = { UNICAST: 1 } as const;

/** RFC 7911 4: the Send/Receive octet of the ADD-PATH capability. */
export const ADD_PATH_MODE = { RECEIVE: 1, SEND: 2, BOTH: 3 } as const;

/** RFC 9234 4.1: what the sender of the capability is to the other AS. */
export const ROLE = { PROVIDER: 0, ROUTE_SERVER: 1, ROUTE_SERVER_CLIENT: 2, CUSTOMER: 3, PEER: 4 } as const;

/** RFC 7313 3.2. */
export const REFRESH_SUBTYPE = { REQUEST: 0, BEGIN: 1, END: 2 } as const;

/** RFC 4271 4.3. */
export const ATTRIBUTE_FLAG = { OPTIONAL: 0x80, TRANSITIVE: 0x40, PARTIAL: 0x20, EXTENDED_LENGTH: 0x10 } as const;

export const ATTRIBUTE = {
  ORIGIN: 1,
  AS_PATH: 2,
  NEXT_HOP: 3,
  MULTI_EXIT_DISC: 4,
  LOCAL_PREF: 5,
  ATOMIC_AGGREGATE: 6,
  AGGREGATOR: 7,
  COMMUNITIES: 8,
  ORIGINATOR_ID: 9,
  CLUSTER_LIST: 10,
  MP_REACH_NLRI: 14,
  MP_UNREACH_NLRI: 15,
  EXTENDED_COMMUNITIES: 16,
  AS4_PATH: 17,
  AS4_AGGREGATOR: 18,
  LARGE_COMMUNITIES: 32,
  ONLY_TO_CUSTOMER: 35,
} as const;

export const ORIGIN = { IGP: 0, EGP: 1, INCOMPLETE: 2 } as const;

/** RFC 4271 4.3, RFC 5065 3. */
export const AS_PATH_SEGMENT = { SET: 1, SEQUENCE: 2, CONFED_SEQUENCE: 3, CONFED_SET: 4 } as const;

export const COMMUNITY = {
  GRACEFUL_SHUTDOWN: 0xffff0000,
  ACCEPT_OWN: 0xffff0001,
  LLGR_STALE: 0xffff0006,
  NO_LLGR: 0xffff0007,
  BLACKHOLE: 0xffff029a,
  NO_EXPORT: 0xffffff01,
  NO_ADVERTISE: 0xffffff02,
  NO_EXPORT_SUBCONFED: 0xffffff03,
  NO_PEER: 0xffffff04,
} as const;

export const COMMUNITY_NAME: ReadonlyMap<number, string> = new Map([
  [COMMUNITY.GRACEFUL_SHUTDOWN, 'graceful-shutdown'],
  [COMMUNITY.ACCEPT_OWN, 'accept-own'],
  [COMMUNITY.LLGR_STALE, 'llgr-stale'],
  [COMMUNITY.NO_LLGR, 'no-llgr'],
  [COMMUNITY.BLACKHOLE, 'blackhole'],
  [COMMUNITY.NO_EXPORT, 'no-export'],
  [COMMUNITY.NO_ADVERTISE, 'no-advertise'],
  [COMMUNITY.NO_EXPORT_SUBCONFED, 'no-export-subconfed'],
  [COMMUNITY.NO_PEER, 'no-peer'],
]);

export const ERROR = {
  MESSAGE_HEADER: 1,
  OPEN: 2,
  UPDATE: 3,
  HOLD_TIMER_EXPIRED: 4,
  FINITE_STATE_MACHINE: 5,
  CEASE: 6,
  /** RFC 7313 5. */
  ROUTE_REFRESH: 7,
  /** RFC 9687. */
  SEND_HOLD_TIMER_EXPIRED: 8,
} as const;

export const UNSPECIFIC = 0;

export const HEADER_ERROR = {
  CONNECTION_NOT_SYNCHRONIZED: 1,
  BAD_MESSAGE_LENGTH: 2,
  BAD_MESSAGE_TYPE: 3,
} as const;

export const OPEN_ERROR = {
  UNSUPPORTED_VERSION_NUMBER: 1,
  BAD_PEER_AS: 2,
  BAD_BGP_IDENTIFIER: 3,
  UNSUPPORTED_OPTIONAL_PARAMETER: 4,
  UNACCEPTABLE_HOLD_TIME: 6,
  /** RFC 5492 5. */
  UNSUPPORTED_CAPABILITY: 7,
  /** RFC 9234 4.2. */
  ROLE_MISMATCH: 11,
} as const;

export const UPDATE_ERROR = {
  MALFORMED_ATTRIBUTE_LIST: 1,
  UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE: 2,
  MISSING_WELL_KNOWN_ATTRIBUTE: 3,
  ATTRIBUTE_FLAGS_ERROR: 4,
  ATTRIBUTE_LENGTH_ERROR: 5,
  INVALID_ORIGIN: 6,
  INVALID_NEXT_HOP: 8,
  OPTIONAL_ATTRIBUTE_ERROR: 9,
  INVALID_NETWORK_FIELD: 10,
  MALFORMED_AS_PATH: 11,
} as const;

/** RFC 6608 3. */
export const FSM_ERROR = {
  UNEXPECTED_MESSAGE_IN_OPEN_SENT: 1,
  UNEXPECTED_MESSAGE_IN_OPEN_CONFIRM: 2,
  UNEXPECTED_MESSAGE_IN_ESTABLISHED: 3,
} as const;

/** RFC 4486, RFC 8538 3, RFC 9384 3. */
export const CEASE = {
  MAXIMUM_NUMBER_OF_PREFIXES_REACHED: 1,
  ADMINISTRATIVE_SHUTDOWN: 2,
  PEER_DE_CONFIGURED: 3,
  ADMINISTRATIVE_RESET: 4,
  CONNECTION_REJECTED: 5,
  OTHER_CONFIGURATION_CHANGE: 6,
  CONNECTION_COLLISION_RESOLUTION: 7,
  OUT_OF_RESOURCES: 8,
  HARD_RESET: 9,
  BFD_DOWN: 10,
} as const;

/** RFC 7313 5. */
export const ROUTE_REFRESH_ERROR = { INVALID_MESSAGE_LENGTH: 1 } as const;

/** The family that an AFI and SAFI name; undefined for all that this library does not carry. */
export function familyOfAfi(afi: number, safi: number): Family | undefined {
  if (safi !== SAFI.UNICAST) return undefined;
  if (afi === AFI.IPV4) return 'ipv4';
  return afi === AFI.IPV6 ? 'ipv6' : undefined;
}

export function afiOf(family: Family): number {
  return family === 'ipv4' ? AFI.IPV4 : AFI.IPV6;
}

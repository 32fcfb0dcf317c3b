// The BFD Control packet (RFC 5880 4.1) as octets and as values. Authentication sections are carried, not judged
// (authentication.ts); which session a packet belongs to is demultiplexer business (sessions.ts).

import type { BfdState } from './types.ts';

/** RFC 5881 4 and RFC 5883 5. */
export const BFD_PORT = { single: 3784, multihop: 4784 } as const;

/** RFC 5880 4.1, and RFC 5882's words for people. */
export const DIAGNOSTIC = {
  NONE: 0,
  DETECTION_TIME_EXPIRED: 1,
  ECHO_FAILED: 2,
  NEIGHBOR_SIGNALED_DOWN: 3,
  FORWARDING_PLANE_RESET: 4,
  PATH_DOWN: 5,
  CONCATENATED_PATH_DOWN: 6,
  ADMINISTRATIVELY_DOWN: 7,
  REVERSE_CONCATENATED_PATH_DOWN: 8,
} as const;

export const HEADER_LENGTH = 24;
const VERSION = 1;
const STATES: readonly BfdState[] = ['AdminDown', 'Down', 'Init', 'Up'];
const BIT = { poll: 0x20, final: 0x10, authenticated: 0x04, demand: 0x02, multipoint: 0x01 } as const;
const MICROSECONDS = 1000;

export interface BfdPacket {
  readonly diagnostic: number;
  readonly state: BfdState;
  readonly poll: boolean;
  readonly final: boolean;
  readonly demand: boolean;
  /** Detect Mult. */
  readonly multiplier: number;
  readonly myDiscriminator: number;
  /** 0: the sender does not know us yet. */
  readonly yourDiscriminator: number;
  /** Milliseconds. */
  readonly minTransmit: number;
  readonly minReceive: number;
  /** Octets of the authentication section; empty where there is none. */
  readonly authentication: Uint8Array;
}

/** Undefined where RFC 5880 6.8.6 has a packet discarded for what it is, whatever session it is for. */
export function decodePacket(bytes: Uint8Array): BfdPacket | undefined {
  if (bytes.length < HEADER_LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, flags, multiplier, length] = [bytes[0]!, bytes[1]!, bytes[2]!, bytes[3]!];
  const isAuthenticated = (flags & BIT.authenticated) !== 0;
  const shortest = isAuthenticated ? HEADER_LENGTH + 2 : HEADER_LENGTH;
  if (first >> 5 !== VERSION || length < shortest || length > bytes.length) return undefined;
  if (multiplier === 0 || (flags & BIT.multipoint) !== 0) return undefined;
  const state = STATES[flags >> 6]!;
  const [myDiscriminator, yourDiscriminator] = [view.getUint32(4), view.getUint32(8)];
  if (myDiscriminator === 0) return undefined;
  if (yourDiscriminator === 0 && state !== 'Down' && state !== 'AdminDown') return undefined;
  return {
    diagnostic: first & 0x1f,
    state,
    poll: (flags & BIT.poll) !== 0,
    final: (flags & BIT.final) !== 0,
    demand: (flags & BIT.demand) !== 0,
    multiplier,
    myDiscriminator,
    yourDiscriminator,
    minTransmit: view.getUint32(12) / MICROSECONDS,
    minReceive: view.getUint32(16) / MICROSECONDS,
    authentication: isAuthenticated ? bytes.subarray(HEADER_LENGTH, length) : new Uint8Array(),
  };
}

/** Required Min Echo RX is 0: we do not loop packets back. */
export function encodePacket(packet: BfdPacket): Uint8Array {
  const { authentication } = packet;
  const bytes = new Uint8Array(HEADER_LENGTH + authentication.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = (VERSION << 5) | packet.diagnostic;
  bytes[1] =
    (STATES.indexOf(packet.state) << 6) |
    (packet.poll ? BIT.poll : 0) |
    (packet.final ? BIT.final : 0) |
    (authentication.length > 0 ? BIT.authenticated : 0) |
    (packet.demand ? BIT.demand : 0);
  bytes[2] = packet.multiplier;
  bytes[3] = bytes.length;
  view.setUint32(4, packet.myDiscriminator);
  view.setUint32(8, packet.yourDiscriminator);
  view.setUint32(12, Math.round(packet.minTransmit * MICROSECONDS));
  view.setUint32(16, Math.round(packet.minReceive * MICROSECONDS));
  bytes.set(authentication, HEADER_LENGTH);
  return bytes;
}

const DIAGNOSTIC_TEXT: Readonly<Record<number, string>> = {
  [DIAGNOSTIC.DETECTION_TIME_EXPIRED]: 'Control Detection Time Expired',
  [DIAGNOSTIC.ECHO_FAILED]: 'Echo Function Failed',
  [DIAGNOSTIC.NEIGHBOR_SIGNALED_DOWN]: 'Neighbor Signaled Session Down',
  [DIAGNOSTIC.FORWARDING_PLANE_RESET]: 'Forwarding Plane Reset',
  [DIAGNOSTIC.PATH_DOWN]: 'Path Down',
  [DIAGNOSTIC.CONCATENATED_PATH_DOWN]: 'Concatenated Path Down',
  [DIAGNOSTIC.ADMINISTRATIVELY_DOWN]: 'Administratively Down',
  [DIAGNOSTIC.REVERSE_CONCATENATED_PATH_DOWN]: 'Reverse Concatenated Path Down',
};

/** The RFC's name; undefined for `No Diagnostic`. */
export function diagnosticText(diagnostic: number): string | undefined {
  return diagnostic === DIAGNOSTIC.NONE ? undefined : (DIAGNOSTIC_TEXT[diagnostic] ?? `diagnostic ${diagnostic}`);
}

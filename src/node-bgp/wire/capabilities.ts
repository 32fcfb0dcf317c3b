// Capabilities (RFC 5492): one row for each that this library knows, the rest kept as bytes.
// Not here: what two OPENs together mean; that is the session's.

import { Malformed, openFault } from './fault.ts';
import { ADD_PATH_MODE, CAPABILITY, UNSPECIFIC } from './iana.ts';
import type { Reader } from './reader.ts';
import type { Capability, ProtocolFault } from './types.ts';
import type { Writer } from './writer.ts';

type CapabilityType = Capability['type'];
type CapabilityOf<T extends CapabilityType> = Extract<Capability, { type: T }>;

interface CapabilityRow<T extends CapabilityType> {
  readonly code: number;
  /** Undefined: treat it as not understood. A value that is too short or too long is malformed. */
  readonly decode: (r: Reader) => CapabilityOf<T> | undefined;
  readonly encode: (w: Writer, capability: CapabilityOf<T>) => void;
}

const RESTART_FLAG = 0x8000;
const NOTIFICATION_FLAG = 0x4000;
const RESTART_TIME_MASK = 0x0fff;
const FORWARDING_FLAG = 0x80;

/** A capability that says all by being there. */
function flag<T extends CapabilityType>(code: number, capability: CapabilityOf<T>): CapabilityRow<T> {
  return { code, decode: () => capability, encode: () => {} };
}

const ROWS: { readonly [T in Exclude<CapabilityType, 'unknown'>]: CapabilityRow<T> } = {
  // RFC 4760 8
  multiprotocol: {
    code: CAPABILITY.MULTIPROTOCOL,
    decode: (r) => {
      const afi = r.u16();
      r.u8();
      return { type: 'multiprotocol', afi, safi: r.u8() };
    },
    encode: (w, c) => w.u16(c.afi).u8(0).u8(c.safi),
  },
  // RFC 2918 2
  routeRefresh: flag(CAPABILITY.ROUTE_REFRESH, { type: 'routeRefresh' }),
  // RFC 7313 3.1
  enhancedRouteRefresh: flag(CAPABILITY.ENHANCED_ROUTE_REFRESH, { type: 'enhancedRouteRefresh' }),
  // RFC 8654 3
  extendedMessage: flag(CAPABILITY.EXTENDED_MESSAGE, { type: 'extendedMessage' }),
  // RFC 8950 4; the SAFI has two octets here
  extendedNextHop: {
    code: CAPABILITY.EXTENDED_NEXT_HOP,
    decode: (r) => ({
      type: 'extendedNextHop',
      entries: listOf(r, () => ({ afi: r.u16(), safi: r.u16(), nextHopAfi: r.u16() })),
    }),
    encode: (w, c) => {
      for (const entry of c.entries) w.u16(entry.afi).u16(entry.safi).u16(entry.nextHopAfi);
    },
  },
  // RFC 9234 4.1
  role: {
    code: CAPABILITY.ROLE,
    decode: (r) => ({ type: 'role', role: r.u8() }),
    encode: (w, c) => w.u8(c.role),
  },
  // RFC 6793 3
  fourOctetAs: {
    code: CAPABILITY.FOUR_OCTET_AS,
    decode: (r) => ({ type: 'fourOctetAs', asn: r.u32() }),
    encode: (w, c) => w.u32(c.asn),
  },
  // RFC 7911 4: any other mode makes the whole capability one that is not understood
  addPath: {
    code: CAPABILITY.ADD_PATH,
    decode: (r) => {
      const families = listOf(r, () => ({ afi: r.u16(), safi: r.u8(), mode: r.u8() as 1 | 2 | 3 }));
      const known = families.every(({ mode }) => mode >= ADD_PATH_MODE.RECEIVE && mode <= ADD_PATH_MODE.BOTH);
      return known ? { type: 'addPath', families } : undefined;
    },
    encode: (w, c) => {
      for (const family of c.families) w.u16(family.afi).u8(family.safi).u8(family.mode);
    },
  },
  // RFC 4724 3, RFC 8538 2: R and N above twelve bits of time; F of each family
  gracefulRestart: {
    code: CAPABILITY.GRACEFUL_RESTART,
    decode: (r) => {
      const word = r.u16();
      return {
        type: 'gracefulRestart',
        restarted: (word & RESTART_FLAG) !== 0,
        notification: (word & NOTIFICATION_FLAG) !== 0,
        restartTime: word & RESTART_TIME_MASK,
        families: listOf(r, () => ({ afi: r.u16(), safi: r.u8(), forwarding: (r.u8() & FORWARDING_FLAG) !== 0 })),
      };
    },
    encode: (w, c) => {
      const flags = (c.restarted ? RESTART_FLAG : 0) | (c.notification ? NOTIFICATION_FLAG : 0);
      w.u16(flags | Math.min(c.restartTime, RESTART_TIME_MASK));
      for (const family of c.families) {
        w.u16(family.afi)
          .u8(family.safi)
          .u8(family.forwarding ? FORWARDING_FLAG : 0);
      }
    },
  },
  // RFC 9494 3.1
  longLivedGracefulRestart: {
    code: CAPABILITY.LONG_LIVED_GRACEFUL_RESTART,
    decode: (r) => ({
      type: 'longLivedGracefulRestart',
      families: listOf(r, () => ({
        afi: r.u16(),
        safi: r.u8(),
        forwarding: (r.u8() & FORWARDING_FLAG) !== 0,
        staleTime: (r.u8() << 16) | r.u16(),
      })),
    }),
    encode: (w, c) => {
      for (const family of c.families) {
        w.u16(family.afi)
          .u8(family.safi)
          .u8(family.forwarding ? FORWARDING_FLAG : 0)
          .u24(family.staleTime);
      }
    },
  },
};

const ROW_OF_CODE: ReadonlyMap<number, CapabilityRow<CapabilityType>> = new Map(
  Object.values(ROWS).map((row) => [row.code, row as unknown as CapabilityRow<CapabilityType>]),
);

function listOf<T>(r: Reader, element: () => T): T[] {
  const list: T[] = [];
  while (r.remaining > 0) list.push(element());
  return list;
}

const cutShort = (): ProtocolFault => openFault(UNSPECIFIC, 'the list of capabilities ends in the middle of one');

/** Reads the value of one Capabilities optional parameter; the values of unknown ones are copies. */
export function decodeCapabilities(parameter: Reader): Capability[] {
  const r = parameter.sub(parameter.remaining, cutShort);
  return listOf(r, () => {
    const code = r.u8();
    const length = r.u8();
    const value = r.sub(length, () => openFault(UNSPECIFIC, `capability ${code} has ${length} octets`));
    const row = ROW_OF_CODE.get(code);
    const start = value.position;
    const known = row?.decode(value);
    if (known === undefined) return { type: 'unknown', code, value: r.bytes.slice(start, start + length) };
    if (value.remaining > 0) throw new Malformed(openFault(UNSPECIFIC, `capability ${code} has ${length} octets`));
    return known;
  });
}

/** Writes one capability: code, length, value. */
export function encodeCapability(w: Writer, capability: Capability): void {
  if (capability.type === 'unknown') {
    w.u8(capability.code).u8(capability.value.length).bytes(capability.value);
    return;
  }
  const row = ROWS[capability.type] as unknown as CapabilityRow<CapabilityType>;
  w.u8(row.code);
  const lengthAt = w.length;
  w.u8(0);
  row.encode(w, capability);
  w.setU8(lengthAt, w.length - lengthAt - 1);
}

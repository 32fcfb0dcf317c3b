// The named numbers of BIRD's filter language. A policy carries the number and the kind of enum; names are for people.

import type { RouteDest, RouteSource } from './route.ts';
import type { EnumName, Value } from './types.ts';

type EnumValue = Value & { readonly type: 'enum' };

/** The number of the kind in `print` of an enum: `(enum 30)1`. */
export const ENUM_CODES: Readonly<Record<EnumName, number>> = {
  source: 0x30,
  origin: 0x31,
  scope: 0x32,
  cast: 0x33,
  dest: 0x34,
  roa: 0x35,
};

const NAMES: Readonly<Record<EnumName, readonly string[]>> = {
  source: [
    'RTS_DUMMY',
    'RTS_STATIC',
    'RTS_INHERIT',
    'RTS_DEVICE',
    'RTS_STATIC_DEVICE',
    'RTS_REDIRECT',
    'RTS_RIP',
    'RTS_OSPF',
    'RTS_OSPF_IA',
    'RTS_OSPF_EXT1',
    'RTS_OSPF_EXT2',
    'RTS_BGP',
    'RTS_PIPE',
    'RTS_BABEL',
  ],
  origin: ['ORIGIN_IGP', 'ORIGIN_EGP', 'ORIGIN_INCOMPLETE'],
  scope: ['SCOPE_HOST', 'SCOPE_LINK', 'SCOPE_SITE', 'SCOPE_ORGANIZATION', 'SCOPE_UNIVERSE', 'SCOPE_UNDEFINED'],
  cast: ['RTC_UNICAST', 'RTC_BROADCAST', 'RTC_MULTICAST', 'RTC_ANYCAST'],
  dest: ['RTD_ROUTER', 'RTD_DEVICE', 'RTD_BLACKHOLE', 'RTD_UNREACHABLE', 'RTD_PROHIBIT', 'RTD_MULTIPATH'],
  roa: ['ROA_UNKNOWN', 'ROA_VALID', 'ROA_INVALID'],
};

/** Every enum value by its name. */
export const ENUMS: Readonly<Record<string, EnumValue>> = Object.fromEntries(
  (Object.keys(NAMES) as EnumName[]).flatMap((of) =>
    NAMES[of].map((name, value): [string, EnumValue] => [name, { type: 'enum', of, value }]),
  ),
);

export function enumText(of: EnumName, value: number): string {
  return NAMES[of][value] ?? `${of}(${value})`;
}

/** RTS_INHERIT is what BIRD calls a route learned from the kernel, RTS_DEVICE one of the direct protocol. */
export const SOURCE_NUMBERS: Readonly<Record<RouteSource, number>> = { static: 1, kernel: 2, direct: 3, bgp: 11 };

export const DEST_NUMBERS: Readonly<Record<RouteDest, number>> = {
  router: 0,
  device: 1,
  blackhole: 2,
  unreachable: 3,
  prohibit: 4,
  multipath: 5,
};

/** The name of a destination by its number. */
export const DEST_NAMES = Object.keys(DEST_NUMBERS) as readonly RouteDest[];

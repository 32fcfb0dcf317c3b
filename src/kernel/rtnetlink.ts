// Messages of rtnetlink about routes: what Caracal asks and what the kernel says. Attributes are rows of a table; those
// without a row are ignored. Interfaces are indexes here; names are put on in kernel.ts. Links and addresses have their
// messages in link-messages.ts.

import type { Address, Family, Prefix } from 'node-bgp/ip';
import { addressBytes, addressFromBytes, familyOf, prefixFromBytes, prefixParts } from 'node-bgp/ip';
import type { KernelRoute } from '../fib/types.ts';
import {
  AF_INET,
  AF_INET6,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  RT_SCOPE_LINK,
  RT_SCOPE_NOWHERE,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_COMPAT,
  RTA_DST,
  RTA_GATEWAY,
  RTA_IIF,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PRIORITY,
  RTA_TABLE,
  RTA_VIA,
  RTM_DELROUTE,
  RTM_F_CLONED,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  RTN_BLACKHOLE,
  RTN_PROHIBIT,
  RTN_UNICAST,
  RTN_UNREACHABLE,
  RTNH_F_ONLINK,
} from './constants.ts';
import { type MessageWriter, readU32, visitAttributes } from './netlink.ts';

const RTMSG = 12;
const RTNEXTHOP = 8;

const ROUTE_TYPES: readonly (readonly [number, KernelRoute['type']])[] = [
  [RTN_UNICAST, 'unicast'],
  [RTN_BLACKHOLE, 'blackhole'],
  [RTN_UNREACHABLE, 'unreachable'],
  [RTN_PROHIBIT, 'prohibit'],
];
const ROUTE_TYPE_OF = new Map(ROUTE_TYPES);
const ROUTE_TYPE_NUMBER = new Map(ROUTE_TYPES.map(([number, name]) => [name, number]));

export interface RawNextHop {
  /** Interface index; 0: none. */
  readonly index: number;
  readonly gateway?: Address;
  readonly onlink: boolean;
}

export interface RawRoute {
  readonly prefix: Prefix;
  readonly type: KernelRoute['type'];
  readonly metric: number;
  readonly protocol: number;
  readonly table: number;
  /** Empty unless unicast. */
  readonly nextHops: readonly RawNextHop[];
}

/** What the attributes of a route message say, before it is known whether the route is of interest. */
interface RouteAttributes {
  family: number;
  destination: Uint8Array | undefined;
  metric: number;
  table: number;
  single: { index: number; gateway: Address | undefined };
  multipath: RawNextHop[] | undefined;
  inputInterface: boolean;
}

const ROUTE_ATTRIBUTES: Readonly<Record<number, (into: RouteAttributes, value: Uint8Array) => void>> = {
  [RTA_DST]: (into, value) => {
    into.destination = value;
  },
  [RTA_IIF]: (into) => {
    into.inputInterface = true;
  },
  [RTA_OIF]: (into, value) => {
    into.single.index = readU32(value);
  },
  [RTA_GATEWAY]: (into, value) => {
    into.single.gateway = addressFromBytes(value);
  },
  [RTA_VIA]: (into, value) => {
    into.single.gateway = addressFromBytes(value, 2);
  },
  [RTA_PRIORITY]: (into, value) => {
    into.metric = readU32(value);
  },
  [RTA_TABLE]: (into, value) => {
    into.table = readU32(value);
  },
  [RTA_MULTIPATH]: (into, value) => {
    into.multipath = readMultipath(value);
  },
};

/**
 * RTM_NEWROUTE or RTM_DELROUTE; undefined for what cannot concern us: local and broadcast routes, cache entries, routes by
 * TOS, source or input interface, multicast and link-local destinations.
 */
export function readRoute(payload: Uint8Array): RawRoute | undefined {
  if (payload.length < RTMSG) return undefined;
  const [family, length, sourceLength, tos, table, protocol, , typeNumber] = payload as unknown as number[];
  const type = ROUTE_TYPE_OF.get(typeNumber!);
  const flags = readU32(payload, 8);
  if (type === undefined || sourceLength !== 0 || tos !== 0 || flags & RTM_F_CLONED) return undefined;
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const read: RouteAttributes = {
    family,
    destination: undefined,
    metric: 0,
    table: table!,
    single: { index: 0, gateway: undefined },
    multipath: undefined,
    inputInterface: false,
  };
  visitAttributes(payload, RTMSG, (attribute, value) => ROUTE_ATTRIBUTES[attribute]?.(read, value));
  if (read.inputInterface || isLinkScoped(family, read.destination)) return undefined;
  return {
    prefix: prefixFromBytes(family === AF_INET ? 'ipv4' : 'ipv6', read.destination ?? NO_OCTETS, length!),
    type,
    metric: read.metric,
    protocol: protocol!,
    table: read.table,
    nextHops: type === 'unicast' ? (read.multipath ?? [rawNextHop(read.single.index, read.single.gateway, flags)]) : [],
  };
}

const NO_OCTETS = new Uint8Array(0);

/** 224.0.0.0/3 and above, fe80::/10, ff00::/8. Every interface has such routes; nobody announces them. */
function isLinkScoped(family: number, destination: Uint8Array | undefined): boolean {
  if (destination === undefined) return false;
  const first = destination[0]!;
  if (family === AF_INET) return first >= 224;
  return first === 0xff || (first === 0xfe && (destination[1]! & 0xc0) === 0x80);
}

function rawNextHop(index: number, gateway: Address | undefined, flags: number): RawNextHop {
  const onlink = (flags & RTNH_F_ONLINK) !== 0;
  return gateway === undefined ? { index, onlink } : { index, gateway, onlink };
}

function readMultipath(value: Uint8Array): RawNextHop[] {
  const hops: RawNextHop[] = [];
  let at = 0;
  while (at + RTNEXTHOP <= value.length) {
    const length = value[at]! | (value[at + 1]! << 8);
    if (length < RTNEXTHOP || at + length > value.length) break;
    let gateway: Address | undefined;
    visitAttributes(value.subarray(at, at + length), RTNEXTHOP, (type, octets) => {
      if (type === RTA_GATEWAY) gateway = addressFromBytes(octets);
      else if (type === RTA_VIA) gateway = addressFromBytes(octets, 2);
    });
    hops.push(rawNextHop(readU32(value, at + 4), gateway, value[at + 2]!));
    at += (length + 3) & ~3;
  }
  return hops;
}

export interface RouteRequest {
  readonly route: KernelRoute;
  readonly protocol: number;
  readonly table: number;
  readonly indexOf: (device: string) => number;
}

/** RTM_NEWROUTE; `flags` say that it may replace (NLM_F_REPLACE) or must be new (NLM_F_EXCL). */
export function writeNewRoute(writer: MessageWriter, request: RouteRequest, flags: number, sequence: number): void {
  const { route, indexOf } = request;
  const { nextHops } = route;
  const single = nextHops.length === 1 ? nextHops[0]! : undefined;
  // IPv4 refuses a route without gateway in a wider scope than the link.
  const direct = nextHops.length > 0 && nextHops.every((hop) => hop.gateway === undefined);
  const header = routeHeader(request, direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE, single?.onlink ? RTNH_F_ONLINK : 0);
  writer.message(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_CREATE | flags, sequence, header, () => {
    writeIdentity(writer, request);
    if (single !== undefined) {
      writeGateway(writer, route.prefix, single.gateway);
      writer.u32(RTA_OIF, indexOf(single.device));
    } else if (nextHops.length > 1) {
      writer.nested(RTA_MULTIPATH, () => {
        for (const { gateway, device, onlink } of nextHops) {
          writer.counted(nextHopHeader(onlink ? RTNH_F_ONLINK : 0, indexOf(device)), () =>
            writeGateway(writer, route.prefix, gateway),
          );
        }
      });
    }
  });
}

/** RTM_DELROUTE of prefix, metric and protocol: it never fits a route of another protocol. */
export function writeDeleteRoute(writer: MessageWriter, request: RouteRequest, flags: number, sequence: number): void {
  const header = routeHeader(request, RT_SCOPE_NOWHERE, 0);
  writer.message(RTM_DELROUTE, NLM_F_REQUEST | flags, sequence, header, () => writeIdentity(writer, request));
}

/** Written anew for each message, which copies it: a hundred thousand routes need not have one each. */
const HEADER = new Uint8Array(RTMSG);

function routeHeader({ route, protocol, table }: RouteRequest, scope: number, flags: number): Uint8Array {
  const length = Number(route.prefix.slice(route.prefix.indexOf('/') + 1));
  const header = HEADER.fill(0);
  header[0] = familyNumber(familyOf(route.prefix));
  header[1] = length;
  header[4] = tableOctet(table);
  header[5] = protocol;
  header[6] = scope;
  header[7] = ROUTE_TYPE_NUMBER.get(route.type)!;
  header[8] = flags;
  return header;
}

function writeIdentity(writer: MessageWriter, { route, table }: RouteRequest): void {
  const { bytes, length } = prefixParts(route.prefix);
  if (length > 0) writer.attribute(RTA_DST, bytes);
  if (route.metric !== 0) writer.u32(RTA_PRIORITY, route.metric);
  if (table > 255) writer.u32(RTA_TABLE, table);
}

function writeGateway(writer: MessageWriter, prefix: Prefix, gateway: Address | undefined): void {
  if (gateway === undefined) return;
  const octets = gatewayBytes(gateway);
  const family = familyOf(gateway);
  if (family === familyOf(prefix)) writer.attribute(RTA_GATEWAY, octets);
  else writer.attribute(RTA_VIA, Uint8Array.of(familyNumber(family), 0, ...octets));
}

let lastGateway: Address | undefined;
let lastGatewayBytes: Uint8Array = new Uint8Array(0);

/** Routes through one gateway come one after the other. */
function gatewayBytes(gateway: Address): Uint8Array {
  if (gateway !== lastGateway) {
    lastGatewayBytes = addressBytes(gateway);
    lastGateway = gateway;
  }
  return lastGatewayBytes;
}

function nextHopHeader(flags: number, index: number): Uint8Array {
  const header = new Uint8Array(RTNEXTHOP);
  header[2] = flags;
  new DataView(header.buffer).setInt32(4, index, true);
  return header;
}

export const DUMP = NLM_F_REQUEST | NLM_F_DUMP;

/** All routes of one family in one table (NETLINK_GET_STRICT_CHK lets the kernel choose them). */
export function writeRouteDump(family: Family, table: number, writer: MessageWriter, sequence: number): void {
  const header = new Uint8Array(RTMSG);
  header[0] = familyNumber(family);
  header[4] = tableOctet(table);
  writer.message(RTM_GETROUTE, DUMP, sequence, header, () => writer.u32(RTA_TABLE, table));
}

/**
 * A request that nobody may fulfil: RTM_DELROUTE without a header. The answer is EPERM where privileges are missing and
 * EINVAL where they are there, and nothing is changed either way.
 */
export function writePrivilegeProbe(writer: MessageWriter, flags: number, sequence: number): void {
  writer.message(RTM_DELROUTE, NLM_F_REQUEST | flags, sequence, new Uint8Array(4));
}

export function familyNumber(family: Family): number {
  return family === 'ipv4' ? AF_INET : AF_INET6;
}

/** rtm_table. */
export function tableOctet(table: number): number {
  return table > 255 ? RT_TABLE_COMPAT : table;
}

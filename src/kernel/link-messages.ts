// Messages of rtnetlink about links and their addresses: what the kernel tells of them, and the few that make a tunnel
// device. Interfaces are indexes here; names are put on in interfaces.ts.

import type { Address, Prefix } from 'node-bgp/ip';
import { addressBytes, addressFromBytes, prefixFromBytes } from 'node-bgp/ip';
import type { InterfaceAddress } from '../fib/types.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IFA_ADDRESS,
  IFA_F_SECONDARY,
  IFA_FLAGS,
  IFA_LOCAL,
  IFF_BROADCAST,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_POINTOPOINT,
  IFF_UP,
  IFLA_EXT_MASK,
  IFLA_IFNAME,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_SITE,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
} from './constants.ts';
import { type MessageWriter, readText, readU32, visitAttributes } from './netlink.ts';
import type { LinkTrait } from './port.ts';
import { DUMP } from './rtnetlink.ts';

const IFINFOMSG = 16;
const IFADDRMSG = 8;

export function writeLinkDump(writer: MessageWriter, flags: number, sequence: number): void {
  const header = new Uint8Array(IFINFOMSG);
  writer.message(RTM_GETLINK, DUMP | flags, sequence, header, () => writer.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS));
}

/** Addresses of both families. */
export function writeAddressDump(writer: MessageWriter, flags: number, sequence: number): void {
  writer.message(RTM_GETADDR, DUMP | flags, sequence, new Uint8Array(IFADDRMSG));
}

export interface RawLink {
  readonly index: number;
  readonly name: string;
  /** IFF_UP: set up by an administrator. */
  readonly adminUp: boolean;
  /** IFF_LOWER_UP: carrier. */
  readonly carrier: boolean;
  readonly mtu: number;
  readonly kind?: string;
  /** Absent: none. */
  readonly traits?: readonly LinkTrait[];
  /** Index of the bridge or bond that it is a port of. */
  readonly master?: number;
}

const TRAITS: readonly (readonly [number, LinkTrait])[] = [
  [IFF_BROADCAST, 'broadcast'],
  [IFF_MULTICAST, 'multicast'],
  [IFF_LOOPBACK, 'loopback'],
  [IFF_POINTOPOINT, 'pointToPoint'],
];

/** RTM_NEWLINK or RTM_DELLINK; undefined for news of a bridge about its ports, which come in the same messages. */
export function readLink(payload: Uint8Array): RawLink | undefined {
  if (payload.length < IFINFOMSG || payload[0] !== AF_UNSPEC) return undefined;
  const flags = readU32(payload, 8);
  let name = '';
  let mtu = 0;
  let kind: string | undefined;
  let master: number | undefined;
  visitAttributes(payload, IFINFOMSG, (type, value) => {
    if (type === IFLA_IFNAME) name = readText(value);
    else if (type === IFLA_MTU) mtu = readU32(value);
    else if (type === IFLA_MASTER) master = readU32(value);
    else if (type === IFLA_LINKINFO) {
      visitAttributes(value, 0, (inner, text) => {
        if (inner === IFLA_INFO_KIND) kind = readText(text);
      });
    }
  });
  const traits = TRAITS.flatMap(([flag, trait]) => ((flags & flag) === 0 ? [] : [trait]));
  return {
    index: readU32(payload, 4),
    name,
    adminUp: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    mtu,
    ...(kind === undefined ? {} : { kind }),
    ...(traits.length === 0 ? {} : { traits }),
    ...(master === undefined ? {} : { master }),
  };
}

export interface RawAddress {
  readonly index: number;
  readonly address: Address;
  /** Connected network; of a point-to-point link the one of the peer. */
  readonly prefix: Prefix;
  readonly secondary: boolean;
  readonly scope: InterfaceAddress['scope'];
}

/** RTM_NEWADDR or RTM_DELADDR. */
export function readAddress(payload: Uint8Array): RawAddress | undefined {
  if (payload.length < IFADDRMSG) return undefined;
  const [family, length, octetFlags, scope] = payload as unknown as number[];
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  let peer: Uint8Array | undefined;
  let local: Uint8Array | undefined;
  let flags = octetFlags!;
  visitAttributes(payload, IFADDRMSG, (type, value) => {
    if (type === IFA_ADDRESS) peer = value;
    else if (type === IFA_LOCAL) local = value;
    else if (type === IFA_FLAGS) flags = readU32(value);
  });
  const own = local ?? peer;
  if (own === undefined) return undefined;
  return {
    index: readU32(payload, 4),
    address: addressFromBytes(own),
    prefix: prefixFromBytes(family === AF_INET ? 'ipv4' : 'ipv6', peer ?? own, length!),
    secondary: (flags & IFA_F_SECONDARY) !== 0,
    scope: scopeName(scope!),
  };
}

function scopeName(scope: number): InterfaceAddress['scope'] {
  if (scope >= RT_SCOPE_HOST) return 'host';
  if (scope >= RT_SCOPE_LINK) return 'link';
  return scope >= RT_SCOPE_SITE ? 'site' : 'global';
}

/** A link of this kind and name, with what the kernel takes for granted; it is down, and has no address. */
export function writeNewLink(
  writer: MessageWriter,
  { name, kind }: { readonly name: string; readonly kind: string },
  flags: number,
  sequence: number,
): void {
  const header = new Uint8Array(IFINFOMSG);
  writer.message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | flags, sequence, header, () => {
    writer.text(IFLA_IFNAME, name);
    writer.nested(IFLA_LINKINFO, () => writer.text(IFLA_INFO_KIND, kind));
  });
}

/** Sets a link up, with this MTU. */
export function writeLinkUp(
  writer: MessageWriter,
  { index, mtu }: { readonly index: number; readonly mtu: number },
  flags: number,
  sequence: number,
): void {
  const header = new Uint8Array(IFINFOMSG);
  const view = new DataView(header.buffer);
  view.setInt32(4, index, true);
  view.setUint32(8, IFF_UP, true); // ifi_flags
  view.setUint32(12, IFF_UP, true); // ifi_change: which of them
  writer.message(RTM_NEWLINK, NLM_F_REQUEST | flags, sequence, header, () => writer.u32(IFLA_MTU, mtu));
}

/** Gives a link an IPv4 address that is a network of its own (/32), or takes an address with its prefix length away. */
export function writeAddress(
  writer: MessageWriter,
  change: {
    readonly type: 'add' | 'remove';
    readonly index: number;
    readonly address: Address;
    readonly length: number;
  },
  flags: number,
  sequence: number,
): void {
  const { type, index, address, length } = change;
  const header = new Uint8Array(IFADDRMSG);
  header[0] = AF_INET;
  header[1] = length;
  new DataView(header.buffer).setUint32(4, index, true);
  const [message, how] = type === 'add' ? [RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL] : [RTM_DELADDR, 0];
  writer.message(message, NLM_F_REQUEST | how | flags, sequence, header, () => {
    writer.attribute(IFA_LOCAL, addressBytes(address));
  });
}

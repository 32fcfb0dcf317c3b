// UDP sockets with options that node:dgram cannot set: bound to an interface, and deaf to packets that a router has passed
// on. Made by libc and handed to node:dgram. Where native calls are missing, plain sockets are made; whoever asks for an
// interface is refused. Not here: what is sent.

import dgram from 'node:dgram';
import {
  AF_INET,
  AF_INET6,
  attachFilter,
  bind,
  bindToDevice,
  close,
  LinuxError,
  nativeCallsMissing,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  setsockopt,
  socket,
} from './libc.ts';
import { isV6, sockaddr } from './sockaddr.ts';

const SOL_IP = 0;
const SOL_IPV6 = 41;
const SO_REUSEADDR = 2;
const IP_TOS = 1;
const IP_TTL = 2;
const IP_FREEBIND = 15;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_TCLASS = 67;
const IPV6_FREEBIND = 78;
/** DSCP CS6, network control (RFC 4594 3.1). */
const TOS_NETWORK_CONTROL = 0xc0;
const MAX_TTL = 255;

export interface UdpOptions {
  /** Own address; `0.0.0.0` or `::` for any of the family. */
  readonly address: string;
  readonly port: number;
  readonly interface?: string;
  /** Several sockets may have the port, each for an address or interface of its own: the nearest one hears a packet. */
  readonly shared?: boolean;
  /** Only packets that were sent with TTL 255 and never passed on (RFC 5082). Without native calls: all packets. */
  readonly neverForwarded?: boolean;
}

/** A bound socket that sends with TTL 255. Rejects with LinuxError or node's own error; the caller closes it. */
export async function openUdpSocket(options: UdpOptions): Promise<dgram.Socket> {
  const v6 = isV6(options.address);
  const opened = dgram.createSocket({
    type: v6 ? 'udp6' : 'udp4',
    ipv6Only: v6,
    reuseAddr: options.shared === true,
    // Addresses only: nothing is to be looked up.
    lookup: (host, _, done) => done(null, host, v6 ? 6 : 4),
  });
  try {
    const target = nativeTarget(options, v6);
    await bound(opened, target ?? { address: options.address, port: options.port });
    // Of a socket that it was handed, libuv does not know that it is one of IPv6.
    if (target === undefined) opened.setTTL(MAX_TTL);
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}

function bound(opened: dgram.Socket, target: { fd: number } | { address: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    opened.once('error', reject);
    opened.bind(target, () => {
      opened.off('error', reject);
      resolve();
    });
  });
}

function nativeTarget(options: UdpOptions, v6: boolean): { fd: number } | undefined {
  const missing = nativeCallsMissing();
  if (missing !== undefined) {
    if (options.interface === undefined) return undefined;
    throw new LinuxError('ENOSYS', 'setsockopt', `no socket on ${options.interface}: ${missing}`);
  }
  const fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  let prepared = false;
  try {
    prepare(fd, options, v6);
    prepared = true;
    return { fd };
  } finally {
    if (!prepared) close(fd);
  }
}

function prepare(fd: number, options: UdpOptions, v6: boolean): void {
  const { address, port, interface: device, shared, neverForwarded } = options;
  const level = v6 ? SOL_IPV6 : SOL_IP;
  if (v6) setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, 1);
  setsockopt(fd, level, v6 ? IPV6_TCLASS : IP_TOS, TOS_NETWORK_CONTROL);
  setsockopt(fd, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL, MAX_TTL);
  if (shared) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (shared) setsockopt(fd, level, v6 ? IPV6_FREEBIND : IP_FREEBIND, 1);
  if (device !== undefined) bindToDevice(fd, device);
  if (neverForwarded) attachFilter(fd, ttlFilter(v6));
  bind(fd, sockaddr(address, port));
}

/** Classic BPF, on the headers below UDP (SKF_NET_OFF): linux/filter.h. IP_MINTTL is TCP's alone. */
function ttlFilter(v6: boolean): Uint8Array {
  const NETWORK_HEADER = -0x100000;
  const place = v6 ? 7 : 8;
  return program(
    [0x30, 0, 0, NETWORK_HEADER + place], // A = TTL or hop limit
    [0x15, 0, 1, MAX_TTL],
    [0x06, 0, 0, 0xffff], // keep
    [0x06, 0, 0, 0], // drop
  );
}

/** struct sock_filter: code, jump if true, jump if false, value. */
function program(...instructions: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const bytes = new Uint8Array(8 * instructions.length);
  const view = new DataView(bytes.buffer);
  instructions.forEach(([code, ifTrue, ifFalse, value], index) => {
    view.setUint16(8 * index, code, true);
    view.setUint8(8 * index + 2, ifTrue);
    view.setUint8(8 * index + 3, ifFalse);
    view.setInt32(8 * index + 4, value, true);
  });
  return bytes;
}

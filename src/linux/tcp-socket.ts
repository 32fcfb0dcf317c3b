// TCP sockets with the options that BGP needs and node:net cannot set: MD5 keys (RFC 2385), GTSM (RFC 5082), the class of
// service of routing traffic. Sockets are made by libc, given their options, and handed to node:net before anything flows.
// Where native calls are missing, plain sockets are made; whoever asks for a key or GTSM is refused.
// Not here: when to dial and what to send.

import net from 'node:net';
import { networkInterfaces } from 'node:os';
import {
  AF_INET,
  AF_INET6,
  bind,
  bindToDevice,
  close,
  LinuxError,
  nativeCallsMissing,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  setsockopt,
  socket,
} from './libc.ts';
import { isV6, sockaddr } from './sockaddr.ts';

const SOL_IP = 0;
const SOL_TCP = 6;
const SOL_IPV6 = 41;
const SO_REUSEADDR = 2;
const IP_TOS = 1;
const IP_TTL = 2;
const IP_FREEBIND = 15;
const IP_MINTTL = 21;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_TCLASS = 67;
const IPV6_MINHOPCOUNT = 73;
const IPV6_FREEBIND = 78;
const TCP_MD5SIG = 14;
/** The same for a prefix of peers. */
const TCP_MD5SIG_EXT = 32;
const TCP_MD5SIG_FLAG_PREFIX = 1;
/** struct tcp_md5sig: sockaddr_storage, then flags, prefix length, key length (u16), interface index, key. */
const MD5SIG = { size: 216, flags: 128, prefixLength: 129, keyLength: 130, key: 136, maxKeyLength: 80 };

/** DSCP CS6, network control (RFC 4594 3.1). */
const TOS_NETWORK_CONTROL = 0xc0;
const DEFAULT_TTL = 64;
const MAX_TTL = 255;
/** Thousands of clients of a reflector come back at the same moment; the kernel allows net.core.somaxconn at most. */
const BACKLOG = 4096;

export interface DialOptions {
  readonly remote: string;
  /** That the peer is on: no other is used. */
  readonly interface?: string;
  readonly port: number;
  /** Source address; absent: the system chooses. */
  readonly local?: string;
  /** TCP-MD5 key, at most 80 octets. */
  readonly password?: string;
  /** GTSM: the peer is at most so many hops away (1 = directly connected). Excludes `ttl`. */
  readonly ttlSecurity?: number;
  /** Default 64: all sessions may be multihop. */
  readonly ttl?: number;
}

/**
 * A socket that is connecting. 'connect' or 'error' follow as with net.connect; with a wrong key neither does, because the
 * kernel drops such segments in silence: the caller needs a deadline of its own. The caller destroys the socket.
 * Throws LinuxError where the system refuses an option (EADDRNOTAVAIL: `local` is not an address of this host).
 */
export function openDialSocket(options: DialOptions): net.Socket {
  const { remote, port, local } = options;
  const device = options.interface;
  const host = device !== undefined && isV6(remote) ? `${remote}%${device}` : remote;
  const missing = nativeCallsMissing();
  if (missing !== undefined) {
    if (options.password !== undefined) throw new LinuxError('ENOSYS', 'setsockopt', `no TCP-MD5 keys: ${missing}`);
    if (options.ttlSecurity !== undefined) throw new LinuxError('ENOSYS', 'setsockopt', `no TTL security: ${missing}`);
    if (device !== undefined && !isV6(remote)) {
      throw new LinuxError('ENOSYS', 'setsockopt', `no connection through ${device} alone: ${missing}`);
    }
    return net.connect({ host, port, noDelay: true, ...(local === undefined ? {} : { localAddress: local }) });
  }
  const fd = openSocket(remote, (fd) => {
    setTtl(fd, isV6(remote), options.ttlSecurity, options.ttl ?? DEFAULT_TTL);
    if (options.password !== undefined) setKey(fd, remote, options.password);
    if (device !== undefined) bindToDevice(fd, device);
    if (local !== undefined) bind(fd, sockaddr(local, 0, scopeOf(device)));
  });
  // Without manualStart node would read from the socket before it is connected.
  const handed = { fd, readable: true, writable: true, manualStart: true };
  const dialled = new net.Socket(handed);
  dialled.setNoDelay(true);
  dialled.connect({ host, port });
  return dialled;
}

/** GTSM for an accepted connection, or (hops undefined) the default TTL. Throws LinuxError. */
export function applyTtlSecurity(accepted: net.Socket, hops: number | undefined): void {
  const missing = nativeCallsMissing();
  if (missing !== undefined) {
    if (hops !== undefined) throw new LinuxError('ENOSYS', 'setsockopt', `no TTL security: ${missing}`);
    return;
  }
  const fd = fdOf(accepted);
  if (fd < 0) throw new LinuxError('ENOTCONN', 'setsockopt', 'the connection is closed');
  setTtl(fd, accepted.localFamily === 'IPv6', hops, DEFAULT_TTL);
}

/** The descriptor behind a socket or server of node, -1 where it is closed. node has no public name for it. */
function fdOf(owner: net.Socket | net.Server): number {
  return (owner as unknown as { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
}

export interface ListenOptions {
  /** Need not exist yet on this host; absent: all addresses of both families. */
  readonly address?: string;
  /** 0: any free port. */
  readonly port: number;
  /** Peer address, or a prefix of peers -> TCP-MD5 key. */
  readonly keys: ReadonlyMap<string, string>;
  readonly onConnection: (connection: net.Socket) => void;
}

/** One server per address family, and the keys expected from each peer. Made by `openListenSocket`. */
export class ListenSocket {
  readonly #servers: readonly FamilyServer[];

  constructor(servers: readonly FamilyServer[]) {
    this.#servers = servers;
  }

  get port(): number {
    return portOf(this.#servers[0]!.server);
  }

  /** Makes `keys` the keys in use, without a gap for those that stay. Established connections keep theirs. Throws LinuxError. */
  setKeys(keys: ReadonlyMap<string, string>): void {
    for (const { server, v6, keys: used } of this.#servers) {
      const wanted = keysOfFamily(keys, v6);
      for (const [peer, key] of wanted) {
        if (used.get(peer) === key) continue;
        refuseKeysWithoutNative();
        setKey(fdOf(server), peer, key);
        used.set(peer, key);
      }
      for (const peer of [...used.keys()].filter((peer) => !wanted.has(peer))) {
        removeKey(fdOf(server), peer);
        used.delete(peer);
      }
    }
  }

  /** Resolves when the port is free again; connections that were accepted live on. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map(({ server }) => closeServer(server)));
  }
}

interface FamilyServer {
  readonly server: net.Server;
  readonly v6: boolean;
  readonly keys: Map<string, string>;
}

/**
 * Listens. Rejects with LinuxError: EADDRINUSE names address and port. SYN-ACKs leave with TTL 255, so that a peer with
 * GTSM takes them; call `applyTtlSecurity` for every accepted connection.
 */
export async function openListenSocket(options: ListenOptions): Promise<ListenSocket> {
  const { address, port } = options;
  if (address !== undefined) return new ListenSocket([await openFamilyServer(options, address, port)]);
  const v4 = await openFamilyServer(options, '0.0.0.0', port);
  try {
    return new ListenSocket([v4, await openFamilyServer(options, '::', portOf(v4.server))]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAFNOSUPPORT') return new ListenSocket([v4]); // a kernel without IPv6
    await closeServer(v4.server);
    throw error;
  }
}

async function openFamilyServer(options: ListenOptions, address: string, port: number): Promise<FamilyServer> {
  const v6 = isV6(address);
  const keys = keysOfFamily(options.keys, v6);
  const server = net.createServer({ noDelay: true }, options.onConnection);
  try {
    await listen(server, nativeListenTarget(address, port, keys) ?? { host: address, port, ipv6Only: v6 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new LinuxError('EADDRINUSE', 'listen', `another process listens on ${address} port ${port}`);
  }
  return { server, v6, keys };
}

function closeServer(server: net.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port;
}

function nativeListenTarget(
  address: string,
  port: number,
  keys: ReadonlyMap<string, string>,
): { fd: number } | undefined {
  if (nativeCallsMissing() !== undefined) {
    if (keys.size > 0) refuseKeysWithoutNative();
    return undefined;
  }
  const v6 = isV6(address);
  const fd = openSocket(address, (fd) => {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (v6) setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, 1);
    setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND, 1);
    setTtl(fd, v6, undefined, MAX_TTL);
    for (const [peer, key] of keys) setKey(fd, peer, key);
    bind(fd, sockaddr(address, port));
  });
  return { fd };
}

function listen(server: net.Server, target: { fd: number } | net.ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...target, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A socket of the address's family with what all BGP sockets have, closed again where `prepare` throws. */
function openSocket(address: string, prepare: (fd: number) => void): number {
  const v6 = isV6(address);
  const fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  let prepared = false;
  try {
    setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_TCLASS : IP_TOS, TOS_NETWORK_CONTROL);
    prepare(fd);
    prepared = true;
    return fd;
  } finally {
    if (!prepared) close(fd);
  }
}

/** RFC 5082 3: send with 255, take nothing that has travelled further than the hops allow. */
function setTtl(fd: number, v6: boolean, hops: number | undefined, ttl: number): void {
  const level = v6 ? SOL_IPV6 : SOL_IP;
  setsockopt(fd, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL, hops === undefined ? ttl : MAX_TTL);
  if (hops !== undefined) setsockopt(fd, level, v6 ? IPV6_MINHOPCOUNT : IP_MINTTL, MAX_TTL + 1 - hops);
}

function setKey(fd: number, peer: string, key: string): void {
  const octets = Buffer.from(key, 'utf8');
  if (octets.length === 0 || octets.length > MD5SIG.maxKeyLength) {
    throw new LinuxError(
      'EINVAL',
      'setsockopt',
      `a TCP-MD5 key has 1 to ${MD5SIG.maxKeyLength} octets, not ${octets.length}`,
    );
  }
  putKey(fd, peer, octets);
}

function removeKey(fd: number, peer: string): void {
  try {
    putKey(fd, peer, Buffer.alloc(0));
  } catch (error) {
    if (!(error instanceof LinuxError && error.code === 'ENOENT')) throw error; // ENOENT: gone already
  }
}

/** An empty key removes what is there. Of several prefixes around a peer Linux takes the longest. */
function putKey(fd: number, peer: string, key: Buffer): void {
  const [address = '', length] = peer.split('/');
  const bytes = new Uint8Array(MD5SIG.size);
  bytes.set(sockaddr(address, 0));
  if (length !== undefined) {
    bytes[MD5SIG.flags] = TCP_MD5SIG_FLAG_PREFIX;
    bytes[MD5SIG.prefixLength] = Number(length);
  }
  new DataView(bytes.buffer).setUint16(MD5SIG.keyLength, key.length, true);
  bytes.set(key, MD5SIG.key);
  setsockopt(fd, SOL_TCP, length === undefined ? TCP_MD5SIG : TCP_MD5SIG_EXT, bytes);
}

/** Index of an interface; 0 where it is not there, or has no IPv6. */
function scopeOf(name: string | undefined): number {
  const addresses = name === undefined ? [] : (networkInterfaces()[name] ?? []);
  return addresses.find(({ scopeid }) => scopeid !== undefined && scopeid !== 0)?.scopeid ?? 0;
}

function keysOfFamily(keys: ReadonlyMap<string, string>, v6: boolean): Map<string, string> {
  return new Map([...keys].filter(([peer]) => peer.includes(':') === v6));
}

function refuseKeysWithoutNative(): void {
  const missing = nativeCallsMissing();
  if (missing !== undefined) throw new LinuxError('ENOSYS', 'setsockopt', `no TCP-MD5 keys: ${missing}`);
}

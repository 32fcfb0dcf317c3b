// A netlink socket as a net.Socket: every read is one datagram of the kernel, every write one datagram to it. libuv's
// epoll does the waiting. Not here: what the messages say (src/kernel/rtnetlink.ts).
//
// libuv does not take netlink descriptors. It takes one end of a socketpair; under its number the netlink socket is put
// (dup3) before the first read starts, and from then on libuv reads and writes netlink without knowing it.

import net from 'node:net';
import {
  AF_NETLINK,
  AF_UNIX,
  attachFilter,
  bind,
  close,
  dup3,
  getsockname,
  LinuxError,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_SOCKET,
  setsockopt,
  socket,
  socketpair,
} from './libc.ts';

const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SOCKADDR_NL_SIZE = 12;

/** Larger than any datagram of the kernel: 32 KB for dumps; a link with hundreds of virtual functions can exceed that. */
const READ_BUFFER = 256 * 1024;

export interface NetlinkSocketOptions {
  /** RTNLGRP_ numbers; joined before this function returns, so that a dump asked for afterwards misses nothing. */
  readonly groups: readonly number[];
  /** Octets; forced beyond net.core.rmem_max where privileges allow. */
  readonly receiveBuffer: number;
  /** Makes a classic BPF program that sees every message before it is queued; gets the socket's port id. */
  readonly filter?: (portId: number) => Uint8Array;
  /** One datagram: one or more netlink messages. The memory is reused after the call returns. */
  readonly onDatagram: (datagram: Uint8Array) => void;
}

export interface NetlinkSocket {
  /** 'error' with code ENOBUFS means that the kernel dropped messages: open a new socket and read everything again. */
  readonly stream: net.Socket;
  /** nlmsg_pid of replies to us, and of notifications of changes that we made. */
  readonly portId: number;
}

/** Throws LinuxError. Reading starts at once; add an 'error' listener to the stream in the same turn. */
export function openNetlinkSocket(options: NetlinkSocketOptions): NetlinkSocket {
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  let owned = true;
  try {
    const portId = prepare(fd, options);
    const stream = handToLibuv(fd, options.onDatagram);
    owned = false;
    return { stream, portId };
  } finally {
    if (owned) close(fd);
  }
}

function prepare(fd: number, options: NetlinkSocketOptions): number {
  try {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, options.receiveBuffer);
  } catch (error) {
    if (!(error instanceof LinuxError && error.code === 'EPERM')) throw error;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, options.receiveBuffer);
  }
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
  const address = new Uint8Array(SOCKADDR_NL_SIZE);
  address[0] = AF_NETLINK;
  bind(fd, address);
  const bound = getsockname(fd, SOCKADDR_NL_SIZE);
  const portId = new DataView(bound.buffer, bound.byteOffset).getUint32(4, true);
  // Before the groups: nothing that the filter would drop may slip in.
  if (options.filter !== undefined) attachFilter(fd, options.filter(portId));
  for (const group of options.groups) setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
  return portId;
}

function handToLibuv(fd: number, onDatagram: (datagram: Uint8Array) => void): net.Socket {
  const [taken, other] = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC);
  const options = {
    fd: taken,
    readable: true,
    writable: true,
    manualStart: true,
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BUFFER),
      callback: (length: number, buffer: Uint8Array): boolean => {
        onDatagram(buffer.subarray(0, length));
        return true;
      },
    },
  };
  const stream = new net.Socket(options);
  close(other);
  try {
    dup3(fd, taken, SOCK_CLOEXEC);
  } catch (error) {
    stream.destroy();
    throw error;
  }
  close(fd);
  stream.resume();
  return stream;
}

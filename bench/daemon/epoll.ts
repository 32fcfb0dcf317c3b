// Sockets of the load generator: non-blocking, waited for with epoll, read and written by libc. One system call costs
// about 1 us more than in C; node:net takes a callback, a buffer and three objects for each read, and is not for this.

import { createRequire } from 'node:module';
import {
  AF_INET,
  AF_INET6,
  bind,
  close,
  describeErrno,
  LinuxError,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  setsockopt,
  socket,
} from '../../src/linux/libc.ts';
import { isV6, sockaddr } from '../../src/linux/sockaddr.ts';

const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
const libc = koffi.load(null);
const connectCall = libc.func('int connect(int, void *, unsigned int)');
const createCall = libc.func('int epoll_create1(int)');
const controlCall = libc.func('int epoll_ctl(int, int, int, void *)');
const waitCall = libc.func('int epoll_wait(int, void *, int, int)');
const sendCall = libc.func('int64_t send(int, void *, uint64_t, int)');
const receiveCall = libc.func('int64_t recv(int, void *, uint64_t, int)');

const EINTR = 4;
const EAGAIN = 11;
const EINPROGRESS = 115;
const SOL_TCP = 6;
const TCP_NODELAY = 1;
const MSG_NOSIGNAL = 0x4000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_MOD = 3;
const MOST_EVENTS = 1024;
/** struct epoll_event in 32-bit words: packed on x86-64 only. */
const EVENT = process.arch === 'x64' ? { words: 3, data: 1 } : { words: 4, data: 2 };

export const READABLE = 0x001;
export const WRITABLE = 0x004;
/** EPOLLERR and EPOLLHUP, reported whether asked for or not. */
export const BROKEN = 0x018;

/** Begins to connect; the socket is writable when that is done, and BROKEN when it failed. Throws LinuxError. */
export function connectFrom(local: string, remote: string, port: number): number {
  const fd = socket(isV6(remote) ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_TCP, TCP_NODELAY, 1);
  bind(fd, sockaddr(local, 0));
  const address = sockaddr(remote, port);
  if (connectCall(fd, address, address.length) < 0 && koffi.errno() !== EINPROGRESS) {
    const error = lastError('connect');
    close(fd);
    throw error;
  }
  return fd;
}

/** Octets taken by the system; 0 when it can take none now; -1 when the connection is broken. */
export function send(fd: number, bytes: Uint8Array): number {
  const sent: number = sendCall(fd, bytes, bytes.length, MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  return koffi.errno() === EAGAIN ? 0 : -1;
}

/** Octets read; 0 when there are none now; -1 when the connection is closed or broken. */
export function receive(fd: number, into: Uint8Array): number {
  const read: number = receiveCall(fd, into, into.length, 0);
  if (read > 0) return read;
  return read < 0 && koffi.errno() === EAGAIN ? 0 : -1;
}

/** Tells which sockets can be read or written, as the numbers under which they were added. */
export class Epoll {
  readonly #fd: number = checked(createCall(0), 'epoll_create1');
  readonly #events = new Int32Array(MOST_EVENTS * EVENT.words);
  readonly #event = new Int32Array(EVENT.words);
  readonly #interest = new Map<number, number>();
  /** Milliseconds spent waiting with nothing to do. */
  waited = 0;

  /** Changes what is waited for; the socket leaves when it is closed, which `forget` has to be told. */
  watch(fd: number, id: number, events: number): void {
    const known = this.#interest.get(fd);
    if (known === events) return;
    this.#event[0] = events;
    this.#event[EVENT.data] = id;
    checked(controlCall(this.#fd, known === undefined ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, this.#event), 'epoll_ctl');
    this.#interest.set(fd, events);
  }

  forget(fd: number): void {
    this.#interest.delete(fd);
  }

  /** How many events there are: read them with `idOf` and `eventsOf`. */
  wait(milliseconds: number): number {
    const ready = checked(waitCall(this.#fd, this.#events, MOST_EVENTS, 0), 'epoll_wait');
    if (ready > 0 || milliseconds <= 0) return ready;
    const began = performance.now();
    const later: number = waitCall(this.#fd, this.#events, MOST_EVENTS, Math.ceil(milliseconds));
    this.waited += performance.now() - began;
    return later < 0 && koffi.errno() === EINTR ? 0 : checked(later, 'epoll_wait');
  }

  idOf(event: number): number {
    return this.#events[event * EVENT.words + EVENT.data]!;
  }

  eventsOf(event: number): number {
    return this.#events[event * EVENT.words]!;
  }
}

function checked(result: number, syscall: string): number {
  if (result < 0) throw lastError(syscall);
  return result;
}

function lastError(syscall: string): LinuxError {
  const [code, text] = describeErrno(koffi.errno());
  return new LinuxError(code, syscall, text);
}

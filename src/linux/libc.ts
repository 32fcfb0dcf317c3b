// The only native calls of the project: a few libc functions through koffi, each with its arguments checked, because a
// wrong length here is not an exception but a crash. Not here: what the options mean (netlink-socket.ts, tcp-socket.ts,
// privileges.ts, syslog.ts).
//
// A file descriptor returned from here belongs to the caller until it is handed to node:net; from then on only libuv may
// close it (a closed number is reused at once by whatever is opened next).

import { createRequire } from 'node:module';
import { getSystemErrorMap } from 'node:util';

/** What the system said no to. `code` is the name of the errno (`EPERM`), or `ENOSYS` where native calls are missing. */
export class LinuxError extends Error {
  readonly code: string;
  readonly syscall: string;
  /** The system's own words, without code and call. */
  readonly text: string;

  constructor(code: string, syscall: string, text: string) {
    super(`${syscall}: ${text} (${code})`);
    this.name = 'LinuxError';
    this.code = code;
    this.syscall = syscall;
    this.text = text;
  }
}

const SYSTEM_ERRORS = getSystemErrorMap();

/** Code and text of an errno: `[ 'EPERM', 'operation not permitted' ]`. */
export function describeErrno(errno: number): readonly [code: string, text: string] {
  return SYSTEM_ERRORS.get(-errno) ?? [`E${errno}`, `error ${errno}`];
}

interface Libc {
  readonly errno: () => number;
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly getsockname: (fd: number, address: Uint8Array, length: Uint8Array) => number;
  readonly close: (fd: number) => number;
  readonly dup3: (from: number, to: number, flags: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number;
  readonly getsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array) => number;
  readonly socketpair: (domain: number, type: number, protocol: number, fds: Int32Array) => number;
  readonly attachFilter: (
    fd: number,
    level: number,
    name: number,
    program: SocketFilterProgram,
    length: number,
  ) => number;
  readonly prctl: (option: number, a: number, b: number, c: number, d: number) => number;
  readonly capset: (header: Uint8Array, data: Uint8Array) => number;
  readonly openlog: (name: Uint8Array, options: number, facility: number) => void;
  readonly syslog: (priority: number, format: string, type: 'str', text: string) => void;
}

/** struct sock_fprog as koffi reads it. */
interface SocketFilterProgram {
  readonly len: number;
  readonly filter: Uint8Array;
}

let loaded: Libc | LinuxError | undefined;

function load(): Libc | LinuxError {
  let koffi: typeof import('koffi');
  try {
    koffi = createRequire(import.meta.url)('koffi');
  } catch (error) {
    // Either the package is absent or its binary does not fit this machine; both mean the same to the caller.
    if (!(error instanceof Error)) throw error;
    const reason = error.message.split('\n', 1)[0];
    return new LinuxError('ENOSYS', 'koffi', `native calls are not available: ${reason}`);
  }
  const libc = koffi.load(null); // the C library that this process already runs with, glibc or musl
  koffi.struct('caracal_sock_fprog', { len: 'uint16_t', filter: 'void *' });
  return {
    errno: () => koffi.errno(),
    socket: libc.func('int socket(int, int, int)'),
    bind: libc.func('int bind(int, void *, unsigned int)'),
    getsockname: libc.func('int getsockname(int, void *, void *)'),
    close: libc.func('int close(int)'),
    dup3: libc.func('int dup3(int, int, int)'),
    setsockopt: libc.func('int setsockopt(int, int, int, void *, unsigned int)'),
    getsockopt: libc.func('int getsockopt(int, int, int, void *, void *)'),
    socketpair: libc.func('int socketpair(int, int, int, void *)'),
    attachFilter: libc.func('setsockopt', 'int', ['int', 'int', 'int', 'caracal_sock_fprog *', 'unsigned int']),
    prctl: libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)'),
    capset: libc.func('int capset(void *, void *)'),
    openlog: libc.func('void openlog(void *, int, int)'),
    syslog: libc.func('void syslog(int, str, ...)'),
  };
}

function libc(): Libc {
  loaded ??= load();
  if (loaded instanceof LinuxError) throw loaded;
  return loaded;
}

/** Undefined where native calls work, else the reason why not. */
export function nativeCallsMissing(): string | undefined {
  loaded ??= load();
  return loaded instanceof LinuxError ? loaded.text : undefined;
}

function check(result: number, syscall: string): number {
  if (result >= 0) return result;
  const [code, text] = describeErrno(libc().errno());
  throw new LinuxError(code, syscall, text);
}

function checkFd(fd: number): void {
  if (!Number.isInteger(fd) || fd < 0) throw new RangeError(`not a file descriptor: ${fd}`);
}

export function socket(domain: number, type: number, protocol: number): number {
  return check(libc().socket(domain, type, protocol), 'socket');
}

export function bind(fd: number, address: Uint8Array): void {
  checkFd(fd);
  check(libc().bind(fd, address, address.byteLength), 'bind');
}

/** The socket's own address, at most `capacity` octets of it. */
export function getsockname(fd: number, capacity: number): Uint8Array {
  checkFd(fd);
  const address = new Uint8Array(capacity);
  const length = lengthCell(capacity);
  check(libc().getsockname(fd, address, length), 'getsockname');
  return address.subarray(0, Math.min(capacity, readLength(length)));
}

export function close(fd: number): void {
  checkFd(fd);
  check(libc().close(fd), 'close');
}

/** Makes `to` a second name of what `from` names; what `to` was before is closed. */
export function dup3(from: number, to: number, flags: number): void {
  checkFd(from);
  checkFd(to);
  check(libc().dup3(from, to, flags), 'dup3');
}

export function setsockopt(fd: number, level: number, name: number, value: number | Uint8Array): void {
  checkFd(fd);
  const bytes = typeof value === 'number' ? new Uint8Array(Int32Array.of(value).buffer) : value;
  check(libc().setsockopt(fd, level, name, bytes, bytes.byteLength), 'setsockopt');
}

/** The socket sends and hears by this interface only. LinuxError ENODEV: there is none of that name. */
export function bindToDevice(fd: number, device: string): void {
  setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, new TextEncoder().encode(`${device}\0`));
}

/** An option whose value is an int. */
export function getsockopt(fd: number, level: number, name: number): number {
  checkFd(fd);
  const value = new Int32Array(1);
  check(libc().getsockopt(fd, level, name, new Uint8Array(value.buffer), lengthCell(4)), 'getsockopt');
  return value[0]!;
}

/** Attaches a classic BPF program (struct sock_filter, 8 octets an instruction) that decides which messages are queued. */
export function attachFilter(fd: number, instructions: Uint8Array): void {
  checkFd(fd);
  if (instructions.byteLength === 0 || instructions.byteLength % 8 !== 0) throw new RangeError('not a filter program');
  const program = { len: instructions.byteLength / 8, filter: instructions };
  check(libc().attachFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, SOCK_FPROG_SIZE), 'setsockopt');
}

export function socketpair(domain: number, type: number): readonly [number, number] {
  const fds = new Int32Array(2);
  check(libc().socketpair(domain, type, 0, fds), 'socketpair');
  return [fds[0]!, fds[1]!];
}

/** An option of the calling thread, which is the one that runs JavaScript. */
export function prctl(option: number, value: number): void {
  check(libc().prctl(option, value, 0, 0, 0), 'prctl');
}

/** Capabilities of the calling thread: struct __user_cap_header_struct (8 octets) and two __user_cap_data_struct (24). */
export function capset(header: Uint8Array, data: Uint8Array): void {
  if (header.byteLength !== 8 || data.byteLength !== 24) throw new RangeError('not a capability set');
  check(libc().capset(header, data), 'capset');
}

/** The C library keeps the name, not a copy of it. */
let logName: Uint8Array | undefined;

export function openlog(name: string, options: number, facility: number): void {
  logName = new TextEncoder().encode(`${name}\0`);
  libc().openlog(logName, options, facility);
}

export function syslog(priority: number, text: string): void {
  libc().syslog(priority, '%s', 'str', text);
}

function lengthCell(length: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(length).buffer);
}

function readLength(cell: Uint8Array): number {
  return new DataView(cell.buffer).getUint32(0, true);
}

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
const SO_ATTACH_FILTER = 26;
/** sizeof(struct sock_fprog) on 64-bit machines. */
const SOCK_FPROG_SIZE = 16;

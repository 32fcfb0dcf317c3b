// struct sockaddr_in and sockaddr_in6 from an address as text. Addresses come in canonical form from the caller; only
// their octets are needed here.

import { isIPv6 } from 'node:net';
import { AF_INET, AF_INET6 } from './libc.ts';

export function isV6(address: string): boolean {
  return isIPv6(address);
}

/** @param scope index of the interface that a link-local address is on; 0: none */
export function sockaddr(address: string, port: number, scope = 0): Uint8Array {
  return isV6(address) ? sockaddrIn6(address, port, scope) : sockaddrIn(address, port);
}

function sockaddrIn(address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

function sockaddrIn6(address: string, port: number, scope: number): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET6, true);
  view.setUint16(2, port);
  view.setUint32(24, scope, true);
  const [head = '', tail] = address.split('::');
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  front.forEach((group, i) => {
    view.setUint16(8 + 2 * i, group);
  });
  back.forEach((group, i) => {
    view.setUint16(8 + 2 * (8 - back.length + i), group);
  });
  return bytes;
}

/** 16-bit groups of one side of `::`; a dotted quad at the end counts as two. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

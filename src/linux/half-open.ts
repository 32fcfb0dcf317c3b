// Connections that are half open: the first packet of somebody came, our answer went out, and nothing came back. Such is
// what a firewall leaves behind that stops packets in one direction only. Read from /proc/net/tcp, without holding anybody
// up.

import { readFile } from 'node:fs/promises';

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Addresses of those who tried to connect; empty where the system does not say. */
export async function readHalfOpen(): Promise<readonly string[]> {
  const texts = await Promise.all(TABLES.map(readTable));
  return [...new Set(texts.flatMap(parseHalfOpen))];
}

async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return ''; // another system, no IPv6, or no right to look
    throw error;
  }
}

/** Local address, remote address, state: 03 is TCP_SYN_RECV. */
const HALF_OPEN = /^ *\d+: [0-9A-F:]+ ([0-9A-F]+):[0-9A-F]{4} 03 /gm;

export function parseHalfOpen(table: string): readonly string[] {
  return [...table.matchAll(HALF_OPEN)].map(([, address = '']) => addressText(octetsOf(address)));
}

/** The kernel prints words of 32 bits as numbers of this machine, and x64 and arm64 are little-endian. */
function octetsOf(hex: string): readonly number[] {
  const octets = Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  return octets.map((_, index) => octets[index ^ 3] ?? 0);
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** IPv4 also where a socket of IPv6 has it; IPv6 without any abbreviation. */
function addressText(octets: readonly number[]): string {
  if (octets.length === 4) return octets.join('.');
  if (MAPPED.every((octet, index) => octets[index] === octet)) return octets.slice(12).join('.');
  const digits = octets.map((octet) => octet.toString(16).padStart(2, '0')).join('');
  return digits.match(/.{4}/g)?.join(':') ?? '';
}

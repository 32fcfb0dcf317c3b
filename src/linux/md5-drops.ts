// TCP segments that the kernel dropped because of MD5 signatures (RFC 2385), counted for the whole network namespace: all
// that a wrong password leaves behind. Read from /proc/net/netstat. Not here: whose they may be.

import { readFileSync } from 'node:fs';

export interface Md5Drops {
  /** A password is set here, and the segment was not signed (TCPMD5NotFound). */
  readonly unsigned: number;
  /** The segment was signed, and no password is set here (TCPMD5Unexpected). */
  readonly unexpected: number;
  /** Signed with another password (TCPMD5Failure). */
  readonly wrong: number;
}

/** Undefined where the system does not count them. */
export function readMd5Drops(path = '/proc/net/netstat'): Md5Drops | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined; // another system, or no right to look
    throw error;
  }
  return parseMd5Drops(text);
}

/** Lines come in pairs, names above numbers. */
export function parseMd5Drops(text: string): Md5Drops | undefined {
  const [names, numbers] = text.split('\n').filter((line) => line.startsWith('TcpExt:'));
  if (names === undefined || numbers === undefined) return undefined;
  const values = numbers.split(' ');
  const counters = new Map(names.split(' ').map((name, i) => [name, Number(values[i])]));
  const [unsigned, unexpected, wrong] = ['NotFound', 'Unexpected', 'Failure'].map((n) => counters.get(`TCPMD5${n}`));
  if (unsigned === undefined || unexpected === undefined || wrong === undefined) return undefined;
  return { unsigned, unexpected, wrong };
}

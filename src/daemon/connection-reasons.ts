// Why a connection did not come up, or ended, in words that say where to look.

import type { DialFailure, Endpoints } from 'node-bgp';

export interface Target {
  readonly remote: string;
  readonly interface?: string;
  readonly port: number;
  readonly local?: string;
  readonly password?: string;
}

/** In words, and in one word for programs. */
export interface Why {
  readonly reason: string;
  readonly failure?: DialFailure;
}

const FAILURES: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'unanswered',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'noRoute',
  EADDRNOTAVAIL: 'noSourceAddress',
};

/** @param error of node or of a system call, with a `code` */
export function dialFailure(error: Error & { code?: unknown }, target: Target): Why {
  const failure = FAILURES[String(error.code)];
  return { reason: dialFailureText(error, target), ...(failure !== undefined && { failure }) };
}

function dialFailureText(error: Error & { code?: unknown }, target: Target): string {
  const where = at(target.remote, target.port);
  switch (error.code) {
    case 'ECONNREFUSED':
      return `connection refused by ${where}`;
    case 'EHOSTUNREACH':
      return `${target.remote} does not answer (no route to host)`;
    case 'ENETUNREACH':
      return `no route to ${target.remote}`;
    case 'ETIMEDOUT':
      return `no answer from ${where}${target.password === undefined ? '' : '; a password is set here'}`;
    case 'ENODEV':
      return `there is no interface ${target.interface}, by which ${target.remote} is to be reached`;
    case 'EADDRNOTAVAIL':
      return `${target.local ?? 'the source address'} is not an address of this host`;
    default:
      return `connection to ${where} failed: ${error.message}`;
  }
}

export function connectionLoss(error: (Error & { code?: unknown }) | undefined, endpoints: Endpoints): string {
  if (error === undefined) return `connection closed by ${endpoints.remote}`;
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return `connection reset by ${endpoints.remote}`;
  if (error.code === 'ETIMEDOUT') return `connection to ${endpoints.remote} timed out`;
  return `connection to ${endpoints.remote} failed: ${error.message}`;
}

function at(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

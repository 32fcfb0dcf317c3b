// From root to another user, with the capabilities that a router cannot do without.

import { capset, nativeCallsMissing, prctl } from './libc.ts';

const PR_SET_KEEPCAPS = 8;
const LINUX_CAPABILITY_VERSION_3 = 0x20080522;
const CAP_NET_BIND_SERVICE = 10;
const CAP_NET_BROADCAST = 11;
const CAP_NET_ADMIN = 12;
const CAP_NET_RAW = 13;

/** Low ports, routes and interfaces, raw sockets. */
export const ROUTER_CAPABILITIES = [CAP_NET_BIND_SERVICE, CAP_NET_BROADCAST, CAP_NET_ADMIN, CAP_NET_RAW];
/** Low ports only: for who programs no kernel. */
export const SPEAKER_CAPABILITIES = [CAP_NET_BIND_SERVICE];

export interface Account {
  readonly user?: number;
  readonly group?: number;
}

/**
 * For good. The thread that runs JavaScript, and with it every socket, keeps these capabilities; the threads of the pool
 * keep nothing. Throws where the system refuses it.
 */
export function dropPrivileges({ user, group }: Account, kept = ROUTER_CAPABILITIES): void {
  if (group !== undefined) {
    process.setgroups!([]);
    process.setgid!(group);
  }
  if (user === undefined) return;
  const keeps = process.geteuid!() === 0 && user !== 0 && nativeCallsMissing() === undefined;
  if (keeps) prctl(PR_SET_KEEPCAPS, 1);
  process.setuid!(user);
  if (keeps) keepCapabilities(kept);
}

function keepCapabilities(capabilities: readonly number[]): void {
  const mask = capabilities.reduce((bits, capability) => bits | (1 << capability), 0);
  const header = Uint32Array.of(LINUX_CAPABILITY_VERSION_3, 0);
  // Effective, permitted, inheritable of the first 32, then of the rest.
  const data = Uint32Array.of(mask, mask, 0, 0, 0, 0);
  capset(new Uint8Array(header.buffer), new Uint8Array(data.buffer));
}

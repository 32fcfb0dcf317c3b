// What an Intent says and the router does not carry out: told, so that nobody relies on it. Whoever makes the router do it
// takes the row away.

import { isLinkLocal } from 'node-bgp';
import type { PeerIntent, PeerRange } from '../../src/intent/types.ts';
import type { Protocol } from './configuration.ts';

export interface Unfulfilled {
  readonly text: string;
  /** Absent: the session or route works without it. */
  readonly isServed?: false;
}

export function unfulfilledOfPeer({
  name,
  address,
  interface: device,
  limits,
  anyExternalAs,
}: PeerIntent): Unfulfilled[] {
  const found: Unfulfilled[] = [];
  if (limits !== undefined) found.push({ text: `${name}: limits of routes are not kept` });
  if (anyExternalAs) {
    found.push({ text: `${name}: a neighbour of any AS is refused, give its AS number`, isServed: false });
  }
  if (isLinkLocal(address)) {
    found.push({ text: `${name}: a neighbour by its link-local address is not reached`, isServed: false });
  } else if (device !== undefined) {
    found.push({ text: `${name}: interface ${device} has no effect, the routing table says where the neighbour is` });
  }
  return found;
}

export function unfulfilledOfRange({ name, range }: PeerRange): Unfulfilled {
  const text = `${name}: nobody is accepted from the range ${range}, give each neighbour a protocol`;
  return { text, isServed: false };
}

/** A daemon writes into one table of the kernel. */
export function unfulfilledOfKernel(protocol: Protocol, first: Protocol): Unfulfilled[] {
  if (protocol.kernel.table === first.kernel.table) return [];
  return [{ text: `${protocol.name}: its routes go into the kernel table of ${first.name}, there is one for both` }];
}

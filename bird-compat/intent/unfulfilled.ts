// What an Intent says and the router does not carry out: told, so that nobody relies on it. Whoever makes the router do it
// takes the row away.

import { isLinkLocal } from 'node-bgp';
import type { PeerIntent } from '../../src/intent/types.ts';
import type { Protocol } from './configuration.ts';

export interface Unfulfilled {
  readonly text: string;
  /** Absent: the session or route works without it. */
  readonly isServed?: false;
}

export function unfulfilledOfPeer({ name, address, interface: device }: PeerIntent): Unfulfilled[] {
  if (device === undefined || isLinkLocal(address)) return [];
  return [{ text: `${name}: interface ${device} has no effect, the routing table says where the neighbour is` }];
}

/** A daemon writes into one table of the kernel. */
export function unfulfilledOfKernel(protocol: Protocol, first: Protocol): Unfulfilled[] {
  if (protocol.kernel.table === first.kernel.table) return [];
  return [{ text: `${protocol.name}: its routes go into the kernel table of ${first.name}, there is one for both` }];
}

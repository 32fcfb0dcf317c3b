// Sums over all peers that never go back: a peer that is removed, or made anew with counters at zero, takes nothing away
// from what it had counted. A sum that fell would be read as a restart, and as a burst after it.

import type { Family } from 'node-bgp';
import type { PeerReport } from '../types.ts';
import { TOTALS, type TotalName, type Totals } from './types.ts';

type Counts = Record<TotalName, number>;

export class RunningTotals {
  readonly totals: Record<TotalName, Record<Family, number>> = {
    updatesIn: { ipv4: 0, ipv6: 0 },
    updatesOut: { ipv4: 0, ipv6: 0 },
    bytesIn: { ipv4: 0, ipv6: 0 },
    bytesOut: { ipv4: 0, ipv6: 0 },
    flaps: { ipv4: 0, ipv6: 0 },
  } satisfies Totals;
  #seen = new Map<string, Counts>();

  add(peers: readonly PeerReport[]): void {
    const seen = new Map<string, Counts>();
    for (const { name, peerIP, counters } of peers) {
      const before = this.#seen.get(name);
      for (const total of TOTALS) {
        const last = before?.[total] ?? 0;
        const value = counters[total];
        this.totals[total][addressFamily(peerIP)] += value >= last ? value - last : value;
      }
      seen.set(name, counters);
    }
    this.#seen = seen;
  }
}

/** Metrics and status sort sessions by the family of the peer's address. */
export function addressFamily(address: string): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

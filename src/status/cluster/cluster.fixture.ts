// Clusters for the tests of this folder: nodes of one mesh, at whose sessions a test changes what it is about.

import type { PeerType } from '../types.ts';
import type { NodeAnswer, SessionReport, SessionsReport } from './types.ts';

export const NOW = '2026-04-05T12:00:00.000Z';
export const EARLIER = '2026-04-05T11:59:00.000Z';

/** `n1` has 10.0.0.1, and so on: addresses in their order. */
export function addressOf(number: number): string {
  return `10.0.${Math.floor(number / 250)}.${(number % 250) + 1}`;
}

/** A session that is not up; it is this node that dials. */
export function sessionTo(peer: number, change: Partial<SessionReport> = {}): SessionReport {
  const peerIP = addressOf(peer - 1);
  return {
    ...{ peerIP, type: 'NodeMesh', role: 'mesh', state: 'Active', since: NOW, name: `Mesh_${peer}`, port: 179 },
    ...{ info: 'Active: something is wrong', asNumber: 64512, localASNumber: 64512, families: ['ipv4'], missing: [] },
    ...{ passive: false, origin: ['BGPConfiguration default'] },
    ...change,
  };
}

/** One of `size` nodes; `others` are what is not as it should be. */
export function nodeReport(
  own: number,
  size: number,
  others: readonly SessionReport[] = [],
  change: Partial<SessionsReport> = {},
): SessionsReport {
  const down = new Set(others.map(({ peerIP }) => peerIP));
  const peers = Array.from({ length: size }, (_, index) => addressOf(index));
  const up = peers.filter((address, index) => index !== own - 1 && !down.has(address));
  const type: PeerType = 'NodeMesh';
  return {
    ...{ node: `n${own}`, lastUpdated: NOW, version: '0.1.0', commit: 'abc', state: 'Ready', reasons: [] },
    ...{ routerID: addressOf(own - 1), asNumber: 64512, addresses: { ipv4: addressOf(own - 1) } },
    datastore: { synced: true },
    established: { [type]: up },
    others,
    ...change,
  };
}

export function answer(report: SessionsReport): NodeAnswer {
  return { type: 'report', report };
}

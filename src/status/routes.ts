// One page of the routing table as `GET /routes` shows it, in the words of CalicoNodeStatus's `routes`.

import type { PeerKind } from '../intent/types.ts';
import type { PeerSnapshot, RouteSnapshot } from '../speaker/types.ts';
import type { RouteReport, RoutesQuery, RoutesReport } from './types.ts';

type SourceType = RouteReport['learnedFrom']['sourceType'];

/** What is no session: the protocols of the node's own routes. */
const PROTOCOL_SOURCE: Readonly<Record<string, SourceType>> = {
  kernel1: 'Kernel',
  static1: 'Static',
  direct1: 'Direct',
};

/**
 * @param rows the page as the router gives it, in table order
 * @param next the cursor of the following page, undefined at the end of the table
 * @param peers the peers of the same moment, for the addresses behind session names
 */
export function routesReport(
  query: RoutesQuery,
  rows: readonly RouteSnapshot[],
  next: string | undefined,
  peers: readonly PeerSnapshot[],
): RoutesReport {
  const byName = new Map(peers.map((peer) => [peer.name, peer]));
  return {
    family: query.family,
    routes: rows.map((row) => routeReport(row, byName.get(row.protocol))),
    ...(next !== undefined && { next }),
  };
}

function routeReport(route: RouteSnapshot, peer: PeerSnapshot | undefined): RouteReport {
  return {
    type: route.best ? 'FIB' : 'RIB',
    destination: route.prefix,
    gateway: route.resolved?.gateway ?? route.nextHop ?? 'N/A',
    interface: interfaceText(route),
    learnedFrom: {
      sourceType: PROTOCOL_SOURCE[route.protocol] ?? sessionSource(peer?.kind, route.protocol),
      ...(peer && { peerIP: peer.address }),
      protocol: route.protocol,
    },
    ...(route.nextHop !== undefined && { nextHop: route.nextHop }),
    asPath: route.asPath,
    origin: route.origin,
    ...(route.localPref !== undefined && { localPref: route.localPref }),
    ...(route.med !== undefined && { med: route.med }),
    communities: route.communities,
    ...(route.decidedBy !== undefined && { decidedBy: route.decidedBy }),
  };
}

/** A session that is gone by now is still known by the prefix of its name (`Mesh_10_0_0_2`). */
function sessionSource(kind: PeerKind | undefined, protocol: string): SourceType {
  return kind === 'mesh' || protocol.startsWith('Mesh_') ? 'NodeMesh' : 'BGPPeer';
}

function interfaceText({ resolved, nextHop }: RouteSnapshot): string {
  if (resolved) return resolved.device;
  return nextHop === undefined ? 'blackhole' : 'unreachable';
}

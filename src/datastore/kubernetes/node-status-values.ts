// The status of CalicoNodeStatus from what the daemon says of itself: its fields, its words, its times. Pure.

import type { CalicoNodeStatus } from '../resources/types.ts';

/** What there is to say; of richer values only these fields are used. Times are RFC 3339 in UTC. */
export interface NodeStatusSource {
  agent(): AgentValues;
  bgp(): BgpValues;
  /** At most `limit` routes of a family, and how many there are in all. */
  routes(family: 'ipv4' | 'ipv6', limit: number): RouteValues | Promise<RouteValues>;
}

export interface AgentValues {
  readonly state: 'Ready' | 'NotReady';
  readonly version: string;
  readonly routerID?: string;
  readonly lastBootTime: string;
  readonly lastReconfigurationTime?: string;
}

export interface PeerValues {
  readonly peerIP: string;
  /** A word that Calico does not have is left out. */
  readonly type: string;
  readonly state: 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';
  readonly since: string;
}

export interface BgpValues {
  readonly numberEstablishedV4: number;
  readonly numberNotEstablishedV4: number;
  readonly numberEstablishedV6: number;
  readonly numberNotEstablishedV6: number;
  readonly peersV4: readonly PeerValues[];
  readonly peersV6: readonly PeerValues[];
}

export interface RouteValue {
  readonly type: 'FIB' | 'RIB';
  readonly destination: string;
  readonly gateway: string;
  readonly interface: string;
  readonly learnedFrom: {
    readonly sourceType: 'Kernel' | 'Static' | 'Direct' | 'NodeMesh' | 'BGPPeer';
    readonly peerIP?: string;
  };
}

export interface RouteValues {
  readonly routes: readonly RouteValue[];
  readonly total: number;
}

const PEER_TYPES = new Set(['NodeMesh', 'NodePeer', 'GlobalPeer']);

/** Of a family. etcd takes objects up to 1.5 MB, and a route is about 170 bytes. */
export const MOST_ROUTES = 2_500;

/** The classes that are asked for; `left` says what did not fit. */
export async function statusValues(
  classes: CalicoNodeStatus['classes'],
  source: NodeStatusSource,
): Promise<{ values: Readonly<Record<string, unknown>>; left?: string }> {
  const values: Record<string, unknown> = {};
  if (classes.includes('Agent')) values.agent = agentValues(source.agent());
  if (classes.includes('BGP')) values.bgp = bgpValues(source.bgp());
  if (!classes.includes('Routes')) return { values };
  const [v4, v6] = [await source.routes('ipv4', MOST_ROUTES), await source.routes('ipv6', MOST_ROUTES)];
  values.routes = { routesV4: routeValues(v4), routesV6: routeValues(v6) };
  const all = v4.total + v6.total;
  const shown = Math.min(v4.total, MOST_ROUTES) + Math.min(v6.total, MOST_ROUTES);
  return { values, ...(shown < all ? { left: `${shown} of ${all} routes fit into it` } : {}) };
}

/** One daemon speaks for both families, where Calico has a BIRD for each. */
function agentValues({ state, version, routerID, lastBootTime, lastReconfigurationTime }: AgentValues): object {
  const bird = {
    lastBootTime: birdTime(lastBootTime),
    ...(lastReconfigurationTime === undefined ? {} : { lastReconfigurationTime: birdTime(lastReconfigurationTime) }),
    ...(routerID === undefined ? {} : { routerID }),
    ...{ state, version },
  };
  return { birdV4: bird, birdV6: bird };
}

function bgpValues({ peersV4, peersV6, ...numbers }: BgpValues): object {
  const { numberEstablishedV4, numberNotEstablishedV4, numberEstablishedV6, numberNotEstablishedV6 } = numbers;
  return {
    ...{ numberEstablishedV4, numberNotEstablishedV4, numberEstablishedV6, numberNotEstablishedV6 },
    peersV4: peersV4.map(peerValues),
    peersV6: peersV6.map(peerValues),
  };
}

function peerValues({ peerIP, type, state, since }: PeerValues): object {
  return { peerIP, ...(PEER_TYPES.has(type) ? { type } : {}), state, since: birdTime(since) };
}

function routeValues({ routes }: RouteValues): readonly object[] {
  return routes.slice(0, MOST_ROUTES).map(({ type, destination, gateway, interface: device, learnedFrom }) => {
    const { sourceType, peerIP } = learnedFrom;
    const from = { sourceType, ...(peerIP === undefined ? {} : { peerIP }) };
    return { type, destination, gateway, interface: device, learnedFrom: from };
  });
}

/** As BIRD prints it, which is what the tools of Calico show: `2026-04-05 11:59:59`. */
function birdTime(timestamp: string): string {
  return timestamp.slice(0, 19).replace('T', ' ');
}

// Makes sessions of peerings: names, addresses, timers and policies as Calico defines them for explicit peers, and the
// constants that every session shares.

import { type Address, type Asn, type Family, hostPrefix } from 'node-bgp';
import type { BGPPeer } from '../datastore/resources/types.ts';
import type { BgpPolicies } from './bgp-policies.ts';
import { addressOf, type Cluster, compareText, DEFAULT_PORT, readPassword } from './cluster.ts';
import { sessionName } from './names.ts';
import type { Peering } from './peerings.ts';
import type { LocalRoute, PeerIntent } from './types.ts';

/** Seconds; BIRD's defaults, which peers can observe. */
export const HOLD_TIME = 240;
export const RESTART_TIME = 120;

export const FAMILY_LISTS: Readonly<Record<Family, readonly Family[]>> = { ipv4: ['ipv4'], ipv6: ['ipv6'] };

export function explicitSession(cluster: Cluster, peering: Peering, policies: BgpPolicies): PeerIntent {
  const { source, family, address, remoteAs } = peering;
  const workload = peering.type === 'localWorkload';
  const kind = workload ? 'localWorkload' : peering.scope;
  const localAs = localAsOf(cluster, peering);
  const filters = source.filters ?? [];
  const own = addressOf(cluster.own, family);
  return {
    name: sessionName(kind, address, peering.port),
    kind,
    description: `${workload ? 'local' : peering.scope} peering with ${peering.remote}`,
    origin: originOf(peering),
    families: FAMILY_LISTS[family],
    address,
    port: peering.port ?? DEFAULT_PORT,
    remoteAs,
    localAs,
    ...(workload || source.sourceAddress === 'None' || own === undefined ? {} : { localAddress: own }),
    passive: workload || isPassive(peering, own),
    holdTime: HOLD_TIME,
    restartTime: workload ? RESTART_TIME : (source.maxRestartTime ?? RESTART_TIME),
    ...(workload ? {} : optionsOf(cluster, source)),
    allowedLocalAs: peering.type === 'peerIP' ? Math.max(0, source.numAllowedLocalASNumbers ?? 0) : 0,
    nextHopMode: workload ? 'auto' : nextHopModeOf(source, remoteAs === localAs),
    routeReflectorClient: isClient(cluster, peering, localAs),
    addPath: 'both',
    importPolicy: policies.importPolicy(family, filters),
    exportPolicy: policies.exportPolicy(family, filters),
  };
}

function originOf(peering: Peering): readonly string[] {
  const peer = `BGPPeer ${peering.source.metadata.name}${peering.reverse ? ' (reverse peering)' : ''}`;
  if (peering.type === 'localWorkload') return [peer, `WorkloadPeer ${peering.remote.slice('workload '.length)}`];
  return peering.remoteNode === undefined ? [peer] : [peer, `Node ${peering.remoteNode.metadata.name}`];
}

/** A local AS of its own has a peering only where the peer is given by address, or is a workload. */
function localAsOf(cluster: Cluster, peering: Peering): Asn {
  return (peering.type !== 'peerSelector' && peering.source.localASNumber) || cluster.localAs;
}

/**
 * Among nodes that peer by a global address only one dials: the one that comes later as text. Nodes that run BIRD decide
 * by text too, so `10.0.0.9` stays above `10.0.0.10`.
 */
function isPassive(peering: Peering, own: Address | undefined): boolean {
  if (peering.scope !== 'global' || peering.type !== 'peerIP') return false;
  return peering.remoteNode !== undefined && own !== undefined && compareText(peering.address, own) > 0;
}

/** RFC 4456: everybody inside the AS but other reflectors of the same cluster. */
function isClient(cluster: Cluster, peering: Peering, localAs: Asn): boolean {
  return (
    cluster.clusterId !== undefined && peering.remoteAs === localAs && peering.remoteClusterId !== cluster.clusterId
  );
}

function nextHopModeOf(peer: BGPPeer, internal: boolean): PeerIntent['nextHopMode'] {
  if (peer.nextHopMode === 'Self') return 'self';
  if (peer.nextHopMode === 'Keep') return 'keep';
  if (peer.nextHopMode === undefined && peer.keepOriginalNextHop === true && !internal) return 'keep';
  return 'auto';
}

function optionsOf(cluster: Cluster, peer: BGPPeer): Pick<PeerIntent, 'password' | 'keepaliveTime' | 'ttlSecurity'> {
  const password = readPassword(cluster, peer.password, peer, 'spec.password');
  return {
    ...(password === undefined ? {} : { password }),
    ...(peer.keepaliveTime === undefined ? {} : { keepaliveTime: peer.keepaliveTime }),
    ...(peer.ttlSecurity ? { ttlSecurity: peer.ttlSecurity } : {}),
  };
}

/**
 * Host routes to peers that are `reachableBy` a gateway, those of global peers first. Reverse peerings have none: the
 * gateway is the way from the nodes to the peer, not back.
 */
export function reachabilityRoutes(cluster: Cluster, peerings: readonly Peering[]): readonly LocalRoute[] {
  const routes = new Map<Address, LocalRoute>();
  const inOrder = [...peerings].sort(
    (a, b) => compareText(a.scope, b.scope) || compareText(a.address, b.address) || (a.port ?? 0) - (b.port ?? 0),
  );
  for (const { source, address, reverse } of inOrder) {
    const gateway = source.reachableBy;
    if (gateway === undefined || reverse) continue;
    const first = routes.get(address);
    if (first === undefined) {
      const origin = `BGPPeer ${source.metadata.name} reachableBy`;
      routes.set(address, { prefix: hostPrefix(address), type: 'via', gateway, origin });
    } else if (first.gateway !== gateway) {
      cluster.findings.problem(
        source,
        'spec.reachableBy',
        `${address} is reached by ${first.gateway} already (${first.origin})`,
      );
    }
  }
  return [...routes.values()];
}

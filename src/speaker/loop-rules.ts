// By what the routes of a peer are known to have been here before: our AS number, identifier and, from clients, cluster id;
// and by which role they must not come from an external peer.

import type { Asn, RouterId } from 'node-bgp';
import type { PeerIntent } from '../intent/types.ts';
import type { LoopRules } from '../rib/index.ts';

interface Identity {
  readonly bgpIdentifier: RouterId;
  readonly clusterId: RouterId;
}

/**
 * BIRD looks at the cluster list of clients' routes only.
 *
 * @param remoteAs of the session; a peer of any AS has none before
 */
export function loopRules(
  peer: PeerIntent,
  { bgpIdentifier, clusterId }: Identity,
  remoteAs: Asn = peer.remoteAs,
): LoopRules {
  const { localAs, allowedLocalAs, routeReflectorClient } = peer;
  const own = routeReflectorClient ? (peer.clusterId ?? clusterId) : undefined;
  const role = peer.role === undefined || remoteAs === localAs ? undefined : { own: peer.role, remoteAs };
  return { bgpIdentifier, clusterId: own, localAs, allowedLocalAs, ...(role === undefined ? {} : { role }) };
}

// By what the routes of a peer are known to have been here before: our AS number, identifier and, from clients, cluster id.

import type { RouterId } from 'node-bgp';
import type { PeerIntent } from '../intent/types.ts';
import type { LoopRules } from '../rib/index.ts';

interface Identity {
  readonly bgpIdentifier: RouterId;
  readonly clusterId: RouterId;
}

/** BIRD looks at the cluster list of clients' routes only. */
export function loopRules(peer: PeerIntent, { bgpIdentifier, clusterId }: Identity): LoopRules {
  const { localAs, allowedLocalAs, routeReflectorClient } = peer;
  const own = routeReflectorClient ? (peer.clusterId ?? clusterId) : undefined;
  return { bgpIdentifier, clusterId: own, localAs, allowedLocalAs };
}

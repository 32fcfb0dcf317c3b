// What a peer is to this node: what metrics count by, and where the picture of the status page puts it.

import type { PeerKind } from '../intent/types.ts';
import type { PeerSnapshot } from '../speaker/types.ts';

/**
 * `reflector`: a peer of our own AS outside the mesh whose client we are not the reflector of; what it tells us of others it
 * has to reflect (RFC 4456). `client`: we reflect to it. `external`: another AS, the top of a rack for example.
 */
export type PeerRole = 'mesh' | 'reflector' | 'client' | 'external' | 'workload';

export const PEER_ROLES: readonly PeerRole[] = ['mesh', 'reflector', 'client', 'external', 'workload'];

export function peerRole(
  peer: Pick<PeerSnapshot, 'remoteAs' | 'localAs' | 'routeReflectorClient'> & { readonly kind: PeerKind },
): PeerRole {
  if (peer.kind === 'mesh') return 'mesh';
  if (peer.kind === 'localWorkload') return 'workload';
  if (peer.routeReflectorClient) return 'client';
  return peer.remoteAs === peer.localAs ? 'reflector' : 'external';
}

// Which export group a session belongs to: everything that makes its messages what they are.

import { type Address, type Family, familyOf } from 'node-bgp';
import type { GroupOptions } from '../rib/index.ts';
import type { Session, SpeakerPeer } from './peer.ts';
import type { RouterIdentity } from './peer-routes.ts';

export function groupOptions(
  peer: Pick<SpeakerPeer, 'intent' | 'policyPeer'>,
  { endpoints, negotiated }: Session,
  family: Family,
  identity: RouterIdentity,
): GroupOptions {
  const { intent } = peer;
  return {
    target: {
      type: negotiated.peerType,
      localAs: intent.localAs,
      identifier: identity.bgpIdentifier,
      clusterId: intent.clusterId ?? identity.clusterId,
      nextHopMode: intent.nextHopMode,
      localAddress: nextHopSelf(endpoints.local, family, identity),
      routeReflectorClient: intent.routeReflectorClient,
      llgrAware: negotiated.remoteCapabilities.some(({ type }) => type === 'longLivedGracefulRestart'),
    },
    policy: intent.exportPolicy,
    policyPeer: peer.policyPeer,
    addPath: negotiated.addPath.send.includes(family),
    context: { fourOctetAs: negotiated.fourOctetAs, peerType: negotiated.peerType },
    maxMessageLength: negotiated.maxMessageLength,
    extendedNextHop: negotiated.extendedNextHop,
  };
}

/** Our end of the session where it is of the family; for the other family of a session the node's address. */
function nextHopSelf(local: Address, family: Family, identity: RouterIdentity): Address {
  if (familyOf(local) === family) return local;
  const own = identity.addresses[family];
  if (own !== undefined) return own;
  return family === 'ipv6' ? `::ffff:${local}` : local;
}

// Which export group a session belongs to: everything that makes its messages what they are.

import { type Address, type Family, familyOf, isLinkLocal } from 'node-bgp';
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
      ...nextHopSelf(endpoints.local, family, identity, negotiated.extendedNextHop),
      routeReflectorClient: intent.routeReflectorClient,
      llgrAware: negotiated.remoteCapabilities.some(({ type }) => type === 'longLivedGracefulRestart'),
      role: negotiated.peerType === 'ebgp' ? intent.role : undefined,
      gracefulShutdown: intent.gracefulShutdown,
    },
    policy: intent.exportPolicy,
    policyPeer: peer.policyPeer,
    addPath: negotiated.addPath.send.includes(family),
    context: { fourOctetAs: negotiated.fourOctetAs, peerType: negotiated.peerType },
    maxMessageLength: negotiated.maxMessageLength,
    extendedNextHop: negotiated.extendedNextHop,
  };
}

/**
 * Our end of the session where it is of the family, or may stand for it (RFC 8950); else the node's address. Between
 * link-local addresses the node's own goes first where it has one (RFC 2545 3).
 */
function nextHopSelf(
  local: Address,
  family: Family,
  { addresses }: RouterIdentity,
  extendedNextHop: boolean,
): Pick<GroupOptions['target'], 'localAddress' | 'linkLocalAddress'> {
  if (familyOf(local) === 'ipv6' && (family === 'ipv6' || extendedNextHop)) {
    const isOnLink = isLinkLocal(local) && addresses.ipv6 !== undefined;
    return isOnLink ? { localAddress: addresses.ipv6, linkLocalAddress: local } : { localAddress: local };
  }
  if (familyOf(local) === family) return { localAddress: local };
  const mapped = family === 'ipv6' ? `::ffff:${local}` : local;
  return { localAddress: addresses[family] ?? mapped };
}

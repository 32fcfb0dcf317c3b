// The message that asks a peer for its tables again (RFC 2918).

import { afiOf, encodeRouteRefresh, REFRESH_SUBTYPE, SAFI } from 'node-bgp';
import type { SpeakerPeer } from './peer.ts';

/** What asks the peer for its tables again; nothing where it would not understand. */
export function refreshRequests({ session }: SpeakerPeer): Uint8Array[] {
  if (session?.negotiated.routeRefresh !== true) return [];
  const subtype = REFRESH_SUBTYPE.REQUEST;
  return session.negotiated.families.map((family) =>
    encodeRouteRefresh({ type: 'routeRefresh', afi: afiOf(family), safi: SAFI.UNICAST, subtype }),
  );
}

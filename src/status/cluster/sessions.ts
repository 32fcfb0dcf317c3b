// The report as short as a look at a whole cluster needs it (`GET /sessions`): of sessions that are as they should be only
// whose they are, so that 2,000 nodes of a mesh can be asked in seconds.

import type { Address } from 'node-bgp';
import type { PeerReport, PeerType, StatusReport } from '../types.ts';
import type { SessionReport, SessionsReport } from './types.ts';

export function sessionsReport({ node, lastUpdated, agent, datastore, bgp }: StatusReport): SessionsReport {
  const { state, reasons, version, commit, routerID, asNumber, addresses } = agent;
  const established: { [Type in PeerType]?: Address[] } = {};
  const others: SessionReport[] = [];
  for (const peer of [...bgp.peersV4, ...bgp.peersV6]) {
    const missing = missingFamilies(peer);
    if (peer.state === 'Established' && missing.length === 0) {
      established[peer.type] ??= [];
      established[peer.type]?.push(peer.peerIP);
    } else others.push(sessionReport(peer, missing));
  }
  return {
    ...{ node, lastUpdated, version, commit, state, reasons },
    ...(routerID !== undefined && { routerID }),
    ...(asNumber !== undefined && { asNumber }),
    addresses,
    datastore: { synced: datastore.synced, ...(datastore.detail !== undefined && { detail: datastore.detail }) },
    ...(bgp.md5Drops && { md5Drops: bgp.md5Drops }),
    established,
    others,
  };
}

function sessionReport(peer: PeerReport, missing: SessionReport['missing']): SessionReport {
  const { peerIP, type, role, state, since, name, info, port, asNumber, localASNumber, sourceAddress } = peer;
  const { families, passive, password, halfOpen, absent, origin, lastError } = peer;
  return {
    ...{
      peerIP,
      type,
      role,
      state,
      since,
      name,
      info,
      port,
      asNumber,
      localASNumber,
      families,
      missing,
      passive,
      origin,
    },
    ...(sourceAddress !== undefined && { sourceAddress }),
    ...(password && { password }),
    ...(halfOpen && { halfOpen }),
    ...(absent !== undefined && { absent }),
    ...(lastError && { lastError }),
  };
}

/** What the session was made for and does not carry. */
function missingFamilies({ families, negotiated }: PeerReport): SessionReport['missing'] {
  return negotiated === undefined ? [] : families.filter((family) => !negotiated.families.includes(family));
}

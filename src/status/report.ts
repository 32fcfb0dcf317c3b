// The router's snapshot as the report of `GET /status`: a pure function of the snapshot and of what only the daemon
// knows. How the report looks as text is text.ts's; what a peer says of itself is peer-report.ts's.

import type { Refusal } from '../speaker/strangers.ts';
import type { PeerSnapshot, Snapshot } from '../speaker/types.ts';
import { bfdReport } from './bfd-report.ts';
import { contactReport } from './contact.ts';
import { peerReport } from './peer-report.ts';
import { readiness } from './readiness.ts';
import { timestamp } from './time.ts';
import type { AgentReport, BgpReport, PeerReport, RefusalReport, StatusEnvironment, StatusReport } from './types.ts';

const MOST_REFUSALS = 100;

export function statusReport(snapshot: Snapshot, environment: StatusEnvironment): StatusReport {
  const { type, synced, detail, lastEventAt, contact } = environment.datastore;
  return {
    node: snapshot.node,
    lastUpdated: timestamp(environment.now),
    agent: agentReport(snapshot, environment),
    datastore: {
      type,
      synced,
      ...(detail !== undefined && { detail }),
      ...(lastEventAt !== undefined && { lastEventTime: timestamp(lastEventAt) }),
      ...(contact !== undefined && { contact: contactReport(contact, environment.now) }),
    },
    bgp: bgpReport(snapshot.peers, environment),
    ...(environment.bfd && environment.bfd.length > 0 && { bfd: environment.bfd.map(bfdReport) }),
    tables: snapshot.tables,
    kernel: environment.kernel,
    unresolvedNextHops: snapshot.unresolvedNextHops,
    ...(snapshot.refusals.length > 0 && {
      refusedConnections: snapshot.refusals.slice(0, MOST_REFUSALS).map(refusalReport),
    }),
    problems: snapshot.problems,
  };
}

function refusalReport({ remote, text, count, at }: Refusal): RefusalReport {
  return { address: remote, text, count, at: timestamp(at) };
}

function agentReport(snapshot: Snapshot, environment: StatusEnvironment): AgentReport {
  const { bgpIdentifier, localAs, clusterId } = snapshot;
  const { reconfiguredAt, startedAt, version, commit, recovering } = environment;
  const { ready, reasons } = readiness(snapshot, environment);
  return {
    state: ready ? 'Ready' : 'NotReady',
    reasons,
    version,
    commit,
    ...(bgpIdentifier !== undefined && { routerID: bgpIdentifier }),
    ...(localAs !== undefined && { asNumber: localAs }),
    ...(clusterId !== undefined && { clusterID: clusterId }),
    addresses: snapshot.addresses,
    lastBootTime: timestamp(startedAt),
    ...(reconfiguredAt !== undefined && { lastReconfigurationTime: timestamp(reconfiguredAt) }),
    recovering,
  };
}

function bgpReport(
  peers: readonly PeerSnapshot[],
  { now, md5Drops, halfOpen, bfd = [] }: StatusEnvironment,
): BgpReport {
  const watch = new Map(bfd.flatMap((session) => session.peers.map((name) => [name, session])));
  const around = ({ name, address, state }: PeerSnapshot, bfdSession = watch.get(name)) => ({
    ...(bfdSession && { bfd: bfdSession }),
    ...(md5Drops && { md5Drops }),
    ...(halfOpen && { halfOpen: state !== 'Established' && halfOpen.has(address) }),
  });
  const reports = peers.map((peer) => peerReport(peer, now, around(peer))).sort(byName);
  const peersV4 = reports.filter((peer) => !peer.peerIP.includes(':'));
  const peersV6 = reports.filter((peer) => peer.peerIP.includes(':'));
  return {
    numberEstablishedV4: countEstablished(peersV4),
    numberNotEstablishedV4: peersV4.length - countEstablished(peersV4),
    numberEstablishedV6: countEstablished(peersV6),
    numberNotEstablishedV6: peersV6.length - countEstablished(peersV6),
    ...(md5Drops && { md5Drops }),
    peersV4,
    peersV6,
  };
}

function countEstablished(peers: readonly PeerReport[]): number {
  return peers.filter((peer) => peer.state === 'Established').length;
}

/** Code unit order, which for session names is the byte order in which BIRD lists them. */
function byName(a: PeerReport, b: PeerReport): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

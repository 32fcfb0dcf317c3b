// The metrics of single peers: for those that somebody named (reflectors, routers of other ASes), and with
// `--metrics per-peer` for all. `peer` is the address alone, `name` the session, which is unique.

import type { PeerCounters } from '../../speaker/types.ts';
import type { PeerReport } from '../types.ts';
import { counter, flag, gauge, STATES } from './rows.ts';
import type { MetricRow, MetricsMode, Sample } from './types.ts';

const LABELS = ['peer', 'name'];
const INFO_LABELS = [...LABELS, 'type', 'role', 'asn', 'local_asn', 'description'];

/** Peers of a mesh and clients of a reflector are as many as the cluster has nodes: they have no series of their own. */
export function listedPeers(peers: readonly PeerReport[], mode: MetricsMode): readonly PeerReport[] {
  if (mode === 'per-peer') return peers;
  return peers.filter(({ role }) => role === 'reflector' || role === 'external');
}

export const PEER_ROWS: readonly MetricRow[] = [
  peerGauge('caracal_bgp_peer_up', '1: Established.', ({ state }) => flag(state === 'Established')),
  gauge('caracal_bgp_peer_state', '1 for the state of the session.', [...LABELS, 'state'], ({ listed }) =>
    listed.flatMap((peer) => STATES.map((state): Sample => [flag(peer.state === state), { ...labelsOf(peer), state }])),
  ),
  gauge('caracal_bgp_peer_info', 'Always 1; what the peer is.', INFO_LABELS, ({ listed }) =>
    listed.map((peer) => [1, infoOf(peer)]),
  ),
  peerGauge('caracal_bgp_peer_since_timestamp_seconds', 'When the present state began.', ({ since }) => seconds(since)),
  gauge('caracal_bgp_peer_last_error_timestamp_seconds', 'When a session or an attempt failed last.', LABELS, (view) =>
    view.listed.flatMap((peer): Sample[] =>
      peer.lastError === undefined ? [] : [[seconds(peer.lastError.at), labelsOf(peer)]],
    ),
  ),
  peerGauge('caracal_bgp_peer_routes_received', 'Paths that the peer has told.', count('received')),
  peerGauge('caracal_bgp_peer_routes_accepted', 'Those that the import policy accepts.', count('accepted')),
  peerGauge('caracal_bgp_peer_routes_advertised', 'Prefixes told to the peer.', count('advertised')),
  peerCounter('caracal_bgp_peer_updates_received_total', 'UPDATE messages received.', 'updatesIn'),
  peerCounter('caracal_bgp_peer_updates_sent_total', 'UPDATE messages sent.', 'updatesOut'),
  peerCounter('caracal_bgp_peer_received_bytes_total', 'Octets received.', 'bytesIn'),
  peerCounter('caracal_bgp_peer_sent_bytes_total', 'Octets sent.', 'bytesOut'),
  peerCounter('caracal_bgp_peer_flaps_total', 'Established sessions that were lost.', 'flaps'),
];

function peerGauge(name: string, help: string, value: (peer: PeerReport) => number): MetricRow {
  return gauge(name, help, LABELS, ({ listed }) => listed.map((peer) => [value(peer), labelsOf(peer)]));
}

function peerCounter(name: string, help: string, which: keyof PeerCounters): MetricRow {
  return counter(name, help, LABELS, ({ listed }) => listed.map((peer) => [peer.counters[which], labelsOf(peer)]));
}

function count(which: keyof PeerCounters): (peer: PeerReport) => number {
  return ({ counters }) => counters[which];
}

function labelsOf({ peerIP, name }: PeerReport): Readonly<Record<string, string>> {
  return { peer: peerIP, name };
}

function infoOf(peer: PeerReport): Readonly<Record<string, string>> {
  const { type, role, asNumber, localASNumber, description = '' } = peer;
  return { ...labelsOf(peer), type, role, asn: String(asNumber), local_asn: String(localASNumber), description };
}

function seconds(timestamp: string): number {
  return Date.parse(timestamp) / 1000;
}

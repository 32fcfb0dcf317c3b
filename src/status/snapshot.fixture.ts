// Snapshots and environments for the tests of this room: small, complete, and varied by the field that a test is about.

import type { Negotiated } from 'node-bgp';
import type { PeerSnapshot, Snapshot } from '../speaker/types.ts';
import type { BfdSessionStatus, StatusEnvironment } from './types.ts';

export const NOW = Date.UTC(2026, 3, 5, 12, 0, 0);
const MINUTE = 60_000;

export const NEGOTIATED: Negotiated = {
  peerType: 'ibgp',
  remoteAs: 64512,
  remoteIdentifier: 0x0a000002,
  holdTime: 90,
  keepaliveTime: 30,
  families: ['ipv4'],
  fourOctetAs: true,
  routeRefresh: true,
  enhancedRouteRefresh: false,
  maxMessageLength: 4096,
  addPath: { send: [], receive: [] },
  extendedNextHop: false,
  remoteCapabilities: [
    { type: 'multiprotocol', afi: 1, safi: 1 },
    { type: 'routeRefresh' },
    { type: 'fourOctetAs', asn: 64512 },
    { type: 'unknown', code: 73, value: new Uint8Array([6, 110]) },
  ],
};

export function peerFixture(change: Partial<PeerSnapshot> = {}): PeerSnapshot {
  return {
    name: 'Mesh_10_0_0_2',
    kind: 'mesh',
    description: '',
    origin: ['BGPConfiguration default'],
    families: ['ipv4'],
    address: '10.0.0.2',
    port: 179,
    remoteAs: 64512,
    localAs: 64512,
    passive: false,
    routeReflectorClient: false,
    state: 'Established',
    since: NOW - 5 * MINUTE,
    counters: {
      received: 1,
      accepted: 1,
      advertised: 2,
      updatesIn: 2,
      updatesOut: 3,
      bytesIn: 200,
      bytesOut: 300,
      flaps: 0,
    },
    ...change,
  };
}

export function snapshotFixture(change: Partial<Snapshot> = {}): Snapshot {
  return {
    node: 'node-1',
    configured: true,
    bgpIdentifier: '10.0.0.1',
    localAs: 64512,
    addresses: { ipv4: '10.0.0.1' },
    peers: [],
    tables: {
      ipv4: { prefixes: 3, paths: 4, kernelRoutes: 2 },
      ipv6: { prefixes: 0, paths: 0, kernelRoutes: 0 },
    },
    unresolvedNextHops: [],
    refusals: [],
    problems: [],
    ...change,
  };
}

export function bfdFixture(change: Partial<BfdSessionStatus> = {}): BfdSessionStatus {
  return {
    ...{ key: '10.0.0.2 * * direct', remote: '10.0.0.2', multihop: false, peers: ['Mesh_10_0_0_2'] },
    ...{ state: 'Up', since: NOW - MINUTE, diagnostic: 0, remoteState: 'Up' },
    ...{ localDiscriminator: 5, remoteDiscriminator: 9, transmitInterval: 300, detectionTime: 900 },
    ...change,
  };
}

export function environmentFixture(change: Partial<StatusEnvironment> = {}): StatusEnvironment {
  return {
    version: '0.1.0',
    commit: '0123456789abcdef0123456789abcdef01234567',
    startedAt: NOW - 125 * MINUTE,
    now: NOW,
    datastore: { type: 'files', synced: true },
    kernel: { type: 'linux', wanted: 2, installed: 2, refused: [], conflicts: [], waiting: [], fights: [] },
    recovering: false,
    ...change,
  };
}

import { expect, test } from 'vitest';
import { statusReport } from './report.ts';
import { environmentFixture, NEGOTIATED, NOW, peerFixture, snapshotFixture } from './snapshot.fixture.ts';

test('the report holds the whole snapshot in the words of CalicoNodeStatus', () => {
  const peer = peerFixture({
    description: 'rack 1',
    localAddress: '10.0.0.1',
    routeReflectorClient: true,
    negotiated: {
      ...NEGOTIATED,
      gracefulRestart: {
        restartTime: 120,
        restarted: false,
        notification: true,
        families: [{ family: 'ipv4', forwarding: true }],
      },
    },
    endpoints: { local: '10.0.0.1', localPort: 40001, remote: '10.0.0.2', remotePort: 179 },
  });
  const down = peerFixture({
    name: 'Node_fd00__2_port_1790',
    kind: 'node',
    address: 'fd00::2',
    port: 1790,
    families: ['ipv6'],
    state: 'Active',
    lastError: { at: NOW - 1000, text: 'connection refused by [fd00::2]:1790' },
    retryAt: NOW + 4000,
  });
  const problem = { kind: 'IPPool', name: 'a', path: 'spec.cidr', text: 'is no prefix' };
  const report = statusReport(
    snapshotFixture({
      peers: [down, peer],
      clusterId: '244.0.0.1',
      problems: [problem],
      unresolvedNextHops: ['10.9.9.9'],
    }),
    environmentFixture({
      reconfiguredAt: NOW - 60_000,
      datastore: { type: 'files', synced: true, lastEventAt: NOW - 500 },
    }),
  );
  expect(report).toEqual({
    node: 'node-1',
    lastUpdated: '2026-04-05T12:00:00.000Z',
    agent: {
      state: 'Ready',
      reasons: [],
      version: '0.1.0',
      commit: '0123456789abcdef0123456789abcdef01234567',
      routerID: '10.0.0.1',
      asNumber: 64512,
      clusterID: '244.0.0.1',
      addresses: { ipv4: '10.0.0.1' },
      lastBootTime: '2026-04-05T09:55:00.000Z',
      lastReconfigurationTime: '2026-04-05T11:59:00.000Z',
      recovering: false,
    },
    datastore: { type: 'files', synced: true, lastEventTime: '2026-04-05T11:59:59.500Z' },
    bgp: {
      numberEstablishedV4: 1,
      numberNotEstablishedV4: 0,
      numberEstablishedV6: 0,
      numberNotEstablishedV6: 1,
      peersV4: [
        {
          peerIP: '10.0.0.2',
          type: 'NodeMesh',
          role: 'mesh',
          state: 'Established',
          since: '2026-04-05T11:55:00.000Z',
          name: 'Mesh_10_0_0_2',
          info: 'Established',
          port: 179,
          asNumber: 64512,
          localASNumber: 64512,
          sourceAddress: '10.0.0.1',
          families: ['ipv4'],
          passive: false,
          routeReflectorClient: true,
          description: 'rack 1',
          origin: ['BGPConfiguration default'],
          connection: { local: '10.0.0.1:40001', remote: '10.0.0.2:179' },
          negotiated: {
            peerType: 'ibgp',
            asNumber: 64512,
            routerID: '10.0.0.2',
            holdTime: 90,
            keepaliveTime: 30,
            families: ['ipv4'],
            fourOctetAs: true,
            routeRefresh: true,
            enhancedRouteRefresh: false,
            extendedNextHop: false,
            maxMessageLength: 4096,
            addPath: { send: [], receive: [] },
            gracefulRestart: {
              restartTime: 120,
              restarted: false,
              notification: true,
              families: [{ family: 'ipv4', forwarding: true }],
            },
            capabilities: ['IPv4 unicast', 'route refresh', '4-octet AS 64512', 'capability 73 (066e)'],
          },
          counters: peer.counters,
        },
      ],
      peersV6: [
        {
          peerIP: 'fd00::2',
          type: 'NodePeer',
          role: 'reflector',
          state: 'Active',
          since: '2026-04-05T11:55:00.000Z',
          name: 'Node_fd00__2_port_1790',
          info: 'Active: connection refused by [fd00::2]:1790, retry in 4 s',
          port: 1790,
          asNumber: 64512,
          localASNumber: 64512,
          families: ['ipv6'],
          passive: false,
          routeReflectorClient: false,
          origin: ['BGPConfiguration default'],
          lastError: { at: '2026-04-05T11:59:59.000Z', text: 'connection refused by [fd00::2]:1790' },
          retryAt: '2026-04-05T12:00:04.000Z',
          counters: down.counters,
        },
      ],
    },
    tables: {
      ipv4: { prefixes: 3, paths: 4, kernelRoutes: 2 },
      ipv6: { prefixes: 0, paths: 0, kernelRoutes: 0 },
    },
    kernel: { type: 'linux', wanted: 2, installed: 2, refused: [], conflicts: [], waiting: [], fights: [] },
    unresolvedNextHops: ['10.9.9.9'],
    problems: [problem],
  });
});

test('the report survives JSON as it is', () => {
  const report = statusReport(
    snapshotFixture({ peers: [peerFixture({ negotiated: NEGOTIATED })] }),
    environmentFixture(),
  );
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

import { expect, test } from 'vitest';
import type { PeerSnapshot } from '../speaker/types.ts';
import { peerInfo } from './peer-report.ts';
import { statusReport } from './report.ts';
import { environmentFixture, NOW, peerFixture, snapshotFixture } from './snapshot.fixture.ts';

test.each<[Partial<PeerSnapshot>, string]>([
  [{ kept: { until: NOW + 98_000, isLastChoice: false } }, 'Active: connection reset, its routes are kept for 1 min'],
  [
    { kept: { until: NOW + 7_200_000, isLastChoice: true } },
    'Active: connection reset, its routes are kept as the last choice for 2 h',
  ],
  [{ kept: { until: NOW - 5, isLastChoice: false } }, 'Active: connection reset, its routes are kept for 0 s'],
  [
    { kept: { until: NOW, isLastChoice: false }, counters: { ...peerFixture().counters, received: 0 } },
    'Active: connection reset',
  ],
])('the routes of a peer that is away stand in the INFO column: %j', (change, expected) => {
  const counters = { ...peerFixture().counters, received: 3 };
  const lastError = { at: NOW, text: 'connection reset' };
  expect(peerInfo(peerFixture({ state: 'Active', counters, lastError, ...change }), NOW)).toBe(expected);
});

test('a peer that connects without hearing the answer is told of while there is no session', () => {
  const waiting = peerFixture({ state: 'Active', passive: true });
  expect(peerInfo(waiting, NOW, { halfOpen: true })).toBe(
    'Active: waiting for 10.0.0.2 to connect; 10.0.0.2 connects, but does not hear the answer',
  );
  expect(peerInfo(peerFixture(), NOW, { halfOpen: false })).toBe('Established');
});

test('the report says so of sessions that are not up only, and how a password and an absent Node stand', () => {
  const peers = [
    peerFixture({ state: 'Active', hasPassword: true, absent: 'its Node b is NotReady' }),
    peerFixture({ name: 'Mesh_10_0_0_3', address: '10.0.0.3' }),
  ];
  const halfOpen = new Set(['10.0.0.2', '10.0.0.3']);
  const { bgp } = statusReport(snapshotFixture({ peers }), environmentFixture({ halfOpen }));
  expect(bgp.peersV4.map((peer) => [peer.halfOpen, peer.password, peer.absent])).toEqual([
    [true, true, 'its Node b is NotReady'],
    [undefined, undefined, undefined],
  ]);
});

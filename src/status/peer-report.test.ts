import { expect, test } from 'vitest';
import type { PeerSnapshot } from '../speaker/types.ts';
import { peerInfo } from './peer-report.ts';
import { NOW, peerFixture } from './snapshot.fixture.ts';

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

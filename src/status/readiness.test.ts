import { expect, test } from 'vitest';
import type { PeerSnapshot } from '../speaker/types.ts';
import { type Readiness, readiness, readinessText } from './readiness.ts';
import { NOW, peerFixture } from './snapshot.fixture.ts';

const MINUTE = 60_000;
const up = peerFixture();
const down = peerFixture({ name: 'Mesh_10_0_0_3', address: '10.0.0.3', state: 'OpenSent' });
const workload = peerFixture({
  name: 'Local_Workload_10_65_0_2',
  kind: 'localWorkload',
  state: 'Active',
  passive: true,
});
const DOWN_TEXT = "peer Mesh_10_0_0_3 (10.0.0.3) is OpenSent: waiting for the peer's OPEN";
const RECOVERY_TEXT = 'graceful restart is in progress: routes of peers are still awaited';
const LOST_TEXT = 'the datastore (kubernetes) is not in sync: connection refused';

interface Case {
  readonly when: string;
  readonly age?: number;
  readonly configured?: boolean;
  readonly synced?: boolean;
  readonly recovering?: boolean;
  readonly peers?: readonly PeerSnapshot[];
  readonly reasons?: readonly string[];
  readonly notes?: readonly string[];
}

const CASES: readonly Case[] = [
  { when: 'the datastore is not in sync at the start', configured: false, synced: false, reasons: [LOST_TEXT] },
  {
    when: 'the first intent is not applied',
    configured: false,
    reasons: ['the first configuration is not applied yet'],
  },
  { when: 'there are no peers' },
  { when: 'all peers are up in the first minutes', peers: [up] },
  { when: 'one peer is down in the first minutes', age: 5 * MINUTE - 1, peers: [up, down], reasons: [DOWN_TEXT] },
  { when: 'one of two peers is down later', age: 5 * MINUTE, peers: [up, down] },
  {
    when: 'all peers are down later',
    age: 6 * MINUTE,
    peers: [down],
    reasons: ['none of 1 peers is Established', DOWN_TEXT],
  },
  {
    when: 'routes are recovered',
    age: 6 * MINUTE,
    recovering: true,
    peers: [up, down],
    reasons: [RECOVERY_TEXT, DOWN_TEXT],
  },
  { when: 'all are up and routes are recovered', recovering: true, peers: [up], reasons: [RECOVERY_TEXT] },
  { when: 'only local workloads are down', peers: [workload] },
  { when: 'a peer is down whose node is away', peers: [up, { ...down, absent: 'its Node node-3 is NotReady' }] },
  { when: 'the datastore is lost later', age: 6 * MINUTE, synced: false, peers: [up], notes: [LOST_TEXT] },
];

test.each(CASES)('ready or not when $when', ({ age, configured, synced, recovering, peers, reasons, notes }) => {
  const result = readiness(
    { configured: configured ?? true, peers: peers ?? [] },
    {
      now: NOW,
      startedAt: NOW - (age ?? MINUTE),
      recovering: recovering ?? false,
      datastore: {
        type: 'kubernetes',
        synced: synced ?? true,
        ...(synced === false && { detail: 'connection refused' }),
      },
    },
  );
  const expected: Readiness = { ready: (reasons ?? []).length === 0, reasons: reasons ?? [], notes: notes ?? [] };
  expect(result).toEqual(expected);
});

test('the body of /readyz says the verdict, then why', () => {
  expect(readinessText({ ready: false, reasons: ['one', 'two'], notes: [] })).toBe('not ready\none\ntwo\n');
  expect(readinessText({ ready: true, reasons: [], notes: ['three'] })).toBe('ready\nnote: three\n');
});

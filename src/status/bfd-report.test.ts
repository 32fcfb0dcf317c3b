import { describe, expect, test } from 'vitest';
import { bfdInfo, bfdReport } from './bfd-report.ts';
import { statusReport } from './report.ts';
import { bfdFixture, environmentFixture, NOW, peerFixture, snapshotFixture } from './snapshot.fixture.ts';
import type { BfdSessionStatus } from './types.ts';

describe('a session of BFD', () => {
  test('is told with what it has', () => {
    expect(bfdReport(bfdFixture())).toEqual({
      ...{ peerIP: '10.0.0.2', multihop: false, state: 'Up', since: '2026-04-05T11:59:00.000Z' },
      ...{ localDiscriminator: 5, remoteDiscriminator: 9, interval: 300, timeout: 900, sessions: ['Mesh_10_0_0_2'] },
    });
    const all = { local: '10.0.0.1', interface: 'eth0', diagnostic: 1, trouble: 'no port' };
    expect(bfdReport(bfdFixture(all))).toMatchObject({
      ...{ sourceAddress: '10.0.0.1', interface: 'eth0', problem: 'no port' },
      diagnostic: 'Control Detection Time Expired',
    });
  });

  test.each<[Partial<BfdSessionStatus>, string]>([
    [{}, 'BFD Up'],
    [{ state: 'Down', remoteDiscriminator: 0 }, 'BFD Down (no answer from 10.0.0.2)'],
    [{ state: 'Down', remoteState: 'AdminDown' }, 'BFD Down (the peer says AdminDown)'],
    [{ state: 'Init', remoteState: 'Down' }, 'BFD Init (the peer says Down)'],
    [{ state: 'Down', remoteDiscriminator: 0, trouble: 'no port' }, 'BFD Down (no port)'],
  ])('in the INFO column, with %o', (change, expected) => {
    expect(bfdInfo(bfdFixture(change))).toBe(expected);
  });
});

describe('a peer', () => {
  const report = (bfd: readonly BfdSessionStatus[], change = {}) =>
    statusReport(snapshotFixture({ peers: [peerFixture(change)] }), environmentFixture({ bfd }));

  test('has the state of the BFD session beside its own', () => {
    const { bgp, bfd } = report([bfdFixture(), bfdFixture({ peers: ['other'], state: 'Down' })]);
    expect(bgp.peersV4).toMatchObject([{ bfd: 'Up', info: 'Established, BFD Up' }]);
    expect(bfd).toHaveLength(2);
  });

  test('whose session is down is told why, whatever BFD says', () => {
    const lastError = { at: NOW, text: 'sent Cease/BFD Down' };
    const { bgp } = report([bfdFixture({ state: 'Down' })], { state: 'Active', lastError });
    expect(bgp.peersV4).toMatchObject([{ bfd: 'Down', info: 'Active: sent Cease/BFD Down' }]);
  });

  test('without BFD knows nothing of it', () => {
    const { bgp, bfd } = report([]);
    expect([bgp.peersV4[0]?.info, bgp.peersV4[0]?.bfd, bfd]).toEqual(['Established', undefined, undefined]);
  });
});

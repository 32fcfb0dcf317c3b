import { CEASE, COMMUNITY, type PeerConfig } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { ExternalPeer } from './external-peer.fixture.ts';
import { Lab, MINUTE, reflector, SECOND } from './simulation.fixture.ts';

const [A, B, C] = ['198.51.100.0/25', '198.51.100.128/25', '203.0.113.0/24'] as const;

const restart = (more: object = {}) => ({
  restartTime: 60,
  restarted: false,
  notification: false,
  forwarding: ['ipv4'] as const,
  ...more,
});

/** A reflector with four clients; the first may be away for ten minutes after its restart time. */
function reflected(first: Partial<PeerConfig> = {}) {
  const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
  const lab = new Lab(
    reflector('hub', {
      routerId: '10.0.0.100',
      asNumber: 64512,
      listenAddresses: ['10.0.0.100'],
      peers: addresses.map((address) => ({ address })),
    }),
  );
  const peer = (n: number, config: Partial<PeerConfig>) =>
    new ExternalPeer(lab, `10.0.0.${n}`, { towards: '10.0.0.100', localAs: 64512, bgpIdentifier: n, ...config });
  const away = peer(1, {
    gracefulRestart: restart(),
    longLivedGracefulRestart: { staleTime: 600 },
    ...first,
  });
  const other = peer(2, {});
  const knowing = peer(3, { gracefulRestart: restart(), longLivedGracefulRestart: {} });
  const unknowing = peer(4, {});
  lab.start();
  lab.converge();
  return { lab, hub: lab.router('hub'), away, other, knowing, unknowing };
}

const nextHops = ({ table }: ExternalPeer) =>
  Object.fromEntries([...table].map(([prefix, { nextHop }]) => [prefix, nextHop]));
const marks = ({ table }: ExternalPeer, prefix: string) => table.get(prefix)?.communities;

describe('a peer that is away for longer than a restart (RFC 9494)', () => {
  it('keeps its routes as the last choice, for those who know what that means, until its time is over', () => {
    const { lab, hub, away, other, knowing, unknowing } = reflected();
    away.announce([A, B], { communities: [7], localPref: 500 });
    away.announce([C], { communities: [COMMUNITY.NO_LLGR] });
    other.announce([B], { localPref: 1 });
    lab.run(SECOND);
    away.node.kill();
    lab.run(59 * SECOND);
    const first = { [A]: '10.0.0.1', [B]: '10.0.0.1', [C]: '10.0.0.1' };
    expect([nextHops(knowing), nextHops(unknowing)]).toEqual([first, first]);
    lab.run(2 * SECOND);
    expect([nextHops(knowing), nextHops(unknowing)]).toEqual([
      { [A]: '10.0.0.1', [B]: '10.0.0.2' },
      { [B]: '10.0.0.2' },
    ]);
    expect(marks(knowing, A)).toEqual([7, COMMUNITY.LLGR_STALE]);
    expect(hub.peer('Static_10_0_0_1').kept?.isLastChoice).toBe(true);
    expect(hub.page(B).map(({ nextHop, decidedBy }) => [nextHop, decidedBy])).toEqual([
      ['10.0.0.2', 'not stale'],
      ['10.0.0.1', 'not stale'],
    ]);
    lab.run(10 * MINUTE - 3 * SECOND);
    expect(knowing.prefixes()).toEqual([A, B]);
    lab.run(3 * SECOND);
    expect([knowing.prefixes(), hub.peer('Static_10_0_0_1').counters.received]).toEqual([[B], 0]);
  });

  it('has its routes back as they were when it tells them again, and loses at End-of-RIB what it does not', () => {
    const { lab, away, knowing } = reflected();
    away.announce([A, B]);
    lab.run(SECOND);
    away.node.reset();
    away.node.input({ type: 'stop', subcode: CEASE.ADMINISTRATIVE_RESET, silent: true });
    lab.run(2 * MINUTE);
    expect([marks(knowing, A), marks(knowing, B)]).toEqual([[COMMUNITY.LLGR_STALE], [COMMUNITY.LLGR_STALE]]);
    away.node.input({ type: 'start' });
    lab.converge(MINUTE);
    away.announce([A]);
    lab.run(SECOND);
    expect([marks(knowing, A), marks(knowing, B)]).toEqual([undefined, [COMMUNITY.LLGR_STALE]]);
    away.endOfRib();
    lab.run(SECOND);
    expect(knowing.prefixes()).toEqual([A]);
  });

  it('has no more time because it comes and goes without telling its table', () => {
    const { lab, away, knowing } = reflected();
    away.announce([A]);
    lab.run(SECOND);
    const begin = lab.now;
    while (lab.now - begin < 8 * MINUTE) {
      away.node.input({ type: 'stop', subcode: CEASE.ADMINISTRATIVE_RESET, silent: true });
      lab.run(80 * SECOND);
      away.node.input({ type: 'start' });
      lab.converge(MINUTE);
      expect(marks(knowing, A)).toEqual([COMMUNITY.LLGR_STALE]);
    }
    away.node.kill();
    lab.runUntil(() => knowing.prefixes().length === 0, 10 * MINUTE);
    expect(lab.now - begin).toBeGreaterThanOrEqual(11 * MINUTE);
    expect(lab.now - begin).toBeLessThan(11 * MINUTE + 5 * SECOND);
  });

  it('loses them at once where it comes back without having forwarded (F bit)', () => {
    const { lab, away, knowing } = reflected({ gracefulRestart: restart({ forwarding: [] }) });
    away.announce([A]);
    lab.run(SECOND);
    away.node.input({ type: 'stop', subcode: CEASE.ADMINISTRATIVE_RESET, silent: true });
    lab.run(2 * MINUTE);
    expect(marks(knowing, A)).toEqual([COMMUNITY.LLGR_STALE]);
    away.node.input({ type: 'start' });
    lab.converge(MINUTE);
    expect(knowing.prefixes()).toEqual([]);
  });

  it('is not waited for where it does not ask for it', () => {
    const { lab, away, hub, knowing } = reflected({ longLivedGracefulRestart: {} });
    away.announce([A]);
    lab.run(SECOND);
    away.node.kill();
    lab.run(59 * SECOND);
    expect(knowing.prefixes()).toEqual([A]);
    lab.run(2 * SECOND);
    expect([knowing.prefixes(), hub.peer('Static_10_0_0_1').counters.received]).toEqual([[], 0]);
  });
});

describe('a peer that sends a NOTIFICATION', () => {
  it.each([
    ['keeps its routes where both sides have the N bit (RFC 8538 4)', true, CEASE.ADMINISTRATIVE_RESET, [A]],
    ['loses them without it (RFC 4724 4)', false, CEASE.ADMINISTRATIVE_RESET, []],
    ['loses them by a Hard Reset', true, CEASE.HARD_RESET, []],
  ])('%s', (_, notification, subcode, expected) => {
    const { lab, away, knowing } = reflected({ gracefulRestart: restart({ notification }) });
    away.announce([A]);
    lab.run(SECOND);
    away.notify(6, subcode);
    away.node.kill();
    lab.run(SECOND);
    expect(knowing.prefixes()).toEqual(expected);
  });
});

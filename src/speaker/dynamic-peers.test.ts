import { KEEPALIVE } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { ExternalPeer, type ExternalPeerOptions } from './external-peer.fixture.ts';
import { Lab, MINUTE, reflector, SECOND } from './simulation.fixture.ts';

const RR = '10.9.0.1';
const RACKS = { range: '10.9.1.0/24', name: 'racks', namePrefix: 'rack_', digits: 2 };

const spec = (listenRanges: readonly object[], peers: readonly object[] = []) =>
  reflector('rr', { routerId: RR, asNumber: 64512, listenAddresses: [RR], peers, listenRanges });

function labOf(listenRanges: readonly object[], peers: readonly object[] = []) {
  const lab = new Lab(spec(listenRanges, peers));
  const router = lab.router('rr');
  lab.start();
  const dial = (host: number | string, options: Partial<ExternalPeerOptions> = {}) => {
    const address = typeof host === 'number' ? `10.9.1.${host}` : host;
    const bgpIdentifier = 0x0a090100 + lab.routers.length + Number(address.split('.').at(-1));
    return new ExternalPeer(lab, address, { towards: RR, localAs: 64512, bgpIdentifier, ...options });
  };
  const refusals = () => router.factsOf('connectionRefused').map(({ remote, text }) => `${remote}: ${text}`);
  return { lab, router, dial, refusals };
}

describe('a listen range', () => {
  it('makes a peer of whoever connects, by its options, and forgets him with his session', () => {
    const { lab, router, dial } = labOf([RACKS]);
    const [one, two] = [dial(1), dial(2)];
    lab.run(5 * SECOND);
    expect(router.states()).toEqual({ rack_01: 'Established', rack_02: 'Established' });
    const { address, passive, routeReflectorClient, description } = router.peer('rack_01');
    expect({ address, passive, routeReflectorClient, description }).toEqual({
      address: '10.9.1.1',
      passive: true,
      routeReflectorClient: true,
      description: 'from racks',
    });
    one.announce(['10.65.1.0/26']);
    lab.run(SECOND);
    expect(two.prefixes()).toEqual(['10.65.1.0/26']);
    one.stop(2);
    lab.run(SECOND);
    expect([router.states(), two.prefixes()]).toEqual([{ rack_02: 'Established' }, []]);
    one.node.input({ type: 'start' });
    lab.run(5 * SECOND);
    expect(Object.keys(router.states()).sort()).toEqual(['rack_01', 'rack_02']);
  });

  it('keeps the routes of one who restarts gracefully, and forgets him when he does not come back', () => {
    const { lab, router, dial } = labOf([RACKS]);
    const gracefulRestart = { restartTime: 60, restarted: false, notification: false, forwarding: ['ipv4' as const] };
    const [one, two] = [dial(1, { gracefulRestart }), dial(2)];
    lab.run(5 * SECOND);
    one.announce(['10.65.1.0/26']);
    lab.run(SECOND);
    one.node.kill();
    lab.run(30 * SECOND);
    expect([router.states(), two.prefixes()]).toEqual([
      { rack_01: 'Active', rack_02: 'Established' },
      ['10.65.1.0/26'],
    ]);
    lab.run(40 * SECOND);
    expect([router.states(), two.prefixes()]).toEqual([{ rack_02: 'Established' }, []]);
  });

  it('does not concern peers that are configured, nor addresses outside', () => {
    const { lab, router, dial, refusals } = labOf([RACKS], [{ address: '10.9.1.1', name: 'known' }]);
    dial(1);
    dial('10.9.2.1');
    lab.run(5 * SECOND);
    expect(router.states()).toEqual({ known: 'Established' });
    expect(refusals()).toEqual(['10.9.2.1: no peer with address 10.9.2.1 is configured on this node']);
  });

  it('is the narrowest around an address', () => {
    const narrow = { range: '10.9.1.0/28', name: 'first', namePrefix: 'first_' };
    const { lab, router, dial } = labOf([RACKS, narrow]);
    dial(1);
    dial(100);
    lab.run(5 * SECOND);
    expect(Object.keys(router.states()).sort()).toEqual(['first_1', 'rack_01']);
  });

  it('takes any external AS where it is to, and tells it everywhere', () => {
    const { lab, router, dial } = labOf([{ ...RACKS, external: true, role: 'provider' }]);
    const [one, two] = [
      dial(1, { localAs: 65001, role: 'customer' }),
      dial(2, { localAs: 65002, role: 'customer', requireRole: true }),
    ];
    dial(3, { localAs: 64512 });
    lab.run(5 * SECOND);
    one.announce(['10.65.1.0/26']);
    lab.run(SECOND);
    const { remoteAs, negotiated } = router.peer('rack_01');
    expect([remoteAs, negotiated?.remoteAs, negotiated?.peerType]).toEqual([65001, 65001, 'ebgp']);
    expect(two.table.get('10.65.1.0/26')).toMatchObject({
      asPath: [{ type: 'sequence', asns: [64512, 65001] }],
      onlyToCustomer: 64512,
    });
    const down = router.factsOf('peerDown').map(({ peer, reason }) => [peer, reason.type]);
    expect(down[0]).toEqual(['rack_03', 'notificationSent']);
  });

  it('asks for its password once for all, and for others that are inside', () => {
    const reference = { secretKeyRef: { name: 'bgp', key: 'racks' } };
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bgp', namespace: 'kube-system' },
      stringData: { racks: 'meow', other: 'woof' },
    };
    const { lab, router, dial } = labOf([]);
    const peers = [
      { address: '10.9.1.7', password: reference },
      { address: '10.9.1.8', password: { secretKeyRef: { name: 'bgp', key: 'other' } } },
    ];
    lab.apply(`---\n${JSON.stringify(secret)}\n${spec([{ ...RACKS, password: reference }], peers)}`);
    expect(Object.fromEntries(router.listening!.keys)).toEqual({ '10.9.1.0/24': 'meow', '10.9.1.8': 'woof' });
    const before = router.effects.length;
    dial(1);
    lab.run(5 * SECOND);
    expect(router.effects.slice(before).some(({ type }) => type === 'listen')).toBe(false);
  });
});

describe('a range that changes', () => {
  it('is refiltered, restarted or emptied as a peer would be', () => {
    const { lab, router, dial } = labOf([RACKS]);
    const [one, two] = [dial(1), dial(2)];
    lab.run(5 * SECOND);
    one.announce(['10.65.1.0/26', '10.65.2.0/26']);
    lab.run(SECOND);
    lab.apply(spec([{ ...RACKS, limits: { export: { count: 1, action: 'block' } } }]));
    lab.run(SECOND);
    expect([one.established, two.established]).toEqual([1, 1]);
    expect(router.peer('rack_02').limits).toMatchObject([{ kind: 'export', count: 1, isExceeded: true }]);
    lab.apply(spec([{ ...RACKS, holdTime: 30 }]));
    lab.run(10 * SECOND);
    expect([one.established, two.established]).toEqual([2, 2]);
    expect([one.notifications.map(({ subcode }) => subcode), two.negotiated.holdTime]).toEqual([[6], 30]);
    lab.apply(spec([{ ...RACKS, range: '10.9.1.0/31', holdTime: 30 }]));
    lab.run(10 * SECOND);
    expect(router.peers().map(({ address, state }) => [address, state])).toEqual([['10.9.1.1', 'Established']]);
    expect(two.isUp).toBe(false);
    lab.apply(spec([], [{ address: '10.9.1.1', name: 'known' }]));
    lab.run(10 * SECOND);
    expect(router.states()).toEqual({ known: 'Established' });
  });
});

describe('a flood', () => {
  it('is bounded: so many sessions, no more, and it is told of rarely', () => {
    const { lab, router, dial, refusals } = labOf([{ ...RACKS, limit: 3 }]);
    const hosts = [1, 2, 3, 4, 5].map((host) => dial(host));
    lab.run(MINUTE - SECOND);
    expect(Object.values(router.states())).toEqual(['Established', 'Established', 'Established']);
    expect(hosts.filter(({ isUp }) => isUp)).toHaveLength(3);
    expect(refusals()).toEqual([
      '10.9.1.4: 3 peers from the range racks are here already, its limit',
      '10.9.1.5: 3 peers from the range racks are here already, its limit',
    ]);
  });

  it('of connections on which nobody says anything gives way to one who does', () => {
    const { lab, router, dial } = labOf([{ ...RACKS, limit: 2 }]);
    for (const host of [1, 2]) mute(lab, `10.9.1.${host}`);
    lab.run(SECOND);
    expect(Object.values(router.states())).toEqual(['OpenSent', 'OpenSent']);
    const honest = dial(9);
    lab.run(5 * SECOND);
    expect(honest.isUp).toBe(false);
    lab.run(20 * SECOND);
    expect(honest.isUp).toBe(true);
    expect(Object.values(router.states()).sort()).toEqual(['Established', 'OpenSent']);
  });

  it('of nonsense leaves nothing behind, and is told of once', () => {
    const { lab, router } = labOf([RACKS]);
    for (let i = 0; i < 20; i++) {
      mute(lab, `10.9.1.${i + 1}`, KEEPALIVE);
      mute(lab, '10.9.1.100', KEEPALIVE);
    }
    lab.run(MINUTE);
    expect(router.states()).toEqual({});
    const told = router.factsOf('peerDown').map(({ address }) => address);
    expect([told.length, new Set(told).size]).toEqual([21, 21]);
  });
});

/** Connects, says this or nothing, and never closes. */
function mute(lab: Lab, address: string, says?: Uint8Array): void {
  const { simulation } = lab;
  const connection = simulation.nextConnection();
  const node = simulation.addNode<'said', never>({
    name: `mute ${connection}`,
    addresses: [address],
    process: { handle: () => [], nextDeadline: () => undefined },
    wiring: {
      tick: () => 'said',
      connected: () => {
        if (says !== undefined) node.network.send(connection, says);
        return 'said';
      },
      accepted: () => 'said',
      disconnected: () => 'said',
      bytes: () => 'said',
      progress: () => undefined,
      perform: () => {},
    },
  });
  node.network.dial(connection, RR);
}

import { CEASE, ERROR, encodeAttributes, KEEPALIVE, type PeerConfig, shutdownData } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { ExternalPeer } from './external-peer.fixture.ts';
import {
  block,
  blockOf,
  calico,
  cluster,
  Lab,
  MESH_OFF,
  MINUTE,
  node,
  POOLS,
  reflector,
  SECOND,
} from './simulation.fixture.ts';

const TOR = '10.0.0.99';
const OTHER = '10.0.0.98';

const peering = (address: string, asNumber: number, more: object = {}) =>
  calico('BGPPeer', `to-${address.replaceAll('.', '-').replaceAll(':', '-')}`, { peerIP: address, asNumber, ...more });

/** Node 1 with a block and external peers of AS 65001, 65002 ... */
function surrounded(addresses: readonly string[], config: Partial<PeerConfig> = {}, resources = '') {
  const peerings = addresses.map((address, i) => peering(address, 65001 + i)).join('');
  const lab = new Lab(POOLS + MESH_OFF + node(1) + block(1) + peerings + resources);
  const peers = addresses.map(
    (address, i) =>
      new ExternalPeer(lab, address, {
        towards: '10.0.0.1',
        localAs: 65001 + i,
        bgpIdentifier: 0xc0000200 + i,
        ...config,
      }),
  );
  lab.start();
  lab.converge();
  return { lab, router: lab.router('node-1'), peers };
}

/** The first so many /28 of the pool. */
const manyPrefixes = (count: number) =>
  Array.from({ length: count }, (_, i) => `10.65.${64 + (i >> 4)}.${(i & 15) << 4}/28`);

describe('an external peer', () => {
  it('is told blocks with our AS and our address, and its routes reach the kernel and the rest of the cluster', () => {
    const lab = new Lab(cluster(2) + calico('BGPPeer', 'tor', { node: 'node-1', peerIP: TOR, asNumber: 65001 }));
    const tor = new ExternalPeer(lab, TOR, { towards: '10.0.0.1' });
    lab.start();
    lab.converge();
    tor.announce(['10.65.240.0/24'], { asPath: [{ type: 'sequence', asns: [65001, 65010] }], med: 5 });
    lab.run(SECOND);
    expect(Object.fromEntries(tor.table)).toEqual({
      '10.65.1.0/26': { origin: 0, asPath: [{ type: 'sequence', asns: [64512] }], nextHop: '10.0.0.1' },
      '10.65.2.0/26': { origin: 0, asPath: [{ type: 'sequence', asns: [64512] }], nextHop: '10.0.0.1' },
    });
    expect(lab.routers.map((router) => router.routes()['10.65.240.0/24'])).toEqual([
      'via 10.0.0.99 dev eth0 metric 2147483547',
      'via 10.0.0.99 dev eth0 metric 2147483547',
    ]);
    expect(lab.router('node-2').page('10.65.240.0/24')).toEqual([
      {
        prefix: '10.65.240.0/24',
        protocol: 'Mesh_10_0_0_1',
        best: true,
        decidedBy: 'only path',
        nextHop: TOR,
        resolved: { device: 'eth0', gateway: TOR },
        localPref: 100,
        med: 5,
        asPath: '65001 65010',
        origin: 'IGP',
        communities: [],
      },
    ]);
    tor.withdraw(['10.65.240.0/24']);
    lab.run(SECOND);
    expect(lab.router('node-2').routes()).toEqual({
      '10.65.1.0/26': 'via 10.0.0.1 dev eth0',
      '10.65.2.0/26': 'blackhole',
    });
  });

  it('does not get its own routes back, but those of another', () => {
    const { lab, peers } = surrounded([TOR, OTHER]);
    const [tor, other] = peers as [ExternalPeer, ExternalPeer];
    tor.announce(['10.65.240.0/24']);
    other.announce(['10.65.241.0/24']);
    lab.run(SECOND);
    expect([tor.prefixes(), other.prefixes()]).toEqual([
      ['10.65.1.0/26', '10.65.241.0/24'],
      ['10.65.1.0/26', '10.65.240.0/24'],
    ]);
  });

  it('of the wrong AS number is told so, and the status says why there is no session', () => {
    const lab = new Lab(POOLS + MESH_OFF + node(1) + peering(TOR, 65001));
    const tor = new ExternalPeer(lab, TOR, { towards: '10.0.0.1', localAs: 65999 });
    lab.start();
    lab.run(10 * SECOND);
    expect(tor.isUp).toBe(false);
    expect(tor.notifications[0]).toMatchObject({ code: ERROR.OPEN, subcode: 2 });
    expect(lab.router('node-1').peer('Global_10_0_0_99').lastError).toMatchObject({
      text: 'sent OPEN Message Error/Bad Peer AS: AS 65999 (the peer is AS 65999, expected 65001)',
      direction: 'sent',
    });
  });

  it('that nobody has configured is refused, and told of once a minute however often it comes', () => {
    const { lab, router } = surrounded([OTHER]);
    new ExternalPeer(lab, TOR, { towards: '10.0.0.1' });
    lab.run(50 * SECOND);
    expect(router.factsOf('connectionRefused')).toEqual([
      {
        type: 'connectionRefused',
        remote: TOR,
        text: 'no peer with address 10.0.0.99 is configured on this node',
      },
    ]);
    lab.run(70 * SECOND);
    expect(router.factsOf('connectionRefused')).toHaveLength(2);
  });
});

describe('a peer that misbehaves', () => {
  it.each([
    ['a wrong marker', new Uint8Array(19), { code: ERROR.MESSAGE_HEADER, subcode: 1 }],
    [
      'a wrong length',
      Uint8Array.of(...Array<number>(16).fill(255), 0, 5, 2),
      { code: ERROR.MESSAGE_HEADER, subcode: 2 },
    ],
    [
      'an unknown type',
      Uint8Array.of(...Array<number>(16).fill(255), 0, 19, 9),
      { code: ERROR.MESSAGE_HEADER, subcode: 3 },
    ],
    [
      'a broken UPDATE',
      Uint8Array.of(...Array<number>(16).fill(255), 0, 23, 2, 0, 9, 0, 0),
      { code: ERROR.UPDATE, subcode: 1 },
    ],
  ])('by %s loses its own session, and no other', (_, bytes, notification) => {
    const { lab, router, peers } = surrounded([TOR, OTHER]);
    const [tor, other] = peers as [ExternalPeer, ExternalPeer];
    tor.announce(['10.65.240.0/24']);
    other.announce(['10.65.241.0/24']);
    lab.run(SECOND);
    const since = lab.now;
    tor.send(bytes);
    lab.run(100);
    expect(tor.notifications).toMatchObject([notification]);
    expect(Object.keys(router.routes())).toEqual(['10.65.1.0/26', '10.65.241.0/24']);
    expect(other.prefixes()).toEqual(['10.65.1.0/26']);
    expect(new Set(router.factsOf('peerStateChanged', since).map(({ address }) => address))).toEqual(new Set([TOR]));
    lab.converge();
    expect([tor.established, other.established]).toEqual([2, 1]);
  });

  it('in one attribute loses those routes only', () => {
    const { lab, router, peers } = surrounded([TOR]);
    const [tor] = peers as [ExternalPeer];
    tor.announce(['10.65.240.0/24', '10.65.241.0/24']);
    lab.run(SECOND);
    // ORIGIN has the value 9.
    const attributes = Uint8Array.of(0x40, 1, 1, 9, 0x40, 2, 0, 0x40, 3, 4, 10, 0, 0, 99);
    tor.send(updateWith(attributes, Uint8Array.of(24, 10, 65, 240)));
    lab.run(SECOND);
    expect([tor.established, Object.keys(router.routes())]).toEqual([1, ['10.65.1.0/26', '10.65.241.0/24']]);
    expect(router.factsOf('routesTreatedAsWithdrawn')).toEqual([
      { type: 'routesTreatedAsWithdrawn', peer: 'Global_10_0_0_99', text: expect.stringContaining('ORIGIN') },
    ]);
  });

  it('by silence is given up after the hold time, and asked again', () => {
    const { lab, router, peers } = surrounded([TOR], { holdTime: 9 });
    const [tor] = peers as [ExternalPeer];
    tor.announce(['10.65.240.0/24']);
    lab.run(SECOND);
    tor.node.powerOff();
    lab.run(8 * SECOND);
    expect(Object.keys(router.routes())).toEqual(['10.65.1.0/26', '10.65.240.0/24']);
    lab.run(2 * SECOND);
    expect(Object.keys(router.routes())).toEqual(['10.65.1.0/26']);
    expect(router.peer('Global_10_0_0_99').lastError?.text).toContain('Hold Timer Expired');
  });

  it('by not reading delays nobody, and finds the present state when it reads again', () => {
    const { lab, router, peers } = surrounded([TOR, OTHER, '10.0.0.97'], { holdTime: 240 });
    const [tor, slow, quick] = peers as [ExternalPeer, ExternalPeer, ExternalPeer];
    const prefixes = manyPrefixes(2000);
    slow.node.stall();
    for (let med = 1; med <= 60; med++) {
      tor.announce(prefixes, { med, communities: [med] });
      lab.run(100);
      expect(quick.table.get(prefixes[1999]!)?.communities).toEqual([med]);
    }
    tor.withdraw(prefixes.slice(0, 1000));
    lab.run(SECOND);
    expect([quick.table.size, slow.table.size]).toEqual([1001, 1]);
    // What waits for it is bounded by its window, not by what happened.
    const { bytesOut } = router.peer('Global_10_0_0_98').counters;
    expect(bytesOut).toBeLessThan(400_000);
    expect(router.peer('Global_10_0_0_97').counters.bytesOut).toBeGreaterThan(600_000);
    slow.node.resume();
    lab.run(5 * SECOND);
    expect(new Map(slow.table)).toEqual(new Map(quick.table));
    expect([slow.established, quick.established]).toEqual([1, 1]);
  });

  it('by never reading again is given up by the send hold timer, although it is heard (RFC 9687)', () => {
    const { lab, router, peers } = surrounded([TOR, OTHER], { holdTime: 240 });
    const [tor, slow] = peers as [ExternalPeer, ExternalPeer];
    slow.node.stall();
    slow.ticks = false;
    const prefixes = manyPrefixes(2000);
    for (let med = 1; med <= 10; med++) tor.announce(prefixes, { med, communities: [med] });
    for (let minute = 0; minute < 8; minute++) {
      expect(router.peer('Global_10_0_0_98').state).toBe('Established');
      lab.run(MINUTE);
      slow.send(KEEPALIVE);
    }
    lab.run(SECOND);
    expect(router.peer('Global_10_0_0_98').lastError).toMatchObject({
      code: ERROR.SEND_HOLD_TIMER_EXPIRED,
      direction: 'sent',
    });
    expect(router.peer('Global_10_0_0_99').state).toBe('Established');
  });
});

describe('a peer that says goodbye', () => {
  it('with a NOTIFICATION takes its routes with it at once', () => {
    const gracefulRestart = { restartTime: 120, restarted: false, notification: false, forwarding: [] };
    const { lab, router, peers } = surrounded([TOR], { gracefulRestart });
    const [tor] = peers as [ExternalPeer];
    tor.announce(['10.65.240.0/24']);
    lab.run(SECOND);
    tor.notify(ERROR.CEASE, CEASE.ADMINISTRATIVE_RESET);
    lab.run(10);
    expect(router.routes()).toEqual({ '10.65.1.0/26': 'blackhole' });
    expect(router.factsOf('peerDown').at(-1)).toMatchObject({
      wasEstablished: true,
      reason: { type: 'notificationReceived', message: { code: ERROR.CEASE, subcode: CEASE.ADMINISTRATIVE_RESET } },
    });
    lab.converge();
    expect(tor.established).toBe(2);
  });
});

describe('shutdown', () => {
  it('tells every peer, with the text, and leaves the kernel alone', () => {
    const { lab, router, peers } = surrounded([TOR, OTHER]);
    const [tor] = peers as [ExternalPeer, ExternalPeer];
    tor.announce(['10.65.240.0/24']);
    lab.run(SECOND);
    const routes = router.routes();
    router.effects.length = 0;
    router.input({ type: 'shutdown', text: 'maintenance until noon' });
    lab.run(10 * MINUTE);
    const said = {
      type: 'notification',
      code: ERROR.CEASE,
      subcode: CEASE.ADMINISTRATIVE_SHUTDOWN,
      data: shutdownData('maintenance until noon'),
    };
    expect(peers.map(({ notifications }) => notifications)).toEqual([[said], [said]]);
    expect(router.routes()).toEqual(routes);
    expect(router.effects.filter(({ type }) => type !== 'fact').map(({ type }) => type)).toEqual([
      'write',
      'close',
      'write',
      'close',
    ]);
    expect([router.nextDeadline(), router.speaker.hasWork]).toEqual([undefined, false]);
    router.tellIntent();
    expect(router.effects.filter(({ type }) => type === 'dial')).toEqual([]);
  });
});

describe('a request for everything again', () => {
  it.each([
    ['by marks where the peer knows them (RFC 7313)', true, ['begin', '10.65.1.0/26', '10.65.2.0/26', 'end']],
    ['plainly where it does not (RFC 2918)', false, ['10.65.1.0/26', '10.65.2.0/26']],
  ])('is answered %s', (_, enhancedRouteRefresh, expected) => {
    const { lab, router, peers } = surrounded([TOR], { enhancedRouteRefresh }, block(1, 'ipv4', blockOf(2)));
    const [tor] = peers as [ExternalPeer];
    expect(tor.heard).toEqual(['10.65.1.0/26', '10.65.2.0/26', 'End-of-RIB']);
    tor.heard.length = 0;
    tor.requestRefresh();
    lab.run(SECOND);
    expect(tor.heard).toEqual(expected);
    expect([router.peer('Global_10_0_0_99').counters.updatesOut, tor.established]).toEqual([tor.updates, 1]);
  });

  it('does not bring back what was withdrawn', () => {
    const { lab, peers } = surrounded([TOR, OTHER]);
    const [tor, other] = peers as [ExternalPeer, ExternalPeer];
    tor.announce(['10.65.240.0/24']);
    lab.run(SECOND);
    tor.withdraw(['10.65.240.0/24']);
    lab.run(SECOND);
    other.requestRefresh();
    lab.run(SECOND);
    expect(other.prefixes()).toEqual(['10.65.1.0/26']);
  });
});

describe('two peers with one address', () => {
  it('share it: one has the session, and the other does not disturb it', () => {
    const lab = new Lab(
      POOLS +
        MESH_OFF +
        node(1) +
        block(1) +
        peering(TOR, 65001) +
        calico('BGPPeer', 'twin', { peerIP: `${TOR}:1179`, asNumber: 65001 }),
    );
    const tor = new ExternalPeer(lab, TOR, { towards: '10.0.0.1' });
    lab.start();
    lab.run(5 * MINUTE);
    const router = lab.router('node-1');
    expect(Object.keys(router.states())).toEqual(['Global_10_0_0_99', 'Global_10_0_0_99_port_1179']);
    const up = router.peers().filter(({ state }) => state === 'Established');
    expect([up.length, tor.established, up[0]!.counters.flaps]).toEqual([1, 1, 0]);
    tor.announce(['10.65.240.0/24']);
    lab.run(SECOND);
    expect(Object.keys(router.routes())).toEqual(['10.65.1.0/26', '10.65.240.0/24']);
  });
});

describe('one UPDATE for both families', () => {
  it('counts with both halves (RFC 7606 5.1)', () => {
    const lab = new Lab(
      reflector('rr', {
        routerId: '10.0.0.1',
        asNumber: 64512,
        listenAddresses: ['10.0.0.1', 'fd00::1'],
        peers: [{ address: TOR, asNumber: 65001, families: ['ipv4', 'ipv6'] }],
      }),
    );
    const tor = new ExternalPeer(lab, TOR, { towards: '10.0.0.1', families: ['ipv4', 'ipv6'] });
    lab.start();
    lab.converge();
    const attributes = encodeAttributes(
      { origin: 0, asPath: [{ type: 'sequence', asns: [65001] }], nextHop: TOR },
      { fourOctetAs: true, peerType: 'ebgp' },
      false,
    );
    const nextHop = [0xfd, 0, ...Array<number>(13).fill(0), 0x99];
    const mpReach = [0x80, 14, 26, 0, 2, 1, 16, ...nextHop, 0, 32, 0xfd, 0, 0, 0x65];
    tor.send(updateWith(Uint8Array.of(...attributes, ...mpReach), Uint8Array.of(24, 10, 65, 240)));
    lab.run(SECOND);
    const router = lab.router('rr');
    expect([router.page('10.65.240.0/24'), router.page('fd00:65::/32')]).toMatchObject([
      [{ nextHop: TOR }],
      [{ nextHop: 'fd00::99' }],
    ]);
    expect(router.peer(`Static_10_0_0_99`).counters).toMatchObject({ received: 2, accepted: 2, updatesIn: 1 });
  });
});

function updateWith(attributes: Uint8Array, nlri: Uint8Array): Uint8Array {
  const length = 23 + attributes.length + nlri.length;
  const head = [...Array<number>(16).fill(255), length >> 8, length & 255, 2, 0, 0];
  return Uint8Array.of(...head, attributes.length >> 8, attributes.length & 255, ...attributes, ...nlri);
}

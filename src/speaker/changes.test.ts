import { CEASE, ERROR } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { ExternalPeer } from './external-peer.fixture.ts';
import {
  block,
  calico,
  cluster,
  Lab,
  MESH_OFF,
  MINUTE,
  node,
  POOLS,
  type Router,
  reflector,
  SECOND,
} from './simulation.fixture.ts';

const TOR = '10.0.0.99';
const OTHER = '10.0.0.98';
const TOR_NAME = 'Global_10_0_0_99';

const secret = (password: string) =>
  `---\n${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bgp', namespace: 'kube-system' },
    data: { key: Buffer.from(password).toString('base64') },
  })}\n`;

const filter = (name: string, spec: object) => calico('BGPFilter', name, spec);
const peer = (spec: object) => calico('BGPPeer', 'tor', { peerIP: TOR, asNumber: 65001, ...spec });

const FILTERS =
  filter('no-240', { importV4: [{ action: 'Reject', matchOperator: 'In', cidr: '10.65.240.0/24' }] }) +
  filter('no-blocks', { exportV4: [{ action: 'Reject', matchOperator: 'In', cidr: '10.65.1.0/26' }] });

/** Node 1 (a block) with two external peers; the first has announced two prefixes, the second one. */
function start(more = '') {
  const resources = POOLS + MESH_OFF + node(1) + block(1) + peer({}) + FILTERS + secret('swordfish') + more;
  const lab = new Lab(resources + calico('BGPPeer', 'other', { peerIP: OTHER, asNumber: 65002 }));
  const tor = new ExternalPeer(lab, TOR, { towards: '10.0.0.1', bgpIdentifier: 1 });
  const other = new ExternalPeer(lab, OTHER, { towards: '10.0.0.1', localAs: 65002, bgpIdentifier: 2 });
  lab.start();
  lab.converge();
  tor.announce(['10.65.240.0/24', '10.65.241.0/24']);
  other.announce(['10.65.242.0/24']);
  lab.run(SECOND);
  tor.heard.length = 0;
  other.heard.length = 0;
  const router = lab.router('node-1');
  const since = lab.now + 0.001;
  lab.run(1);
  return { lab, router, tor, other, since };
}

const applied = (router: Router, since: number) => router.factsOf('intentApplied', since).at(-1);

describe('a change that is live', () => {
  it.each([
    ['keepalive time', peer({ keepaliveTime: '7s' })],
    ['restart time', peer({ maxRestartTime: '33s' })],
    ['log level', calico('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false, logSeverityScreen: 'Debug' })],
  ])('(%s) is applied without a transition, an UPDATE or a kernel route', (_, change) => {
    const { lab, router, tor, other, since } = start();
    router.effects.length = 0;
    lab.apply(change);
    lab.run(SECOND);
    expect(router.factsOf('peerStateChanged', since)).toEqual([]);
    expect(applied(router, since)).toEqual({
      type: 'intentApplied',
      added: 0,
      removed: 0,
      restarted: 0,
      refiltered: 0,
    });
    expect([tor.heard, other.heard, router.effects.filter(({ type }) => type === 'program')]).toEqual([[], [], []]);
  });

  it('of the keepalive time counts from then on, also after one that is for the next OPEN', () => {
    const { lab, tor } = start();
    const keepalives = () => tor.peer.statistics.in.keepalive;
    lab.apply(peer({ maxRestartTime: '33s' }));
    lab.apply(peer({ maxRestartTime: '33s', keepaliveTime: '2s' }));
    const before = keepalives();
    lab.run(MINUTE);
    expect(keepalives() - before).toBeGreaterThanOrEqual(30);
    expect(tor.established).toBe(1);
  });
});

describe('a change that takes a second look at routes', () => {
  it('by an import filter uses what was stored, and asks the peer for nothing', () => {
    const { lab, router, tor, other, since } = start();
    lab.apply(peer({ filters: ['no-240'] }));
    lab.run(SECOND);
    expect(Object.keys(router.routes())).toEqual(['10.65.1.0/26', '10.65.241.0/24', '10.65.242.0/24']);
    expect(router.peer(TOR_NAME).counters).toMatchObject({ received: 2, accepted: 1 });
    expect([other.heard, tor.refreshes]).toEqual([['-10.65.240.0/24'], []]);
    lab.apply(peer({}));
    lab.run(SECOND);
    expect(Object.keys(router.routes())).toEqual([
      '10.65.1.0/26',
      '10.65.240.0/24',
      '10.65.241.0/24',
      '10.65.242.0/24',
    ]);
    expect([other.heard, tor.heard]).toEqual([['-10.65.240.0/24', '10.65.240.0/24'], []]);
    expect(router.factsOf('peerStateChanged', since)).toEqual([]);
    expect(applied(router, since)).toEqual({
      type: 'intentApplied',
      added: 0,
      removed: 0,
      restarted: 0,
      refiltered: 1,
    });
  });

  it('by an export filter tells that peer the difference, and nobody else anything', () => {
    const { lab, router, tor, other, since } = start();
    lab.apply(peer({ filters: ['no-blocks'] }));
    lab.run(SECOND);
    expect([tor.heard, tor.prefixes(), other.heard]).toEqual([['-10.65.1.0/26'], ['10.65.242.0/24'], []]);
    lab.apply(peer({}));
    lab.run(SECOND);
    expect([tor.heard, other.heard]).toEqual([['-10.65.1.0/26', '10.65.1.0/26'], []]);
    expect(router.factsOf('peerStateChanged', since)).toEqual([]);
  });

  it('by the next hop mode is told with the new next hop', () => {
    const { lab, router, tor, since } = start();
    expect(tor.table.get('10.65.242.0/24')?.nextHop).toBe('10.0.0.1');
    lab.apply(peer({ nextHopMode: 'Keep' }));
    lab.run(SECOND);
    expect([tor.table.get('10.65.242.0/24')?.nextHop, tor.table.get('10.65.1.0/26')?.nextHop]).toEqual([
      OTHER,
      '10.0.0.1',
    ]);
    expect([tor.heard, router.factsOf('peerStateChanged', since)]).toEqual([['10.65.242.0/24'], []]);
  });

  it('by own AS numbers allowed in paths lets routes in that were refused', () => {
    const { lab, router, tor, since } = start();
    tor.announce(['10.65.250.0/24'], { asPath: [{ type: 'sequence', asns: [65001, 64512] }] });
    lab.run(SECOND);
    expect(router.routes()['10.65.250.0/24']).toBeUndefined();
    lab.apply(peer({ numAllowedLocalASNumbers: 1 }));
    lab.run(SECOND);
    expect(router.routes()['10.65.250.0/24']).toBe('via 10.0.0.99 dev eth0 metric 2147483547');
    expect(router.factsOf('peerStateChanged', since)).toEqual([]);
  });

  it('and back at once, tells nobody anything', () => {
    const { lab, router, tor, other, since } = start();
    const { store } = lab;
    const before = store.get('BGPPeer', 'tor')!;
    lab.apply(
      peer({ filters: ['no-blocks', 'no-240'] }) + calico('BGPPeer', 'other', { peerIP: OTHER, asNumber: 65002 }),
    );
    store.apply([{ type: 'set', resource: before }]);
    lab.tell();
    lab.run(SECOND);
    expect([tor.prefixes(), other.prefixes()]).toEqual([
      ['10.65.1.0/26', '10.65.242.0/24'],
      ['10.65.1.0/26', '10.65.240.0/24', '10.65.241.0/24'],
    ]);
    expect(router.factsOf('peerStateChanged', since)).toEqual([]);
  });

  it('reaches also the routes of a peer that is away for a restart', () => {
    const lab = new Lab(POOLS + MESH_OFF + node(1) + block(1) + peer({}) + FILTERS);
    const gracefulRestart = { restartTime: 60, restarted: false, notification: false, forwarding: [] };
    const tor = new ExternalPeer(lab, TOR, { towards: '10.0.0.1', gracefulRestart });
    lab.start();
    lab.converge();
    tor.announce(['10.65.240.0/24', '10.65.241.0/24']);
    lab.run(SECOND);
    const router = lab.router('node-1');
    tor.node.kill();
    lab.run(SECOND);
    lab.apply(peer({ filters: ['no-240'] }));
    lab.run(SECOND);
    expect(Object.keys(router.routes())).toEqual(['10.65.1.0/26', '10.65.241.0/24']);
    expect(router.peer(TOR_NAME)).toMatchObject({ counters: { received: 2, accepted: 1 } });
  });
});

describe('a change that takes a new session', () => {
  it.each([
    ['the password', peer({ password: { secretKeyRef: { name: 'bgp', key: 'key' } } })],
    ['TTL security', peer({ ttlSecurity: 1 })],
    ['the source address', peer({ sourceAddress: 'None' })],
  ])('(%s) closes this one with Cease/Other Configuration Change, and no other', (_, change) => {
    const { lab, router, tor, other, since } = start();
    lab.apply(change);
    lab.converge();
    expect(tor.notifications).toMatchObject([{ code: ERROR.CEASE, subcode: CEASE.OTHER_CONFIGURATION_CHANGE }]);
    expect([tor.established, other.established, other.heard]).toEqual([2, 1, ['-10.65.240.0/24', '-10.65.241.0/24']]);
    expect(applied(router, since)).toEqual({
      type: 'intentApplied',
      added: 0,
      removed: 0,
      restarted: 1,
      refiltered: 0,
    });
    expect(router.peer(TOR_NAME).counters).toMatchObject({ received: 0, advertised: 2, flaps: 0 });
  });

  it('with another AS number that the peer does not have does not come up, and says why', () => {
    const { lab, router, other } = start();
    lab.apply(peer({ asNumber: 65009 }));
    lab.run(10 * SECOND);
    expect(router.peer(TOR_NAME).lastError?.text).toContain('Bad Peer AS');
    expect(other.established).toBe(1);
  });

  it('of the identifier concerns all of them', () => {
    const lab = new Lab(cluster(3));
    lab.start();
    lab.converge();
    const since = lab.now + 0.001;
    lab.run(1);
    const [first] = lab.routers as [Router];
    first.input({ type: 'intent', intent: { ...first.speaker.intent!, bgpIdentifier: 0x7f000001 } });
    lab.converge();
    expect(applied(first, since)).toMatchObject({ restarted: 2 });
    expect(lab.router('node-2').peer('Mesh_10_0_0_1').negotiated?.remoteIdentifier).toBe(0x7f000001);
    expect(lab.routers.map((router) => Object.keys(router.routes()).length)).toEqual([3, 3, 3]);
  });
});

describe('peers that come and go', () => {
  it('are told of without a word to the others', () => {
    const { lab, router, tor, other, since } = start();
    lab.remove('BGPPeer', 'other');
    lab.run(SECOND);
    expect(other.notifications).toMatchObject([{ code: ERROR.CEASE, subcode: CEASE.PEER_DE_CONFIGURED }]);
    expect([Object.keys(router.states()), tor.heard]).toEqual([[TOR_NAME], ['-10.65.242.0/24']]);
    expect(applied(router, since)).toEqual({
      type: 'intentApplied',
      added: 0,
      removed: 1,
      restarted: 0,
      refiltered: 0,
    });
    lab.apply(calico('BGPPeer', 'other', { peerIP: OTHER, asNumber: 65002 }));
    lab.converge();
    expect([tor.established, other.established]).toEqual([1, 2]);
  });

  it('may change their name while the address stays', () => {
    const { lab, router, tor } = start();
    lab.remove('BGPPeer', 'tor');
    lab.apply(calico('BGPPeer', 'tor', { node: 'node-1', peerIP: TOR, asNumber: 65001 }));
    lab.converge();
    expect([Object.keys(router.states()), tor.established]).toEqual([['Global_10_0_0_98', 'Node_10_0_0_99'], 2]);
  });
});

describe('secrets', () => {
  it('stand in the keys of the sockets and in no fact, problem or snapshot', () => {
    const password = { secretKeyRef: { name: 'bgp', key: 'key' } };
    const { lab, router } = start(peer({ password }));
    expect(router.listening?.keys).toEqual(new Map([[TOR, 'swordfish']]));
    const dials = router.effects.filter((effect) => effect.type === 'dial');
    expect(new Set(dials.map((dial) => `${dial.remote} ${dial.password}`))).toContain(`${TOR} swordfish`);
    lab.apply(secret('sturgeon'));
    lab.converge();
    expect(router.listening?.keys).toEqual(new Map([[TOR, 'sturgeon']]));
    const shown = JSON.stringify([router.facts, router.snapshot(), router.speaker.intent?.problems]);
    expect(shown).not.toMatch(/swordfish|sturgeon/);
  });
});

describe('the pods of a node', () => {
  it('are not told of one by one, whatever Felix writes into the kernel', () => {
    const { lab, router, tor, other } = start();
    const route = (prefix: string) =>
      ({ prefix, type: 'unicast', metric: 1024, nextHops: [{ device: 'cali1' }], protocol: 80 }) as const;
    const link = { device: 'cali1', index: 9, up: true, mtu: 1500 };
    router.input({
      type: 'kernel',
      events: [
        { type: 'link', link },
        { type: 'learned', route: route('10.65.1.7/32') },
        { type: 'learned', route: route('10.65.77.7/32') },
      ],
    });
    lab.run(SECOND);
    // Inside the own block nothing; an address that was borrowed from another block is told by itself.
    expect([tor.heard, other.heard]).toEqual([['10.65.77.7/32'], ['10.65.77.7/32']]);
    router.input({ type: 'kernel', events: [{ type: 'learnedRemoved', route: route('10.65.77.7/32') }] });
    lab.run(SECOND);
    expect([tor.heard.at(-1), Object.keys(router.routes())]).toEqual([
      '-10.65.77.7/32',
      ['10.65.1.0/26', '10.65.240.0/24', '10.65.241.0/24', '10.65.242.0/24'],
    ]);
  });
});

describe('a session of both families', () => {
  it('has a new next hop for the family that it does not run over when the node has a new address', () => {
    const hub = (ipv6: string) =>
      reflector('hub', {
        routerId: '10.0.0.100',
        asNumber: 64512,
        listenAddresses: ['10.0.0.100', ipv6],
        peers: [
          { address: '10.0.0.1', families: ['ipv4', 'ipv6'] },
          { address: '10.0.0.99', asNumber: 65001, families: ['ipv4', 'ipv6'] },
        ],
      });
    const lab = new Lab(hub('fd00::100'));
    const both = { towards: '10.0.0.100', families: ['ipv4', 'ipv6'] } as const;
    const client = new ExternalPeer(lab, '10.0.0.1', { ...both, localAs: 64512, bgpIdentifier: 1 });
    const tor = new ExternalPeer(lab, '10.0.0.99', both);
    lab.start();
    lab.converge();
    client.announce(['fd00:65::/64'], { nextHop: 'fd00::1' });
    client.announce(['10.65.1.0/26']);
    lab.run(SECOND);
    const nextHops = () => [...tor.table.values()].map(({ nextHop }) => nextHop).sort();
    expect(nextHops()).toEqual(['10.0.0.100', 'fd00::100']);
    lab.apply(hub('fd00::200'));
    lab.run(SECOND);
    expect([nextHops(), tor.established]).toEqual([['10.0.0.100', 'fd00::200'], 1]);
  });
});

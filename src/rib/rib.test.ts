import fc from 'fast-check';
import { COMMUNITY } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { addCommunity, policy, prefixIn, reject, setLocalPref, setPreference, when } from '../policy/index.ts';
import { AttributeTable } from './attribute-table.ts';
import { explainDecision } from './decision.ts';
import { UNRESOLVED } from './next-hops.ts';
import { makeRib, settle, TestPeer } from './rib.fixture.ts';

const A = '10.65.0.0/26';
const B = '10.65.1.0/26';

describe('route reflection', () => {
  it('sends what one client announces to all others, not back, with ORIGINATOR_ID and CLUSTER_LIST', () => {
    const rib = makeRib();
    const peers = [1, 2, 3].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce([A, B]);
    settle(rib, peers);
    expect(peers.map((peer) => peer.prefixes())).toEqual([[], [A, B], [A, B]]);
    expect(peers[1]!.table.get(A)).toEqual({
      origin: 0,
      asPath: [],
      nextHop: '10.0.0.1',
      localPref: 100,
      originatorId: 0x0a000001,
      clusterList: [0x0a000001],
    });
  });

  it('does not pass routes between iBGP peers that are no clients', () => {
    const rib = makeRib();
    const peers = [new TestPeer(rib, 2), new TestPeer(rib, 3), new TestPeer(rib, 4, { client: true })];
    peers[0]!.announce([A]);
    settle(rib, peers);
    expect(peers.map((peer) => peer.prefixes())).toEqual([[], [], [A]]);
  });

  it('shares one encoding between the members of a group', () => {
    const rib = makeRib();
    const peers = Array.from({ length: 20 }, (_, n) => new TestPeer(rib, n + 2, { client: true }));
    settle(rib, peers);
    peers[0]!.announce([A, B]);
    settle(rib, peers);
    expect(rib.groups.size).toBe(1);
    const [group] = rib.groups.all();
    expect(peers[5]!.octets).toBe(group!.packedOctets + group!.endOfRib.length);
  });

  it('tells the one whose path became the best to forget the other', () => {
    const rib = makeRib();
    const peers = [2, 3, 4].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce([A], { localPref: 100 });
    settle(rib, peers);
    expect(peers[1]!.prefixes()).toEqual([A]);
    peers[1]!.announce([A], { localPref: 200 });
    settle(rib, peers);
    expect(peers.map((peer) => peer.prefixes())).toEqual([[A], [], [A]]);
    expect(peers[2]!.table.get(A)!.nextHop).toBe('10.0.0.3');
    peers[1]!.withdraw([A]);
    settle(rib, peers);
    expect(peers.map((peer) => peer.prefixes())).toEqual([[], [A], [A]]);
  });
});

describe('eBGP', () => {
  it('prepends our AS, takes our address as next hop, leaves LOCAL_PREF out and makes a foreign MED 0', () => {
    const rib = makeRib();
    const [from, to] = [new TestPeer(rib, 2, { type: 'ebgp' }), new TestPeer(rib, 3, { type: 'ebgp' })];
    from.announce([A], { med: 7 });
    settle(rib, [from, to]);
    expect(to.table.get(A)).toEqual({
      origin: 0,
      asPath: [{ type: 'sequence', asns: [64512, 65002] }],
      nextHop: '10.0.0.254',
      med: 0,
    });
  });

  it.each([
    ['NO_ADVERTISE', 0xffffff02],
    ['NO_EXPORT', 0xffffff01],
  ])('keeps %s from eBGP peers', (_name, community) => {
    const rib = makeRib();
    const [from, to] = [new TestPeer(rib, 2, { type: 'ebgp' }), new TestPeer(rib, 3, { type: 'ebgp' })];
    from.announce([A], { communities: [community] });
    settle(rib, [from, to]);
    expect(to.prefixes()).toEqual([]);
  });

  it('drops what has our AS in its path', () => {
    const rib = makeRib();
    const peer = new TestPeer(rib, 2, { type: 'ebgp' });
    peer.announce([A], { asPath: [{ type: 'sequence', asns: [65002, 64512] }] });
    settle(rib, [peer]);
    expect(peer.source).toMatchObject({ received: 1, accepted: 0 });
  });
});

describe('the decision', () => {
  const cases = [
    ['higher LOCAL_PREF', { localPref: 200 }, { localPref: 100 }],
    ['lower ORIGIN', { origin: 0 }, { origin: 2 }],
    ['shorter AS_PATH', { asPath: [] }, { asPath: [{ type: 'sequence', asns: [65000] }] }],
    ['lower MED', { med: 1 }, { med: 2 }],
    ['not stale', { localPref: 50 }, { localPref: 200, communities: [COMMUNITY.LLGR_STALE] }],
    ['lower BGP identifier', {}, {}],
    ['shorter CLUSTER_LIST', { originatorId: 5, clusterList: [9] }, { originatorId: 5, clusterList: [8, 9] }],
    ['lower peer address', { originatorId: 5 }, { originatorId: 5 }],
  ] as const;
  it.each(cases)('prefers the %s and says so', (step, winner, loser) => {
    const rib = makeRib();
    const peers = [2, 3, 4].map((n) => new TestPeer(rib, n, { client: true }));
    peers[1]!.announce([A], loser as object);
    peers[0]!.announce([A], winner as object);
    settle(rib, peers);
    expect(peers[2]!.table.get(A)!.nextHop).toBe('10.0.0.2');
    rib.tables.prefixes.load(A);
    expect([...explainDecision(rib.view, rib.tables.prefixes.find()).values()]).toEqual([step, step]);
  });

  it('compares MED only between paths of one neighbouring AS', () => {
    const rib = makeRib();
    const peers = [2, 3, 4].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce([A], { med: 50, asPath: [{ type: 'sequence', asns: [65001] }] });
    peers[1]!.announce([A], { med: 10, asPath: [{ type: 'sequence', asns: [65002] }] });
    settle(rib, peers);
    expect(peers[2]!.table.get(A)!.nextHop).toBe('10.0.0.2');
  });

  it('prefers a route of our own to one of BGP with the same preference', () => {
    const rib = makeRib();
    const elevated = policy('elevated', 'accept', [setPreference(200)]);
    const peers = [new TestPeer(rib, 2, { importPolicy: elevated }), new TestPeer(rib, 3, { client: true })];
    peers[0]!.announce([A], { localPref: 2_147_483_135 });
    settle(rib, peers);
    expect(peers[1]!.table.get(A)!.nextHop).toBe('10.0.0.2');
    const local = rib.addSource({ kind: 'static', protocol: 'static1', preference: 200 });
    rib.adjRibIn.putLocal(local, A, { origin: 0, asPath: [] }, undefined);
    settle(rib, peers);
    expect(peers[1]!.table.get(A)!.nextHop).toBe('10.0.0.254');
  });

  it('prefers a reachable next hop, and notices when that changes', () => {
    const dead = new Set(['10.0.0.2']);
    const rib = makeRib('ipv4', (nextHop) =>
      dead.has(nextHop) ? UNRESOLVED : { reachable: true, cost: 0, device: 'eth0' },
    );
    const peers = [2, 3, 4].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce([A]);
    peers[1]!.announce([A]);
    settle(rib, peers);
    expect(peers[2]!.table.get(A)!.nextHop).toBe('10.0.0.3');
    dead.clear();
    rib.adjRibIn.resolveAgain();
    settle(rib, peers);
    expect(peers[2]!.table.get(A)!.nextHop).toBe('10.0.0.2');
  });

  it('offers equally good paths together', () => {
    const rib = makeRib();
    const peers = [2, 3, 4].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce([A]);
    peers[1]!.announce([A]);
    peers[2]!.announce([A], { localPref: 50 });
    settle(rib, peers);
    rib.tables.prefixes.load(A);
    expect(rib.candidates(rib.tables.prefixes.find())).toHaveLength(2);
  });
});

describe('ADD-PATH', () => {
  it('sends every path but the own ones, and withdraws each by itself', () => {
    const rib = makeRib();
    const peers = [2, 3, 4].map((n) => new TestPeer(rib, n, { client: true, addPath: true }));
    peers[0]!.announce([A], {}, 7);
    peers[0]!.announce([A], { localPref: 50 }, 8);
    peers[1]!.announce([A], {}, 7);
    settle(rib, peers);
    expect(peers.map((peer) => peer.table.size)).toEqual([1, 2, 3]);
    peers[0]!.withdraw([A], 8);
    settle(rib, peers);
    expect(peers.map((peer) => peer.table.size)).toEqual([1, 1, 2]);
  });
});

describe('policy', () => {
  it('is applied to stored routes again when it changes, without a word of the peer', () => {
    const rib = makeRib();
    const peers = [2, 3].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce([A, B]);
    settle(rib, peers);
    peers[0]!.refilter(policy('no B', 'accept', [when(prefixIn([B]), reject())]));
    settle(rib, peers);
    expect(peers[1]!.prefixes()).toEqual([A]);
    peers[0]!.refilter(policy('all', 'accept', [setLocalPref(300)]));
    settle(rib, peers);
    expect([...peers[1]!.table.values()].map(({ localPref }) => localPref)).toEqual([300, 300]);
  });

  it('changes what all members of a group are sent, and only the differences', () => {
    const rib = makeRib();
    const peers = [2, 3, 4].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce([A, B]);
    settle(rib, peers);
    const [group] = rib.groups.all();
    const before = peers[1]!.octets;
    const marked = policy('mark B', 'accept', [when(prefixIn([B]), addCommunity('64512:7'))]);
    rib.groups.change(new Map(peers.map((peer) => [peer.source.id, peer.groupOptions(marked)])));
    settle(rib, peers);
    expect([...rib.groups.all()]).toEqual([group]);
    expect(peers[1]!.table.get(B)!.communities).toEqual([64512 * 65536 + 7]);
    expect(peers[1]!.table.get(A)!.communities).toBeUndefined();
    expect(peers[1]!.octets - before).toBeLessThan(100);
    expect(peers[0]!.prefixes()).toEqual([]);
  });

  it('moves one member to another group and tells it the difference only', () => {
    const rib = makeRib();
    const peers = [2, 3, 4].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce([A, B]);
    settle(rib, peers);
    const before = peers[1]!.octets;
    const noB = policy('no B', 'accept', [when(prefixIn([B]), reject())]);
    rib.groups.change(new Map([[peers[1]!.source.id, peers[1]!.groupOptions(noB)]]));
    settle(rib, peers);
    expect(rib.groups.size).toBe(2);
    expect(peers.map((peer) => peer.prefixes())).toEqual([[], [A], [A, B]]);
    expect(peers[1]!.octets - before).toBeLessThan(40);
    expect(peers[1]!.endOfRibs).toBe(1);
  });
});

describe('a route whose attributes leave no room for a prefix in a message', () => {
  it('is not told, and withdrawn where it was told before', () => {
    const rib = makeRib();
    const peer = new TestPeer(rib, 2);
    const own = rib.addSource({ kind: 'static', protocol: 'static1', preference: 200 });
    const attributes = { origin: 0, asPath: [] } as const;
    rib.adjRibIn.putLocal(own, A, attributes, undefined);
    rib.adjRibIn.putLocal(own, B, attributes, undefined);
    settle(rib, [peer]);
    const communities = Array.from({ length: 1010 }, (_, n) => n);
    rib.adjRibIn.putLocal(own, A, { ...attributes, communities }, undefined);
    settle(rib, [peer]);
    expect(peer.prefixes()).toEqual([B]);
    rib.adjRibIn.putLocal(own, A, { ...attributes, communities: communities.slice(0, 900) }, undefined);
    settle(rib, [peer]);
    expect(peer.prefixes()).toEqual([A, B]);
  });
});

describe('members', () => {
  it('get the whole table and then End-of-RIB when they come late', () => {
    const rib = makeRib();
    const first = new TestPeer(rib, 2, { client: true });
    first.announce(Array.from({ length: 3000 }, (_, n) => `10.${64 + (n >> 8)}.${n & 255}.0/24`));
    settle(rib, [first], 500);
    const late = new TestPeer(rib, 3, { client: true });
    settle(rib, [first, late], 500);
    expect(late.table.size).toBe(3000);
    expect([first.endOfRibs, late.endOfRibs]).toEqual([1, 1]);
  });

  it('get the table again when they ask for it', () => {
    const rib = makeRib();
    const peers = [2, 3].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce([A]);
    settle(rib, peers);
    peers[1]!.table.clear();
    rib.groups.resend(peers[1]!.source.id, undefined, undefined);
    settle(rib, peers);
    expect(peers[1]!.prefixes()).toEqual([A]);
    expect(peers[1]!.endOfRibs).toBe(1);
  });

  it('cost bounded memory while they do not read, and are told the last state only', () => {
    const rib = makeRib();
    const peers = [2, 3].map((n) => new TestPeer(rib, n, { client: true }));
    settle(rib, peers);
    const prefixes = Array.from({ length: 1000 }, (_, n) => `10.${64 + (n >> 8)}.${n & 255}.0/24`);
    for (let round = 0; round < 1500; round++) {
      peers[0]!.announce(prefixes, { med: round });
      const flushed = rib.flush(10_000);
      peers[1]!.pull(0);
      rib.recycle(flushed);
    }
    const [group] = rib.groups.all();
    expect(group!.lagging.size).toBe(1);
    settle(rib, peers);
    expect(peers[1]!.table.size).toBe(1000);
    expect(peers[1]!.octets).toBeLessThan(20_000);
    expect(peers[1]!.table.get('10.64.0.0/24')!.med).toBe(1499);
  });
});

describe('IPv6', () => {
  it('goes through MP_REACH_NLRI and MP_UNREACH_NLRI', () => {
    const rib = makeRib('ipv6');
    const peers = [2, 3].map((n) => new TestPeer(rib, n, { client: true }));
    peers[0]!.announce(['fd00:10:244::/122', 'fd00:10:244::40/122']);
    settle(rib, peers);
    expect(peers[1]!.prefixes()).toEqual(['fd00:10:244::/122', 'fd00:10:244::40/122']);
    expect(peers[1]!.table.get('fd00:10:244::/122')!.nextHop).toBe('fd00::2');
    peers[0]!.withdraw(['fd00:10:244::/122']);
    settle(rib, peers);
    expect(peers[1]!.prefixes()).toEqual(['fd00:10:244::40/122']);
  });
});

describe('both families', () => {
  it('share attribute sets, and prepare them each for its own peers', () => {
    const attributes = new AttributeTable();
    const ribs = (['ipv4', 'ipv6'] as const).map((family) => makeRib(family, undefined, attributes));
    const peers = ribs.map((rib) => new TestPeer(rib, 2));
    for (const [rib, prefix] of [
      [ribs[0]!, A],
      [ribs[1]!, 'fd00::/64'],
    ] as const) {
      const source = rib.addSource({ kind: 'static', protocol: 'static1', preference: 200 });
      rib.adjRibIn.putLocal(source, prefix, { origin: 0, asPath: [] }, undefined);
      settle(rib, peers);
    }
    expect(peers.map((peer) => [...peer.table.values()].map(({ nextHop }) => nextHop))).toEqual([
      ['10.0.0.254'],
      ['fd00::fe'],
    ]);
  });
});

describe('any order of events', () => {
  const action = fc.record({
    kind: fc.constantFrom('announce', 'announce', 'withdraw', 'flush', 'pull', 'pullAll', 'leave', 'policy'),
    peer: fc.nat(3),
    prefix: fc.nat(5),
    value: fc.nat(3),
  });
  const policies = [
    policy('all', 'accept', []),
    policy('no 10.65.1.0/24', 'accept', [when(prefixIn(['10.65.1.0/24']), reject())]),
    policy('mark', 'accept', [addCommunity('64512:9')]),
    policy('none', 'reject', []),
  ];

  it.each([false, true])('ends with every peer knowing exactly the best paths of others (ADD-PATH %s)', (addPath) => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const rib = makeRib();
        let number = 2;
        const join = () => new TestPeer(rib, number++, { client: true, addPath });
        const peers = [join(), join(), join(), join()];
        for (const { kind, peer, prefix, value } of actions) {
          const chosen = peers[peer]!;
          const pathId = addPath ? value : -1;
          const name = `10.65.${prefix}.0/24`;
          if (kind === 'announce') chosen.announce([name], { localPref: 100 + value }, pathId);
          else if (kind === 'withdraw') chosen.withdraw([name], pathId);
          else if (kind === 'pull') chosen.pull(value * 40);
          else if (kind === 'pullAll') for (const each of peers) each.pull();
          else if (kind === 'flush') rib.recycle(rib.flush(3));
          else if (kind === 'policy') {
            rib.groups.change(new Map([[chosen.source.id, chosen.groupOptions(policies[value]!)]]));
          } else {
            rib.groups.leave(chosen.source.id);
            rib.retireSource(chosen.source);
            peers[peer] = join();
          }
        }
        settle(rib, peers, 3);
        const fresh = peers.map((peer) => expectedTable(rib, peer));
        expect(peers.map((peer) => peer.prefixes())).toEqual(fresh.map((table) => [...table.keys()].sort()));
        for (const [index, peer] of peers.entries()) expect(peer.table).toEqual(fresh[index]);
        expect([...rib.groups.all()].reduce((sum, group) => sum + group.lagging.size, 0)).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  /** What somebody with the same options hears who asks for the whole table again. */
  function expectedTable(rib: ReturnType<typeof makeRib>, peer: TestPeer) {
    const table = new Map(peer.table);
    peer.table.clear();
    rib.groups.resend(peer.source.id, undefined, undefined);
    settle(rib, [peer], 3);
    const fresh = new Map(peer.table);
    peer.table.clear();
    for (const [key, value] of table) peer.table.set(key, value);
    return fresh;
  }
});

import { type Attributes, COMMUNITY, type Prefix } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { ExternalPeer, type ExternalPeerOptions } from './external-peer.fixture.ts';
import { calico, cluster, Lab, MESH_OFF, node, POOLS, reflector, SECOND } from './simulation.fixture.ts';

const RR = '10.9.0.1';
const A: Prefix = '10.65.1.0/24';
const B: Prefix = '10.65.2.0/24';
const C: Prefix = '10.65.3.0/24';

interface Neighbour {
  /** What the reflector is told of it. */
  readonly peer?: object;
  /** How it is itself. */
  readonly self?: Partial<ExternalPeerOptions>;
}

const spec = (neighbours: readonly Neighbour[], more: object = {}) =>
  reflector('rr', {
    routerId: RR,
    asNumber: 64512,
    listenAddresses: [RR],
    peers: neighbours.map(({ peer }, i) => ({
      address: `10.9.0.${11 + i}`,
      name: `n${i}`,
      asNumber: 65001 + i,
      ...peer,
    })),
    ...more,
  });

/** External neighbours of AS 65001, 65002 ... */
function labOf(...neighbours: readonly Neighbour[]) {
  const lab = new Lab(spec(neighbours));
  const others = neighbours.map(
    ({ self }, i) =>
      new ExternalPeer(lab, `10.9.0.${11 + i}`, {
        towards: RR,
        localAs: 65001 + i,
        bgpIdentifier: 0x0a090010 + i,
        ...self,
      }),
  );
  lab.start();
  lab.run(5 * SECOND);
  return { lab, router: lab.router('rr'), others };
}

const marks = (peer: ExternalPeer) =>
  Object.fromEntries(peer.prefixes().map((prefix) => [prefix, peer.table.get(prefix)!.onlyToCustomer]));

describe('roles (RFC 9234)', () => {
  it('keep what comes from a provider or a lateral peer for customers, and mark it', () => {
    const { lab, others } = labOf(
      { peer: { role: 'customer' }, self: { role: 'provider' } },
      { peer: { role: 'peer' }, self: { role: 'peer' } },
      { peer: { role: 'provider' }, self: { role: 'customer' } },
      { peer: { role: 'provider' }, self: { role: 'customer' } },
      {},
    );
    const [provider, lateral, customer, second, plain] = others as ExternalPeer[];
    provider!.announce([A]);
    lateral!.announce([B]);
    customer!.announce([C]);
    lab.run(SECOND);
    expect(marks(second!)).toEqual({ [A]: 65001, [B]: 65002, [C]: 64512 });
    expect(marks(customer!)).toEqual({ [A]: 65001, [B]: 65002 });
    expect(marks(provider!)).toEqual({ [C]: undefined });
    expect(marks(lateral!)).toEqual({ [C]: 64512 });
    expect(marks(plain!)).toEqual({ [A]: 65001, [B]: 65002, [C]: undefined });
  });

  it('do not take a leak, and say why', () => {
    const { lab, router, others } = labOf({ peer: { role: 'provider' }, self: { role: 'customer' } }, {});
    others[0]!.announce([A], { onlyToCustomer: 65077 });
    others[0]!.announce([B]);
    lab.run(SECOND);
    const { received, accepted } = router.peer('n0').counters;
    expect([received, accepted, others[1]!.prefixes()]).toEqual([2, 1, [B]]);
  });

  it.each<[string, Neighbour, string]>([
    [
      'that do not go together',
      { peer: { role: 'provider' }, self: { role: 'provider' } },
      "sent OPEN Message Error/Role Mismatch (the peer's role is provider, with our role provider it has to be customer)",
    ],
    [
      'that are missing where they are required',
      { peer: { role: 'peer', requireRole: true } },
      'sent OPEN Message Error/Role Mismatch (the peer tells no role, with our role peer it has to be peer)',
    ],
    [
      'that the neighbour does not like',
      { peer: { role: 'peer' }, self: { role: 'customer', requireRole: true } },
      'Role Mismatch',
    ],
  ])('%s are no session', (_, neighbour, text) => {
    const { router } = labOf(neighbour);
    expect(router.peer('n0').lastError).toMatchObject({ text: expect.stringContaining(text), code: 2, subcode: 11 });
  });
});

describe('well-known communities', () => {
  it.each<[string, number, boolean[]]>([
    ['NO_ADVERTISE', COMMUNITY.NO_ADVERTISE, [false, false, false]],
    ['NO_EXPORT', COMMUNITY.NO_EXPORT, [false, false, true]],
    ['NO_EXPORT_SUBCONFED', COMMUNITY.NO_EXPORT_SUBCONFED, [false, false, true]],
    ['NO_PEER (RFC 3765)', COMMUNITY.NO_PEER, [true, false, true]],
    ['BLACKHOLE', COMMUNITY.BLACKHOLE, [true, true, true]],
  ])('%s', (_, community, told) => {
    const inside = { peer: { asNumber: 64512 }, self: { localAs: 64512 } };
    const { lab, others } = labOf({}, {}, { peer: { role: 'peer' } }, inside);
    others[0]!.announce([A], { communities: [community] });
    lab.run(SECOND);
    expect(others.slice(1).map((other) => other.table.has(A))).toEqual(told);
  });
});

describe('a graceful shutdown (RFC 8326)', () => {
  const GONE = { communities: [COMMUNITY.GRACEFUL_SHUTDOWN] };
  const inside = { peer: { asNumber: 64512 }, self: { localAs: 64512 } };

  it('of a neighbour moves traffic to whoever else there is, before the routes go', () => {
    const { lab, router, others } = labOf({}, {}, inside);
    const [leaving, other, client] = others as ExternalPeer[];
    leaving!.announce([A, B]);
    other!.announce([A], { asPath: [{ type: 'sequence', asns: [65002, 65077] }] });
    lab.run(SECOND);
    expect(client!.table.get(A)?.nextHop).toBe('10.9.0.11');
    leaving!.announce([A, B], GONE);
    lab.run(SECOND);
    expect(client!.table.get(A)?.nextHop).toBe('10.9.0.12');
    expect(client!.table.get(B)).toMatchObject({ nextHop: '10.9.0.11', localPref: 0, ...GONE });
    expect(router.page(A).map(({ protocol, localPref }) => [protocol, localPref])).toEqual([
      ['n1', 100],
      ['n0', 0],
    ]);
  });

  it('is the business of external neighbours: inside the AS LOCAL_PREF says it', () => {
    const { lab, others } = labOf(inside, inside);
    others[0]!.announce([A], { ...GONE, localPref: 70 });
    lab.run(SECOND);
    expect(others[1]!.table.get(A)).toMatchObject({ localPref: 70, ...GONE });
  });

  it('of our own is told to all on the sessions that there are, and taken back', () => {
    const { lab, others } = labOf({}, {}, inside);
    const [origin, other, client] = others as ExternalPeer[];
    origin!.announce([A]);
    lab.run(SECOND);
    const seen = () => [other!, client!].map(({ table }) => pick(table.get(A)!));
    const before = seen();
    lab.apply(spec([{}, {}, inside], { gracefulShutdown: true }));
    lab.run(SECOND);
    expect(seen()).toEqual([{ ...GONE }, { ...GONE, localPref: 0 }]);
    lab.apply(spec([{}, {}, inside]));
    lab.run(SECOND);
    expect([seen(), others.map(({ established }) => established)]).toEqual([before, [1, 1, 1]]);
  });

  const pick = ({ communities, localPref }: Attributes) => ({
    ...(communities && { communities }),
    ...(localPref !== undefined && { localPref }),
  });

  it('of a node is asked for by its label', () => {
    const TOR = '10.0.0.99';
    const lab = new Lab(cluster(2) + calico('BGPPeer', 'tor', { peerIP: TOR, asNumber: 65001, node: 'node-1' }));
    const tor = new ExternalPeer(lab, TOR, { towards: '10.0.0.1' });
    lab.start();
    lab.converge();
    lab.apply(node(1, ['ipv4'], { labels: { 'caracal.io/graceful-shutdown': 'true' } }));
    lab.run(SECOND);
    expect(tor.table.get('10.65.1.0/26')?.communities).toEqual([COMMUNITY.GRACEFUL_SHUTDOWN]);
    expect(lab.router('node-2').page('10.65.1.0/26')[0]).toMatchObject({
      localPref: 0,
      communities: ['graceful-shutdown'],
    });
    expect([tor.established, lab.router('node-2').factsOf('peerDown')]).toEqual([1, []]);
  });
});

describe('long messages (RFC 8654)', () => {
  it('are used both ways where both offer them, and carry what fits in no other', () => {
    const long = Array.from({ length: 2000 }, (_, i) => i + 1);
    const offers = { peer: { extendedMessages: true } };
    const { lab, router, others } = labOf(offers, offers, { self: { extendedMessage: false } });
    const [sender, receiver, short] = others as ExternalPeer[];
    expect(router.peers().map(({ negotiated }) => negotiated?.maxMessageLength)).toEqual([65535, 65535, 4096]);
    sender!.announce([A], { communities: long });
    sender!.announce([B]);
    lab.run(SECOND);
    expect(receiver!.table.get(A)?.communities).toEqual(long);
    expect(short!.prefixes()).toEqual([B]);
  });
});

describe('external peers without a filter', () => {
  it('are told nothing and not believed where filters are required (RFC 8212)', () => {
    const { lab, router, others } = labOf({}, { peer: { filters: ['all'] } });
    others[0]!.announce([A]);
    others[1]!.announce([B]);
    lab.run(SECOND);
    expect(others.map((other) => other.prefixes())).toEqual([[B], [A]]);
    const filter = calico('BGPFilter', 'all', { importV4: [{ action: 'Accept' }] });
    lab.apply(filter + spec([{}, { peer: { filters: ['all'] } }], { requireFilters: true }));
    lab.run(SECOND);
    expect(others.map((other) => other.prefixes())).toEqual([[], []]);
    expect(router.peers().map(({ counters }) => counters.accepted)).toEqual([0, 1]);
  });
});

describe('IPv6 next hops of IPv4 routes (RFC 8950)', () => {
  const [NODE, TOR] = ['fd00::1', 'fd00::99'];
  const peering = calico('BGPPeer', 'tor', { peerIP: TOR, asNumber: 65001, node: 'node-1' });

  it('are not sent to who did not ask for them', () => {
    const offer = { peer: { families: ['ipv4'], extendedNextHop: true }, self: { extendedNextHop: true } };
    const { lab, others } = labOf(offer, offer, {}, { peer: { asNumber: 64512 }, self: { localAs: 64512 } });
    const [sender, agrees, external, client] = others as ExternalPeer[];
    sender!.announce([A], { nextHop: 'fd00::77' });
    lab.run(SECOND);
    expect(agrees!.table.get(A)?.nextHop).toBe(RR);
    expect(external!.table.get(A)?.nextHop).toBe(RR);
    expect(client!.prefixes()).toEqual([]);
  });

  it('are not offered by Calico’s resources', () => {
    const lab = new Lab(POOLS + MESH_OFF + node(1, ['ipv4', 'ipv6']) + peering);
    const tor = new ExternalPeer(lab, TOR, { towards: NODE, families: ['ipv4', 'ipv6'], extendedNextHop: true });
    lab.start();
    lab.run(5 * SECOND);
    expect([tor.negotiated.extendedNextHop, tor.negotiated.families]).toEqual([false, ['ipv6']]);
  });
});

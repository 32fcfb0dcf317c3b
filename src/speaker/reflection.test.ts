import { describe, expect, it } from 'vitest';
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
  type Router,
  reflector,
  SECOND,
} from './simulation.fixture.ts';

const TO_REFLECTORS = calico('BGPPeer', 'to-reflectors', {
  nodeSelector: 'all()',
  peerSelector: "role == 'reflector'",
});

const reflectorNode = (n: number, clusterId: string) => node(n, ['ipv4'], { labels: { role: 'reflector' }, clusterId });

/** Nodes 1 to 4 are clients of the reflectors 5 and 6, and all have blocks. */
function reflected(clusterIds: readonly [string, string] = ['244.0.0.1', '244.0.0.1']): string {
  return (
    cluster(4) +
    MESH_OFF +
    TO_REFLECTORS +
    reflectorNode(5, clusterIds[0]) +
    reflectorNode(6, clusterIds[1]) +
    block(5) +
    block(6)
  );
}

/** The kernel of node n where all of six blocks are reachable through their nodes. */
function complete(n: number): Record<string, string> {
  return Object.fromEntries(
    [1, 2, 3, 4, 5, 6].map((m) => [blockOf(m), m === n ? 'blackhole' : `via 10.0.0.${m} dev eth0`]),
  );
}

const kernels = (lab: Lab) => lab.routers.map((router) => router.routes());
const ALL_COMPLETE = [1, 2, 3, 4, 5, 6].map(complete);
const sessions = (router: Router) => Object.keys(router.states());

describe('route reflectors', () => {
  it.each([
    ['of one cluster', ['244.0.0.1', '244.0.0.1']],
    ['of two clusters', ['244.0.0.1', '244.0.0.2']],
  ] as const)('%s give every client every route, and do not loop', (_, clusterIds) => {
    const lab = new Lab(reflected(clusterIds));
    lab.start();
    lab.converge();
    expect(sessions(lab.router('node-1'))).toEqual(['Node_10_0_0_5', 'Node_10_0_0_6']);
    expect(kernels(lab)).toEqual(ALL_COMPLETE);
    const octets = () => lab.routers.map((router) => router.peers().map(({ counters }) => counters.updatesOut));
    const before = octets();
    lab.run(MINUTE);
    expect(octets()).toEqual(before);
  });

  it('tell a client nothing of its own, and nothing that another reflector of the cluster has told it', () => {
    const lab = new Lab(reflected());
    lab.start();
    lab.converge();
    const { counters } = lab.router('node-1').peer('Node_10_0_0_5');
    expect(counters).toMatchObject({ received: 5, accepted: 5, advertised: 1 });
    const paths = lab.router('node-1').page(blockOf(2));
    expect(paths.map(({ protocol, best, nextHop }) => [protocol, best, nextHop])).toEqual([
      ['Node_10_0_0_5', true, '10.0.0.2'],
      ['Node_10_0_0_6', false, '10.0.0.2'],
    ]);
  });

  it('lose no route when one of them dies or comes back', () => {
    const lab = new Lab(reflected());
    lab.start();
    lab.converge();
    const clients = () => kernels(lab).slice(0, 4);
    lab.router('node-6').kill();
    for (let i = 0; i < 119; i++) {
      lab.run(SECOND);
      expect(clients()).toEqual(ALL_COMPLETE.slice(0, 4));
    }
    // Its restart time is over: its own block goes, and nothing else.
    lab.run(2 * SECOND);
    expect(clients()).toEqual(ALL_COMPLETE.slice(0, 4).map((routes) => without(routes, 6)));
    lab.start('node-6');
    lab.converge();
    expect(kernels(lab)).toEqual(ALL_COMPLETE);
  });

  it('withdraw the routes of a client that is gone for good', () => {
    const lab = new Lab(reflected());
    lab.start();
    lab.converge();
    lab.router('node-3').powerOff();
    // The hold time, and then the restart time: nobody can tell it from a node that comes back (RFC 8538 4).
    lab.run(5 * MINUTE);
    expect(lab.router('node-1').routes()[blockOf(3)]).toBeDefined();
    lab.run(2 * MINUTE);
    const left = lab.routers.filter(({ isRunning }) => isRunning);
    expect(left.map((router) => router.routes()[blockOf(3)])).toEqual(Array.from({ length: 5 }, () => undefined));
    lab.start('node-3');
    lab.converge(MINUTE);
    expect(kernels(lab)).toEqual(ALL_COMPLETE);
  });

  it('that a node becomes, and stops being, take over without a session reset where there is one', () => {
    const lab = new Lab(
      cluster(3) +
        MESH_OFF +
        calico('BGPPeer', 'star', { nodeSelector: '!has(hub)', peerSelector: 'has(hub)' }) +
        node(4, ['ipv4'], { labels: { hub: 'yes' } }) +
        block(4),
    );
    lab.start();
    lab.converge();
    // Without reflection the hub keeps to itself what the others tell it.
    expect(lab.router('node-1').routes()).toEqual({
      '10.65.1.0/26': 'blackhole',
      '10.65.4.0/26': 'via 10.0.0.4 dev eth0',
    });
    const since = lab.now + 1;
    lab.run(1);
    lab.apply(node(4, ['ipv4'], { labels: { hub: 'yes' }, clusterId: '244.0.0.9' }));
    lab.run(SECOND);
    expect(lab.router('node-1').routes()).toEqual(without(without(complete(1), 5), 6));
    lab.apply(node(4, ['ipv4'], { labels: { hub: 'yes' } }));
    lab.run(SECOND);
    expect(lab.router('node-1').routes()).toEqual({
      '10.65.1.0/26': 'blackhole',
      '10.65.4.0/26': 'via 10.0.0.4 dev eth0',
    });
    expect(lab.routers.flatMap((router) => router.factsOf('peerStateChanged', since))).toEqual([]);
  });
});

describe('a reflector outside the cluster', () => {
  const outside = (clients: readonly number[], families = ['ipv4', 'ipv6']) =>
    reflector('rr', {
      routerId: '10.0.0.100',
      asNumber: 64512,
      listenAddresses: ['10.0.0.100', 'fd00::100'],
      peers: clients.flatMap((n) => [
        { address: `10.0.0.${n}`, passive: true, families: families.slice(0, 1) },
        { address: `fd00::${n}`, passive: true, families: families.slice(1) },
      ]),
    });
  const towards =
    calico('BGPPeer', 'rr-v4', { peerIP: '10.0.0.100', asNumber: 64512 }) +
    calico('BGPPeer', 'rr-v6', { peerIP: 'fd00::100', asNumber: 64512 });

  it('passes on routes of both families and needs no kernel', () => {
    const lab = new Lab(cluster(3, ['ipv4', 'ipv6']) + MESH_OFF + towards + outside([1, 2, 3]));
    lab.start();
    lab.converge();
    expect(lab.router('node-2').routes()).toEqual({
      '10.65.1.0/26': 'via 10.0.0.1 dev eth0',
      '10.65.2.0/26': 'blackhole',
      '10.65.3.0/26': 'via 10.0.0.3 dev eth0',
      'fd00:65:0:1::/122': 'via fd00::1 dev eth0',
      'fd00:65:0:2::/122': 'blackhole',
      'fd00:65:0:3::/122': 'via fd00::3 dev eth0',
    });
    expect(lab.router('rr').routes()).toEqual({});
    expect(lab.router('rr').snapshot()).toMatchObject({
      clusterId: '10.0.0.100',
      // Three blocks, and the network that it is connected to.
      tables: { ipv4: { prefixes: 4, paths: 4, kernelRoutes: 0 }, ipv6: { prefixes: 4, paths: 4, kernelRoutes: 0 } },
    });
  });

  it('may be restarted while packets flow', () => {
    const lab = new Lab(cluster(3) + MESH_OFF + towards + outside([1, 2, 3]));
    lab.start();
    lab.run(10 * SECOND);
    const before = lab.routers.map((router) => router.routes());
    for (const { effects } of lab.routers) effects.length = 0;
    lab.router('rr').kill();
    lab.run(30 * SECOND);
    lab.start('rr');
    lab.run(MINUTE);
    expect(lab.routers.map((router) => router.routes())).toEqual(before);
    const touched = lab.routers.flatMap(({ effects }) => effects.filter(({ type }) => type === 'program'));
    expect(touched).toEqual([]);
    expect(lab.router('node-1').states()).toMatchObject({ Global_10_0_0_100: 'Established' });
  });
});

describe('one session for two families', () => {
  it('carries both, with the next hop of each', () => {
    const peers = (n: number) => [{ address: `10.0.0.${n}`, families: ['ipv4', 'ipv6'], passive: n > 101 }];
    const speakerAt = (n: number, other: number) =>
      reflector(`rr-${n}`, {
        routerId: `10.0.0.${n}`,
        asNumber: 64512,
        listenAddresses: [`10.0.0.${n}`, `fd00::${n}`],
        peers: [
          ...peers(other),
          { address: `fd00::${n - 100}`, passive: true },
          { address: `10.0.0.${n - 100}`, passive: true },
        ],
      });
    const to = (n: number) =>
      ['10.0.0.', 'fd00::']
        .map((net, i) =>
          calico('BGPPeer', `to-${n}-${i}`, { node: `node-${n - 100}`, peerIP: `${net}${n}`, asNumber: 64512 }),
        )
        .join('');
    const lab = new Lab(
      POOLS +
        MESH_OFF +
        [1, 2].map((n) => node(n, ['ipv4', 'ipv6']) + block(n) + block(n, 'ipv6') + to(n + 100)).join('') +
        speakerAt(101, 102) +
        speakerAt(102, 101),
    );
    lab.start();
    lab.converge();
    expect(lab.router('rr-101').peer('Static_10_0_0_102').negotiated?.families).toEqual(['ipv4', 'ipv6']);
    expect(lab.router('node-1').routes()).toEqual({
      '10.65.1.0/26': 'blackhole',
      '10.65.2.0/26': 'via 10.0.0.2 dev eth0',
      'fd00:65:0:1::/122': 'blackhole',
      'fd00:65:0:2::/122': 'via fd00::2 dev eth0',
    });
  });
});

function without(routes: Record<string, string>, n: number): Record<string, string> {
  return Object.fromEntries(Object.entries(routes).filter(([prefix]) => prefix !== blockOf(n)));
}

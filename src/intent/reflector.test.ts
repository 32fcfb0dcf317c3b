import { describe, expect, test } from 'vitest';
import type { Resource, ResourceKind, RouteReflector } from '../datastore/resources/types.ts';
import { ResourceStore } from '../datastore/store.ts';
import { evaluate, type Policy, type PolicyRoute } from '../policy/index.ts';
import { computeIntent } from './compute.ts';

const CLIENT = { address: '10.9.0.11', client: true, passive: false, families: ['ipv4'], addPath: false } as const;

const SECRET_REF = { name: 'bgp', key: 'rack' };

const ROUTE: PolicyRoute = {
  ...{ family: 'ipv4', word0: 0x0a420000, word1: 0, word2: 0, word3: 0, length: 26 },
  ...{ attributes: { origin: 0, asPath: [] }, protocol: 'x', from: undefined, peer: undefined },
  ...{ source: 'bgp', interface: '', gateway: undefined, metric: undefined, preference: 100 },
};

const REFLECTOR: RouteReflector = {
  kind: 'RouteReflector',
  metadata: { name: 'rr-1', labels: {}, annotations: {} },
  routerId: 0x0a090001,
  asNumber: 64512,
  listenPort: 1790,
  listenAddresses: ['fd09::1', '10.9.0.1'],
  peers: [
    { ...CLIENT, name: 'rack-2', address: '10.9.0.12', families: ['ipv4', 'ipv6'], addPath: true, holdTime: 30 },
    { ...CLIENT, passive: true, password: { name: 'bgp', key: 'rack' } },
    { ...CLIENT, address: 'fd09::13', asNumber: 65001, client: false, families: ['ipv6'], port: 1179 },
  ],
};

function compute(...resources: readonly Resource[]) {
  const store = new ResourceStore();
  store.apply(resources.map((resource) => ({ type: 'set', resource })));
  return computeIntent(store, { node: 'rr-1' });
}

const SECRET: Resource = {
  kind: 'Secret' satisfies ResourceKind,
  metadata: { name: 'bgp', namespace: 'kube-system', labels: {}, annotations: {} },
  data: { rack: 'secret' },
};

describe('a stand-alone reflector', () => {
  const intent = compute(REFLECTOR, SECRET);

  test('has its peers and nothing of a node', () => {
    const { peers, kernel: _kernel, ...rest } = intent;
    expect(rest).toEqual({
      node: 'rr-1',
      localAs: 64512,
      bgpIdentifier: 0x0a090001,
      clusterId: 0x0a090001,
      addresses: { ipv4: '10.9.0.1', ipv6: 'fd09::1' },
      listen: [
        { address: '10.9.0.1', port: 1790 },
        { address: 'fd09::1', port: 1790 },
      ],
      localRoutes: [],
      logLevel: 'info',
      problems: [],
    });
    const withoutPolicies = [...peers.values()].map(({ importPolicy: _i, exportPolicy: _e, ...peer }) => peer);
    const common = {
      kind: 'static',
      origin: ['RouteReflector rr-1'],
      localAs: 64512,
      restartTime: 120,
      allowedLocalAs: 0,
      nextHopMode: 'auto',
    };
    expect(withoutPolicies).toEqual([
      {
        ...common,
        name: 'Static_10_9_0_11',
        description: '10.9.0.11',
        families: ['ipv4'],
        address: '10.9.0.11',
        port: 179,
        remoteAs: 64512,
        localAddress: '10.9.0.1',
        passive: true,
        password: 'secret',
        holdTime: 240,
        routeReflectorClient: true,
        addPath: 'off',
      },
      {
        ...common,
        name: 'Static_fd09__13_port_1179',
        description: 'fd09::13',
        families: ['ipv6'],
        address: 'fd09::13',
        port: 1179,
        remoteAs: 65001,
        localAddress: 'fd09::1',
        passive: false,
        holdTime: 240,
        routeReflectorClient: false,
        addPath: 'off',
      },
      {
        ...common,
        name: 'rack-2',
        description: 'rack-2',
        families: ['ipv4', 'ipv6'],
        address: '10.9.0.12',
        port: 179,
        remoteAs: 64512,
        localAddress: '10.9.0.1',
        passive: false,
        holdTime: 30,
        routeReflectorClient: true,
        addPath: 'both',
      },
    ]);
  });

  test('passes on what comes by BGP, and programs nothing', () => {
    const { importPolicy, exportPolicy } = intent.peers.get('rack-2')!;
    const verdicts = [importPolicy, exportPolicy, intent.kernel.ipv4.policy].map(
      (policy) => evaluate(policy, ROUTE).accepted,
    );
    expect(verdicts).toEqual([true, true, false]);
    expect(evaluate(exportPolicy, { ...ROUTE, source: 'kernel' }).accepted).toBe(false);
  });

  test('may have a cluster id of its own, and listen everywhere', () => {
    const everywhere = compute({ ...REFLECTOR, clusterID: 7, listenAddresses: [], peers: [] });
    expect([everywhere.clusterId, everywhere.listen, everywhere.addresses]).toEqual([7, [{ port: 1790 }], {}]);
  });

  test('refuses a second peer of one name or address; a link-local one is another on each link', () => {
    const onLink = { ...CLIENT, address: 'fe80::1' };
    const links = [{ ...onLink, interface: 'eth0' }, { ...onLink, interface: 'eth1' }, { ...onLink, interface: 'eth0' }]; // biome-ignore format: one line
    const peers = [CLIENT, { ...CLIENT, port: 1790 }, ...links];
    const { problems, peers: kept } = compute({ ...REFLECTOR, peers });
    expect([...kept.keys()]).toEqual(['Static_10_9_0_11', 'Static_fe80__1_eth0', 'Static_fe80__1_eth1']);
    expect(kept.get('Static_fe80__1_eth1')).toMatchObject({ address: 'fe80::1', interface: 'eth1' });
    expect(kept.get('Static_fe80__1_eth1')).not.toHaveProperty('localAddress');
    expect(problems.map(({ path, text }) => `${path} ${text}`)).toEqual([
      'spec.peers[1] another peer has this name or address',
      'spec.peers[4] another peer has this name or address',
    ]);
  });

  test('gives a peer what its session is to have beside the usual', () => {
    const options = {
      limits: { import: { count: 10, action: 'block' } },
      role: 'provider',
      requireRole: true,
      extendedMessages: true,
      extendedNextHop: true,
    } as const;
    const longLived = { longLivedStaleTime: 43_200 };
    const external = { ...CLIENT, client: false, external: true, ...options, ...longLived } as const;
    const { peers } = compute({ ...REFLECTOR, gracefulShutdown: true, peers: [external] });
    expect(peers.get('Static_10_9_0_11')).toMatchObject({
      remoteAs: 0,
      anyExternalAs: true,
      routeReflectorClient: false,
      gracefulShutdown: true,
      longLivedGracefulRestart: { staleTime: 43_200 },
      ...options,
    });
  });

  test('has BFD watch over a session that asks for it', () => {
    const bfd = { multihop: true, intervalMilliseconds: 50, multiplier: 4 };
    const { peers } = compute({ ...REFLECTOR, peers: [{ ...CLIENT, name: 'a', bfd }] });
    expect(peers.get('a')!.bfd).toEqual({ multihop: true, minTransmit: 50, minReceive: 50, multiplier: 4 });
  });

  test('takes whoever connects from its ranges', () => {
    const session = { client: true, families: ['ipv4'], addPath: false } as const;
    const listenRanges = [
      {
        ...session,
        range: '10.8.0.0/16',
        name: 'racks',
        namePrefix: 'rack_',
        digits: 3,
        limit: 50,
        password: SECRET_REF,
      },
      { ...session, range: '10.7.0.0/16' },
      { ...session, range: '10.7.0.0/16', name: 'again' },
    ];
    const { peerRanges = [], problems } = compute({ ...REFLECTOR, peers: [], listenRanges }, SECRET);
    const common = { passive: true, remoteAs: 64512, routeReflectorClient: true, addPath: 'off' };
    expect(peerRanges).toEqual([
      {
        name: '10.7.0.0/16',
        range: '10.7.0.0/16',
        namePrefix: 'Static_10_7_0_0_16_',
        digits: 0,
        peer: expect.objectContaining({ ...common, description: 'from 10.7.0.0/16' }),
      },
      {
        name: 'racks',
        range: '10.8.0.0/16',
        namePrefix: 'rack_',
        digits: 3,
        limit: 50,
        peer: expect.objectContaining({ ...common, description: 'from racks', password: 'secret' }),
      },
    ]);
    expect(problems.map(({ path, text }) => `${path} ${text}`)).toEqual([
      'spec.listenRanges[2] another range has this name or prefix',
    ]);
  });

  test('asks the BGPFilters that a peer names, and may keep external peers without any out (RFC 8212)', () => {
    const filter: Resource = {
      kind: 'BGPFilter',
      metadata: { name: 'small', labels: {}, annotations: {} },
      importV4: [{ action: 'Reject', matchOperator: 'In', cidr: '10.66.0.0/16' }],
      exportV4: [{ action: 'Accept', matchOperator: 'In', cidr: '10.66.0.0/24' }, { action: 'Reject' }],
      importV6: [],
      exportV6: [],
    };
    const external = { ...CLIENT, client: false, asNumber: 65001 } as const;
    const peers = [
      { ...external, name: 'filtered', filters: ['small', 'missing'] },
      { ...external, name: 'open', address: '10.9.0.12' },
      { ...CLIENT, name: 'inside', address: '10.9.0.13' },
    ];
    const verdictsOf = (requireFilters: Partial<RouteReflector>) => {
      const { peers: made, problems } = compute({ ...REFLECTOR, ...requireFilters, peers }, filter);
      const verdicts = [...made.values()].map(({ name, importPolicy, exportPolicy }) => {
        const routes = [ROUTE, { ...ROUTE, word0: 0x0a420100 }, { ...ROUTE, word0: 0x0b000000 }];
        const told = [...routes, { ...ROUTE, source: 'kernel' as const }];
        const marks = (policy: Policy, asked: readonly PolicyRoute[]) =>
          asked.map((each) => (evaluate(policy, each).accepted ? '+' : '-')).join('');
        return `${name} in ${marks(importPolicy, routes)} out ${marks(exportPolicy, told)}`;
      });
      return { verdicts, said: problems.map(({ path, text }) => `${path} ${text}`) };
    };
    const missing = 'spec.peers[0].filters[1] there is no BGPFilter missing; it is skipped';
    expect(verdictsOf({})).toEqual({
      verdicts: ['filtered in --+ out +---', 'inside in +++ out +++-', 'open in +++ out +++-'],
      said: [missing],
    });
    expect(verdictsOf({ requireFilters: true })).toEqual({
      verdicts: ['filtered in --+ out +---', 'inside in +++ out +++-', 'open in --- out ----'],
      said: [
        missing,
        'spec.peers[1] an external peer without filters is told nothing and not believed (requireFilters, RFC 8212); give it filters',
      ],
    });
  });

  test('gives way to a Node of its name', () => {
    const node: Resource = {
      kind: 'Node',
      metadata: { name: 'rr-1', labels: {}, annotations: {} },
      podCIDRs: [],
      bgp: { ipv4: { address: '10.9.0.1', network: '10.9.0.0/24' } },
    };
    const { peers, problems } = compute(REFLECTOR, node);
    expect(peers.size).toBe(0);
    expect(problems.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'RouteReflector is not used: the cluster has a Node of this name',
    ]);
  });
});

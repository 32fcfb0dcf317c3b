import { describe, expect, test } from 'vitest';
import type { Resource, ResourceKind, RouteReflector } from '../datastore/resources/types.ts';
import { ResourceStore } from '../datastore/store.ts';
import { evaluate, type PolicyRoute } from '../policy/index.ts';
import { computeIntent } from './compute.ts';

const CLIENT = { address: '10.9.0.11', client: true, passive: false, families: ['ipv4'], addPath: false } as const;

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
    const route: PolicyRoute = {
      ...{ family: 'ipv4', word0: 0x0a420000, word1: 0, word2: 0, word3: 0, length: 26 },
      ...{ attributes: { origin: 0, asPath: [] }, protocol: 'x', from: undefined, peer: undefined },
      ...{ source: 'bgp', interface: '', gateway: undefined, metric: undefined, preference: 100 },
    };
    const { importPolicy, exportPolicy } = intent.peers.get('rack-2')!;
    const verdicts = [importPolicy, exportPolicy, intent.kernel.ipv4.policy].map(
      (policy) => evaluate(policy, route).accepted,
    );
    expect(verdicts).toEqual([true, true, false]);
    expect(evaluate(exportPolicy, { ...route, source: 'kernel' }).accepted).toBe(false);
  });

  test('may have a cluster id of its own, and listen everywhere', () => {
    const everywhere = compute({ ...REFLECTOR, clusterID: 7, listenAddresses: [], peers: [] });
    expect([everywhere.clusterId, everywhere.listen, everywhere.addresses]).toEqual([7, [{ port: 1790 }], {}]);
  });

  test('refuses a second peer of one name or address, and link-local ones', () => {
    const peers = [CLIENT, { ...CLIENT, port: 1790 }, { ...CLIENT, address: 'fe80::1' }];
    const { problems, peers: kept } = compute({ ...REFLECTOR, peers });
    expect([...kept.keys()]).toEqual(['Static_10_9_0_11']);
    expect(problems.map(({ path, text }) => `${path} ${text}`)).toEqual([
      'spec.peers[1] another peer has this name or address',
      'spec.peers[2].address a link-local address cannot be reached without an interface',
    ]);
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

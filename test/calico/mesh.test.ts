// The node-to-node mesh and what every node exports and programs without any explicit peer. Numbers in titles are those of
// the conformance rows: Calico's own cases, told with our own cluster.

import { describe, expect, test } from 'vitest';
import {
  block,
  configuration,
  exported,
  imported,
  intentOf,
  namesOf,
  node,
  OWN,
  peerOf,
  pool,
  programmed,
  resource,
  routerIdOf,
  routesOf,
  secret,
  sessionOf,
  THREE_NODES,
} from './support.ts';

const MESH_NAMES = ['Mesh_10_65_0_3', 'Mesh_10_65_0_4', 'Mesh_fd65__3', 'Mesh_fd65__4'];
const NORMAL = 2147482623;

describe('sessions', () => {
  test('three nodes without any configuration form a full mesh in both families, and one end dials', () => {
    const intent = intentOf(THREE_NODES);
    expect(namesOf(intent)).toEqual(MESH_NAMES);
    expect(sessionOf(intent, 'Mesh_10_65_0_3')).toEqual({
      name: 'Mesh_10_65_0_3',
      kind: 'mesh',
      families: ['ipv4'],
      address: '10.65.0.3',
      port: 179,
      remoteAs: 64512,
      localAs: 64512,
      localAddress: '10.65.0.2',
      passive: true,
      holdTime: 240,
      restartTime: 120,
      allowedLocalAs: 0,
      nextHopMode: 'auto',
      routeReflectorClient: false,
      addPath: 'both',
    });
    expect(intent.listen).toEqual([{ port: 179 }]);
    expect(intent.problems).toEqual([]);
  });

  test('peers share one policy value per family and direction', () => {
    const intent = intentOf(THREE_NODES);
    expect(peerOf(intent, 'Mesh_10_65_0_3').exportPolicy).toBe(peerOf(intent, 'Mesh_10_65_0_4').exportPolicy);
    expect(peerOf(intent, 'Mesh_fd65__3').importPolicy).toBe(peerOf(intent, 'Mesh_fd65__4').importPolicy);
  });

  test('the passive side is chosen by text: 10.65.0.10 is below 10.65.0.9', () => {
    const others = node('beta', { ipv4: '10.65.0.9/24' }) + node('gamma', { ipv4: '10.65.0.10/24' });
    const intent = intentOf(node(OWN, { ipv4: '10.65.0.2/24' }) + others);
    expect([...intent.peers.values()].map(({ name, passive }) => [name, passive])).toEqual([
      ['Mesh_10_65_0_10', false],
      ['Mesh_10_65_0_9', true],
    ]);
  });

  test('row 7: nodes are dialled at the configured port, which is no part of the name', () => {
    const intent = intentOf(configuration({ listenPort: 177 }) + THREE_NODES);
    expect(namesOf(intent)).toEqual(MESH_NAMES);
    expect([...intent.peers.values()].map(({ port }) => port)).toEqual([177, 177, 177, 177]);
    expect(intent.listen).toEqual([{ port: 177 }]);
  });

  test('row 8: a port of the own node changes where it listens, not where it dials', () => {
    const own = configuration({ listenPort: 180 }, `node.${OWN}`);
    const intent = intentOf(configuration({ listenPort: 177 }) + own + THREE_NODES);
    expect(intent.listen).toEqual([{ port: 180 }]);
    expect(peerOf(intent, 'Mesh_10_65_0_3').port).toBe(177);
  });

  test('rows 9 and 10: the restart time of the mesh stands on all four sessions, whoever programs cluster routes', () => {
    for (const programClusterRoutes of [undefined, 'EnabledNoEncapOnly']) {
      const intent = intentOf(configuration({ nodeMeshMaxRestartTime: '10s', programClusterRoutes }) + THREE_NODES);
      expect([...intent.peers.values()].map(({ restartTime }) => restartTime)).toEqual([10, 10, 10, 10]);
    }
  });

  test('row 9: IPv6 sessions choose the passive side by their own addresses', () => {
    const intent = intentOf(
      node(OWN, { ipv4: '10.65.0.2/24', ipv6: 'fd65::103/64' }) +
        node('beta', { ipv4: '10.65.0.3/24', ipv6: 'fd65::102/64' }) +
        node('gamma', { ipv4: '10.65.0.4/24', ipv6: 'fd65::104/64' }),
    );
    expect(peerOf(intent, 'Mesh_fd65__102').passive).toBe(false);
    expect(peerOf(intent, 'Mesh_fd65__104').passive).toBe(true);
  });

  test('row 14: a reflector is not in the mesh; the BGPPeer that links it gives plain iBGP sessions by reverse peering', () => {
    const intent = intentOf(
      node('alpha', { ipv4: '10.65.0.2/24', ipv6: 'fd65::2/64' }) +
        node('beta', { ipv4: '10.65.0.3/24', ipv6: 'fd65::3/64' }) +
        node('gamma', { ipv4: '10.65.0.4/24', ipv6: 'fd65::6/64', clusterId: '10.0.0.1', labels: { rr: 'yes' } }) +
        resource('BGPPeer', 'reflectors', { nodeSelector: 'has(rr)', peerSelector: '!has(rr)' }) +
        resource('BGPPeer', 'tor', { nodeSelector: 'has(rr)', peerIP: '172.19.4.87', asNumber: 64533 }),
    );
    expect(namesOf(intent)).toEqual(['Mesh_10_65_0_3', 'Mesh_fd65__3', 'Node_10_65_0_4', 'Node_fd65__6']);
    const { routeReflectorClient, passive, remoteAs } = peerOf(intent, 'Node_10_65_0_4');
    expect({ routeReflectorClient, passive, remoteAs }).toEqual({
      routeReflectorClient: false,
      passive: false,
      remoteAs: 64512,
    });
  });

  test('a reflector has no mesh sessions at all', () => {
    const intent = intentOf(
      node('alpha', { ipv4: '10.65.0.2/24', clusterId: '10.0.0.1' }) + node('beta', { ipv4: '10.65.0.3/24' }),
    );
    expect(namesOf(intent)).toEqual([]);
    expect(intent.listen).toEqual([]);
  });

  test('row 20: the mesh password appears, changes and goes with its Secret; while it cannot be read there is none', () => {
    const mesh = configuration({ nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } } }) + THREE_NODES;
    const passwordsOf = (...more: string[]) => {
      const intent = intentOf([mesh, ...more]);
      return {
        passwords: [...new Set([...intent.peers.values()].map((peer) => peer.password))],
        problems: intent.problems,
      };
    };
    const subject = { kind: 'BGPConfiguration', name: 'default', path: 'spec.nodeMeshPassword' };
    const none = 'the session is set up without a password';
    const missing = { ...subject, text: `there is no Secret bgp in namespace kube-system; ${none}` };
    const noKey = { ...subject, text: `Secret kube-system/bgp has no key mesh; ${none}` };
    expect(passwordsOf()).toEqual({ passwords: [undefined], problems: [missing] });
    expect(passwordsOf(secret('bgp', { mesh: 'one' }))).toEqual({ passwords: ['one'], problems: [] });
    expect(passwordsOf(secret('bgp', { mesh: 'two"2' }))).toEqual({ passwords: ['two"2'], problems: [] });
    expect(passwordsOf(secret('bgp', { other: 'x' }))).toEqual({ passwords: [undefined], problems: [noKey] });
  });

  test('nodes without an AS of their own have the cluster’s, also as seen by a node that has one', () => {
    const intent = intentOf(
      configuration({ asNumber: 65100 }) +
        node(OWN, { ipv4: '10.65.0.2/24', as: 65001 }) +
        node('beta', { ipv4: '10.65.0.3/24' }) +
        node('gamma', { ipv4: '10.65.0.4/24', as: 65003 }),
    );
    expect([...intent.peers.values()].map(({ remoteAs, localAs }) => [remoteAs, localAs])).toEqual([
      [65100, 65001],
      [65003, 65001],
    ]);
  });
});

describe('router id and addresses', () => {
  test('the router id is the IPv4 address in both families, or what the operator says', () => {
    expect(routerIdOf(intentOf(THREE_NODES))).toBe('10.65.0.2');
    expect(routerIdOf(intentOf(THREE_NODES, { routerId: '192.0.2.77' }))).toBe('192.0.2.77');
  });

  test('row 6: the hash of the name', () => {
    expect(
      routerIdOf(intentOf(THREE_NODES.replaceAll('alpha', 'kube-master'), { node: 'kube-master', routerId: 'hash' })),
    ).toBe('25.79.212.8');
  });

  test('a node with IPv6 only gets the hash, and says so', () => {
    const intent = intentOf(node('kube-master', { ipv6: 'fd65::2/64' }) + node('beta', { ipv6: 'fd65::3/64' }), {
      node: 'kube-master',
    });
    expect(routerIdOf(intent)).toBe('25.79.212.8');
    expect(namesOf(intent)).toEqual(['Mesh_fd65__3']);
    expect(intent.problems).toEqual([
      {
        kind: 'Node',
        name: 'kube-master',
        path: 'spec.bgp',
        text: 'the node has no IPv4 address; the router id is the hash of its name, 25.79.212.8',
        severity: 'warning',
      },
    ]);
  });

  test('bindMode NodeIP listens on the addresses of the families that have sessions', () => {
    const intent = intentOf(configuration({ bindMode: 'NodeIP', listenPort: 1790 }) + THREE_NODES);
    expect(intent.listen).toEqual([
      { address: '10.65.0.2', port: 1790 },
      { address: 'fd65::2', port: 1790 },
    ]);
  });

  test('without its own Node nothing is done, and the Intent is marked', () => {
    const intent = intentOf(THREE_NODES, { node: 'delta' });
    expect(intent.nodeMissing).toBe(true);
    expect([namesOf(intent), intent.localRoutes, intent.listen]).toEqual([[], [], []]);
    expect(intent.problems).toEqual([
      { kind: 'Node', name: 'delta', path: '', text: 'does not exist (yet); nothing is done until it does' },
    ]);
  });

  test('log levels: debug and info as they are, anything else is none', () => {
    const levels = ['Debug', 'Info', 'Warning', 'Fatal'].map(
      (logSeverityScreen) => intentOf(configuration({ logSeverityScreen }) + THREE_NODES).logLevel,
    );
    expect([intentOf(THREE_NODES).logLevel, ...levels]).toEqual(['info', 'debug', 'info', 'none', 'none']);
  });
});

describe('pools on export and in the kernel', () => {
  const normal = { localPref: NORMAL, asPath: [], communities: [], preference: 200 };
  const metric = { metric: 1024, tunnel: undefined };

  test('row 1: a pool without BGP export is kept back in both families and programmed like any other', () => {
    const intent = intentOf([
      THREE_NODES,
      pool('one', '10.66.0.0/16') +
        pool('two', '10.67.0.0/24', { disableBGPExport: true }) +
        pool('three', '10.68.0.0/16'),
      pool('six', 'fd66::/64') + pool('seven', 'fd67::/64', { disableBGPExport: true }),
    ]);
    const verdicts = ['10.66.1.0/26', '10.67.0.64/26', '10.68.1.0/26'].map((prefix) =>
      exported(intent, 'Mesh_10_65_0_3', { prefix }),
    );
    expect(verdicts).toEqual([normal, 'rejected', normal]);
    expect(exported(intent, 'Mesh_fd65__3', { prefix: 'fd66::/122' })).toEqual(normal);
    expect(exported(intent, 'Mesh_fd65__3', { prefix: 'fd67::/122' })).toBe('rejected');
    for (const prefix of ['10.66.1.0/26', '10.67.0.64/26', '10.68.1.0/26', 'fd66::/122', 'fd67::/122']) {
      expect(programmed(intent, { prefix })).toEqual(metric);
    }
  });

  test.each([
    ['row 2', 'Always'],
    ['row 3', 'CrossSubnet'],
  ])('%s: routes of an IPIP pool (%s) are Felix’s in the kernel and exported all the same', (_row, ipipMode) => {
    const intent = intentOf(THREE_NODES + pool('one', '10.66.0.0/16', { ipipMode }));
    expect(programmed(intent, { prefix: '10.66.1.0/26' })).toBe('rejected');
    expect(exported(intent, 'Mesh_10_65_0_3', { prefix: '10.66.1.0/26' })).toEqual(normal);
    const viaTunnel = { prefix: '10.66.1.0/26', source: 'kernel', metric: 1024, interface: 'tunl0' } as const;
    expect(exported(intent, 'Mesh_10_65_0_3', viaTunnel)).toBe('rejected');
  });

  test('row 4: pools without encapsulation are programmed', () => {
    const intent = intentOf(
      THREE_NODES + pool('one', '10.66.0.0/16', { ipipMode: 'Never' }) + pool('six', 'fd66::/64'),
    );
    expect(programmed(intent, { prefix: '10.66.1.0/26' })).toEqual(metric);
    expect(programmed(intent, { prefix: 'fd66::/122' })).toEqual(metric);
  });

  test('row 5: routes of VXLAN pools are Felix’s in both families', () => {
    const pools =
      pool('one', '10.66.0.0/16', { vxlanMode: 'Always' }) + pool('six', 'fd66::/64', { vxlanMode: 'Always' });
    const intent = intentOf(THREE_NODES + pools);
    expect([programmed(intent, { prefix: '10.66.1.0/26' }), programmed(intent, { prefix: 'fd66::/122' })]).toEqual([
      'rejected',
      'rejected',
    ]);
    expect(exported(intent, 'Mesh_10_65_0_3', { prefix: '10.66.1.0/26' })).toEqual(normal);
    expect(exported(intent, 'Mesh_fd65__3', { prefix: 'fd66::/122' })).toEqual(normal);
  });

  test.each([
    ['row 11', 'Disabled', 'rejected', 'rejected'],
    ['row 12', 'Enabled', metric, normal],
    ['row 13', 'EnabledIPIPOnly', 'rejected', normal],
  ])('%s: programClusterRoutes %s', (_row, programClusterRoutes, kernel, viaTunnel) => {
    const intent = intentOf(
      configuration({ programClusterRoutes, nodeMeshMaxRestartTime: '10s' }) +
        THREE_NODES +
        pool('one', '10.66.0.0/16') +
        pool('six', 'fd66::/64'),
    );
    expect(programmed(intent, { prefix: '10.66.1.0/26' })).toEqual(kernel);
    expect(programmed(intent, { prefix: 'fd66::/122' })).toEqual(kernel);
    const sample = { prefix: '10.66.1.0/26', source: 'kernel', metric: 1024, interface: 'tunl0' } as const;
    const outcome = exported(intent, 'Mesh_10_65_0_3', sample);
    expect(outcome).toEqual(viaTunnel === 'rejected' ? viaTunnel : { ...normal, preference: 10 });
  });

  test('of two pools with one prefix the lowest name counts', () => {
    const intent = intentOf(
      THREE_NODES + pool('b', '10.66.0.0/16') + pool('a', '10.66.0.0/16', { vxlanMode: 'Always' }),
    );
    expect(programmed(intent, { prefix: '10.66.1.0/26' })).toBe('rejected');
  });
});

describe('communities', () => {
  const definitions = {
    communities: [
      { name: 'lab', value: '100:555:107' },
      { name: 'rack', value: '100:6532' },
    ],
    prefixAdvertisements: [
      { cidr: '10.66.0.0/16', communities: ['lab', 'rack', '5663:12', 'rack'] },
      { cidr: 'fd66::/64', communities: ['lab', '100:555:107'] },
    ],
  };
  const pools = pool('one', '10.66.0.0/16') + pool('six', 'fd66::/64');
  const communitiesOf = (intent: ReturnType<typeof intentOf>, peer: string, prefix: string) => {
    const outcome = exported(intent, peer, { prefix });
    return outcome === 'rejected' ? outcome : outcome.communities;
  };

  test('row 7: named and literal ones by prefix, each once', () => {
    const intent = intentOf(configuration({ listenPort: 177, ...definitions }) + THREE_NODES + pools);
    expect(communitiesOf(intent, 'Mesh_10_65_0_3', '10.66.1.0/26')).toEqual(['100:6532', '5663:12', '100:555:107']);
    expect(communitiesOf(intent, 'Mesh_fd65__3', 'fd66::/122')).toEqual(['100:555:107']);
  });

  test('row 8: a list of the node takes the place of the global one, in both families', () => {
    const own = configuration(
      { prefixAdvertisements: [{ cidr: '10.66.0.0/16', communities: ['50:50:5364', '5663:12'] }] },
      `node.${OWN}`,
    );
    const intent = intentOf(configuration(definitions) + own + THREE_NODES + pools);
    expect(communitiesOf(intent, 'Mesh_10_65_0_3', '10.66.1.0/26')).toEqual(['5663:12', '50:50:5364']);
    expect(communitiesOf(intent, 'Mesh_fd65__3', 'fd66::/122')).toEqual([]);
  });

  test('communities of a less specific and of a more specific prefix add up', () => {
    const prefixAdvertisements = [
      { cidr: '10.66.0.0/16', communities: ['1:1'] },
      { cidr: '10.66.1.0/24', communities: ['2:2'] },
    ];
    const intent = intentOf(configuration({ prefixAdvertisements }) + THREE_NODES + pools);
    expect(communitiesOf(intent, 'Mesh_10_65_0_3', '10.66.1.0/26')).toEqual(['1:1', '2:2']);
    expect(communitiesOf(intent, 'Mesh_10_65_0_3', '10.66.2.0/26')).toEqual(['1:1']);
  });
});

describe('own blocks', () => {
  const BLOCKS =
    block('10.66.0.0/30', '') +
    block('10.66.1.0/24', '') +
    block('10.66.2.1/32', '') +
    block('10.66.221.192/26', '') +
    block('10.66.221.64/26') +
    block('10.66.221.0/26', 'pending') +
    block('10.66.99.0/26', 'confirmed', 'beta');
  const intent = intentOf(THREE_NODES + BLOCKS);
  const toBeta = (sample: Parameters<typeof exported>[2], from = intent) => {
    const outcome = exported(from, 'Mesh_10_65_0_3', sample);
    return outcome === 'rejected' ? outcome : outcome.localPref;
  };

  test('every case: four are blackholes, five stand for their contents, the pending one and others’ do not count', () => {
    expect(routesOf(intent)).toEqual([
      '10.66.0.0/30 blackhole',
      '10.66.1.0/24 blackhole',
      '10.66.221.192/26 blackhole',
      '10.66.221.64/26 blackhole',
    ]);
    const blocks = ['10.66.0.0/30', '10.66.1.0/24', '10.66.2.1/32', '10.66.221.192/26', '10.66.221.64/26'];
    expect(blocks.map((prefix) => toBeta({ prefix }))).toEqual(blocks.map(() => NORMAL));
    expect(toBeta({ prefix: '10.66.221.0/26' })).toBe('rejected');
    expect(toBeta({ prefix: '10.66.99.0/26' })).toBe('rejected');
  });

  test('a workload route is told only where it is better than normal', () => {
    const workload = { prefix: '10.66.1.5/32', source: 'kernel', interface: 'cali1' } as const;
    expect(toBeta({ ...workload, metric: 1024 })).toBe('rejected');
    expect(toBeta({ ...workload, metric: 512 })).toBe(2147483135);
    expect(toBeta({ ...workload, metric: 0 })).toBe(2147483647);
  });

  test('a block that is being given up is a blackhole still, and no more than a route in its pool', () => {
    const leaving = intentOf(THREE_NODES + pool('one', '10.66.0.0/16') + block('10.66.1.0/24', 'pendingDeletion'));
    expect(routesOf(leaving)).toEqual(['10.66.1.0/24 blackhole']);
    expect(toBeta({ prefix: '10.66.1.0/24' }, leaving)).toBe(NORMAL);
    expect(toBeta({ prefix: '10.66.1.5/32', source: 'kernel', metric: 1024 }, leaving)).toBe(NORMAL);
  });

  test('an address borrowed from another node’s block is told by itself', () => {
    const borrowing = intentOf(THREE_NODES + pool('one', '10.66.0.0/16') + BLOCKS);
    expect(toBeta({ prefix: '10.66.99.9/32', source: 'kernel', metric: 1024 }, borrowing)).toBe(NORMAL);
  });

  test('routes of other peers keep their LOCAL_PREF, and are told inside pools only', () => {
    const withPool = intentOf(THREE_NODES + pool('one', '10.66.0.0/16'));
    expect(toBeta({ prefix: '10.66.77.0/24', source: 'bgp', localPref: 100 }, withPool)).toBe(100);
    expect(toBeta({ prefix: '203.0.113.0/24', source: 'bgp', localPref: 100 }, withPool)).toBe('rejected');
  });

  test('pod CIDRs take the place of block affinities where the node says so', () => {
    const yaml = `---
apiVersion: v1
kind: Node
metadata:
  name: ${OWN}
  annotations:
    projectcalico.org/IPv4Address: 10.65.0.2/24
spec:
  podCIDRs: [10.66.7.0/24, 'fd66:7::/80']
`;
    const podCidrs = intentOf(yaml + BLOCKS, { usePodCidr: true });
    expect(routesOf(podCidrs)).toEqual(['10.66.7.0/24 blackhole', 'fd66:7::/80 blackhole']);
  });
});

describe('import and kernel metrics', () => {
  const intent = intentOf(THREE_NODES + pool('one', '10.66.0.0/16'));

  test('everything is accepted; routes better than normal get preference 200', () => {
    const preferenceOf = (localPref: number) => {
      const outcome = imported(intent, 'Mesh_10_65_0_3', { prefix: '10.66.3.0/26', localPref });
      return outcome === 'rejected' ? outcome : outcome.preference;
    };
    expect([100, NORMAL, NORMAL + 1, 2147483135].map(preferenceOf)).toEqual([100, 100, 200, 200]);
  });

  test('the kernel metric is what LOCAL_PREF says', () => {
    const metricOf = (localPref: number) => programmed(intent, { prefix: '10.66.3.0/26', localPref });
    expect([100, NORMAL, 2147483135, 2147483647].map(metricOf)).toEqual(
      [2147483547, 1024, 512, 0].map((metric) => ({ metric, tunnel: undefined })),
    );
  });

  test('own blocks are programmed without a metric', () => {
    expect(programmed(intent, { prefix: '10.66.1.0/24', source: 'static' })).toEqual({
      metric: undefined,
      tunnel: undefined,
    });
  });

  test('routes to nodes that speak WireGuard are Felix’s', () => {
    const wireguard = (name: string, ipv4: string, interfaceIPv4Address?: string) =>
      resource('Node', name, { bgp: { ipv4Address: ipv4 }, wireguard: { interfaceIPv4Address } });
    const nodes = [
      wireguard(OWN, '10.65.0.2/24', '10.66.200.2'),
      wireguard('beta', '10.65.0.3/24', '10.66.200.3'),
      wireguard('gamma', '10.65.0.4/24'),
    ];
    const verdictsOf = (from: ReturnType<typeof intentOf>) =>
      ['10.65.0.3', '10.65.0.4'].map((nextHop) => programmed(from, { prefix: '10.66.3.0/26', nextHop }) === 'rejected');
    expect(verdictsOf(intentOf(nodes))).toEqual([true, false]);
    expect(verdictsOf(intentOf([wireguard(OWN, '10.65.0.2/24'), ...nodes.slice(1)]))).toEqual([false, false]);
  });
});

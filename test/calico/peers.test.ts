// Which sessions BGPPeers make: scope, ports, selectors, reverse peering, precedence, passwords, local workloads.

import { describe, expect, test } from 'vitest';
import type { WorkloadPeer } from '../../src/datastore/resources/types.ts';
import {
  configuration,
  exported,
  imported,
  intentOf,
  NO_MESH,
  namesOf,
  node,
  OWN,
  peerOf,
  pool,
  resource,
  secret,
  sessionOf,
  THREE_NODES,
} from './support.ts';

const peer = (name: string, spec: object) => resource('BGPPeer', name, spec);
/** The fields that the cases differ in. */
const summaryOf = (intent: ReturnType<typeof intentOf>) =>
  [...intent.peers.values()].map(
    ({ name, port, remoteAs, localAs, localAddress, passive }) =>
      `${name} port ${port} as ${remoteAs} local ${localAs}${localAddress ? '' : ' no source'}${passive ? ' passive' : ''}`,
  );

describe('peers by address', () => {
  const GLOBAL = configuration({
    nodeToNodeMeshEnabled: false,
    asNumber: 64567,
    listenPort: 150,
    bindMode: 'NodeIP',
    logSeverityScreen: 'Debug',
  });
  const V4_NODES =
    node(OWN, { ipv4: '10.65.0.2/24' }) +
    node('beta', { ipv4: '10.65.0.3/24' }) +
    node('gamma', { ipv4: '10.65.0.1/24' });

  test('row 21: global peers, the port of Calico nodes, two ports of one address, no source address', () => {
    const intent = intentOf([
      GLOBAL,
      V4_NODES,
      peer('a', { peerIP: '10.65.0.1', asNumber: 64567, reversePeering: 'Manual' }),
      peer('b', { peerIP: '10.65.0.1:166', asNumber: 64567, reversePeering: 'Manual' }),
      peer('c', { peerIP: '10.65.0.3', asNumber: 64567, sourceAddress: 'None', reversePeering: 'Manual' }),
    ]);
    expect(summaryOf(intent)).toEqual([
      'Global_10_65_0_1_port_150 port 150 as 64567 local 64567',
      'Global_10_65_0_1_port_166 port 166 as 64567 local 64567',
      'Global_10_65_0_3_port_150 port 150 as 64567 local 64567 no source passive',
    ]);
    expect(intent.listen).toEqual([{ address: '10.65.0.2', port: 150 }]);
    expect(intent.logLevel).toBe('debug');
  });

  test('row 22: a peer that is no node has port 179, and its name says nothing of it', () => {
    const intent = intentOf([
      GLOBAL,
      node(OWN, { ipv4: '10.65.0.2/24' }) + node('beta', { ipv4: '10.65.0.3/24' }),
      peer('a', { peerIP: '10.65.0.4', asNumber: 64567 }),
      peer('b', { peerIP: '10.65.0.4:166', asNumber: 64567 }),
      peer('c', { peerIP: '10.65.0.3', asNumber: 64567 }),
    ]);
    expect(summaryOf(intent)).toEqual([
      'Global_10_65_0_3_port_150 port 150 as 64567 local 64567 passive',
      'Global_10_65_0_4 port 179 as 64567 local 64567',
      'Global_10_65_0_4_port_166 port 166 as 64567 local 64567',
    ]);
  });

  test('row 23: the same in IPv6', () => {
    const intent = intentOf([
      NO_MESH,
      node(OWN, { ipv4: '10.65.0.2/24', ipv6: 'fd65::103/64' }) +
        node('beta', { ipv6: 'fd65::102/64' }) +
        node('gamma', { ipv6: 'fd65::104/64' }),
      peer('a', { peerIP: 'fd65::102', asNumber: 64512, sourceAddress: 'None' }),
      peer('b', { peerIP: 'FD65:0::104', asNumber: 64512 }),
    ]);
    expect(summaryOf(intent)).toEqual([
      'Global_fd65__102 port 179 as 64512 local 64512 no source',
      'Global_fd65__104 port 179 as 64512 local 64512 passive',
    ]);
  });

  test('row 24: peers of one node are never passive by address', () => {
    const intent = intentOf([
      NO_MESH,
      THREE_NODES,
      peer('a', { node: OWN, peerIP: '10.65.0.3', asNumber: 64512 }),
      peer('b', { node: OWN, peerIP: '10.65.0.4', asNumber: 64566 }),
      peer('other', { node: 'beta', peerIP: '10.65.0.77', asNumber: 64566 }),
    ]);
    expect(summaryOf(intent)).toEqual([
      'Node_10_65_0_3 port 179 as 64512 local 64512',
      'Node_10_65_0_4 port 179 as 64566 local 64512',
    ]);
  });

  test('a peer without AS number has the cluster’s', () => {
    const intent = intentOf([
      configuration({ asNumber: 64600, nodeToNodeMeshEnabled: false }),
      V4_NODES,
      peer('a', { peerIP: '192.0.2.1' }),
    ]);
    expect(peerOf(intent, 'Global_192_0_2_1').remoteAs).toBe(64600);
  });

  test('port 179 and no port are one peering; the lower name gives it its name', () => {
    const peers = [
      peer('b', { peerIP: '192.0.2.1', asNumber: 1 }),
      peer('a', { peerIP: '192.0.2.1:179', asNumber: 2 }),
    ];
    const intent = intentOf([NO_MESH, V4_NODES, ...peers]);
    expect(summaryOf(intent)).toEqual(['Global_192_0_2_1_port_179 port 179 as 2 local 64512']);
    expect(intent.problems).toEqual([
      {
        kind: 'BGPPeer',
        name: 'b',
        path: 'spec',
        text: 'has peers in common with BGPPeer a, which goes first for those',
        severity: 'warning',
      },
    ]);
  });
});

describe('peers by selector', () => {
  const NODES =
    node(OWN, { ipv4: '10.65.0.2/24', ipv6: 'fd65::2/64', labels: { role: 'hub' } }) +
    node('beta', { ipv4: '10.65.0.3/24', ipv6: 'fd65::3/64', labels: { role: 'leaf' } }) +
    node('gamma', { ipv4: '10.65.0.4/24', ipv6: 'fd65::4/64', labels: { role: 'leaf' } });
  const LINKS = peer('links', { nodeSelector: "role == 'hub'", peerSelector: "role == 'leaf'" });

  test('row 25: both families, and the port of a node that has one of its own', () => {
    expect(summaryOf(intentOf([NO_MESH, NODES, LINKS, configuration({ listenPort: 500 }, 'node.beta')]))).toEqual([
      'Node_10_65_0_3_port_500 port 500 as 64512 local 64512',
      'Node_10_65_0_4 port 179 as 64512 local 64512',
      'Node_fd65__3_port_500 port 500 as 64512 local 64512',
      'Node_fd65__4 port 179 as 64512 local 64512',
    ]);
  });

  test('row 26: without the port name and port are back', () => {
    expect(namesOf(intentOf([NO_MESH, NODES, LINKS]))).toEqual([
      'Node_10_65_0_3',
      'Node_10_65_0_4',
      'Node_fd65__3',
      'Node_fd65__4',
    ]);
  });

  test('the AS of a selected node is its own or the cluster’s', () => {
    const nodes =
      node(OWN, { ipv4: '10.65.0.2/24', as: 65002 }) +
      node('beta', { ipv4: '10.65.0.3/24', as: 65003 }) +
      node('gamma', { ipv4: '10.65.0.4/24' });
    const intent = intentOf([NO_MESH, nodes, peer('all', { peerSelector: 'all()' })]);
    expect(summaryOf(intent)).toEqual([
      'Global_10_65_0_3 port 179 as 65003 local 65002',
      'Global_10_65_0_4 port 179 as 64512 local 65002',
    ]);
  });

  test('nodeSelector all() is not global: other names, other precedence', () => {
    expect(
      namesOf(intentOf([NO_MESH, NODES, peer('a', { nodeSelector: 'all()', peerSelector: "role == 'leaf'" })]))[0],
    ).toBe('Node_10_65_0_3');
  });

  test('row 45: the selected node has the other half of each session', () => {
    const intent = intentOf([
      NO_MESH,
      NODES,
      peer('up', { nodeSelector: "role == 'leaf'", peerSelector: "role == 'hub'", reversePeering: 'Auto' }),
    ]);
    expect(namesOf(intent)).toEqual(['Node_10_65_0_3', 'Node_10_65_0_4', 'Node_fd65__3', 'Node_fd65__4']);
    expect(peerOf(intent, 'Node_10_65_0_3').origin).toEqual(['BGPPeer up (reverse peering)', 'Node beta']);
    expect(peerOf(intent, 'Node_10_65_0_3').passive).toBe(false);
  });

  test('row 46: with Manual it has none', () => {
    const manual = peer('up', {
      nodeSelector: "role == 'leaf'",
      peerSelector: "role == 'hub'",
      reversePeering: 'Manual',
    });
    expect(namesOf(intentOf([NO_MESH, NODES, manual]))).toEqual([]);
    expect(namesOf(intentOf([NO_MESH, NODES, manual], { node: 'beta' }))).toEqual(['Node_10_65_0_2', 'Node_fd65__2']);
  });
});

describe('route reflectors', () => {
  const RR = { ipv4: '10.65.0.2/24', ipv6: 'fd65::2/64', clusterId: '10.0.0.1', labels: { rr: 'true' } };
  const LEAVES =
    node('beta', { ipv4: '10.65.0.3/24', ipv6: 'fd65::3/64' }) +
    node('gamma', { ipv4: '10.65.0.4/24', ipv6: 'fd65::4/64' });
  const clientsOf = (intent: ReturnType<typeof intentOf>) =>
    [...intent.peers.values()].map(
      ({ name, routeReflectorClient }) => `${name}${routeReflectorClient ? ' client' : ''}`,
    );

  test('row 27: nodes inside the AS are clients, external peers are not', () => {
    const intent = intentOf([
      configuration({ asNumber: 64532, nodeToNodeMeshEnabled: false }),
      node(OWN, RR) + LEAVES,
      peer('tor', { peerIP: '172.19.4.87', asNumber: 64533, nodeSelector: 'has(rr)' }),
      peer('tor6', { peerIP: '[ac13::57]:50', asNumber: 64533, nodeSelector: 'has(rr)' }),
      peer('leaves', { nodeSelector: 'has(rr)', peerSelector: '!has(rr)' }),
    ]);
    expect(clientsOf(intent)).toEqual([
      'Node_10_65_0_3 client',
      'Node_10_65_0_4 client',
      'Node_172_19_4_87',
      'Node_ac13__57_port_50',
      'Node_fd65__3 client',
      'Node_fd65__4 client',
    ]);
    expect(intent.clusterId).toBe(0x0a000001);
    expect(peerOf(intent, 'Node_ac13__57_port_50')).toMatchObject({ port: 50, remoteAs: 64533 });
  });

  test('row 28: a global peer that is this node’s own IPv6 address makes reverse peerings in IPv6 only', () => {
    const intent = intentOf([
      NO_MESH,
      node(OWN, RR) + LEAVES,
      peer('rr6', { peerIP: 'fd65::2' }),
      peer('tor', { peerIP: '172.19.4.87', asNumber: 64533, nodeSelector: 'has(rr)' }),
    ]);
    expect(clientsOf(intent)).toEqual(['Node_172_19_4_87', 'Node_fd65__3 client', 'Node_fd65__4 client']);
  });

  test('reflectors with one cluster id are no clients of each other, with different ones they are', () => {
    const other = (clusterId: string) => node('delta', { ipv4: '10.65.0.5/24', clusterId, labels: { rr: 'true' } });
    const links = peer('links', { nodeSelector: 'has(rr)', peerSelector: 'has(rr)' });
    expect(clientsOf(intentOf([NO_MESH, node(OWN, RR) + other('10.0.0.1'), links]))).toEqual(['Node_10_65_0_5']);
    expect(clientsOf(intentOf([NO_MESH, node(OWN, RR) + other('10.0.0.2'), links]))).toEqual(['Node_10_65_0_5 client']);
  });

  test('a reflector given by its address is taken for a client, as Calico does', () => {
    const other = node('delta', { ipv4: '10.65.0.5/24', clusterId: '10.0.0.1' });
    const intent = intentOf([NO_MESH, node(OWN, RR) + other, peer('one', { node: OWN, peerIP: '10.65.0.5' })]);
    expect(clientsOf(intent)).toEqual(['Node_10_65_0_5 client']);
  });

  test('reverse peering by address looks at AS and port: the node’s own port decides before the global one', () => {
    const namesWith = (spec: object, ...ports: string[]) =>
      namesOf(intentOf([NO_MESH, node(OWN, RR) + LEAVES, peer('rr', spec), ...ports]));
    const reverse = ['Node_10_65_0_3', 'Node_10_65_0_4'];
    expect(namesWith({ peerIP: '10.65.0.2' })).toEqual(reverse);
    expect(namesWith({ peerIP: '10.65.0.2', asNumber: 64512 })).toEqual(reverse);
    expect(namesWith({ peerIP: '10.65.0.2', asNumber: 64999 })).toEqual([]);
    expect(namesWith({ peerIP: '10.65.0.2:1790' })).toEqual(reverse);
    const own = configuration({ listenPort: 1790 }, `node.${OWN}`);
    const global = configuration({ listenPort: 999, nodeToNodeMeshEnabled: false });
    expect(namesWith({ peerIP: '10.65.0.2:1790' }, own, global)).toEqual(reverse.map((name) => `${name}_port_999`));
    expect(namesWith({ peerIP: '10.65.0.2:1790' }, global)).toEqual([]);
  });
});

describe('precedence', () => {
  const NODES =
    node(OWN, { ipv4: '10.65.0.2/24', labels: { node: 'x' } }) +
    node('beta', { ipv4: '10.65.0.3/24', labels: { node: 'y' } });
  const overlapping = [
    peer('a-node', { node: OWN, peerSelector: 'has(node)' }),
    peer('b-global', { peerSelector: 'has(node)' }),
  ];

  test('row 39: global before node-specific before reverse, and exactly one session', () => {
    const intent = intentOf([NO_MESH, NODES, ...overlapping]);
    expect(namesOf(intent)).toEqual(['Global_10_65_0_3']);
    expect(namesOf(intentOf([NO_MESH, NODES, overlapping[0]!]))).toEqual(['Node_10_65_0_3']);
    for (let touch = 0; touch < 10; touch++) {
      const touched = NODES.replace('"node":"y"', `"node":"${touch}"`);
      expect(namesOf(intentOf([NO_MESH, touched, ...overlapping]))).toEqual(['Global_10_65_0_3']);
    }
  });

  test('an explicit peering takes the place of the mesh session to the same node', () => {
    const intent = intentOf([THREE_NODES, peer('a', { node: OWN, peerIP: '10.65.0.3', asNumber: 64512 })]);
    expect(namesOf(intent)).toEqual(['Mesh_10_65_0_4', 'Mesh_fd65__3', 'Mesh_fd65__4', 'Node_10_65_0_3']);
    expect(intent.problems).toEqual([
      {
        kind: 'BGPPeer',
        name: 'a',
        path: 'spec',
        text: 'takes the place of the node-to-node mesh towards 10.65.0.3',
        severity: 'warning',
      },
    ]);
  });

  test('row 40: a deleted node takes its session with it', () => {
    const four = THREE_NODES + node('delta', { ipv4: '10.65.0.5/24' });
    const all = peer('all', { peerSelector: 'all()' });
    const v4 = (intent: ReturnType<typeof intentOf>) => namesOf(intent).filter((name) => !name.includes('fd65'));
    expect(v4(intentOf([NO_MESH, four, all]))).toHaveLength(3);
    expect(v4(intentOf([NO_MESH, THREE_NODES, all]))).toEqual(['Global_10_65_0_3', 'Global_10_65_0_4']);
  });

  test('row 38: many nodes and peers with one Secret: this node has its single session, with the password', () => {
    const count = 99;
    const nodes = Array.from({ length: count }, (_, i) =>
      node(`n${i}`, { ipv4: `10.24.0.${i + 1}/24`, labels: { n: `${i}` } }),
    );
    const peers = Array.from({ length: count }, (_, i) =>
      peer(`p${i}`, {
        nodeSelector: `n == '${i}'`,
        peerIP: `10.24.0.${((i + 1) % count) + 1}`,
        asNumber: 64512,
        reversePeering: 'Manual',
        password: { secretKeyRef: { name: 'bgp', key: 'all' } },
      }),
    );
    const intent = intentOf([NO_MESH, ...nodes, ...peers, secret('bgp', { all: 'x' })], { node: 'n0' });
    expect([...intent.peers.values()].map(({ name, password }) => [name, password])).toEqual([['Node_10_24_0_2', 'x']]);
  });
});

describe('passwords', () => {
  const reference = (name: string, key: string) => ({ secretKeyRef: { name, key } });
  const PEERS = [
    peer('a', { node: OWN, peerIP: '10.24.0.2', asNumber: 1, password: reference('one', 'a') }),
    peer('b', { node: OWN, peerIP: '10.24.0.3', asNumber: 1, password: reference('one', 'b') }),
    peer('c', { node: OWN, peerIP: '10.24.0.4', asNumber: 1, password: reference('two', 'c') }),
  ];
  const passwordsWith = (...secrets: string[]) =>
    [...intentOf([NO_MESH, THREE_NODES, ...PEERS, ...secrets]).peers.values()].map(({ password }) => password);

  test.each<[string, readonly string[], readonly (string | undefined)[]]>([
    ['none', [], [undefined, undefined, undefined]],
    ['b only', [secret('one', { b: 'pb' })], [undefined, 'pb', undefined]],
    ['all', [secret('one', { a: 'pa', b: 'pb' }), secret('two', { c: 'pc' })], ['pa', 'pb', 'pc']],
    ['c is gone', [secret('one', { a: 'pa', b: 'pb' }), secret('two', {})], ['pa', 'pb', undefined]],
    ['new a and b', [secret('one', { a: 'na', b: 'nb' })], ['na', 'nb', undefined]],
    ['a is gone', [secret('one', { b: 'nb' })], [undefined, 'nb', undefined]],
  ])('row 37: each peer follows its own key: %s', (_case, secrets, expected) => {
    expect(passwordsWith(...secrets)).toEqual(expected);
  });

  test('a password longer than Linux takes is refused', () => {
    const intent = intentOf([NO_MESH, THREE_NODES, PEERS[0]!, secret('one', { a: 'x'.repeat(81) })]);
    expect(peerOf(intent, 'Node_10_24_0_2').password).toBeUndefined();
    expect(intent.problems.map(({ text }) => text)).toEqual([
      'the password in Secret kube-system/one is longer than 80 bytes; the session is set up without a password',
    ]);
  });
});

describe('local workloads', () => {
  const workload = (name: string, bgpPeerName: string, ipv4?: string, ipv6?: string): WorkloadPeer => ({
    kind: 'WorkloadPeer',
    metadata: { name, labels: {}, annotations: {} },
    bgpPeerName,
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
  });
  const FILTER = resource('BGPFilter', 'guard', {
    importV4: [{ action: 'Reject', cidr: '0.0.0.0/0', matchOperator: 'Equal' }],
    importV6: [{ action: 'Reject', cidr: '::/0', matchOperator: 'Equal' }],
  });
  const PEERS = [
    peer('vm-global', {
      localWorkloadSelector: "app == 'a'",
      asNumber: 65401,
      localASNumber: 65002,
      filters: ['guard'],
    }),
    peer('vm-node', {
      node: OWN,
      localWorkloadSelector: "app == 'b'",
      asNumber: 65402,
      localASNumber: 65001,
      filters: ['guard'],
    }),
  ];
  const WORKLOADS = [
    workload('cali1', 'vm-global', '10.66.0.10', 'fd66::10'),
    workload('cali2', 'vm-node', '10.66.0.11', 'fd66::11'),
    workload('cali3', 'gone', '10.66.0.12'),
  ];

  test('row 35: one passive session per address, eBGP, with the filters of the BGPPeer', () => {
    const intent = intentOf([NO_MESH, THREE_NODES, FILTER, pool('one', '10.66.0.0/16'), ...PEERS, ...WORKLOADS]);
    expect(namesOf(intent)).toEqual([
      'Local_Workload_10_66_0_10',
      'Local_Workload_10_66_0_11',
      'Local_Workload_fd66__10',
      'Local_Workload_fd66__11',
    ]);
    expect(sessionOf(intent, 'Local_Workload_10_66_0_10')).toEqual({
      name: 'Local_Workload_10_66_0_10',
      kind: 'localWorkload',
      families: ['ipv4'],
      address: '10.66.0.10',
      port: 179,
      remoteAs: 65401,
      localAs: 65002,
      passive: true,
      holdTime: 240,
      restartTime: 120,
      allowedLocalAs: 0,
      nextHopMode: 'auto',
      routeReflectorClient: false,
      addPath: 'both',
    });
    expect(peerOf(intent, 'Local_Workload_fd66__11')).toMatchObject({ remoteAs: 65402, localAs: 65001 });
    expect(imported(intent, 'Local_Workload_10_66_0_10', { prefix: '0.0.0.0/0' })).toBe('rejected');
    expect(imported(intent, 'Local_Workload_10_66_0_10', { prefix: '10.1.0.0/16' })).not.toBe('rejected');
    const viaTunnel = { prefix: '10.66.3.0/26', source: 'kernel', metric: 1024, interface: 'tunl0' } as const;
    expect(exported(intent, 'Local_Workload_10_66_0_10', viaTunnel)).not.toBe('rejected');
  });

  test('options that make no sense for a workload are left out', () => {
    const spec = {
      localWorkloadSelector: 'all()',
      asNumber: 65401,
      keepaliveTime: '5s',
      maxRestartTime: '5s',
      ttlSecurity: 1,
      nextHopMode: 'Self',
      numAllowedLocalASNumbers: 2,
    };
    const intent = intentOf([NO_MESH, THREE_NODES, peer('vm', spec), workload('cali1', 'vm', '10.66.0.10')]);
    const session = sessionOf(intent, 'Local_Workload_10_66_0_10');
    expect(session).toMatchObject({ restartTime: 120, nextHopMode: 'auto', allowedLocalAs: 0 });
    expect([session.keepaliveTime, session.ttlSecurity, session.localAddress]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

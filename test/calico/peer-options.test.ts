// What a session is like: AS numbers, next hop, timers, TTL, the way to the peer, interfaces of direct routes.

import { describe, expect, test } from 'vitest';
import {
  configuration,
  intentOf,
  NO_MESH,
  node,
  OWN,
  peerOf,
  resource,
  routesOf,
  sessionOf,
  THREE_NODES,
} from './support.ts';

const peer = (name: string, spec: object) => resource('BGPPeer', name, spec);
type Session = ReturnType<typeof sessionOf>;
/** One field of every session, by name. */
const fieldOf = <K extends keyof Session>(intent: ReturnType<typeof intentOf>, field: K) =>
  Object.fromEntries([...intent.peers.values()].map((session) => [session.name, session[field]]));

describe('AS numbers', () => {
  const EXTERNAL = [
    peer('a', { node: OWN, peerIP: '192.0.2.1', asNumber: 64512, numAllowedLocalASNumbers: 1 }),
    peer('b', { node: OWN, peerIP: '192.0.2.2', asNumber: 64566, localASNumber: 65001 }),
  ];

  test('row 31: a local AS of the peering, and the own AS allowed in received paths', () => {
    const intent = intentOf([NO_MESH, THREE_NODES, ...EXTERNAL]);
    expect(peerOf(intent, 'Node_192_0_2_1')).toMatchObject({ localAs: 64512, remoteAs: 64512, allowedLocalAs: 1 });
    expect(peerOf(intent, 'Node_192_0_2_2')).toMatchObject({ localAs: 65001, remoteAs: 64566, allowedLocalAs: 0 });
  });

  test('row 32: the same with global peers and ports; a local AS makes a neighbour of the own AS an external one', () => {
    const intent = intentOf([
      configuration({ nodeToNodeMeshEnabled: false, listenPort: 150 }),
      node(OWN, { ipv4: '10.65.0.2/24' }) + node('beta', { ipv4: '10.65.0.3/24' }),
      peer('a', { peerIP: '10.65.0.3', asNumber: 64512, localASNumber: 64515 }),
      peer('b', { peerIP: '10.65.0.7:166', asNumber: 64512 }),
    ]);
    expect(peerOf(intent, 'Global_10_65_0_3_port_150')).toMatchObject({
      localAs: 64515,
      remoteAs: 64512,
      passive: true,
    });
    expect(peerOf(intent, 'Global_10_65_0_7_port_166')).toMatchObject({
      localAs: 64512,
      remoteAs: 64512,
      passive: false,
    });
  });

  test('row 33: in IPv6, ordered by name', () => {
    const intent = intentOf([
      NO_MESH,
      THREE_NODES,
      peer('a', { node: OWN, peerIP: '2001:db8::102', asNumber: 64566, localASNumber: 65001 }),
      peer('b', { node: OWN, peerIP: '2001:db8::101', asNumber: 64512, numAllowedLocalASNumbers: 2 }),
    ]);
    expect(fieldOf(intent, 'localAs')).toEqual({ Node_2001_db8__101: 64512, Node_2001_db8__102: 65001 });
    expect(fieldOf(intent, 'allowedLocalAs')).toEqual({ Node_2001_db8__101: 2, Node_2001_db8__102: 0 });
  });

  test('row 34: global in IPv6, towards a node with a higher address', () => {
    const intent = intentOf([
      NO_MESH,
      THREE_NODES,
      peer('a', { peerIP: 'fd65::4', asNumber: 64512, localASNumber: 65001 }),
    ]);
    expect(sessionOf(intent, 'Global_fd65__4')).toMatchObject({ localAs: 65001, remoteAs: 64512, passive: true });
  });

  test('peers by selector and reverse peerings have the node’s AS, whatever the BGPPeer says', () => {
    const spec = { localASNumber: 65001, numAllowedLocalASNumbers: 3 };
    const selected = intentOf([NO_MESH, THREE_NODES, peer('a', { peerSelector: 'all()', ...spec })]);
    expect(peerOf(selected, 'Global_10_65_0_3')).toMatchObject({ localAs: 64512, allowedLocalAs: 0 });
    const reverse = intentOf([NO_MESH, THREE_NODES, peer('a', { node: 'beta', peerIP: '10.65.0.2', ...spec })]);
    expect(peerOf(reverse, 'Node_10_65_0_3')).toMatchObject({ localAs: 64512, allowedLocalAs: 0 });
  });
});

describe('next hop', () => {
  test.each([
    ['row 29', { node: OWN }, 'Node'],
    ['row 30', {}, 'Global'],
  ])('%s: keepOriginalNextHop counts towards other ASes only', (_row, scope, prefix) => {
    const keep = (name: string, peerIP: string, asNumber: number) =>
      peer(name, { ...scope, peerIP, asNumber, keepOriginalNextHop: true });
    const intent = intentOf([
      NO_MESH,
      THREE_NODES,
      keep('a', '192.0.2.1', 65501),
      keep('b', '2001:db8::1', 65501),
      keep('c', '192.0.2.3', 64512),
    ]);
    expect(fieldOf(intent, 'nextHopMode')).toEqual({
      [`${prefix}_192_0_2_1`]: 'keep',
      [`${prefix}_192_0_2_3`]: 'auto',
      [`${prefix}_2001_db8__1`]: 'keep',
    });
  });

  test('row 41: Keep and Self in both families', () => {
    const intent = intentOf([
      NO_MESH,
      THREE_NODES,
      peer('a', { peerIP: '192.0.2.1', asNumber: 65501, nextHopMode: 'Keep' }),
      peer('b', { peerIP: '2001:db8::1', asNumber: 65501, nextHopMode: 'Keep' }),
      peer('c', { peerIP: '192.0.2.2', asNumber: 64512, nextHopMode: 'Self' }),
      peer('d', { peerIP: '2001:db8::2', asNumber: 64512, nextHopMode: 'Self' }),
      peer('e', { peerIP: '192.0.2.3', asNumber: 65501, nextHopMode: 'Auto' }),
    ]);
    expect(fieldOf(intent, 'nextHopMode')).toEqual({
      Global_192_0_2_1: 'keep',
      Global_192_0_2_2: 'self',
      Global_192_0_2_3: 'auto',
      Global_2001_db8__1: 'keep',
      Global_2001_db8__2: 'self',
    });
  });

  test('row 42: node-specific by selector, and the reverse peerings inherit the mode', () => {
    const intent = intentOf([
      NO_MESH,
      node(OWN, { ipv4: '10.65.0.2/24', clusterId: '10.0.0.1', labels: { rr: 'yes' } }) +
        node('beta', { ipv4: '10.65.0.3/24' }) +
        node('gamma', { ipv4: '10.65.0.4/24' }),
      peer('up', { nodeSelector: '!has(rr)', peerSelector: 'has(rr)', nextHopMode: 'Self' }),
      peer('tor', { nodeSelector: 'has(rr)', peerIP: '192.0.2.1', asNumber: 65501, nextHopMode: 'Keep' }),
    ]);
    expect(fieldOf(intent, 'nextHopMode')).toEqual({
      Node_10_65_0_3: 'self',
      Node_10_65_0_4: 'self',
      Node_192_0_2_1: 'keep',
    });
  });
});

describe('connection', () => {
  test('row 36: the source address goes with None, and a restart time may be given', () => {
    const session = (spec: object) =>
      sessionOf(
        intentOf([NO_MESH, THREE_NODES, peer('a', { node: OWN, peerIP: '192.0.2.1', asNumber: 64567, ...spec })]),
        'Node_192_0_2_1',
      );
    expect(session({})).toMatchObject({ localAddress: '10.65.0.2', restartTime: 120 });
    expect(session({ sourceAddress: 'None' }).localAddress).toBeUndefined();
    expect(session({ sourceAddress: 'None', maxRestartTime: '10s' }).restartTime).toBe(10);
    expect(session({ keepaliveTime: '1m' }).keepaliveTime).toBe(60);
  });

  test('row 47: TTL security of a node’s peers', () => {
    const intent = intentOf([
      NO_MESH,
      THREE_NODES,
      peer('a', { node: OWN, peerIP: '192.0.2.1', asNumber: 64517, ttlSecurity: 1 }),
      peer('b', { node: OWN, peerIP: '192.0.2.2', asNumber: 64517, ttlSecurity: 2 }),
      peer('c', { node: OWN, peerIP: '192.0.2.3', asNumber: 64517, ttlSecurity: 0 }),
    ]);
    expect(fieldOf(intent, 'ttlSecurity')).toEqual({ Node_192_0_2_1: 1, Node_192_0_2_2: 2, Node_192_0_2_3: undefined });
  });

  test.each([
    ['row 48', { nodeSelector: 'all()' }, 'Node'],
    ['row 49', {}, 'Global'],
  ])('%s: TTL security of selected peers, both families', (_row, scope, prefix) => {
    const intent = intentOf([NO_MESH, THREE_NODES, peer('a', { ...scope, peerSelector: 'all()', ttlSecurity: 1 })]);
    const names = ['10_65_0_3', '10_65_0_4', 'fd65__3', 'fd65__4'].map((address) => `${prefix}_${address}`);
    expect(fieldOf(intent, 'ttlSecurity')).toEqual(Object.fromEntries(names.map((name) => [name, 1])));
  });
});

describe('reachableBy', () => {
  const external = (scope: object) => [
    peer('a', {
      ...scope,
      peerIP: '10.225.0.4',
      asNumber: 65515,
      reachableBy: '10.224.0.1',
      keepOriginalNextHop: true,
    }),
    peer('b', {
      ...scope,
      peerIP: '10.225.0.5',
      asNumber: 65515,
      reachableBy: '10.224.0.1',
      keepOriginalNextHop: true,
    }),
    peer('c', { ...scope, peerIP: 'fd25::4', asNumber: 65515, reachableBy: 'fd24::1' }),
  ];
  const ROUTES = ['10.225.0.4/32 via 10.224.0.1', '10.225.0.5/32 via 10.224.0.1', 'fd25::4/128 via fd24::1'];

  test.each([
    ['row 43', {}, 'Global'],
    ['row 44', { nodeSelector: 'all()' }, 'Node'],
  ])('%s: a host route to each peer', (_row, scope, prefix) => {
    const intent = intentOf([NO_MESH, THREE_NODES, ...external(scope)]);
    expect(routesOf(intent)).toEqual(ROUTES);
    expect(intent.localRoutes[0]?.origin).toBe('BGPPeer a reachableBy');
    expect(peerOf(intent, `${prefix}_10_225_0_4`).nextHopMode).toBe('keep');
  });

  test('routes of global peers come before those of the node, behind blocks and services', () => {
    const [, ...rest] = external({});
    const first = peer('z', { node: OWN, peerIP: '10.225.0.1', asNumber: 65515, reachableBy: '10.224.0.1' });
    const ranges = configuration({ nodeToNodeMeshEnabled: false, serviceClusterIPs: [{ cidr: '10.101.0.0/16' }] });
    expect(routesOf(intentOf([ranges, THREE_NODES, first, ...rest]))).toEqual([
      '10.101.0.0/16 blackhole',
      '10.225.0.5/32 via 10.224.0.1',
      'fd25::4/128 via fd24::1',
      '10.225.0.1/32 via 10.224.0.1',
    ]);
  });

  test('reverse peerings have none: the gateway is the way to the peer, not back', () => {
    const spec = { nodeSelector: "name == 'beta'", peerIP: '10.65.0.2', reachableBy: '10.65.0.254' };
    const nodes =
      node(OWN, { ipv4: '10.65.0.2/24' }) + node('beta', { ipv4: '10.65.0.3/24', labels: { name: 'beta' } });
    expect(routesOf(intentOf([NO_MESH, nodes, peer('a', spec)]))).toEqual([]);
    expect(routesOf(intentOf([NO_MESH, nodes, peer('a', spec)], { node: 'beta' }))).toEqual([
      '10.65.0.2/32 via 10.65.0.254',
    ]);
  });

  test('two gateways to one address: the first counts, the second is a problem', () => {
    const spec = { peerIP: '192.0.2.1', asNumber: 65515, reachableBy: '10.65.0.254' };
    const other = { ...spec, peerIP: '192.0.2.1:1790', reachableBy: '10.65.0.253' };
    const intent = intentOf([NO_MESH, THREE_NODES, peer('a', spec), peer('b', other)]);
    expect(routesOf(intent)).toEqual(['192.0.2.1/32 via 10.65.0.254']);
    expect(intent.problems).toEqual([
      {
        kind: 'BGPPeer',
        name: 'b',
        path: 'spec.reachableBy',
        text: '192.0.2.1 is reached by 10.65.0.254 already (BGPPeer a reachableBy)',
      },
    ]);
  });
});

test('row 50: ignored interfaces come first in the list of direct interfaces', () => {
  const intent = intentOf([configuration({ ignoredInterfaces: ['iface-1', 'iface-2*'] }), THREE_NODES]);
  const expected = ['-iface-1', '-iface-2*', '-cali*', '-kube-ipvs*', '*'];
  expect([intent.kernel.ipv4.directInterfaces, intent.kernel.ipv6.directInterfaces]).toEqual([expected, expected]);
  expect(intentOf(THREE_NODES).kernel.ipv4.directInterfaces).toEqual(['-cali*', '-kube-ipvs*', '*']);
});

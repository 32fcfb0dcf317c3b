import { expect, test } from 'vitest';
import type { RouteSnapshot } from '../speaker/types.ts';
import { routesReport } from './routes.ts';
import { peerFixture } from './snapshot.fixture.ts';
import type { RouteReport } from './types.ts';

const BASE: RouteSnapshot = {
  prefix: '10.65.1.0/26',
  protocol: 'Mesh_10_0_0_2',
  best: true,
  nextHop: '10.0.0.2',
  resolved: { device: 'eth0' },
  localPref: 100,
  asPath: '',
  origin: 'IGP',
  communities: ['64512:1'],
};

const COMMON = { asPath: '', origin: 'IGP', communities: ['64512:1'], localPref: 100 } as const;

const CASES: readonly [string, Partial<RouteSnapshot>, Partial<RouteReport>][] = [
  [
    'a mesh route on a connected network',
    {},
    {
      gateway: '10.0.0.2',
      interface: 'eth0',
      learnedFrom: { sourceType: 'NodeMesh', peerIP: '10.0.0.2', protocol: 'Mesh_10_0_0_2' },
      nextHop: '10.0.0.2',
    },
  ],
  [
    'the second path of a BGPPeer behind a gateway',
    {
      protocol: 'Global_10_0_0_9',
      best: false,
      resolved: { device: 'eth1', gateway: '10.1.0.1' },
      med: 5,
      decidedBy: 'shorter AS_PATH',
    },
    {
      type: 'RIB',
      gateway: '10.1.0.1',
      interface: 'eth1',
      learnedFrom: { sourceType: 'BGPPeer', peerIP: '10.0.0.9', protocol: 'Global_10_0_0_9' },
      nextHop: '10.0.0.2',
      med: 5,
      decidedBy: 'shorter AS_PATH',
    },
  ],
];

const PEERS = [peerFixture(), peerFixture({ name: 'Global_10_0_0_9', kind: 'global', address: '10.0.0.9' })];

test.each(CASES)('route report: %s', (_name, change, expected) => {
  const report = routesReport({ family: 'ipv4', limit: 100 }, [{ ...BASE, ...change }], 'cursor', PEERS);
  expect(report).toEqual({
    family: 'ipv4',
    routes: [{ type: 'FIB', destination: '10.65.1.0/26', ...COMMON, ...expected }],
    next: 'cursor',
  });
});

test('own routes have no gateway, and a next hop that nothing resolves is unreachable', () => {
  const { nextHop: _nextHop, resolved: _resolved, ...own } = BASE;
  const { resolved: __resolved, ...unresolved } = BASE;
  const rows: RouteSnapshot[] = [
    { ...own, protocol: 'static1' },
    { ...own, protocol: 'direct1', resolved: { device: 'eth0' } },
    { ...unresolved, protocol: 'Mesh_10_0_0_7' },
  ];
  const report = routesReport({ family: 'ipv4', limit: 100 }, rows, undefined, PEERS);
  expect(
    report.routes.map(({ gateway, interface: device, learnedFrom }) => ({ gateway, device, learnedFrom })),
  ).toEqual([
    { gateway: 'N/A', device: 'blackhole', learnedFrom: { sourceType: 'Static', protocol: 'static1' } },
    { gateway: 'N/A', device: 'eth0', learnedFrom: { sourceType: 'Direct', protocol: 'direct1' } },
    { gateway: '10.0.0.2', device: 'unreachable', learnedFrom: { sourceType: 'NodeMesh', protocol: 'Mesh_10_0_0_7' } },
  ]);
  expect('next' in report).toBe(false);
});

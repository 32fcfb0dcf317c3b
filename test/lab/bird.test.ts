// Caracal and the real BIRD 2 as neighbours, in namespaces: sessions, routes and attributes as both ends see them,
// withdrawal, and a restart of either side; as a member of the mesh, as an external router, as clients of a reflector.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RouteReport } from '../../src/status/types.ts';
import { waitUntilConverged } from '../../topologies/convergence.ts';
import { Lab } from '../../topologies/lab.ts';
import { parseLab } from '../../topologies/lab-file.ts';
import { waitFor } from '../../topologies/wait-for.ts';
import { missing } from '../requirements.ts';
import { expectKernelRoutes, expectPing, LAB_TIMEOUT_MS } from './lab-checks.ts';

const reason = missing('namespaces', 'ip', 'ping', 'bird', 'birdc');
const describeBird = reason === undefined ? describe : describe.skip;
const because = reason === undefined ? '' : ` [skipped: ${reason}]`;

/** What BIRD announces: its block, and a route that carries every kind of attribute. */
const BIRD_ROUTES = `
      protocol static block4 { ipv4; route 10.65.0.128/26 blackhole; }
      protocol static block6 { ipv6; route fd00:65::80/122 blackhole; }
      protocol static decorated {
        ipv4;
        route 198.51.100.0/24 blackhole {
          bgp_community.add((64512, 7));
          bgp_community.add((64512, 8));
          bgp_large_community.add((64512, 1, 2));
        };
      }`;

const KERNEL = `
      protocol device { }
      protocol kernel { ipv4 { export where source != RTS_STATIC || net.len = 26; }; }
      protocol kernel { ipv6 { export all; }; }`;

function session(name: string, remote: string, options: { localAs?: number; remoteAs?: number; more?: string } = {}) {
  const { localAs = 64512, remoteAs = 64512, more = 'direct;' } = options;
  const channel = remote.includes(':') ? 'ipv6' : 'ipv4';
  return `
      protocol bgp ${name} {
        local as ${localAs};
        neighbor ${remote} as ${remoteAs};
        ${more}
        connect delay time 1;
        connect retry time 1;
        error wait time 1, 2;
        ${channel} { import all; export filter { if source != RTS_STATIC then reject; bgp_med = 50; accept; }; };
      }`;
}

const CLUSTER_RESOURCES = (more: string) => `
resources:
  - apiVersion: projectcalico.org/v3
    kind: BGPConfiguration
    metadata: { name: default }
    spec: { asNumber: 64512, nodeToNodeMeshEnabled: true, nodeMeshMaxRestartTime: 1s }
  - apiVersion: projectcalico.org/v3
    kind: IPPool
    metadata: { name: pods-ipv4 }
    spec: { cidr: 10.65.0.0/16, ipipMode: Never, vxlanMode: Never }
  - apiVersion: projectcalico.org/v3
    kind: IPPool
    metadata: { name: pods-ipv6 }
    spec: { cidr: "fd00:65::/112", ipipMode: Never, vxlanMode: Never }${more}
`;

const SUBNETS = `
subnets:
  rack: [192.0.2.0/24, "2001:db8:2::/64"]`;

const CARACAL_NODE = `
nodes:
  node-1:
    addresses: [192.0.2.1, "2001:db8:2::1"]
    blocks: [10.65.0.0/26, "fd00:65::/122"]
    pods: { web-1: [10.65.0.2, "fd00:65::2"] }`;

function useLab(name: string, text: string): () => Lab {
  let lab: Lab | undefined;
  beforeAll(async () => {
    lab = await Lab.buildFrom(parseLab(name, text), { id: `${name}-${process.pid}` });
    lab.startAll();
    await waitUntilConverged(lab);
  }, LAB_TIMEOUT_MS);
  afterAll(async () => {
    await lab?.down();
  }, LAB_TIMEOUT_MS);
  return () => lab!;
}

/** The attributes of BIRD's best route, as `show route all` prints them. */
async function birdAttributes(lab: Lab, machine: string, prefix: string): Promise<Record<string, string>> {
  const { socket } = lab.paths(machine);
  const { stdout } = await lab.run(machine, ['birdc', '-s', socket, 'show', 'route', 'all', 'primary', 'for', prefix]);
  const lines = stdout.matchAll(/^\s+BGP\.(\w+):[ \t]*(.*?)[ \t]*$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name!, value!]));
}

async function birdc(lab: Lab, machine: string, ...command: readonly string[]): Promise<string> {
  return (await lab.run(machine, ['birdc', '-s', lab.paths(machine).socket, ...command])).stdout;
}

/** Waits until a value is as expected, and shows the difference when it is not. */
async function expectSoon<T>(read: () => Promise<T>, expected: T): Promise<void> {
  let actual = await read();
  const matches = async () => {
    actual = await read();
    return JSON.stringify(actual) === JSON.stringify(expected);
  };
  await waitFor(matches, 8_000);
  expect(actual).toEqual(expected);
}

function attributesOf(route: RouteReport | undefined) {
  if (route === undefined) return undefined;
  const { nextHop, asPath, origin, localPref, med, communities } = route;
  return { nextHop, asPath, origin, localPref, med, communities };
}

describeBird(`with a BIRD in the mesh${because}`, () => {
  const lab = useLab(
    'bird-mesh',
    `${SUBNETS}${CARACAL_NODE}
  node-2:
    addresses: [192.0.2.2, "2001:db8:2::2"]
    blocks: [10.65.0.64/26, "fd00:65::40/122"]
    pods: { web-2: [10.65.0.66, "fd00:65::42"] }
  node-3:
    addresses: [192.0.2.3, "2001:db8:2::3"]
    blocks: [10.65.0.128/26, "fd00:65::80/122"]
    pods: { web-3: [10.65.0.130, "fd00:65::82"] }
    daemon: bird
    bird: |
      router id 192.0.2.3;${KERNEL}${BIRD_ROUTES}${session('one4', '192.0.2.1')}${session('one6', '2001:db8:2::1')}${session(
        'two4',
        '192.0.2.2',
      )}${session('two6', '2001:db8:2::2')}
${CLUSTER_RESOURCES('')}`,
  );

  test("BIRD's routes are in the kernels, with the metric that follows from LOCAL_PREF 100", async () => {
    await expectKernelRoutes(lab(), 'node-1', [
      'blackhole 10.65.0.0/26',
      'blackhole fd00:65::/122',
      '10.65.0.64/26 via 192.0.2.2 dev eth0 metric 1024',
      'fd00:65::40/122 via 2001:db8:2::2 dev eth0 metric 1024',
      '10.65.0.128/26 via 192.0.2.3 dev eth0 metric 2147483547',
      'fd00:65::80/122 via fe80:: dev eth0 metric 2147483547',
      '198.51.100.0/24 via 192.0.2.3 dev eth0 metric 2147483547',
    ]);
    await expectPing(lab(), 'web-1', '10.65.0.130');
    await expectPing(lab(), 'web-3', 'fd00:65::42');
  });

  test('Caracal sees what BIRD sends', async () => {
    const [route] = await lab().routes('node-1', '198.51.100.0/24');
    expect(attributesOf(route)).toEqual({
      nextHop: '192.0.2.3',
      asPath: '',
      origin: 'IGP',
      localPref: 100,
      med: 50,
      communities: ['64512:7', '64512:8', '64512:1:2'],
    });
  });

  test('BIRD sees what Caracal sends', async () => {
    const expected = { origin: 'IGP', as_path: '', local_pref: '2147482623' };
    expect(await birdAttributes(lab(), 'node-3', '10.65.0.0/26')).toEqual({ ...expected, next_hop: '192.0.2.1' });
    const ipv6 = await birdAttributes(lab(), 'node-3', 'fd00:65::/122');
    expect(ipv6).toEqual({ ...expected, next_hop: expect.stringMatching(/^2001:db8:2::1( fe80::\S+)?$/) });
  });

  test('what one withdraws the other forgets', async () => {
    await birdc(lab(), 'node-3', 'disable', 'decorated');
    await expectSoon(() => lab().routes('node-1', '198.51.100.0/24'), []);
    await birdc(lab(), 'node-3', 'enable', 'decorated');
    await expectSoon(async () => (await lab().routes('node-1', '198.51.100.0/24')).length, 1);
    rmSync(join(lab().paths('node-2').resources, 'blocks-node-2.yaml'));
    await expectSoon(() => birdAttributes(lab(), 'node-3', '10.65.0.64/26'), {});
    await expectSoon(() => birdAttributes(lab(), 'node-3', 'fd00:65::40/122'), {});
  });

  test(
    'either side may be restarted',
    async () => {
      for (const restarted of ['node-3', 'node-1']) {
        await lab().stop(restarted);
        lab().start(restarted);
        // What the restarted side has can only have come over the new session; the other side may still show the old.
        await expectSoon(async () => (await birdAttributes(lab(), 'node-3', '10.65.0.0/26')).local_pref, '2147482623');
        await expectSoon(async () => (await lab().routes('node-1', '198.51.100.0/24'))[0]?.interface, 'eth0');
        await expectSoon(async () => (await lab().sessions('node-1'))?.established, 4);
      }
      const programmed = async () => (await lab().kernelRoutes('node-1')).some(({ dst }) => dst === '10.65.0.128/26');
      await expectSoon(programmed, true);
      await expectPing(lab(), 'web-1', '10.65.0.130');
    },
    LAB_TIMEOUT_MS,
  );
});

describeBird(`with a BIRD as an external router${because}`, () => {
  const external = { localAs: 65001, more: '' };
  const lab = useLab(
    'bird-external',
    `${SUBNETS}${CARACAL_NODE}
machines:
  tor:
    addresses: [192.0.2.254, "2001:db8:2::fe"]
    daemon: bird
    bird: |
      router id 192.0.2.254;${KERNEL}${BIRD_ROUTES}${session('node4', '192.0.2.1', external)}${session(
        'node6',
        '2001:db8:2::1',
        external,
      )}
${CLUSTER_RESOURCES(`
  - apiVersion: projectcalico.org/v3
    kind: BGPPeer
    metadata: { name: tor-ipv4 }
    spec: { peerIP: 192.0.2.254, asNumber: 65001 }
  - apiVersion: projectcalico.org/v3
    kind: BGPPeer
    metadata: { name: tor-ipv6 }
    spec: { peerIP: "2001:db8:2::fe", asNumber: 65001 }`)}`,
  );

  test('Caracal sees the AS in front of what BIRD sends, and gives it LOCAL_PREF 100', async () => {
    const [route] = await lab().routes('node-1', '198.51.100.0/24');
    expect(attributesOf(route)).toEqual({
      nextHop: '192.0.2.254',
      asPath: '65001',
      origin: 'IGP',
      localPref: 100,
      med: 50,
      communities: ['64512:7', '64512:8', '64512:1:2'],
    });
    await expectKernelRoutes(lab(), 'node-1', [
      'blackhole 10.65.0.0/26',
      'blackhole fd00:65::/122',
      '10.65.0.128/26 via 192.0.2.254 dev eth0 metric 2147483547',
      'fd00:65::80/122 via fe80:: dev eth0 metric 2147483547',
      '198.51.100.0/24 via 192.0.2.254 dev eth0 metric 2147483547',
    ]);
  });

  test('BIRD sees the AS of the cluster in front of what Caracal sends, and nothing from BIRD comes back', async () => {
    expect(await birdAttributes(lab(), 'tor', '10.65.0.0/26')).toEqual({
      origin: 'IGP',
      as_path: '64512',
      next_hop: '192.0.2.1',
      local_pref: '100',
    });
    const ipv6 = await birdAttributes(lab(), 'tor', 'fd00:65::/122');
    expect(ipv6).toMatchObject({ as_path: '64512', next_hop: expect.stringMatching(/^2001:db8:2::1( fe80::\S+)?$/) });
    expect(await birdc(lab(), 'tor', 'show', 'route', 'count', 'protocol', 'node4')).toMatch(/^1 of /m);
  });

  test(
    'either side may be restarted',
    async () => {
      for (const restarted of ['tor', 'node-1']) {
        await lab().stop(restarted);
        lab().start(restarted);
        await expectSoon(async () => (await birdAttributes(lab(), 'tor', '10.65.0.0/26')).as_path, '64512');
        await expectSoon(async () => (await lab().routes('node-1', '198.51.100.0/24'))[0]?.interface, 'eth0');
        await expectSoon(async () => (await lab().sessions('node-1'))?.established, 2);
      }
    },
    LAB_TIMEOUT_MS,
  );
});

describeBird(`with two BIRDs as clients of a reflector${because}`, () => {
  const client = (own: number, routes: string) => `
  client-${own}:
    addresses: [192.0.2.${own}, "2001:db8:2::${own}"]
    daemon: bird
    bird: |
      router id 192.0.2.${own};${KERNEL}${routes}${session('reflector4', '192.0.2.100')}${session(
        'reflector6',
        '2001:db8:2::64',
      )}`;
  const lab = useLab(
    'bird-clients',
    `${SUBNETS}
machines:${client(1, BIRD_ROUTES)}${client(2, '')}
  reflector:
    addresses: [192.0.2.100, "2001:db8:2::64"]
    daemon: caracal
    arguments: [--kernel, none]
    resources:
      - apiVersion: caracal.io/v1
        kind: RouteReflector
        metadata: { name: reflector }
        spec:
          routerId: 192.0.2.100
          asNumber: 64512
          clusterID: 244.0.0.1
          peers:
            - { address: 192.0.2.1 }
            - { address: 192.0.2.2 }
            - { address: "2001:db8:2::1" }
            - { address: "2001:db8:2::2" }
`,
  );

  test('one gets what the other sends, unchanged, with originator and cluster', async () => {
    await expectSoon(() => birdAttributes(lab(), 'client-2', '198.51.100.0/24'), {
      origin: 'IGP',
      as_path: '',
      next_hop: '192.0.2.1',
      med: '50',
      local_pref: '100',
      community: '(64512,7) (64512,8)',
      originator_id: '192.0.2.1',
      cluster_list: '244.0.0.1',
      large_community: '(64512, 1, 2)',
    });
    const ipv6 = await birdAttributes(lab(), 'client-2', 'fd00:65::80/122');
    expect(ipv6).toMatchObject({
      next_hop: expect.stringMatching(/^2001:db8:2::1( fe80::\S+)?$/),
      originator_id: '192.0.2.1',
      cluster_list: '244.0.0.1',
    });
    expect(await birdc(lab(), 'client-1', 'show', 'route', 'count', 'protocol', 'reflector4')).toMatch(/^0 of /m);
  });

  test('a withdrawal is passed on', async () => {
    await birdc(lab(), 'client-1', 'disable', 'decorated');
    await expectSoon(() => birdAttributes(lab(), 'client-2', '198.51.100.0/24'), {});
    await birdc(lab(), 'client-1', 'enable', 'decorated');
    await expectSoon(async () => (await birdAttributes(lab(), 'client-2', '198.51.100.0/24')).med, '50');
  });

  test(
    'the reflector may be restarted',
    async () => {
      await lab().stop('reflector');
      lab().start('reflector');
      await expectSoon(async () => (await lab().sessions('reflector'))?.established, 4);
      await expectSoon(async () => (await birdAttributes(lab(), 'client-2', '198.51.100.0/24')).med, '50');
    },
    LAB_TIMEOUT_MS,
  );
});

// topologies/cross-subnet.yaml: which routes lead through tunl0 and which do not, for every division of work with Felix;
// packets on their way; a daemon that dies; pools that change; a tunnel that goes away.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOME } from '../../topologies/daemons.ts';
import { Lab } from '../../topologies/lab.ts';
import { eventually, Flood, ip, packetsOut, pinged, type Scenario, shownRoutes } from './scenario.ts';

let lab: Lab;

/** As far as we look at what `ip -json addr show` says. */
interface IpLink {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

/** With this a tunl0 is one like any other: made when asked for, gone when deleted. Only in a kernel of our own. */
const OWN_KERNEL = readFileSync('/proc/sys/kernel/osrelease', 'utf8').length > 0 && existsSync('/run/job');
const FALLBACK_TUNNELS = '/proc/sys/net/core/fb_tunnels_only_for_init_net';

/** Routes of pools that need no tunnel on node-1. */
const ALWAYS = {
  own: 'blackhole 10.65.0.0/26',
  near: '10.65.0.64/26 via 192.0.2.2 dev tunl0 metric 1024 onlink',
  far: '10.65.0.128/26 via 198.51.100.3 dev tunl0 metric 1024 onlink',
};
const CROSS = {
  own: 'blackhole 10.66.0.0/26',
  near: '10.66.0.64/26 via 192.0.2.2 dev eth0 metric 1024',
  far: '10.66.0.128/26 via 198.51.100.3 dev tunl0 metric 1024 onlink',
};
const PLAIN = {
  own: 'blackhole 10.67.0.0/26',
  near: '10.67.0.64/26 via 192.0.2.2 dev eth0 metric 1024',
  far: '10.67.0.128/26 via 192.0.2.254 dev eth0 metric 1024',
};
const FROM_NODE_3 = [
  '10.65.0.0/26 via 192.0.2.1 dev tunl0 metric 1024 onlink',
  '10.65.0.64/26 via 192.0.2.2 dev tunl0 metric 1024 onlink',
  'blackhole 10.65.0.128/26',
  '10.66.0.0/26 via 192.0.2.1 dev tunl0 metric 1024 onlink',
  '10.66.0.64/26 via 192.0.2.2 dev tunl0 metric 1024 onlink',
  'blackhole 10.66.0.128/26',
  '10.67.0.0/26 via 198.51.100.254 dev eth0 metric 1024',
  '10.67.0.64/26 via 198.51.100.254 dev eth0 metric 1024',
  'blackhole 10.67.0.128/26',
];
const ENABLED = [ALWAYS, CROSS, PLAIN].flatMap(Object.values);

/** Calico's table: what this node programs, by `programClusterRoutes`. */
const DIVISIONS: Readonly<Record<string, readonly string[]>> = {
  Disabled: [],
  EnabledNoEncapOnly: Object.values(PLAIN),
  EnabledIPIPOnly: [ALWAYS, CROSS].flatMap(Object.values),
  Enabled: ENABLED,
};

/** Edits the resources from which all nodes live; the file is replaced as a whole. */
function edit(before: RegExp, after: string): void {
  const file = join(lab.paths('node-1').resources, 'resources.yaml');
  const text = readFileSync(file, 'utf8');
  assert.match(text, before);
  writeFileSync(file, text.replace(before, after));
}

async function kernelIsAsStatusSays(machine: string): Promise<void> {
  const quiet = { refused: [], conflicts: [], waiting: [], fights: [] };
  await eventually(
    async () => {
      const { type: _, wanted, installed, ...troubles } = (await lab.status(machine))!.kernel;
      return { missing: wanted - installed, shown: (await shownRoutes(lab, machine)).length, ...troubles };
    },
    { missing: 0, shown: ENABLED.length, ...quiet },
  );
}

async function tunnelOf(machine: string): Promise<string> {
  const links: readonly IpLink[] = JSON.parse(await ip(lab, machine, '-json -4 addr show'));
  const link = links.find(({ ifname }) => ifname === 'tunl0');
  if (link === undefined) return 'absent';
  const addresses = link.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  return [link.flags.includes('UP') ? 'up' : 'down', `MTU ${link.mtu}`, ...addresses].join(', ');
}

/** Packets between pods of node-1 and others, and whether each pair went through tunl0 of node-1. */
async function carried(source: string, to: string): Promise<string> {
  const before = await packetsOut(lab, 'node-1', 'tunl0');
  const received = await pinged(lab, 'pod-1', to, 2, source);
  const through = (await packetsOut(lab, 'node-1', 'tunl0')) - before;
  if (received !== 2) return 'lost';
  return through === 2 ? 'tunl0' : through === 0 ? 'direct' : `${through} of 2 through tunl0`;
}

/** The same traffic through direct and tunnelled routes, while something happens. */
async function unharmed(happen: () => Promise<void>): Promise<void> {
  const paths = [
    ['10.65.0.2', '10.65.0.66'],
    ['10.66.0.2', '10.66.0.66'],
    ['10.66.0.2', '10.66.0.130'],
    ['10.67.0.2', '10.67.0.66'],
  ] as const;
  const floods = paths.map(([source, to]) => new Flood(lab, 'pod-1', source, to));
  try {
    await eventually(() => floods.every(({ answered }) => answered > 10), true);
    await happen();
  } finally {
    const results = await Promise.all(floods.map((flood) => flood.stop()));
    assert.deepEqual(
      results.map(({ lost }) => lost),
      [0, 0, 0, 0],
    );
    assert.ok(results.every(({ answered }) => answered > 20));
  }
}

export const scenario: Scenario = {
  steps: {
    'every node has its tunnel, and exactly the routes of the three pools': async () => {
      if (OWN_KERNEL) writeFileSync(FALLBACK_TUNNELS, '2');
      lab = await Lab.build(join(HOME, 'topologies/cross-subnet.yaml'), { id: `cross-subnet-${process.pid}` });
      // Another MTU than the usual one, which the tunnel's follows from.
      await ip(lab, 'node-3', 'link set eth0 mtu 1400');
      lab.startAll();
      await eventually(() => shownRoutes(lab, 'node-1'), ENABLED);
      await eventually(() => shownRoutes(lab, 'node-3'), FROM_NODE_3);
      await kernelIsAsStatusSays('node-1');
      assert.deepEqual(await Promise.all(['node-1', 'node-2', 'node-3'].map(tunnelOf)), [
        'up, MTU 1480, 10.65.0.0/32',
        'up, MTU 1480, 10.65.0.64/32',
        'up, MTU 1380, 10.65.0.128/32',
      ]);
    },

    'packets between pods go through the tunnel where they should, and only there': async () => {
      const paths: Record<string, string> = {};
      for (const pool of ['10.65.0', '10.66.0', '10.67.0']) {
        for (const host of ['66', '130']) paths[`${pool}.${host}`] = await carried(`${pool}.2`, `${pool}.${host}`);
      }
      assert.deepEqual(paths, {
        '10.65.0.66': 'tunl0',
        '10.65.0.130': 'tunl0',
        '10.66.0.66': 'direct',
        '10.66.0.130': 'tunl0',
        '10.67.0.66': 'direct',
        // The router between the subnets knows nothing of pods: this is what CrossSubnet is for.
        '10.67.0.130': 'lost',
      });
      // The node itself: it has an address in the tunnel, to which pods can answer.
      assert.equal(await pinged(lab, 'node-1', '10.65.0.130'), 2);
    },

    'a prefix that two nodes announce has both as next hops, through the tunnel': async () => {
      const file = join(lab.paths('node-1').resources, 'shared.yaml');
      const affinity = (node: string) => `---
apiVersion: projectcalico.org/v3
kind: BlockAffinity
metadata: {name: shared-${node}}
spec: {cidr: 10.65.9.0/26, node: ${node}, state: confirmed, deleted: 'false'}
`;
      writeFileSync(file, affinity('node-1') + affinity('node-2'));
      const isShared = (line: string) => line.includes('10.65.9.0/26');
      await eventually(
        async () => (await shownRoutes(lab, 'node-3')).filter(isShared),
        [
          '10.65.9.0/26 metric 1024 nexthop via 192.0.2.1 dev tunl0 weight 1 onlink nexthop via 192.0.2.2 dev tunl0 weight 1 onlink',
        ],
      );
      writeFileSync(file, affinity('node-2'));
      await eventually(
        async () => (await shownRoutes(lab, 'node-3')).filter(isShared),
        ['10.65.9.0/26 via 192.0.2.2 dev tunl0 metric 1024 onlink'],
      );
      writeFileSync(file, '');
      await eventually(async () => (await shownRoutes(lab, 'node-3')).filter(isShared), []);
    },

    'whoever programs a kind of pools has exactly its routes, and sessions do not notice a change of that':
      async () => {
        const peers = async () =>
          (await lab.status('node-1'))!.bgp.peersV4.map(({ state, counters }) => [state, counters.flaps]);
        for (const [division, routes] of Object.entries(DIVISIONS)) {
          edit(/programClusterRoutes: \w+/, `programClusterRoutes: ${division}`);
          await eventually(() => shownRoutes(lab, 'node-1'), [...routes]);
        }
        await eventually(() => shownRoutes(lab, 'node-3'), FROM_NODE_3);
        assert.deepEqual(await peers(), [
          ['Established', 0],
          ['Established', 0],
        ]);
      },

    'no packet is lost while the daemon is killed and started again': async () => {
      await unharmed(async () => {
        await lab.stop('node-1', 'SIGKILL');
        assert.deepEqual(await shownRoutes(lab, 'node-1'), ENABLED);
        lab.start('node-1');
        await eventually(async () => {
          const status = await lab.status('node-1');
          return [status?.agent.recovering, status?.bgp.numberEstablishedV4, status?.kernel.installed];
        }, [false, 2, ENABLED.length]);
      });
      assert.deepEqual(await shownRoutes(lab, 'node-1'), ENABLED);
    },

    'no packet is lost while a pool changes between tunnel and direct': async () => {
      const near = (how: string) => `10.65.0.64/26 via 192.0.2.2 dev ${how}`;
      const isNear = (line: string) => line.startsWith('10.65.0.64/26');
      await unharmed(async () => {
        for (const [mode, how] of [
          ['CrossSubnet', 'eth0 metric 1024'],
          ['Always', 'tunl0 metric 1024 onlink'],
          ['Never', 'eth0 metric 1024'],
          ['Always', 'tunl0 metric 1024 onlink'],
        ] as const) {
          edit(/(cidr: 10\.65\.0\.0\/16\s+ipipMode: )\w+/, `$1${mode}`);
          await eventually(async () => (await shownRoutes(lab, 'node-1')).filter(isNear), [near(how)]);
        }
      });
      await eventually(() => shownRoutes(lab, 'node-1'), ENABLED);
    },

    'a tunnel that is set down, loses its address or is deleted is put right, and its routes are there again':
      async () => {
        const damages = ['link set tunl0 down', 'link set tunl0 mtu 1300', 'addr del 10.65.0.0/32 dev tunl0', 'addr add 10.99.0.1/32 dev tunl0']; // biome-ignore format: one line
        if (OWN_KERNEL) damages.push('link del tunl0');
        for (const damage of damages) {
          await ip(lab, 'node-1', damage);
          await eventually(() => tunnelOf('node-1'), 'up, MTU 1480, 10.65.0.0/32');
          await eventually(() => shownRoutes(lab, 'node-1'), ENABLED);
          await kernelIsAsStatusSays('node-1');
        }
        assert.equal(await carried('10.65.0.2', '10.65.0.130'), 'tunl0');
        assert.equal(await carried('10.66.0.2', '10.66.0.66'), 'direct');
      },
  },
  end: async () => {
    await lab?.down();
  },
};

// `caracal status --cluster` asks real daemons, between which all that a cluster knows goes wrong: packets that get lost in
// one direction, an AS that is not expected, passwords that differ, a peer that knows of nothing, a daemon that is gone.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClusterReport } from '../../src/status/cluster/types.ts';
import { run } from '../../topologies/commands.ts';
import { CARACAL } from '../../topologies/daemons.ts';
import { Lab } from '../../topologies/lab.ts';
import { parseLab } from '../../topologies/lab-file.ts';
import { describeWith } from '../requirements.ts';
import { LAB_TIMEOUT_MS } from './lab-checks.ts';

const SOON = { timeout: 45_000, interval: 500 };
const address = (number: number) => `192.0.2.${number}`;
const calico = (kind: string, name: string, spec: object) => ({
  ...{ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec },
});
const password = (key: string) => ({ secretKeyRef: { name: 'bgp', key } });

const LAB = JSON.stringify({
  subnets: { rack: ['192.0.2.0/24'] },
  nodes: Object.fromEntries(
    [1, 2, 3, 4, 5].map((number) => [
      `node-${number}`,
      { addresses: [address(number)], blocks: [`10.65.${number}.0/26`] },
    ]),
  ),
  machines: {
    tor: {
      addresses: [address(9)],
      daemon: 'caracal',
      arguments: ['--kernel', 'none'],
      resources: [
        {
          apiVersion: 'caracal.io/v1',
          kind: 'RouteReflector',
          metadata: { name: 'tor' },
          spec: { routerId: address(9), asNumber: 64999, listenAddresses: [address(9)], peers: [] },
        },
      ],
    },
  },
  resources: [
    calico('BGPConfiguration', 'default', { asNumber: 64512 }),
    calico('BGPPeer', 'wrong-as', { node: 'node-3', peerIP: address(4), asNumber: 64513 }),
    calico('BGPPeer', 'one-secret', { node: 'node-1', peerIP: address(5), asNumber: 64512, password: password('a') }),
    calico('BGPPeer', 'another-secret', {
      node: 'node-5',
      peerIP: address(1),
      asNumber: 64512,
      password: password('b'),
    }),
    calico('BGPPeer', 'tor', {
      nodeSelector: "kubernetes.io/hostname in {'node-1', 'node-2'}",
      peerIP: address(9),
      asNumber: 64999,
    }),
    {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bgp', namespace: 'kube-system' } },
      stringData: { a: 'correct-horse', b: 'battery-staple' },
    },
  ],
});

describeWith(['namespaces', 'ip'], 'caracal status --cluster', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.buildFrom(parseLab('cluster-status', LAB), { id: `cluster-status-${process.pid}` });
    // node-5 dials both: its packets to node-3 get lost, and those of node-2 to it.
    await losePackets('node-2', address(5));
    await losePackets('node-5', address(3));
    lab.startAll();
  }, LAB_TIMEOUT_MS);

  afterAll(async () => {
    await lab?.down();
  }, LAB_TIMEOUT_MS);

  /** A firewall for one direction: they go to a card that nobody has. */
  async function losePackets(machine: string, to: string): Promise<void> {
    const entry = [to, 'lladdr', '02:00:00:00:00:99', 'dev', 'eth0', 'nud', 'permanent'];
    expect(await lab.run(machine, ['ip', 'neigh', 'replace', ...entry])).toMatchObject({ status: 0 });
  }

  async function ask(...options: readonly string[]) {
    const places = lab.routers.map(({ name }) => `unix:${lab.paths(name).socket}`);
    return run([CARACAL, 'status', '--cluster', '--addresses', places.join(), ...options]);
  }

  async function report(): Promise<ClusterReport> {
    return JSON.parse((await ask('--json')).stdout);
  }

  const holes = async () =>
    (await report()).holes
      .map(({ cause, from, to, oneWay }) => `${cause} ${from} ${oneWay ? '->' : '<->'} ${to}`)
      .sort();

  const WRONG = [
    'as node-3 <-> node-4',
    'firewall node-2 -> node-5',
    'firewall node-5 -> node-3',
    'password node-1 <-> node-5',
    'unconfigured node-1 -> tor',
    'unconfigured node-2 -> tor',
  ];

  test('says what is wrong between whom, in which direction', { timeout: 60_000 }, async () => {
    await expect.poll(holes, SOON).toEqual(WRONG);
    const { nodes, sessions, silent } = await report();
    expect({ nodes, sessions, silent }).toEqual({
      nodes: { asked: 6, answered: 6 },
      sessions: { nodes: { expected: 12, established: 6 }, others: { expected: 0, established: 0 } },
      silent: [],
    });
  });

  test('prints it as a page, without a password, and exit code 3', { timeout: 60_000 }, async () => {
    const { status, stdout, stderr } = await ask();
    expect([status, stderr]).toEqual([3, '']);
    expect(stdout).toMatch(
      /^6 nodes asked, all answered \(\d\.\d s\)\. Sessions that are up: 6 of 12 between nodes\.\n6 sess/,
    );
    expect(stdout).toContain(
      '\nAS numbers that do not fit\n  node-3 <-> node-4\n      node-3 expects AS 64513 of node-4',
    );
    expect(stdout).toContain(
      '  node-2 -> node-5\n      node-2 hears node-5 connect, and node-5 does not hear the answer;',
    );
    expect(stdout).toContain('  node-5 -> node-3\n      node-3 does not answer node-5 at 192.0.2.3:179;');
    expect(stdout).toContain('  node-1, node-2 -> tor\n      for instance tor has no session with node-1');
    expect(stdout).not.toMatch(/correct-horse|battery-staple/);
  });

  test('a node that is gone is named once, and then comes back', { timeout: 90_000 }, async () => {
    await lab.stop('node-4', 'SIGKILL');
    await expect.poll(async () => (await report()).silent.length, SOON).toBe(1);
    const { stdout } = await ask();
    expect(stdout).toMatch(/No answer\n {2}unix:\S+node-4\.sock: no Caracal answers at /);
    lab.start('node-4');
    await expect.poll(holes, SOON).toEqual(WRONG);
  });
});

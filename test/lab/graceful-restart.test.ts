// A node whose daemon ends and comes back, between BIRD 2, FRR and another Caracal: nobody loses a packet, whether it died
// or was stopped; after a stop for good all have forgotten its routes at once.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntilConverged } from '../../topologies/convergence.ts';
import { Lab } from '../../topologies/lab.ts';
import { parseLab } from '../../topologies/lab-file.ts';
import { describeWith } from '../requirements.ts';
import { flood } from './flood.ts';
import { Frr } from './frr.ts';
import { LAB_TIMEOUT_MS } from './lab-checks.ts';

const SOON_MS = 20_000;
const WEB_1 = '10.65.0.2';
const BLOCK = '10.65.0.0/26';
const ALL_HOLD = ['node-2', 'tor-bird', 'tor-frr', '10.65.0.64/26', '198.51.100.0/25', '198.51.100.128/25'];

const LAB = `
subnets:
  rack: [192.0.2.0/24]
  behind-bird: [198.51.100.0/25]
  behind-frr: [198.51.100.128/25]
nodes:
  node-1:
    addresses: [192.0.2.1]
    blocks: [${BLOCK}]
    pods: { web-1: [${WEB_1}] }
  node-2:
    addresses: [192.0.2.2]
    blocks: [10.65.0.64/26]
    pods: { web-2: [10.65.0.66] }
machines:
  tor-bird:
    addresses: [192.0.2.253, 198.51.100.1]
    daemon: bird
    bird: |
      router id 192.0.2.253;
      protocol device { }
      protocol direct { ipv4; interface "eth1"; }
      protocol kernel { ipv4 { export where source = RTS_BGP; }; }
      protocol bgp node {
        local as 65001;
        neighbor 192.0.2.1 as 64512;
        connect delay time 1;
        connect retry time 1;
        error wait time 1, 2;
        ipv4 { import all; export where source = RTS_DEVICE; };
      }
  tor-frr:
    addresses: [192.0.2.254, 198.51.100.129]
  host-bird:
    addresses: [198.51.100.2]
    routes: [default via 198.51.100.1]
  host-frr:
    addresses: [198.51.100.130]
    routes: [default via 198.51.100.129]
resources:
  - apiVersion: projectcalico.org/v3
    kind: BGPConfiguration
    metadata: { name: default }
    spec: { asNumber: 64512, nodeToNodeMeshEnabled: true }
  - apiVersion: projectcalico.org/v3
    kind: IPPool
    metadata: { name: pods }
    spec: { cidr: 10.65.0.0/16, ipipMode: Never, vxlanMode: Never }
  - apiVersion: projectcalico.org/v3
    kind: BGPPeer
    metadata: { name: tor-bird }
    spec: { node: node-1, peerIP: 192.0.2.253, asNumber: 65001 }
  - apiVersion: projectcalico.org/v3
    kind: BGPPeer
    metadata: { name: tor-frr }
    spec: { node: node-1, peerIP: 192.0.2.254, asNumber: 65002 }
`;

const FRR = `
frr defaults datacenter
router bgp 65002
 bgp router-id 192.0.2.254
 no bgp ebgp-requires-policy
 neighbor 192.0.2.1 remote-as 64512
 neighbor 192.0.2.1 timers connect 1
 address-family ipv4 unicast
  redistribute connected
 exit-address-family
`;

describeWith(['namespaces', 'ip', 'ping', 'bird', 'birdc', 'frr'], 'a node that restarts', () => {
  let lab: Lab;
  let frr: Frr;

  beforeAll(async () => {
    lab = await Lab.buildFrom(parseLab('graceful', LAB), { id: `graceful-${process.pid}` });
    frr = new Frr(lab, 'tor-frr', FRR);
    frr.start();
    lab.startAll();
    await waitUntilConverged(lab);
  }, LAB_TIMEOUT_MS);

  afterAll(async () => {
    await lab?.down();
    frr?.remove();
  }, LAB_TIMEOUT_MS);

  /** Who has a session with node-1. */
  async function seenBy(): Promise<Record<string, boolean>> {
    const neighbor = (await frr.ask('show bgp neighbors 192.0.2.1')) ?? '';
    return {
      bird: (await lab.sessions('tor-bird'))?.established === 1,
      frr: neighbor.includes('BGP state = Established'),
      caracal: (await lab.sessions('node-2'))?.established === 1,
    };
  }

  async function expectSeen(expected: boolean): Promise<void> {
    await expect
      .poll(seenBy, { timeout: SOON_MS, interval: 20 })
      .toEqual({ bird: expected, frr: expected, caracal: expected });
  }

  async function expectAllBack(): Promise<void> {
    await expectSeen(true);
    const recovering = async () => (await lab.status('node-1'))?.agent.recovering;
    await expect.poll(recovering, { timeout: SOON_MS }).toBe(false);
    await expect.poll(holders, { timeout: SOON_MS }).toEqual(ALL_HOLD);
  }

  /** Whose kernels have a route to the block of node-1, and where node-1 has a route to. */
  async function holders(): Promise<string[]> {
    const wanted = [
      ...ALL_HOLD.slice(0, 3).map((name) => ({ name, at: name, prefix: BLOCK })),
      ...ALL_HOLD.slice(3).map((prefix) => ({ name: prefix, at: 'node-1', prefix })),
    ];
    const found = await Promise.all(wanted.map(({ at, prefix }) => lab.run(at, ['ip', 'route', 'show', prefix])));
    return wanted.filter((_, i) => found[i]!.stdout.includes('via')).map(({ name }) => name);
  }

  test('has sessions with all three', expectAllBack, LAB_TIMEOUT_MS);

  test.each([
    ['dies', 'SIGKILL'],
    ['is stopped', 'SIGTERM'],
  ] as const)(
    'that %s loses no packet in either direction',
    async (_, signal) => {
      const floods = ['host-bird', 'host-frr', 'web-2'].map((from) => flood(lab, from, WEB_1));
      await lab.stop('node-1', signal);
      await expectSeen(false);
      expect(await holders()).toEqual(ALL_HOLD);
      lab.start('node-1');
      await expectAllBack();
      const accounts = await Promise.all(floods.map((each) => each.stop()));
      expect(accounts.map(({ lost }) => lost)).toEqual([[], [], []]);
      for (const { answered } of accounts) expect(answered).toBeGreaterThan(50);
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'that is stopped for good is forgotten at once',
    async () => {
      await lab.stop('node-1', 'SIGQUIT');
      await expect.poll(holders, { timeout: SOON_MS }).toEqual(ALL_HOLD.slice(3)); // its own kernel goes on
      const status = await lab.status('node-2');
      expect(status?.bgp.peersV4[0]?.lastError).toMatchObject({
        text: 'received Cease/Hard Reset: Cease/Administrative Shutdown',
      });
    },
    LAB_TIMEOUT_MS,
  );
});

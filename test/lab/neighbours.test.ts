// Caracal and neighbours of other make, in what a session may have beside routes: limits, listen ranges with a password,
// roles, long messages and next hops of the other family. BIRD 2 for the first, FRR over a link without IPv4 for the last.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab } from '../../topologies/lab.ts';
import { parseLab } from '../../topologies/lab-file.ts';
import { describeWith } from '../requirements.ts';
import { CaracalAsBird } from './caracal-as-bird.ts';
import { Frr } from './frr.ts';
import { editResources, expectPing, LAB_TIMEOUT_MS } from './lab-checks.ts';

const SOON = { timeout: 20_000, interval: 50 };

const RR = '192.0.2.1';

/** The configuration of a BIRD with one session, to the reflector. */
function bird(address: string, session: string, more = ''): string {
  return `
    addresses: [${address}]
    daemon: bird
    bird: |
      router id ${address};
      protocol device { }
      ${more}
      protocol bgp session {
        local ${address};
        connect delay time 1; connect retry time 1; error wait time 1, 2;
        ${session}
      }`;
}

const ROUTES = (name: string, from: number, count: number) =>
  `protocol static ${name} { ipv4; ${Array.from({ length: count }, (_, i) => `route 198.51.100.${from + i}/32 blackhole;`).join(' ')} }`;

const BIRDS = `
subnets:
  rack: [192.0.2.0/24]
machines:
  rr:
    addresses: [${RR}]
    daemon: caracal
    arguments: [--kernel, none]
    resources:
      - apiVersion: v1
        kind: Secret
        metadata: { name: bgp, namespace: kube-system }
        stringData: { racks: meow }
      - apiVersion: caracal.io/v1
        kind: RouteReflector
        metadata: { name: rr }
        spec:
          routerId: ${RR}
          asNumber: 64512
          listenAddresses: [${RR}]
          peers:
            - { address: 192.0.2.2, name: sender, limits: { receive: { count: 5, action: disable } } }
            - { address: 192.0.2.3, name: receiver }
            - { address: 192.0.2.4, name: customer, asNumber: 65004, role: provider, requireRole: true, extendedMessages: true }
            - { address: 192.0.2.5, name: rival, asNumber: 65005, role: provider }
          listenRanges:
            - range: 192.0.2.16/28
              name: racks
              namePrefix: rack_
              digits: 2
              limit: 2
              password: { secretKeyRef: { name: bgp, key: racks } }
  sender:${bird(
    '192.0.2.2',
    `local as 64512; neighbor ${RR} as 64512; ipv4 { import all; export where source = RTS_STATIC; };`,
    `${ROUTES('five', 1, 5)} ${ROUTES('sixth', 6, 1).replace('{', '{ disabled;')}`,
  )}
  receiver:${bird(
    '192.0.2.3',
    `local as 64512; neighbor ${RR} as 64512; ipv4 { import all; export none; import limit 5 action restart; };`,
  )}
  customer:${bird(
    '192.0.2.4',
    `local as 65004; neighbor ${RR} as 64512; local role customer; require roles; enable extended messages;
        ipv4 { import all; export filter { if source != RTS_STATIC then reject; if net = 203.0.113.2/32 then bgp_otc = 65099; accept; }; };`,
    'protocol static own { ipv4; route 203.0.113.1/32 blackhole; route 203.0.113.2/32 blackhole; }',
  )}
  rival:${bird('192.0.2.5', `local as 65005; neighbor ${RR} as 64512; local role provider; ipv4 { import all; export none; };`)}
  rack-1:${bird('192.0.2.17', `local as 64512; neighbor ${RR} as 64512; password "meow"; ipv4 { import all; export none; };`)}
  rack-2:${bird('192.0.2.18', `local as 64512; neighbor ${RR} as 64512; password "meow"; ipv4 { import all; export none; };`)}
  rack-3:${bird('192.0.2.19', `local as 64512; neighbor ${RR} as 64512; password "woof"; ipv4 { import all; export none; };`)}
  rack-4:${bird('192.0.2.20', `local as 64512; neighbor ${RR} as 64512; password "meow"; disabled; ipv4 { import all; export none; };`)}
`;

describeWith(['namespaces', 'ip', 'bird', 'birdc'], 'a reflector between BIRDs', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.buildFrom(parseLab('neighbours', BIRDS), { id: `neighbours-${process.pid}` });
    lab.startAll();
  }, LAB_TIMEOUT_MS);
  afterAll(() => lab?.down(), LAB_TIMEOUT_MS);

  const peers = async () => (await lab.status('rr'))?.bgp.peersV4 ?? [];
  const peer = async (name: string) => (await peers()).find((each) => each.name === name);
  const birdc = async (machine: string, ...command: readonly string[]) =>
    (await lab.run(machine, ['birdc', '-s', lab.paths(machine).socket, ...command])).stdout;
  const routesOf = async (machine: string) =>
    Number(/(\d+) of \d+ routes/.exec(await birdc(machine, 'show', 'route', 'count'))?.[1] ?? Number.NaN);

  test('takes and gives as many routes as the limits of both say', async () => {
    await expect.poll(async () => (await peer('sender'))?.counters.received, SOON).toBe(5);
    await expect.poll(() => birdc('receiver', 'show', 'protocols', 'all', 'session'), SOON).toContain('5 imported');
    await expect.poll(async () => (await peer('receiver'))?.state, SOON).toBe('Established');
  });

  test('ends the session at the same route as BIRD, and each tells the other with Cease/1', async () => {
    editResources(lab, 'rr', (text) => text.replace('count: 5', 'count: 6'));
    await expect.poll(async () => (await peer('sender'))?.limits?.[0]?.limit, SOON).toBe(6);
    await birdc('sender', 'enable', 'sixth');
    await expect
      .poll(async () => (await peer('receiver'))?.lastError?.text, SOON)
      .toContain('received Cease/Maximum Number of Prefixes Reached');
    await birdc('receiver', 'disable', 'session');
    expect((await peer('sender'))?.state).toBe('Established');
    editResources(lab, 'rr', (text) => text.replace('count: 6', 'count: 5'));
    await expect
      .poll(() => birdc('sender', 'show', 'protocols', 'all', 'session'), SOON)
      .toContain('Received: Maximum number of prefixes reached');
    expect((await peer('sender'))?.info).toBe(
      'Idle: sent Cease/Maximum Number of Prefixes Reached: ipv4 limit 5 (more than 5 IPv4 routes received; the session is closed until the limit is another one)',
    );
    editResources(lab, 'rr', (text) => text.replace('count: 5', 'count: 7'));
    await expect.poll(async () => (await peer('sender'))?.counters.received, SOON).toBe(6);
  });

  test('tells its role: routes are marked on their way down, a leak is not taken, and one provider is enough', async () => {
    await expect.poll(async () => (await peer('customer'))?.counters, SOON).toMatchObject({ received: 2, accepted: 1 });
    await expect.poll(() => routesOf('customer'), SOON).toBeGreaterThan(6);
    const route = await birdc('customer', 'show', 'route', 'all', 'for', '198.51.100.1');
    expect(route).toMatch(/otc: 64512/i);
    const { negotiated } = (await peer('customer'))!;
    expect(negotiated?.maxMessageLength).toBe(65535);
    await expect.poll(async () => (await peer('rival'))?.info, SOON).toContain('Role Mismatch');
  });

  test('takes who comes from a range and knows its password, two at a time, and forgets who goes', async () => {
    const guests = async () =>
      (await peers())
        .filter(({ name }) => name.startsWith('rack_'))
        .map(({ peerIP, state }) => `${peerIP} ${state}`)
        .sort();
    await expect.poll(guests, SOON).toEqual(['192.0.2.17 Established', '192.0.2.18 Established']);
    await birdc('rack-4', 'enable', 'session');
    await expect.poll(() => birdc('rack-4', 'show', 'protocols', 'session'), SOON).toMatch(/Active|Idle|Connect/);
    await birdc('rack-1', 'disable', 'session');
    await expect.poll(guests, SOON).toEqual(['192.0.2.18 Established', '192.0.2.20 Established']);
  });
});

const LINK = `
subnets:
  link: ["2001:db8:2::/64"]
machines:
  node: { addresses: ["2001:db8:2::1"] }
  frr: { addresses: ["2001:db8:2::2"] }
`;

describeWith(['namespaces', 'ip', 'ping', 'frr'], 'a link without IPv4 addresses', () => {
  let lab: Lab;
  let frr: Frr;
  let nodeAddress: string;
  let frrAddress: string;

  beforeAll(async () => {
    lab = await Lab.buildFrom(parseLab('link', LINK), { id: `link-${process.pid}` });
    [nodeAddress, frrAddress] = [await linkLocalOf('node'), await linkLocalOf('frr')];
    for (const [machine, address] of [
      ['node', '10.65.0.1/32'],
      ['frr', '198.51.100.1/32'],
    ] as const) {
      await lab.run(machine, ['ip', 'address', 'add', address, 'dev', 'lo']);
    }
    frr = new Frr(lab, 'frr', frrConfiguration());
    frr.start();
    new CaracalAsBird(lab, 'node').start(nodeConfiguration());
  }, LAB_TIMEOUT_MS);
  afterAll(async () => {
    await lab?.down();
    frr?.remove();
  }, LAB_TIMEOUT_MS);

  async function linkLocalOf(machine: string): Promise<string> {
    const { stdout } = await lab.run(machine, ['ip', '-json', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link']);
    const found: { addr_info: { local?: string }[] }[] = JSON.parse(stdout);
    return found.flatMap(({ addr_info }) => addr_info.flatMap(({ local }) => local ?? []))[0]!;
  }

  const frrConfiguration = () => `
frr defaults datacenter
router bgp 65001
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor ${nodeAddress} remote-as 64512
 neighbor ${nodeAddress} interface eth0
 neighbor ${nodeAddress} timers connect 1
 neighbor ${nodeAddress} capability extended-nexthop
 address-family ipv4 unicast
  neighbor ${nodeAddress} activate
  network 198.51.100.0/24
 exit-address-family
 address-family ipv6 unicast
  neighbor ${nodeAddress} activate
  network 2001:db8:99::/48
 exit-address-family
`;

  /** Programs the kernel without a cluster. */
  const nodeConfiguration = () => `router id 192.0.2.1;
    protocol device { }
    protocol static own4 { ipv4; route 10.65.0.0/26 blackhole; }
    protocol static own6 { ipv6; route 2001:db8:65::/48 blackhole; }
    protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
    protocol kernel { ipv6 { import none; export where source = RTS_BGP; }; }
    protocol bgp frr {
      local as 64512;
      neighbor ${frrAddress}%eth0 as 65001;
      ipv4 { import all; export where source = RTS_STATIC; extended next hop on; };
      ipv6 { import all; export where source = RTS_STATIC; };
    }`;

  const kernelRoute = async (machine: string, prefix: string) =>
    (await lab.run(machine, ['ip', ...(prefix.includes(':') ? ['-6'] : []), 'route', 'show', prefix])).stdout;

  test('carries IPv4 all the same, over a session between link-local addresses (RFC 8950)', async () => {
    await expect.poll(() => kernelRoute('node', '198.51.100.0/24'), SOON).toContain(`via inet6 ${frrAddress} dev eth0`);
    await expect.poll(() => kernelRoute('frr', '10.65.0.0/26'), SOON).toContain(`via inet6 ${nodeAddress} dev eth0`);
    await lab.run('node', ['ip', 'route', 'replace', '198.51.100.1/32', 'via', 'inet6', frrAddress, 'dev', 'eth0', 'src', '10.65.0.1']); // biome-ignore format: one command
    await expectPing(lab, 'node', '198.51.100.1');
  });

  test('carries IPv6 with link-local next hops', async () => {
    await expect.poll(() => kernelRoute('node', '2001:db8:99::/48'), SOON).toContain(`via ${frrAddress} dev eth0`);
    await expect.poll(() => kernelRoute('frr', '2001:db8:65::/48'), SOON).toContain(`via ${nodeAddress} dev eth0`);
    expect(await frr.ask(`show bgp neighbors ${nodeAddress}`)).toContain('Extended nexthop: advertised and received');
  });
});

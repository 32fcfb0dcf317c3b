// BFD between Caracal, BIRD 2 and FRR's bfdd in namespaces: one hop and several, IPv4 and IPv6, with and without keys; cut
// cables are noticed within three intervals while the daemon's main thread is busy.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StatusReport } from '../../src/status/types.ts';
import { httpGet } from '../../topologies/http-get.ts';
import { describeWith } from '../requirements.ts';
import { frrDaemons, vtysh } from './programs/frr-daemons.ts';
import { type Machine, Stage } from './stage.ts';

const TIMEOUT = 120_000;
const SOON = { timeout: 40_000, interval: 50 };
const INTERVAL = 200;
const DETECTION = 3 * INTERVAL;
/** Milliseconds for threads to get a processor on a loaded machine. */
const LEEWAY = 400;

const BFD = { intervalMilliseconds: INTERVAL, multiplier: 3 };

const RESOURCES = {
  apiVersion: 'caracal.io/v1',
  kind: 'RouteReflector',
  metadata: { name: 'hub' },
  spec: {
    ...{ routerId: '10.99.0.1', asNumber: 65001, listenAddresses: ['10.99.0.1', 'fd99::1'] },
    peers: [
      { name: 'bird4', address: '10.99.0.2', bfd: BFD },
      { name: 'bird6', address: 'fd99::2', bfd: { ...BFD, multihop: true } },
      { name: 'frr4', address: '10.99.0.3', asNumber: 65003, bfd: BFD },
      { name: 'frr6', address: 'fd99::3', asNumber: 65003, bfd: BFD },
    ],
  },
};

const BIRD = `
router id 10.99.0.2;
protocol device {}
protocol bfd {
  interface "*" { interval ${INTERVAL} ms; multiplier 3; };
  multihop { interval ${INTERVAL} ms; multiplier 3; };
}
template bgp session { local as 65001; error wait time 1, 2; connect delay time 1; bfd; }
protocol bgp v4 from session { neighbor 10.99.0.1 as 65001; direct; ipv4 { import all; export all; }; }
protocol bgp v6 from session {
  source address fd99::2; neighbor fd99::1 as 65001; multihop; ipv6 { import all; export all; };
}`;

const FRR = {
  bfdd: '',
  bgpd: `
router bgp 65003
 bgp router-id 10.99.0.3
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
${['10.99.0.1', 'fd99::1']
  .map(
    (peer) => ` neighbor ${peer} remote-as 65001
 neighbor ${peer} timers connect 1
 neighbor ${peer} bfd 3 ${INTERVAL} ${INTERVAL}`,
  )
  .join('\n')}
 address-family ipv4 unicast
  neighbor 10.99.0.1 activate
 address-family ipv6 unicast
  neighbor fd99::1 activate
`,
};

describeWith(['namespaces', 'ip', 'bird', 'birdc', 'frr'], 'BFD with BIRD 2 and FRR', () => {
  const stage = new Stage(`bfd${process.pid}`);
  let [caracal, bird, frr]: Machine[] = [];

  async function status(): Promise<StatusReport> {
    return JSON.parse((await httpGet(join(caracal!.folder, 'status.sock'), '/status')) ?? '{"bfd":[],"bgp":{}}');
  }

  /** BFD and BGP of each session, by its name. */
  async function states(): Promise<Record<string, string>> {
    const { bgp } = await status();
    const peers = [...(bgp.peersV4 ?? []), ...(bgp.peersV6 ?? [])];
    return Object.fromEntries(peers.map(({ name, bfd, state }) => [name, `${bfd} ${state}`]));
  }

  const ALL_UP = Object.fromEntries(['bird4', 'bird6', 'frr4', 'frr6'].map((name) => [name, 'Up Established']));

  beforeAll(async () => {
    await stage.build();
    caracal = await stage.add('caracal', ['10.99.0.1/24', 'fd99::1/64']);
    bird = await stage.add('bird', ['10.99.0.2/24', 'fd99::2/64']);
    frr = await stage.add('frr', ['10.99.0.3/24', 'fd99::3/64']);
    const resources = caracal.write('resources.yaml', JSON.stringify(RESOURCES));
    const words = ['run', '--node', 'hub', '--datastore', 'files', '--resources', resources, '--log-level', 'info'];
    const socket = `unix:${join(caracal.folder, 'status.sock')}`;
    caracal.start([process.execPath, join(import.meta.dirname, 'busy-caracal.ts'), ...words, '--http', socket]);
    bird.start(['bird', '-f', '-c', bird.write('bird.conf', BIRD), '-s', join(bird.folder, 'ctl')]);
    frr.start(...frrDaemons(frr, FRR));
  }, TIMEOUT);
  afterAll(() => stage.remove(), TIMEOUT);

  test('comes up with both, in both families, over one hop and over several', { timeout: TIMEOUT }, async () => {
    await expect.poll(states, SOON).toEqual(ALL_UP);
    await expect
      .poll(async () => (await status()).bfd?.map(({ interval, timeout }) => [interval, timeout]), SOON)
      .toEqual([0, 1, 2, 3].map(() => [INTERVAL, DETECTION]));
    const seen = await bird!.run(['birdc', '-s', join(bird!.folder, 'ctl'), 'show', 'bfd', 'sessions']);
    expect(seen).toMatch(/10\.99\.0\.1 +eth0 +Up .* 0\.200 +0\.600/);
    expect(seen).toMatch(/fd99::1 +--- +Up .* 0\.200 +0\.600/);
  });

  test('finds cut cables within three intervals while the main thread is busy', { timeout: TIMEOUT }, async () => {
    const [daemon] = caracal!.programs;
    daemon!.child.kill('SIGHUP');
    const from = Date.now();
    await Promise.all([bird!.cut(), frr!.cut()]);
    const until = Date.now();
    await expect
      .poll(async () => Object.values(await states()).map((state) => state.split(' ')[0]), SOON)
      .toEqual(['Down', 'Down', 'Down', 'Down']);
    const { bfd = [], bgp } = await status();
    for (const { since, diagnostic } of bfd) {
      expect(Date.parse(since)).toBeGreaterThanOrEqual(from);
      expect(Date.parse(since)).toBeLessThanOrEqual(until + DETECTION + LEEWAY);
      expect(diagnostic).toBe('Control Detection Time Expired');
    }
    for (const { state, lastError } of [...bgp.peersV4, ...bgp.peersV6]) {
      expect([state === 'Established', lastError?.text]).toEqual([false, expect.stringContaining('BFD')]);
    }
  });

  test('comes back when they are plugged in again', { timeout: TIMEOUT }, async () => {
    await Promise.all([bird!.plug(), frr!.plug()]);
    await expect.poll(states, SOON).toEqual(ALL_UP);
  });

  test('does not take a stop of BFD for a dead path', { timeout: TIMEOUT }, async () => {
    const session = async () => (await status()).bgp.peersV4.find(({ name }) => name === 'frr4')!;
    const before = (await session()).since;
    await vtysh(frr!, 'configure terminal', 'bfd', 'peer 10.99.0.1', 'shutdown');
    await expect.poll(async () => (await session()).bfd, SOON).toBe('Down');
    const { state, since, info } = await session();
    expect({ state, since, info }).toEqual({
      state: 'Established',
      since: before,
      info: 'Established, BFD Down (the peer says AdminDown)',
    });
  });
});

// Routes that outlive the restart time of their router (RFC 9494), between Caracal, BIRD 2 and FRR: what a reflector and
// its clients make of a BIRD that dies for good, and what BIRD makes of a Caracal that comes back late. And sessions that
// end by a NOTIFICATION without taking the routes along (RFC 8538), with FRR, as BIRD does not know that.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab } from '../../topologies/lab.ts';
import { parseLab } from '../../topologies/lab-file.ts';
import { describeWith } from '../requirements.ts';
import { CaracalAsBird } from './caracal-as-bird.ts';
import { Frr } from './frr.ts';
import { History } from './history.ts';
import { LAB_TIMEOUT_MS } from './lab-checks.ts';

const SOON = { timeout: 20_000, interval: 50 };

/** Of all in one AS, so that next hops say whose a route is. */
const ADDRESS = {
  reflector: '192.0.2.1',
  sender: '192.0.2.2',
  other: '192.0.2.3',
  knowing: '192.0.2.4',
  unknowing: '192.0.2.5',
  frr: '192.0.2.6',
  late: '192.0.2.7',
} as const;

/** Of `sender` and, as a worse one, of `other`: to the reflector both, or the worse one past it. */
const [BOTH, PAST, NO_LLGR] = ['198.51.100.1/32', '198.51.100.2/32', '198.51.100.3/32'] as const;
/** Of `late`; the first is also, as a worse one, of `other`. */
const [TOLD_AGAIN, NOT_AGAIN] = ['203.0.113.1/32', '203.0.113.2/32'] as const;

const OF_FRR = '203.0.113.6/32';

const session = (name: keyof typeof ADDRESS, more = '', exported = 'where source = RTS_STATIC') => `
      protocol bgp to_${name} {
        local as 64512;
        neighbor ${ADDRESS[name]} as 64512;
        connect delay time 1; connect retry time 1; error wait time 1, 2;
        ipv4 { import all; export ${exported}; };
        ${more}
      }`;

const bird = (name: keyof typeof ADDRESS, body: string) => `
    addresses: [${ADDRESS[name]}]
    daemon: bird
    bird: |
      router id ${ADDRESS[name]};
      protocol device { }
      protocol direct { ipv4; }
      ${body}`;

const LAB = `
subnets:
  rack: [192.0.2.0/24]
machines:
  reflector:
    addresses: [${ADDRESS.reflector}]
    daemon: caracal
    arguments: [--kernel, none]
    resources:
      - apiVersion: caracal.io/v1
        kind: RouteReflector
        metadata: { name: reflector }
        spec:
          routerId: ${ADDRESS.reflector}
          asNumber: 64512
          listenAddresses: [${ADDRESS.reflector}]
          peers:
            - { address: ${ADDRESS.sender} }
            - { address: ${ADDRESS.other} }
            - { address: ${ADDRESS.knowing}, longLivedStaleTime: 12h }
            - { address: ${ADDRESS.unknowing} }
            - { address: ${ADDRESS.frr} }
  sender:${bird(
    'sender',
    `protocol static {
        ipv4;
        route ${BOTH} blackhole;
        route ${PAST} blackhole;
        route ${NO_LLGR} blackhole { bgp_community.add((65535, 7)); };
      }
      ${session('reflector', 'graceful restart; graceful restart time 2; long lived graceful restart; long lived stale time 3;')}`,
  )}
  other:${bird(
    'other',
    `protocol static {
        ipv4;
        route ${BOTH} blackhole { bgp_local_pref = 1; };
        route ${PAST} blackhole { bgp_local_pref = 1; };
        route ${TOLD_AGAIN} blackhole { bgp_local_pref = 1; };
      }
      ${session('reflector', '', `where net = ${BOTH}`)}
      ${session('knowing', '', `where net = ${PAST} || net = ${TOLD_AGAIN}`)}
      ${session('frr', '', `where net = ${PAST}`)}`,
  )}
  knowing:${bird('knowing', session('reflector') + session('other') + session('late'))}
  unknowing:${bird('unknowing', session('reflector', 'long lived graceful restart off;'))}
  frr: { addresses: [${ADDRESS.frr}] }
  late: { addresses: [${ADDRESS.late}] }
`;

const FRR = `
frr defaults datacenter
router bgp 64512
 bgp router-id ${ADDRESS.frr}
 bgp graceful-restart
 bgp graceful-restart preserve-fw-state
 bgp long-lived-graceful-restart stale-time 60
 neighbor ${ADDRESS.reflector} remote-as 64512
 neighbor ${ADDRESS.reflector} timers connect 1
 neighbor ${ADDRESS.other} remote-as 64512
 neighbor ${ADDRESS.other} timers connect 1
 no bgp network import-check
 address-family ipv4 unicast
  network ${OF_FRR}
 exit-address-family
`;

const late = (...prefixes: readonly string[]) => `
      router id ${ADDRESS.late};
      protocol device { }
      protocol static { ipv4; ${prefixes.map((prefix) => `route ${prefix} blackhole;`).join(' ')} }
      ${session('knowing', 'graceful restart; graceful restart time 1; long lived graceful restart; long lived stale time 600;')}`;

interface FrrRoute {
  readonly paths?: readonly {
    readonly nexthops: readonly { readonly ip: string }[];
    readonly bestpath?: { readonly overall?: boolean };
    readonly community?: { readonly string: string };
  }[];
}

describeWith(['namespaces', 'ip', 'bird', 'birdc', 'frr'], 'a router that is away', () => {
  let lab: Lab;
  let frr: Frr;
  let caracal: CaracalAsBird;

  beforeAll(async () => {
    lab = await Lab.buildFrom(parseLab('long-lived', LAB), { id: `long-lived-${process.pid}` });
    frr = new Frr(lab, 'frr', FRR);
    frr.start();
    lab.startAll();
    caracal = new CaracalAsBird(lab, 'late');
    caracal.start(late(TOLD_AGAIN, NOT_AGAIN));
  }, LAB_TIMEOUT_MS);
  afterAll(async () => {
    await lab?.down();
    frr?.remove();
  }, LAB_TIMEOUT_MS);

  /** Whose routes these are, and whether they are stale. */
  const whose = (nextHop: string | undefined, isStale: boolean) =>
    `${Object.entries(ADDRESS).find(([, address]) => address === nextHop)?.[0]}${isStale ? ' (stale)' : ''}`;

  async function atReflector(prefix: string): Promise<string> {
    const routes = await lab.routes('reflector', prefix);
    return routes.map(({ nextHop, communities }) => whose(nextHop, communities.includes('llgr-stale'))).join(', ');
  }

  const birdc = async (machine: string, ...command: readonly string[]) =>
    (await lab.run(machine, ['birdc', '-s', lab.paths(machine).socket, ...command])).stdout;

  /** The best one first, as BIRD shows them. */
  async function atBird(machine: string, prefix: string): Promise<string> {
    const [, ...routes] = (await birdc(machine, 'show', 'route', prefix, 'all')).split(/ unicast \[/);
    const parts = routes.map((text) => whose(/BGP\.next_hop: (\S+)/.exec(text)?.[1], text.includes('(65535,6)')));
    return parts.join(', ');
  }

  async function atFrr(prefix: string, chosenOnly: boolean): Promise<string> {
    const { paths = [] }: FrrRoute = JSON.parse((await frr.ask(`show bgp ipv4 unicast ${prefix} json`)) ?? '{}');
    const shown = paths.filter(({ bestpath }) => !chosenOnly || bestpath?.overall === true);
    const parts = shown.map(({ nexthops, community }) =>
      whose(nexthops[0]?.ip, !chosenOnly && community?.string.includes('llgr-stale') === true),
    );
    return parts.sort().join(', ');
  }

  test(
    'for longer than a restart is the last choice, of those who know what that means, until its time is over',
    async () => {
      const history = new History({
        'reflector, both': () => atReflector(BOTH),
        'reflector, past': () => atReflector(PAST),
        'reflector, no-llgr': () => atReflector(NO_LLGR),
        'knowing, both': () => atBird('knowing', BOTH),
        'knowing, past': () => atBird('knowing', PAST),
        'knowing, no-llgr': () => atBird('knowing', NO_LLGR),
        'unknowing, both': () => atBird('unknowing', BOTH),
        'unknowing, past': () => atBird('unknowing', PAST),
        'unknowing, no-llgr': () => atBird('unknowing', NO_LLGR),
        'frr has, past': () => atFrr(PAST, false), // it chooses a moment after it has taken a route
        'frr uses, past': () => atFrr(PAST, true),
      });
      const expected = {
        'reflector, both': ['sender, other', 'other, sender (stale)', 'other'],
        'reflector, past': ['sender', 'sender (stale)', ''],
        'reflector, no-llgr': ['sender', ''],
        'knowing, both': ['sender', 'other'],
        'knowing, past': ['sender, other', 'other, sender (stale)', 'other'],
        'knowing, no-llgr': ['sender', ''],
        'unknowing, both': ['sender', 'other'],
        'unknowing, past': ['sender', ''],
        'unknowing, no-llgr': ['sender', ''],
        'frr has, past': ['other, sender', 'other, sender (stale)', 'other'],
        'frr uses, past': ['sender', 'other'],
      };
      const at = (place: number) =>
        Object.fromEntries(Object.entries(expected).map(([name, states]) => [name, states.at(place)]));
      await expect.poll(() => history.look(), SOON).toEqual(at(0));
      const states = await history.during(async () => {
        await lab.stop('sender', 'SIGKILL');
        await expect.poll(() => history.now, SOON).toEqual(at(-1));
      });
      expect(states).toEqual(expected);
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'and is Caracal is the last choice of BIRD, and has its routes back as they were when it returns',
    async () => {
      const history = new History({
        again: () => atBird('knowing', TOLD_AGAIN),
        'not again': () => atBird('knowing', NOT_AGAIN),
      });
      await expect.poll(() => history.look(), SOON).toEqual({ again: 'late, other', 'not again': 'late' });
      const states = await history.during(async () => {
        await caracal.kill();
        await expect
          .poll(() => history.now, SOON)
          .toEqual({ again: 'other, late (stale)', 'not again': 'late (stale)' });
        caracal.start(late(TOLD_AGAIN));
        await expect.poll(() => history.now, SOON).toEqual({ again: 'late, other', 'not again': '' });
      });
      expect(states).toEqual({
        again: ['late, other', 'other, late (stale)', 'late, other'],
        'not again': ['late', 'late (stale)', ''],
      });
    },
    LAB_TIMEOUT_MS,
  );

  test('is waited for by BIRD as long as the RouteReflector says', async () => {
    expect(await birdc('knowing', 'show', 'protocols', 'all', 'to_reflector')).toContain('LL stale time: 43200');
  });

  test.each([
    ['keeps its routes', 'no bgp hard-administrative-reset', 'Cease/Administrative Reset', ['frr']],
    ['loses them by a Hard Reset', 'bgp hard-administrative-reset', 'Cease/Hard Reset: Cease/Administrative Reset', ['frr', '', 'frr']], // biome-ignore format: one case, one line
  ])(
    'for a moment, after a NOTIFICATION of FRR, %s (RFC 8538)',
    async (_, setting, cease, expected) => {
      const peer = async () =>
        (await lab.status('reflector'))?.bgp.peersV4.find(({ peerIP }) => peerIP === ADDRESS.frr);
      const history = new History({ routes: () => atReflector(OF_FRR) });
      await expect.poll(() => history.look(), SOON).toEqual({ routes: 'frr' });
      const { flaps } = (await peer())!.counters;
      await frr.ask('configure terminal', 'router bgp 64512', setting);
      const states = await history.during(async () => {
        await frr.ask(`clear bgp ${ADDRESS.reflector}`);
        await expect
          .poll(peer, SOON)
          .toMatchObject({ state: 'Established', counters: { flaps: flaps + 1, received: 1 } });
      });
      expect((await peer())?.lastError?.text).toBe(`received ${cease}`);
      expect(states).toEqual({ routes: expected });
    },
    LAB_TIMEOUT_MS,
  );
});

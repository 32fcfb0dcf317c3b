// LinuxKernel against the kernel of this machine, in namespaces of its own; `ip` is the oracle.

import { afterEach, describe, expect, test } from 'vitest';
import type { KernelWish } from '../fib/types.ts';
import { Namespace, namespacesMissing, RemoteKernel, unicast, via } from './kernel.fixture.ts';
import type { LinuxKernelOptions } from './kernel.ts';

const missing = namespacesMissing();
if (missing !== undefined) console.warn(`skipped: ${missing}`);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function namespace(): Namespace {
  const ns = new Namespace();
  cleanups.push(() => ns.delete());
  return ns;
}

async function kernelIn(ns: Namespace, options: Omit<LinuxKernelOptions, 'report'> = {}): Promise<RemoteKernel> {
  const kernel = new RemoteKernel(ns, options);
  cleanups.push(() => kernel.kill());
  await kernel.start();
  await expect.poll(() => kernel.events[0]?.type).toBe('snapshot');
  return kernel;
}

function hasIpip(ns: Namespace): boolean {
  try {
    ns.ip('link add probe type ipip remote 192.0.2.1');
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'stderr' in error)) throw error;
    return false;
  }
}

const QUICK = { interval: 10, timeout: 3_000 };
const BLOCK = '10.65.1.0/26';
const toEth0 = via('10.0.0.2', 'eth0');
const toEth1 = via('10.0.1.2', 'eth1');
const blackhole = (prefix: string): KernelWish => ({
  type: 'route',
  route: { prefix, type: 'blackhole', metric: prefix.includes(':') ? 1024 : 0, nextHops: [] },
});
const unreachable = (prefix: string): KernelWish => ({
  type: 'route',
  route: { prefix, type: 'unreachable', metric: prefix.includes(':') ? 1024 : 0, nextHops: [] },
});
const none = (prefix: string): KernelWish => ({ type: 'none', prefix });

describe.skipIf(missing !== undefined)('the kernel of Linux', () => {
  test('the snapshot holds links, addresses and the routes of others', async () => {
    const ns = namespace();
    ns.ip('addr add 10.0.0.111/24 dev eth0');
    ns.ip('addr add 10.9.9.1 peer 10.9.9.2/32 dev eth1');
    ns.ip('route add default via 10.0.0.254 dev eth0 proto dhcp metric 100');
    ns.ip('route add 10.65.0.5/32 dev eth1 proto 80 scope link');
    ns.ip('route add 192.0.2.0/24 proto static nexthop via 10.0.1.9 dev eth1 nexthop via 10.0.0.9 dev eth0');
    ns.ip('route add blackhole 198.51.100.0/24 proto static');
    ns.ip('-6 route add 2001:db8::/32 via fd00::9 proto static');
    ns.ip('route add 203.0.113.0/24 via 10.0.0.9 proto static table 99');
    const { events } = await kernelIn(ns);
    const snapshot = events[0]!;
    if (snapshot.type !== 'snapshot') throw new Error('no snapshot');
    expect(snapshot.links.find(({ device }) => device === 'eth0')).toMatchObject({ up: true, mtu: 1500, kind: 'veth' });
    expect(snapshot.addresses.filter(({ scope }) => scope === 'global')).toEqual(
      expect.arrayContaining([
        { device: 'eth0', address: '10.0.0.1', prefix: '10.0.0.0/24', secondary: false, scope: 'global' },
        { device: 'eth0', address: '10.0.0.111', prefix: '10.0.0.0/24', secondary: true, scope: 'global' },
        { device: 'eth1', address: '10.9.9.1', prefix: '10.9.9.2/32', secondary: false, scope: 'global' },
        { device: 'eth0', address: 'fd00::1', prefix: 'fd00::/64', secondary: false, scope: 'global' },
      ]),
    );
    expect([...snapshot.learned].sort((a, b) => (a.prefix < b.prefix ? -1 : 1))).toEqual([
      { prefix: '0.0.0.0/0', type: 'unicast', metric: 100, protocol: 16, nextHops: [via('10.0.0.254', 'eth0')] },
      { prefix: '10.65.0.5/32', type: 'unicast', metric: 0, protocol: 80, nextHops: [{ device: 'eth1' }] },
      {
        prefix: '192.0.2.0/24',
        type: 'unicast',
        metric: 0,
        protocol: 4,
        nextHops: [via('10.0.0.9', 'eth0'), via('10.0.1.9', 'eth1')],
      },
      { prefix: '198.51.100.0/24', type: 'blackhole', metric: 0, protocol: 4, nextHops: [] },
      { prefix: '2001:db8::/32', type: 'unicast', metric: 1024, protocol: 4, nextHops: [via('fd00::9', 'eth0')] },
    ]);
  });

  test.each<[string, KernelWish, string, 4 | 6]>([
    ['via a gateway', unicast(BLOCK, [toEth0]), `${BLOCK} via 10.0.0.2 dev eth0`, 4],
    ['with a metric', unicast(BLOCK, [toEth0], 1024), `${BLOCK} via 10.0.0.2 dev eth0 metric 1024`, 4],
    ['of one address', unicast('10.2.2.2/32', [toEth1]), '10.2.2.2 via 10.0.1.2 dev eth1', 4],
    ['by default', unicast('0.0.0.0/0', [toEth1]), 'default via 10.0.1.2 dev eth1', 4],
    ['to a link', unicast(BLOCK, [{ device: 'eth1' }]), `${BLOCK} dev eth1 scope link`, 4],
    [
      'onlink',
      unicast(BLOCK, [{ ...via('192.0.2.2', 'eth1'), onlink: true }]),
      `${BLOCK} via 192.0.2.2 dev eth1 onlink`,
      4,
    ],
    [
      'of several paths',
      unicast(BLOCK, [toEth0, toEth1]),
      `${BLOCK} nexthop via 10.0.0.2 dev eth0 weight 1 nexthop via 10.0.1.2 dev eth1 weight 1`,
      4,
    ],
    [
      'of several paths, one of them onlink',
      unicast(BLOCK, [toEth0, { ...via('192.0.2.2', 'eth1'), onlink: true }]),
      `${BLOCK} nexthop via 10.0.0.2 dev eth0 weight 1 nexthop via 192.0.2.2 dev eth1 weight 1 onlink`,
      4,
    ],
    ['as blackhole', blackhole(BLOCK), `blackhole ${BLOCK}`, 4],
    ['as unreachable', unreachable(BLOCK), `unreachable ${BLOCK}`, 4],
    ['via an IPv6 gateway', unicast(BLOCK, [via('fd00::2', 'eth0')]), `${BLOCK} via inet6 fd00::2 dev eth0`, 4],
    [
      'in IPv6',
      unicast('fd65::/122', [via('fd00::2', 'eth0')]),
      'fd65::/122 via fd00::2 dev eth0 metric 1024 pref medium',
      6,
    ],
    [
      'in IPv6 with a metric',
      unicast('fd65::/122', [via('fd00::2', 'eth0')], 512),
      'fd65::/122 via fd00::2 dev eth0 metric 512 pref medium',
      6,
    ],
    [
      'in IPv6 by default',
      unicast('::/0', [via('fd00::2', 'eth0')]),
      'default via fd00::2 dev eth0 metric 1024 pref medium',
      6,
    ],
    [
      'in IPv6 of several paths',
      unicast('fd65::/122', [via('fd00::2', 'eth0'), via('fd00::3', 'eth0')]),
      'fd65::/122 metric 1024 pref medium nexthop via fd00::2 dev eth0 weight 1 nexthop via fd00::3 dev eth0 weight 1',
      6,
    ],
    ['in IPv6 as blackhole', blackhole('fd65::/122'), 'blackhole fd65::/122 dev lo metric 1024 pref medium', 6],
  ])('a route %s is programmed, read back the same, and deleted', async (_, wish, shown, family) => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(wish);
    await expect.poll(() => ns.shown('bird', family), QUICK).toEqual([shown]);
    await kernel.audit();
    expect(await kernel.routes()).toEqual([wish.type === 'route' ? wish.route : undefined]);
    expect(await kernel.status()).toEqual({
      wanted: 1,
      installed: 1,
      refused: [],
      conflicts: [],
      waiting: [],
      fights: [],
    });
    await kernel.program(none(wish.type === 'route' ? wish.route.prefix : ''));
    await expect.poll(() => ns.shown('bird', family), QUICK).toEqual([]);
    expect(kernel.problems).toEqual([]);
  });

  const v6 = (...gateways: string[]) => unicast('fd65::/122', gateways.map((gateway) => via(gateway, 'eth0'))); // biome-ignore format: one line
  test.each<[string, KernelWish[]]>([
    ['gateway to gateway', [unicast(BLOCK, [toEth0]), unicast(BLOCK, [toEth1])]],
    ['direct to tunnel and back', [unicast(BLOCK, [toEth0]), unicast(BLOCK, [{ ...toEth0, device: 'eth1', onlink: true }]), unicast(BLOCK, [toEth0])]], // biome-ignore format: one line
    ['one path to several and back', [unicast(BLOCK, [toEth0]), unicast(BLOCK, [toEth0, toEth1]), unicast(BLOCK, [toEth1])]], // biome-ignore format: one line
    ['gateway to unreachable and back', [unicast(BLOCK, [toEth0]), unreachable(BLOCK), unicast(BLOCK, [toEth0])]],
    ['metric to metric', [unicast(BLOCK, [toEth0], 1024), unicast(BLOCK, [toEth1], 512), unicast(BLOCK, [toEth1], 0), unicast(BLOCK, [toEth1], 7)]], // biome-ignore format: one line
    ['IPv6 gateway to gateway', [v6('fd00::2'), v6('fd00::3')]],
    ['IPv6 one path to several, to others, to one', [v6('fd00::2'), v6('fd00::2', 'fd00::3'), v6('fd00::3', 'fd00::4', 'fd00::5'), v6('fd00::6')]], // biome-ignore format: one line
    ['IPv6 several paths to blackhole and back', [v6('fd00::2', 'fd00::3'), blackhole('fd65::/122'), v6('fd00::4', 'fd00::5')]], // biome-ignore format: one line
    ['IPv6 unreachable to one path', [unreachable('fd65::/122'), v6('fd00::2')]],
  ])('replacing %s leaves exactly the new route, and never none', async (_, wishes) => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    const monitor = await ns.monitor();
    cleanups.push(() => monitor.stop());
    for (const wish of wishes) {
      await kernel.program(wish);
      await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(1);
      await expect.poll(() => kernel.routes(), QUICK).toEqual([wish.type === 'route' ? wish.route : undefined]);
      await kernel.audit();
      expect(await kernel.routes()).toEqual([wish.type === 'route' ? wish.route : undefined]);
    }
    const { prefix } = (wishes[0] as Extract<KernelWish, { type: 'route' }>).route;
    await expect.poll(() => monitor.changesOf(prefix).length, QUICK).toBeGreaterThanOrEqual(wishes.length);
    expect(monitor.hadGap(prefix)).toBe(false);
    expect(kernel.problems).toEqual([]);
  });
});

const quiet = { refused: [], conflicts: [], waiting: [], fights: [] };
const shownBlock = `${BLOCK} via 10.0.0.2 dev eth0`;

describe.skipIf(missing !== undefined)('routes of others', () => {
  const conflict = {
    prefix: BLOCK,
    text: 'a route of protocol static has the same prefix and metric; it is left alone',
  };
  const foreign = `route add ${BLOCK} via 10.0.1.9 proto static`;

  test('a foreign route of the same prefix and metric is left alone and named, and ours follows when it goes', async () => {
    const ns = namespace();
    ns.ip(foreign);
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]));
    await expect
      .poll(() => kernel.status(), QUICK)
      .toEqual({ wanted: 1, installed: 0, ...quiet, conflicts: [conflict] });
    await kernel.program(none(BLOCK));
    await kernel.program(unicast(BLOCK, [toEth1]), unicast(BLOCK, [toEth0]));
    await kernel.audit();
    expect(ns.shown('static')).toEqual([`${BLOCK} via 10.0.1.9 dev eth1`]);
    expect(ns.shown()).toEqual([]);
    ns.ip(`route del ${BLOCK} proto static`);
    await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock]);
    expect(await kernel.status()).toEqual({ wanted: 1, installed: 1, ...quiet });
  });

  test('one that replaces ours stays, and ours comes back when it goes', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]));
    await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock]);
    ns.ip(`route replace ${BLOCK} via 10.0.1.9 proto static`);
    await expect.poll(async () => (await kernel.status()).conflicts, QUICK).toEqual([conflict]);
    // Events are delivered in batches of their own, so possibly after the status that already knows.
    await expect
      .poll(() => kernel.events.at(-1), QUICK)
      .toEqual({
        type: 'learned',
        route: { prefix: BLOCK, type: 'unicast', metric: 0, protocol: 4, nextHops: [via('10.0.1.9', 'eth1')] },
      });
    ns.ip(`route del ${BLOCK} proto static`);
    await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock]);
    expect(ns.shown('static')).toEqual([]);
  });

  test('one that is appended behind ours is not hit when ours is replaced and deleted', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]));
    await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock]);
    ns.ip(`route append ${BLOCK} via 10.0.1.9 proto static`);
    await kernel.program(unicast(BLOCK, [toEth1]));
    await expect.poll(() => ns.shown(), QUICK).toEqual([`${BLOCK} via 10.0.1.2 dev eth1`]);
    expect(await kernel.status()).toEqual({ wanted: 1, installed: 1, ...quiet });
    await kernel.program(none(BLOCK));
    await expect.poll(() => ns.shown(), QUICK).toEqual([]);
    expect(ns.shown('static')).toEqual([`${BLOCK} via 10.0.1.9 dev eth1`]);
  });

  test('one that is put before ours is a conflict: replacing would hit it', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]));
    await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock]);
    ns.ip(`route prepend ${BLOCK} via 10.0.1.9 proto static`);
    await expect.poll(async () => (await kernel.status()).conflicts, QUICK).toEqual([conflict]);
    await kernel.program(unicast(BLOCK, [toEth1]));
    await kernel.audit();
    // The way that is not wanted any more goes, the new one has no place.
    expect([ns.shown('static'), ns.shown()]).toEqual([[`${BLOCK} via 10.0.1.9 dev eth1`], []]);
    await kernel.program(none(BLOCK));
    await expect.poll(() => ns.shown(), QUICK).toEqual([]);
    expect(ns.shown('static')).toEqual([`${BLOCK} via 10.0.1.9 dev eth1`]);
  });

  test('with another metric both live side by side', async () => {
    const ns = namespace();
    ns.ip(`${foreign} metric 7`);
    ns.ip('-6 route add fd65::/122 via fd00::9 proto static metric 7');
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]), unicast('fd65::/122', [via('fd00::2', 'eth0')]));
    await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(2);
    await kernel.program(none(BLOCK), none('fd65::/122'));
    await expect.poll(() => kernel.routes(), QUICK).toEqual([]);
    expect(ns.shown('static')).toEqual([`${BLOCK} via 10.0.1.9 dev eth1 metric 7`]);
    expect(ns.shown('static', 6)).toEqual(['fd65::/122 via fd00::9 dev eth0 metric 7 pref medium']);
  });

  test('in IPv6 a foreign route of the same metric is neither joined nor replaced', async () => {
    const ns = namespace();
    ns.ip('-6 route add fd65::/122 via fd00::9 proto static');
    const kernel = await kernelIn(ns);
    await kernel.program(unicast('fd65::/122', [via('fd00::2', 'eth0'), via('fd00::3', 'eth0')]));
    await expect.poll(async () => (await kernel.status()).conflicts.length, QUICK).toBe(1);
    expect(ns.shown('static', 6)).toEqual(['fd65::/122 via fd00::9 dev eth0 metric 1024 pref medium']);
    ns.ip('-6 route del fd65::/122 proto static');
    await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(1);
  });

  test('in IPv6 a foreign hop that is appended to ours is noticed and ours made exact again', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast('fd65::/122', [via('fd00::2', 'eth0')]));
    await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(1);
    ns.ip('-6 route append fd65::/122 via fd00::9 proto static');
    await expect
      .poll(() => ns.ip('-6 route show fd65::/122').trim().replaceAll(/\s+/g, ' '), QUICK)
      .toEqual('fd65::/122 via fd00::2 dev eth0 proto bird metric 1024 pref medium');
  });

  test('an agent that fights is reported once, and answered ever more slowly', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]));
    for (let loss = 1; loss <= 3; loss++) {
      await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock]);
      ns.ip(`route del ${BLOCK}`);
    }
    const text = 'another agent took our route away 3 times; the last time it deleted it';
    await expect
      .poll(() => kernel.status(), QUICK)
      .toEqual({ wanted: 1, installed: 0, ...quiet, fights: [{ prefix: BLOCK, text }] });
    await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock]); // after a second
    expect(kernel.problems).toEqual([{ type: 'fight', prefix: BLOCK, text }]);
  });
});

describe.skipIf(missing !== undefined)('what goes wrong', () => {
  test('a route deleted behind our back is back within 100 ms', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(
      unicast(BLOCK, [toEth0]),
      unicast('fd65::/122', [via('fd00::2', 'eth0'), via('fd00::3', 'eth0')]),
    );
    await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(2);
    const monitor = await ns.monitor();
    cleanups.push(() => monitor.stop());
    ns.ip(`route del ${BLOCK}`);
    ns.ip('-6 route del fd65::/122');
    for (const prefix of [BLOCK, 'fd65::/122']) {
      const times = () => monitor.changesOf(prefix).map(({ at }) => at);
      await expect.poll(() => times().length, QUICK).toBeGreaterThan(1);
      expect(times().at(-1)! - times()[0]!).toBeLessThan(100);
    }
    expect(ns.shown()).toEqual([shownBlock]);
    expect(await kernel.status()).toEqual({ wanted: 2, installed: 2, ...quiet });
  });

  test('a route that the kernel refuses is shown with its words, and tried again when its device changes', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [via('10.7.0.2', 'eth1')]), unicast('10.65.2.0/26', [toEth0]));
    const refused = { prefix: BLOCK, text: 'Nexthop has invalid gateway (ENETUNREACH)' };
    await expect.poll(() => kernel.status(), QUICK).toEqual({ wanted: 2, installed: 1, ...quiet, refused: [refused] });
    expect(kernel.problems).toEqual([
      {
        type: 'refused',
        prefix: BLOCK,
        text: 'the kernel refuses the route: Nexthop has invalid gateway (ENETUNREACH)',
      },
    ]);
    ns.ip('addr add 10.7.0.1/24 dev eth1');
    await expect
      .poll(() => kernel.status(), { interval: 5, timeout: 500 })
      .toEqual({ wanted: 2, installed: 2, ...quiet });
  });

  test('thousands of refusals are one line in the log, and end together when the kernel takes the routes', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    const prefixes = Array.from({ length: 3_000 }, (_, i) => `10.${100 + (i >> 8)}.${i & 255}.0/24`);
    await kernel.program(...prefixes.map((prefix) => unicast(prefix, [via('10.7.0.2', 'eth1')])));
    await expect.poll(async () => (await kernel.status()).refused.length, QUICK).toBe(3_000);
    await kernel.audit();
    expect([ns.shown(), kernel.problems.length, await kernel.reopened()]).toEqual([[], 1, 0]);
    ns.ip('addr add 10.7.0.1/24 dev eth1');
    await expect.poll(() => kernel.status(), QUICK).toEqual({ wanted: 3_000, installed: 3_000, ...quiet });
    expect(ns.shown().length).toBe(3_000);
    // The last address goes, and with it, without a word, all routes.
    ns.batch(['addr del 10.7.0.1/24 dev eth1', 'addr del 10.0.1.1/24 dev eth1']);
    await expect.poll(async () => (await kernel.status()).refused.length, QUICK).toBe(3_000);
    expect([ns.shown(), await kernel.routes()]).toEqual([[], []]);
  });

  test('an old route stays while the new one is refused', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]));
    await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock]);
    await kernel.program(unicast(BLOCK, [via('10.7.0.2', 'eth1')], 512));
    await expect.poll(async () => (await kernel.status()).refused.length, QUICK).toBe(1);
    expect(ns.shown()).toEqual([shownBlock]);
  });

  test('link down and up: routes go with the link, silently in IPv4, and come back with it', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    const wishes = [
      unicast(BLOCK, [toEth0]),
      unicast('10.65.2.0/26', [toEth1]),
      unicast('10.65.3.0/26', [toEth0, toEth1]),
      unicast('fd65::/122', [via('fd00::2', 'eth0')]),
    ];
    await kernel.program(...wishes);
    await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(4);
    ns.ip('link set eth0 down');
    const text = 'eth0 is down';
    await expect
      .poll(async () => (await kernel.status()).waiting.map((complaint) => Object.values(complaint)).sort(), QUICK)
      .toEqual([
        [BLOCK, text],
        ['fd65::/122', text],
      ]);
    expect((await kernel.routes()).map(({ prefix }) => prefix)).toEqual(['10.65.2.0/26', '10.65.3.0/26']);
    expect(kernel.events).toContainEqual(
      expect.objectContaining({ type: 'link', link: expect.objectContaining({ device: 'eth0', up: false }) }),
    );
    ns.ip('link set eth0 up');
    ns.ip('addr replace fd00::1/64 dev eth0 nodad'); // IPv6 addresses go with the link
    await expect.poll(() => kernel.status(), QUICK).toEqual({ wanted: 4, installed: 4, ...quiet });
    await kernel.audit();
    expect(await kernel.status()).toEqual({ wanted: 4, installed: 4, ...quiet });
  });

  test('with the last address of a link its routes go, silently, and come back with it', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]), unicast('10.65.2.0/26', [toEth1]));
    await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(2);
    ns.ip('addr del 10.0.0.1/24 dev eth0');
    await expect.poll(async () => (await kernel.status()).refused.map(({ prefix }) => prefix), QUICK).toEqual([BLOCK]);
    expect(ns.shown()).toEqual(['10.65.2.0/26 via 10.0.1.2 dev eth1']);
    ns.ip('addr add 10.0.0.1/24 dev eth0');
    await expect.poll(() => kernel.status(), QUICK).toEqual({ wanted: 2, installed: 2, ...quiet });
  });

  test('routes of others that go with a link in silence are no longer learned', async () => {
    const ns = namespace();
    ns.veth('cali1');
    ns.ip('route add 10.65.0.5/32 dev cali1 proto 80 scope link');
    const kernel = await kernelIn(ns);
    ns.ip('link del cali1');
    await expect
      .poll(() => kernel.events, QUICK)
      .toContainEqual({
        type: 'learnedRemoved',
        route: { prefix: '10.65.0.5/32', type: 'unicast', metric: 0, protocol: 80, nextHops: [{ device: 'cali1' }] },
      });
    expect(kernel.events).toContainEqual({ type: 'linkRemoved', device: 'cali1' });
  });

  test('tunl0 that is not there yet: routes wait for it, alone or among others; deleted and created they follow', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    const tunnel = { ...via('10.0.0.7', 'tunl0'), onlink: true } as const;
    await kernel.program(unicast(BLOCK, [tunnel]), unicast('10.65.2.0/26', [toEth0, tunnel]));
    const text = 'tunl0 does not exist yet';
    await expect
      .poll(() => kernel.status(), QUICK)
      .toEqual({
        wanted: 2,
        installed: 0,
        ...quiet,
        waiting: [
          { prefix: BLOCK, text },
          { prefix: '10.65.2.0/26', text },
        ],
      });
    expect(ns.shown()).toEqual([]);
    for (let round = 0; round < 2; round++) {
      ns.veth('tunl0', '10.65.0.1/32');
      await expect
        .poll(() => ns.shown(), QUICK)
        .toEqual([
          `${BLOCK} via 10.0.0.7 dev tunl0 onlink`,
          '10.65.2.0/26 nexthop via 10.0.0.2 dev eth0 weight 1 nexthop via 10.0.0.7 dev tunl0 weight 1 onlink',
        ]);
      expect(await kernel.status()).toEqual({ wanted: 2, installed: 2, ...quiet });
      ns.ip('link del tunl0');
      await expect.poll(async () => (await kernel.status()).waiting.length, QUICK).toBe(2);
    }
    expect(kernel.problems).toEqual([]);
  });

  test.each([
    ['is of another kind', true, /^tunl0 is no ipip tunnel \(veth\); it is left alone$/],
    ['cannot be made', false, /^cannot create tunl0: .+ \(ENOTSUP\); it needs the kernel module ipip$/],
  ])('a tunl0 that %s is named once, and routes wait where they have to', async (what, isThere, words) => {
    const ns = namespace();
    if (isThere) ns.veth('tunl0');
    else if (hasIpip(ns)) return expect(what).toBe('cannot be made'); // it can, here
    const kernel = await kernelIn(ns);
    await kernel.manageTunnel({ device: 'tunl0', address: '10.65.0.1', carrier: '10.0.0.1' });
    await kernel.program(unicast(BLOCK, [{ ...via('10.0.0.7', 'tunl0'), onlink: true }]));
    const text = expect.stringMatching(words);
    await expect.poll(() => kernel.problems, QUICK).toEqual([{ type: 'tunnel', text }]);
    const state = isThere ? { installed: 1 } : { installed: 0, waiting: [{ prefix: BLOCK, text }] };
    await expect.poll(() => kernel.status(), QUICK).toEqual({ wanted: 1, ...quiet, ...state });
    if (isThere) expect(ns.ip('-4 addr show tunl0')).toBe('');
  });

  test('a link that is deleted and made again under the same name at once', async () => {
    const ns = namespace();
    ns.veth('tunl0');
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [{ ...via('10.0.0.7', 'tunl0'), onlink: true }]));
    await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(1);
    ns.batch(['link del tunl0', 'link add tunl0 type veth peer name other', 'link set other up', 'link set tunl0 up']);
    await expect.poll(() => ns.shown(), QUICK).toEqual([`${BLOCK} via 10.0.0.7 dev tunl0 onlink`]);
    expect(await kernel.status()).toEqual({ wanted: 1, installed: 1, ...quiet });
  });

  test('a link that is renamed takes its addresses and routes along', async () => {
    const ns = namespace();
    ns.ip('route add 192.0.2.0/24 via 10.0.1.9 proto static');
    const kernel = await kernelIn(ns);
    ns.batch(['link set eth1 down', 'link set eth1 name lan1', 'link set lan1 up', 'route add 198.51.100.0/24 via 10.0.1.9 proto static']); // biome-ignore format: one line
    await expect
      .poll(() => kernel.events, QUICK)
      .toContainEqual({
        type: 'learned',
        route: {
          prefix: '198.51.100.0/24',
          type: 'unicast',
          metric: 0,
          protocol: 4,
          nextHops: [via('10.0.1.9', 'lan1')],
        },
      });
    expect(kernel.events).toContainEqual({ type: 'linkRemoved', device: 'eth1' });
    const lan = { device: 'lan1', address: '10.0.1.1', prefix: '10.0.1.0/24', secondary: false, scope: 'global' };
    expect(kernel.events).toContainEqual({ type: 'address', address: lan });
    await kernel.program(unicast(BLOCK, [via('10.0.1.2', 'lan1')]));
    await expect.poll(() => ns.shown(), QUICK).toEqual([`${BLOCK} via 10.0.1.2 dev lan1`]);
  });

  test('when the kernel drops messages, all is read again and repaired', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns, { receiveBuffer: 16 * 1024 });
    await kernel.program(unicast(BLOCK, [toEth0]), unicast('10.65.2.0/26', [toEth1]));
    await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(2);
    kernel.freeze();
    ns.batch([
      `route del ${BLOCK}`,
      ...Array.from(
        { length: 500 },
        (_, i) => `route add 10.${100 + (i >> 8)}.${i & 255}.0/24 via 10.0.1.9 proto static`,
      ),
    ]);
    kernel.resume();
    await expect.poll(() => kernel.reopened(), QUICK).toBe(1);
    await expect.poll(() => kernel.events.filter(({ type }) => type === 'snapshot').length, QUICK).toBe(2);
    const last = kernel.events.findLast(({ type }) => type === 'snapshot');
    expect(last?.type === 'snapshot' && last.learned.length).toBe(500);
    await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock, '10.65.2.0/26 via 10.0.1.2 dev eth1']);
    expect(await kernel.status()).toEqual({ wanted: 2, installed: 2, ...quiet });
  });

  test('without CAP_NET_ADMIN the start fails with one sentence', async () => {
    const ns = namespace();
    const kernel = new RemoteKernel(ns, {}, ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin']);
    cleanups.push(() => kernel.kill());
    await expect(kernel.start()).rejects.toMatchObject({
      code: 'EPERM',
      message:
        'rtnetlink: no permission to program kernel routes: give CAP_NET_ADMIN, or run with --kernel none (EPERM)',
    });
  });
});

describe.skipIf(missing !== undefined)('restarts and limits', () => {
  test('routes survive a crash, are kept until the sweep, and only those that nobody wished for are swept', async () => {
    const ns = namespace();
    const first = await kernelIn(ns);
    await first.program(unicast(BLOCK, [toEth0]), unicast('10.65.2.0/26', [toEth0]), unicast('10.65.3.0/26', [toEth0]));
    await expect.poll(async () => (await first.status()).installed, QUICK).toBe(3);
    await first.kill();
    ns.ip('route add 10.65.4.0/26 via 10.0.0.9 proto static');
    const second = await kernelIn(ns);
    expect((await second.routes()).length).toBe(3);
    await second.program(unicast('10.65.2.0/26', [toEth1]), unicast('10.65.3.0/26', [toEth0]));
    await expect.poll(async () => (await second.status()).installed, QUICK).toBe(2);
    await second.audit();
    expect(ns.shown().length).toBe(3);
    await second.sweep();
    await expect
      .poll(() => ns.shown(), QUICK)
      .toEqual(['10.65.2.0/26 via 10.0.1.2 dev eth1', '10.65.3.0/26 via 10.0.0.2 dev eth0']);
    expect(ns.shown('static').length).toBe(1);
  });

  test('a stop leaves the routes', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]));
    await expect.poll(() => ns.shown(), QUICK).toEqual([shownBlock]);
    await kernel.stop();
    expect(ns.shown()).toEqual([shownBlock]);
  });

  test('only the given table and protocol are touched, also where the table does not exist yet', async () => {
    const ns = namespace();
    ns.ip('route add 10.65.9.0/26 via 10.0.0.9 proto bird');
    ns.ip('route add 10.65.8.0/26 via 10.0.0.9 proto 200');
    const kernel = await kernelIn(ns, { table: 1000, protocol: 200 });
    expect(kernel.events[0]).toMatchObject({ type: 'snapshot', learned: [] });
    await kernel.program(unicast(BLOCK, [toEth0]), unicast('fd65::/122', [via('fd00::2', 'eth0')]));
    await kernel.sweep();
    await expect.poll(async () => (await kernel.status()).installed, QUICK).toBe(2);
    await kernel.audit();
    expect((await kernel.routes()).length).toBe(2);
    expect(ns.ip('route show table 1000 proto 200').trim()).toBe(`${BLOCK} via 10.0.0.2 dev eth0`);
    expect([ns.shown('bird').length, ns.shown('200').length]).toEqual([1, 1]);
    ns.ip('route flush table 1000');
    await expect
      .poll(() => ns.ip('route show table 1000 proto 200').trim(), QUICK)
      .toBe(`${BLOCK} via 10.0.0.2 dev eth0`);
  });

  test('only the given family is touched', async () => {
    const ns = namespace();
    ns.ip('route add 10.65.9.0/26 via 10.0.0.9 proto bird');
    ns.ip('-6 route add fd65::/122 dev eth0 proto bird');
    const kernel = await kernelIn(ns, { families: ['ipv4'] });
    ns.ip('-6 route add fd65:1::/122 dev eth0 proto bird');
    await kernel.audit();
    expect((await kernel.routes()).map(({ prefix }) => prefix)).toEqual(['10.65.9.0/26']);
    await kernel.sweep();
    await expect.poll(() => ns.shown(), QUICK).toEqual([]);
    expect(ns.shown('bird', 6)).toHaveLength(2);
  });

  test('10,000 routes never block the event loop for 20 ms, and half of them can vanish at once', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    const turns: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      turns.push(await kernel.storm({ from: 0, to: 10_000, hop: toEth0 }));
      expect(await kernel.status()).toEqual({ wanted: 10_000, installed: 10_000, ...quiet });
      turns.push(await kernel.storm({ from: 5_000, to: 10_000 }));
      expect(await kernel.status()).toEqual({ wanted: 5_000, installed: 5_000, ...quiet });
      expect(ns.shown().length).toBe(5_000);
    }
    expect(Math.min(...turns)).toBeLessThan(20); // of several tries: other processes want the machine too
  });

  test('thousands of addresses and links cost nothing afterwards', async () => {
    const ns = namespace();
    const kernel = await kernelIn(ns);
    await kernel.program(unicast(BLOCK, [toEth0]));
    ns.veth('kube-ipvs0');
    const service = (i: number) => `addr add 10.96.${i >> 8}.${i & 255}/32 dev kube-ipvs0`;
    const workload = (i: number, pods: Namespace) => [
      `link add cali${i} type veth peer name pod${i} netns ${pods.name}`,
      `link set cali${i} up`,
      `route add 10.65.${4 + (i >> 8)}.${i & 255}/32 dev cali${i} proto 80 scope link`,
    ];
    const before = await kernel.heap();
    for (let round = 0; round < 2; round++) {
      // With the namespace of their other ends all of them go at once.
      const pods = new Namespace();
      ns.batch([...Array.from({ length: 2_500 }, (_, i) => service(i)), ...Array.from({ length: 1_000 }, (_, i) => workload(i, pods)).flat()]); // biome-ignore format: one line
      ns.ip('link del kube-ipvs0');
      pods.delete();
      ns.veth('kube-ipvs0');
    }
    const count = (type: string) => kernel.events.filter((event) => event.type === type).length;
    await expect.poll(() => count('addressRemoved'), { timeout: 5_000 }).toBeGreaterThanOrEqual(5_000);
    await expect.poll(() => count('learned') - count('learnedRemoved'), QUICK).toBe(0);
    expect(count('learned')).toBe(2_000);
    const idle = await kernel.cpu();
    await new Promise((resolve) => setTimeout(resolve, 300)); // the time in which nothing may happen
    expect((await kernel.cpu()) - idle).toBeLessThan(60);
    expect((await kernel.heap()) - before).toBeLessThan(1_000_000);
    expect(await kernel.status()).toEqual({ wanted: 1, installed: 1, ...quiet });
  }, 30_000);
});

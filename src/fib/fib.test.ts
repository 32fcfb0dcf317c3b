import { describe, expect, test } from 'vitest';
import { type Candidate, Fib } from './fib.ts';
import type { InterfaceAddress, KernelEvent, KernelNextHop, KernelWish, LearnedRoute, Link } from './types.ts';

const link = (device: string, up = true): Link => ({ device, index: 1, up, mtu: 1500 });
const address = (
  device: string,
  address: string,
  prefix: string,
  more: Partial<InterfaceAddress> = {},
): InterfaceAddress => ({
  device,
  address,
  prefix,
  secondary: false,
  scope: 'global',
  ...more,
});
const learned = (
  prefix: string,
  nextHops: readonly KernelNextHop[],
  more: Partial<LearnedRoute> = {},
): LearnedRoute => ({
  prefix,
  type: 'unicast',
  metric: 0,
  protocol: 4,
  nextHops,
  ...more,
});
const bgp = (nextHop: string, more: { metric?: number; tunnel?: string } = {}): Candidate => ({
  type: 'bgp',
  nextHop,
  ...more,
});
const unicast = (prefix: string, nextHops: readonly KernelNextHop[], metric = 0): KernelWish => ({
  type: 'route',
  route: { prefix, type: 'unicast', metric, nextHops },
});
const typed = (prefix: string, type: 'blackhole' | 'unreachable', metric = 0): KernelWish => ({
  type: 'route',
  route: { prefix, type, metric, nextHops: [] },
});
const none = (prefix: string): KernelWish => ({ type: 'none', prefix });

/** A node with two networks and a default route. */
const NODE: KernelEvent = {
  type: 'snapshot',
  links: [link('eth0'), link('eth1'), link('lo'), link('tunl0')],
  addresses: [
    address('lo', '127.0.0.1', '127.0.0.0/8', { scope: 'host' }),
    address('eth0', '10.0.0.1', '10.0.0.0/24'),
    address('eth0', '10.0.0.111', '10.0.0.0/24', { secondary: true }),
    address('eth1', '10.0.1.1', '10.0.1.0/24'),
    address('eth0', 'fd00::1', 'fd00::/64'),
    address('eth0', 'fe80::1', 'fe80::/64', { scope: 'link' }),
  ],
  learned: [learned('0.0.0.0/0', [{ gateway: '10.0.0.254', device: 'eth0' }], { metric: 100, protocol: 16 })],
};

function node(maxPaths = 16, family: 'ipv4' | 'ipv6' = 'ipv4'): Fib {
  const fib = new Fib(family);
  fib.configure({ maxPaths, directInterfaces: ['-cali*', '-kube-ipvs*', '*'] });
  fib.kernelEvents([NODE]);
  return fib;
}

const BLOCK = '10.65.1.0/26';

describe('next hops', () => {
  test.each<[string, string, KernelNextHop | undefined]>([
    ['on a connected network', '10.0.0.7', { gateway: '10.0.0.7', device: 'eth0' }],
    ['on another one', '10.0.1.7', { gateway: '10.0.1.7', device: 'eth1' }],
    ['behind the default route', '192.0.2.1', { gateway: '10.0.0.254', device: 'eth0' }],
    ['that is our own address', '10.0.0.1', undefined],
    ['that is our own secondary address', '10.0.0.111', undefined],
  ])('%s', (_, nextHop, hop) => {
    expect(node().resolve(nextHop)).toEqual(hop);
  });

  test('IPv6 resolves in its own table, and a link-local one nowhere', () => {
    const fib = node(16, 'ipv6');
    expect(fib.resolve('fd00::2')).toEqual({ gateway: 'fd00::2', device: 'eth0' });
    expect(fib.resolve('fe80::2')).toBeUndefined();
    expect(fib.setRoute('fd00:65::/122', [bgp('fd00::2')])).toEqual([
      unicast('fd00:65::/122', [{ gateway: 'fd00::2', device: 'eth0' }], 1024),
    ]);
    expect(fib.setRoute('fd00:65::/122', [bgp('fd00::2', { metric: 0 })])).toEqual([]); // what Linux makes of 0
  });

  test('the longest match wins, then the lowest metric, and a route that drops is no way', () => {
    const fib = node();
    const hop = () => fib.resolve('192.0.2.9');
    const wide = learned('192.0.0.0/16', [{ gateway: '10.0.1.9', device: 'eth1' }], { metric: 50 });
    const better = learned('192.0.0.0/16', [{ gateway: '10.0.1.8', device: 'eth1' }], { metric: 20 });
    const narrow = learned('192.0.2.0/24', [], { type: 'blackhole' });
    fib.kernelEvents([{ type: 'learned', route: wide }]);
    expect(hop()).toEqual({ gateway: '10.0.1.9', device: 'eth1' });
    fib.kernelEvents([{ type: 'learned', route: better }]);
    expect(hop()).toEqual({ gateway: '10.0.1.8', device: 'eth1' });
    fib.kernelEvents([{ type: 'learned', route: narrow }]);
    expect(hop()).toBeUndefined();
    fib.kernelEvents([{ type: 'learnedRemoved', route: narrow }, { type: 'learnedRemoved', route: better }]); // biome-ignore format: one line
    expect(hop()).toEqual({ gateway: '10.0.1.9', device: 'eth1' });
  });

  test.each<[string, string, boolean]>([
    ['in a network of ours', '10.0.0.7', true],
    ['behind a gateway', '192.0.2.1', false],
    ['in a network of ours, and somebody leads it elsewhere', '10.0.0.8', false],
    ['our own', '10.0.0.1', false],
  ])('is an address connected that is %s', (_, nextHop, isConnected) => {
    const fib = node();
    const elsewhere = learned('10.0.0.8/32', [{ gateway: '10.0.1.7', device: 'eth1' }]);
    fib.kernelEvents([{ type: 'learned', route: elsewhere }]);
    expect(fib.isConnected(nextHop)).toBe(isConnected);
  });

  test('a route of a workload without gateway leads to the address itself', () => {
    const fib = node();
    fib.kernelEvents([
      { type: 'link', link: link('cali1') },
      { type: 'learned', route: learned('10.65.0.5/32', [{ device: 'cali1' }], { protocol: 80 }) },
    ]);
    fib.setRoute('10.65.0.0/26', [{ type: 'blackhole' }]);
    expect(fib.resolve('10.65.0.5')).toEqual({ gateway: '10.65.0.5', device: 'cali1' });
    expect(fib.resolve('10.65.0.6')).toBeUndefined(); // our own block drops it; the default route does not count
  });

  test('a peer address of a point-to-point interface is connected', () => {
    const fib = node();
    fib.kernelEvents([
      { type: 'link', link: link('ppp0') },
      { type: 'address', address: address('ppp0', '10.9.9.1', '10.9.9.2/32') },
    ]);
    expect(fib.resolve('10.9.9.2')).toEqual({ gateway: '10.9.9.2', device: 'ppp0' });
    expect(fib.isOwnAddress('10.9.9.1')).toBe(true);
  });

  test('BGP routes are no way for next hops, local routes through a neighbour are', () => {
    const fib = node();
    fib.setRoute('192.0.2.0/24', [bgp('10.0.1.7')]);
    expect(fib.resolve('192.0.2.1')).toEqual({ gateway: '10.0.0.254', device: 'eth0' });
    fib.setRoute('192.0.2.1/32', [{ type: 'via', gateway: '10.0.1.3' }]);
    expect(fib.resolve('192.0.2.1')).toEqual({ gateway: '10.0.1.3', device: 'eth1' });
  });

  test.each<[string, string]>([
    ['that is reached through a gateway itself', '198.51.100.1'],
    ['that is reached through another local route', '192.0.2.7'],
    ['that is our own address', '10.0.1.1'],
  ])('a local route through an address %s is absent', (_, gateway) => {
    const fib = node();
    fib.setRoute('192.0.2.7/32', [{ type: 'via', gateway: '10.0.1.3' }]);
    expect(fib.isNeighbour(gateway)).toBe(false);
    expect(fib.setRoute('192.0.2.1/32', [{ type: 'via', gateway }])).toEqual([]);
    expect(fib.resolve('192.0.2.1')).toEqual({ gateway: '10.0.0.254', device: 'eth0' });
  });

  test('a route to a neighbour by a longer way leaves it a neighbour', () => {
    const fib = node();
    fib.kernelEvents([{ type: 'learned', route: learned('10.0.1.3/32', [{ gateway: '10.0.0.9', device: 'eth0' }]) }]);
    expect(fib.resolve('10.0.1.3')).toEqual({ gateway: '10.0.0.9', device: 'eth0' });
    expect(fib.setRoute('192.0.2.1/32', [{ type: 'via', gateway: '10.0.1.3' }])).toEqual([
      unicast('192.0.2.1/32', [{ gateway: '10.0.1.3', device: 'eth1' }]),
    ]);
    const gone = { type: 'addressRemoved', address: address('eth1', '10.0.1.1', '10.0.1.0/24') } as const;
    expect(fib.kernelEvents([gone]).wishes).toEqual([none('192.0.2.1/32')]);
  });
});

describe('routes', () => {
  test('the best path becomes a route once, and none when it goes', () => {
    const fib = node();
    const wish = unicast(BLOCK, [{ gateway: '10.0.0.7', device: 'eth0' }], 1024);
    expect(fib.setRoute(BLOCK, [bgp('10.0.0.7', { metric: 1024 })])).toEqual([wish]);
    expect(fib.setRoute(BLOCK, [bgp('10.0.0.7', { metric: 1024 })])).toEqual([]);
    expect(fib.size).toBe(1);
    expect(fib.setRoute(BLOCK, undefined)).toEqual([none(BLOCK)]);
    expect(fib.setRoute(BLOCK, [])).toEqual([]);
    expect(fib.size).toBe(0);
  });

  test('equal paths are merged in order up to the limit, each hop once', () => {
    const paths = [bgp('10.0.1.9'), bgp('10.0.0.8'), bgp('10.0.0.10'), bgp('192.0.2.1'), bgp('192.0.2.2')];
    const a = { gateway: '10.0.0.10', device: 'eth0' };
    const b = { gateway: '10.0.0.254', device: 'eth0' };
    const c = { gateway: '10.0.0.8', device: 'eth0' };
    const d = { gateway: '10.0.1.9', device: 'eth1' };
    expect(node(16).setRoute(BLOCK, paths)).toEqual([unicast(BLOCK, [a, b, c, d])]);
    expect(node(2).setRoute(BLOCK, paths)).toEqual([unicast(BLOCK, [a, b])]);
    expect(node(1).setRoute(BLOCK, paths)).toEqual([unicast(BLOCK, [d])]);
  });

  test('the limit counts hops, not the paths by which two reflectors tell of them', () => {
    const hops = ['10.0.0.7', '10.0.0.8', '10.0.0.9'];
    const twice = hops.flatMap((hop) => [bgp(hop), bgp(hop)]);
    const all = hops.map((gateway) => ({ gateway, device: 'eth0' }));
    expect(node(3).setRoute(BLOCK, twice)).toEqual([unicast(BLOCK, all)]);
  });

  test('a change of the limit changes the routes that it concerns', () => {
    const fib = node(1);
    fib.setRoute(BLOCK, [bgp('10.0.0.7'), bgp('10.0.0.8')]);
    fib.setRoute('10.65.2.0/26', [bgp('10.0.0.7')]);
    const both = unicast(BLOCK, [{ gateway: '10.0.0.7', device: 'eth0' }, { gateway: '10.0.0.8', device: 'eth0' }]); // biome-ignore format: one line
    expect(fib.configure({ maxPaths: 4, directInterfaces: ['-cali*', '-kube-ipvs*', '*'] })).toEqual({
      wishes: [both],
      sources: [],
    });
  });

  test('a tunnel goes to the BGP next hop itself, onlink, also among several paths', () => {
    const fib = node();
    const tunnelled = { gateway: '192.0.2.1', device: 'tunl0', onlink: true } as const;
    expect(fib.setRoute(BLOCK, [bgp('192.0.2.1', { tunnel: 'tunl0' })])).toEqual([unicast(BLOCK, [tunnelled])]);
    expect(fib.setRoute(BLOCK, [bgp('192.0.2.1', { tunnel: 'tunl0' }), bgp('10.0.0.7')])).toEqual([
      unicast(BLOCK, [{ gateway: '10.0.0.7', device: 'eth0' }, tunnelled]),
    ]);
  });

  test('when only the tunnel decision changes, the route is another one', () => {
    const fib = node();
    fib.setRoute(BLOCK, [bgp('10.0.0.7')]);
    expect(fib.setRoute(BLOCK, [bgp('10.0.0.7', { tunnel: 'tunl0' })])).toEqual([
      unicast(BLOCK, [{ gateway: '10.0.0.7', device: 'tunl0', onlink: true }]),
    ]);
    expect(fib.setRoute(BLOCK, [bgp('10.0.0.7')])).toEqual([unicast(BLOCK, [{ gateway: '10.0.0.7', device: 'eth0' }])]);
  });

  test('a next hop on a link of ours is reached by its address on that link, if it said one', () => {
    const fib = node(16, 'ipv6');
    const told = (nextHop: string) => fib.setRoute('fd65::/64', [{ type: 'bgp', nextHop, linkLocal: 'fe80::7' }]);
    const onLink = unicast('fd65::/64', [{ gateway: 'fe80::7', device: 'eth0' }], 1024);
    expect(told('fd00::7')).toEqual([onLink]);
    fib.kernelEvents([{ type: 'learned', route: learned('fd99::/64', [{ gateway: 'fd00::8', device: 'eth0' }]) }]);
    expect(told('fd99::7')).toEqual([unicast('fd65::/64', [{ gateway: 'fd00::8', device: 'eth0' }], 1024)]);
    expect(told('fd00::7')).toEqual([onLink]);
    expect(fib.setRoute('fd65::/64', [bgp('fd00::7')])).toEqual([
      unicast('fd65::/64', [{ gateway: 'fd00::7', device: 'eth0' }], 1024),
    ]);
  });

  test('a path to an own address is unreachable; with a second path that one is used', () => {
    const fib = node();
    expect(fib.setRoute(BLOCK, [bgp('10.0.0.1')])).toEqual([typed(BLOCK, 'unreachable')]);
    expect(fib.setRoute(BLOCK, [bgp('10.0.0.1'), bgp('10.0.0.7')])).toEqual([
      unicast(BLOCK, [{ gateway: '10.0.0.7', device: 'eth0' }]),
    ]);
    expect(fib.setRoute(BLOCK, [bgp('10.0.0.1')])).toEqual([typed(BLOCK, 'unreachable')]);
    expect(fib.unresolvedNextHops()).toEqual([]);
  });

  test('a path to nowhere is unreachable and named, until there is a way', () => {
    const fib = new Fib('ipv4');
    fib.kernelEvents([{ ...NODE, learned: [] } as KernelEvent]);
    expect(fib.setRoute(BLOCK, [bgp('192.0.2.1', { metric: 512, tunnel: 'tunl0' })])).toEqual([
      typed(BLOCK, 'unreachable', 512),
    ]);
    expect(fib.unresolvedNextHops()).toEqual(['192.0.2.1']);
    const route = learned('192.0.2.0/24', [{ gateway: '10.0.1.3', device: 'eth1' }]);
    expect(fib.kernelEvents([{ type: 'learned', route }]).wishes).toEqual([
      unicast(BLOCK, [{ gateway: '192.0.2.1', device: 'tunl0', onlink: true }], 512),
    ]);
    expect(fib.unresolvedNextHops()).toEqual([]);
    expect(fib.kernelEvents([{ type: 'learnedRemoved', route }]).wishes).toEqual([typed(BLOCK, 'unreachable', 512)]);
  });

  test('of several paths those that lead nowhere are left out', () => {
    const fib = new Fib('ipv4');
    fib.configure({ maxPaths: 4, directInterfaces: [] });
    fib.kernelEvents([{ ...NODE, learned: [] } as KernelEvent]);
    expect(fib.setRoute(BLOCK, [bgp('192.0.2.1'), bgp('10.0.0.7')])).toEqual([
      unicast(BLOCK, [{ gateway: '10.0.0.7', device: 'eth0' }]),
    ]);
  });

  test('local routes: a blackhole, and a gateway that what resolves through it follows', () => {
    const fib = node();
    expect(fib.setRoute('10.65.0.0/26', [{ type: 'blackhole' }])).toEqual([typed('10.65.0.0/26', 'blackhole')]);
    fib.setRoute(BLOCK, [bgp('192.0.2.1')]);
    expect(fib.setRoute('192.0.2.1/32', [{ type: 'via', gateway: '10.0.1.3' }])).toEqual([
      unicast('192.0.2.1/32', [{ gateway: '10.0.1.3', device: 'eth1' }]),
      unicast(BLOCK, [{ gateway: '10.0.1.3', device: 'eth1' }]),
    ]);
    // The gateway's network goes and comes: the local route with it, what resolves through it takes the default route.
    const eth1 = address('eth1', '10.0.1.1', '10.0.1.0/24');
    expect(fib.kernelEvents([{ type: 'addressRemoved', address: eth1 }]).wishes).toEqual([
      none('192.0.2.1/32'),
      unicast(BLOCK, [{ gateway: '10.0.0.254', device: 'eth0' }]),
    ]);
    expect(fib.kernelEvents([{ type: 'address', address: eth1 }]).wishes).toEqual([
      unicast('192.0.2.1/32', [{ gateway: '10.0.1.3', device: 'eth1' }]),
      unicast(BLOCK, [{ gateway: '10.0.1.3', device: 'eth1' }]),
    ]);
    expect(fib.setRoute('192.0.2.1/32', undefined)).toEqual([
      none('192.0.2.1/32'),
      unicast(BLOCK, [{ gateway: '10.0.0.254', device: 'eth0' }]),
    ]);
  });
});

describe('events', () => {
  const toEth1 = unicast(BLOCK, [{ gateway: '10.0.1.7', device: 'eth1' }]);
  const toDefault = unicast(BLOCK, [{ gateway: '10.0.0.254', device: 'eth0' }]);

  test.each<[string, KernelEvent[], KernelEvent[]]>([
    ['link down and up', [{ type: 'link', link: link('eth1', false) }], [{ type: 'link', link: link('eth1') }]],
    ['link removed and created', [{ type: 'linkRemoved', device: 'eth1' }], [{ type: 'link', link: link('eth1') }]],
    [
      'address removed and added',
      [{ type: 'addressRemoved', address: address('eth1', '10.0.1.1', '10.0.1.0/24') }],
      [{ type: 'address', address: address('eth1', '10.0.1.1', '10.0.1.0/24') }],
    ],
    [
      'a snapshot without and with the network',
      [{ ...NODE, addresses: [address('eth0', '10.0.0.1', '10.0.0.0/24')] } as KernelEvent],
      [NODE],
    ],
  ])('routes follow: %s', (_, lost, found) => {
    const fib = node();
    fib.setRoute(BLOCK, [bgp('10.0.1.7')]);
    fib.setRoute('10.65.2.0/26', [bgp('10.0.0.7')]); // not concerned
    expect(fib.kernelEvents(lost).wishes).toEqual([toDefault]);
    expect(fib.kernelEvents(found).wishes).toEqual([toEth1]);
  });

  test('a next hop that becomes an own address leads nowhere as long as it is one', () => {
    const fib = node();
    fib.setRoute(BLOCK, [bgp('10.0.0.7')]);
    const moved = address('eth1', '10.0.0.7', '10.0.0.7/32');
    expect(fib.kernelEvents([{ type: 'address', address: moved }]).wishes).toEqual([typed(BLOCK, 'unreachable')]);
    expect(fib.kernelEvents([{ type: 'addressRemoved', address: moved }]).wishes).toEqual([
      unicast(BLOCK, [{ gateway: '10.0.0.7', device: 'eth0' }]),
    ]);
  });

  test('an address on two devices is ours until the second one is gone', () => {
    const fib = node();
    const on = (device: string) => address(device, '10.96.0.1', '10.96.0.1/32');
    fib.kernelEvents([{ type: 'address', address: on('kube-ipvs0') }, { type: 'address', address: on('lo') }]); // biome-ignore format: one line
    fib.kernelEvents([{ type: 'addressRemoved', address: on('lo') }]);
    expect(fib.isOwnAddress('10.96.0.1')).toBe(true);
    fib.kernelEvents([{ type: 'addressRemoved', address: on('kube-ipvs0') }]);
    expect(fib.isOwnAddress('10.96.0.1')).toBe(false);
  });

  test('the same snapshot again changes nothing', () => {
    const fib = node();
    fib.setRoute(BLOCK, [bgp('10.0.1.7')]);
    expect(fib.kernelEvents([NODE])).toEqual({ wishes: [], sources: [] });
  });
});

describe('sources', () => {
  const direct = (prefix: string, device: string) => ({ prefix, source: 'direct', interface: device }) as const;
  const DEFAULT = {
    prefix: '0.0.0.0/0',
    source: 'kernel',
    metric: 100,
    protocol: 16,
    interface: 'eth0',
    gateway: '10.0.0.254',
  } as const;

  test('connected networks and learned routes are offered, secondary, host and link scope are not', () => {
    expect([...node().localSources()]).toEqual([direct('10.0.0.0/24', 'eth0'), direct('10.0.1.0/24', 'eth1'), DEFAULT]);
    expect([...node(1, 'ipv6').localSources()]).toEqual([direct('fd00::/64', 'eth0')]);
  });

  test('interfaces are chosen by pattern, and again when the patterns change', () => {
    const fib = node();
    const service = address('kube-ipvs0', '10.96.0.1', '10.96.0.1/32');
    expect(
      fib.kernelEvents([
        { type: 'link', link: link('kube-ipvs0') },
        { type: 'address', address: service },
      ]),
    ).toEqual({
      wishes: [],
      sources: [],
    });
    expect([...fib.configure({ maxPaths: 16, directInterfaces: ['-eth1', '*'] }).sources].sort()).toEqual([
      '10.0.1.0/24',
      '10.96.0.1/32',
    ]);
  });

  test('of learned routes the one with the lowest metric is offered, never what the kernel or BIRD wrote', () => {
    const fib = node();
    const via = (metric: number, protocol: number) =>
      learned('10.65.0.5/32', [{ device: 'eth1' }], { metric, protocol });
    const change = (event: KernelEvent) => [fib.kernelEvents([event]).sources, fib.sourcesOf('10.65.0.5/32')];
    const offered = (metric: number, protocol: number) => [
      { prefix: '10.65.0.5/32', source: 'kernel', metric, protocol, interface: 'eth1' },
    ];
    expect(change({ type: 'learned', route: via(0, 2) })).toEqual([[], []]);
    expect(change({ type: 'learned', route: via(1, 12) })).toEqual([[], []]);
    expect(change({ type: 'learned', route: via(1024, 80) })).toEqual([['10.65.0.5/32'], offered(1024, 80)]);
    expect(change({ type: 'learned', route: via(512, 80) })).toEqual([['10.65.0.5/32'], offered(512, 80)]);
    expect(change({ type: 'learned', route: via(2048, 80) })).toEqual([[], offered(512, 80)]);
    expect(change({ type: 'learnedRemoved', route: via(512, 80) })).toEqual([['10.65.0.5/32'], offered(1024, 80)]);
  });

  test('of several hops none is the gateway or the interface of a learned route', () => {
    const fib = node();
    const hops = ['10.0.0.7', '10.0.0.8'].map((gateway) => ({ gateway, device: 'eth0' }));
    fib.kernelEvents([{ type: 'learned', route: learned('10.65.0.5/32', hops, { metric: 1024, protocol: 80 }) }]);
    expect(fib.sourcesOf('10.65.0.5/32')).toEqual([
      { prefix: '10.65.0.5/32', source: 'kernel', metric: 1024, protocol: 80, interface: '' },
    ]);
  });

  test('a prefix may be connected and learned at once', () => {
    const fib = node();
    fib.kernelEvents([{ type: 'learned', route: learned('10.0.1.0/24', [{ gateway: '10.0.0.9', device: 'eth0' }]) }]);
    expect(fib.sourcesOf('10.0.1.0/24').map(({ source }) => source)).toEqual(['direct', 'kernel']);
  });

  test('a link that goes down takes its connected networks along', () => {
    const fib = node();
    expect(fib.kernelEvents([{ type: 'link', link: link('eth1', false) }]).sources).toEqual(['10.0.1.0/24']);
    expect(fib.sourcesOf('10.0.1.0/24')).toEqual([]);
  });
});

describe('cost', () => {
  test('a storm of workload routes asks nothing of the prefixes that are there', () => {
    const fib = node();
    for (let i = 0; i < 2_000; i++)
      fib.setRoute(`10.${100 + (i >> 8)}.${i & 255}.0/24`, [bgp(`10.0.0.${2 + (i % 200)}`)]);
    let wishes = 0;
    for (let i = 0; i < 2_000; i++) {
      const route = learned(`10.65.${i >> 8}.${i & 255}/32`, [{ device: `cali${i}` }], { protocol: 80 });
      wishes += fib.kernelEvents([
        { type: 'link', link: link(`cali${i}`) },
        { type: 'learned', route },
      ]).wishes.length;
      wishes += fib.kernelEvents([
        { type: 'learnedRemoved', route },
        { type: 'linkRemoved', device: `cali${i}` },
      ]).wishes.length;
    }
    expect(wishes).toBe(0);
    expect([...fib.localSources()]).toHaveLength(3);
  });

  test('routes through one next hop share one list of hops', () => {
    const fib = node();
    const hops = (prefix: string) => {
      const [wish] = fib.setRoute(prefix, [bgp('10.0.0.7')]);
      return wish?.type === 'route' ? wish.route.nextHops : undefined;
    };
    expect(hops('10.65.1.0/26')).toBe(hops('10.65.2.0/26'));
  });
});

describe('IPv6 next hops of IPv4 routes (RFC 8950)', () => {
  test('follow connected networks, routes of others and links of IPv6', () => {
    const fib = new Fib('ipv4');
    const own = address('eth0', 'fd00::1', 'fd00::/64');
    fib.kernelEvents([{ type: 'snapshot', links: [link('eth0'), link('eth1')], addresses: [own], learned: [] }]);
    const hop = { gateway: 'fd00::9', device: 'eth0' };
    expect(fib.setRoute('10.1.0.0/16', [bgp('fd00::9')])).toEqual([unicast('10.1.0.0/16', [hop])]);
    expect(fib.setRoute('10.2.0.0/16', [bgp('fd01::9')])).toEqual([typed('10.2.0.0/16', 'unreachable')]);
    expect(fib.unresolvedNextHops()).toEqual(['fd01::9']);
    const via = learned('fd01::/64', [{ gateway: 'fd00::8', device: 'eth0' }]);
    expect(fib.kernelEvents([{ type: 'learned', route: via }])).toEqual({
      wishes: [unicast('10.2.0.0/16', [{ gateway: 'fd00::8', device: 'eth0' }])],
      sources: [],
    });
    expect([fib.resolve('fd00::9'), fib.isConnected('fd00::9'), fib.isConnected('fd01::9')]).toEqual([
      hop,
      true,
      false,
    ]);
  });
});

describe.each(['ipv4', 'ipv6'] as const)('a next hop on one link (%s)', (family) => {
  const prefix = family === 'ipv4' ? '10.1.0.0/16' : 'fd01::/48';
  const metric = family === 'ipv4' ? 0 : 1024;
  const hop = { gateway: 'fe80::9', device: 'eth1' };

  test('is reached while the interface is up', () => {
    const fib = new Fib(family);
    fib.kernelEvents([{ type: 'snapshot', links: [link('eth1')], addresses: [], learned: [] }]);
    expect(fib.setRoute(prefix, [bgp('fe80::9%eth1')])).toEqual([unicast(prefix, [hop], metric)]);
    expect(fib.isConnected('fe80::9%eth1')).toBe(true);
    const down = fib.kernelEvents([{ type: 'link', link: link('eth1', false) }]);
    expect(down.wishes).toEqual([typed(prefix, 'unreachable', metric)]);
    expect(fib.unresolvedNextHops()).toEqual(['fe80::9%eth1']);
    expect(fib.kernelEvents([{ type: 'link', link: link('eth1') }]).wishes).toEqual([unicast(prefix, [hop], metric)]);
    expect(fib.kernelEvents([{ type: 'linkRemoved', device: 'eth1' }]).wishes).toEqual(down.wishes);
    expect(fib.setRoute(prefix, undefined)).toEqual([none(prefix)]);
    expect(fib.unresolvedNextHops()).toEqual([]);
  });

  test('is not the one of the same address on another link', () => {
    const fib = new Fib(family);
    fib.kernelEvents([{ type: 'snapshot', links: [link('eth0'), link('eth1')], addresses: [], learned: [] }]);
    expect(['fe80::9%eth0', 'fe80::9%eth1', 'fe80::9%eth2'].map((each) => fib.resolve(each)?.device)).toEqual([
      'eth0',
      'eth1',
      undefined,
    ]);
  });
});

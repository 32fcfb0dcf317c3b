import { describe, expect, it } from 'vitest';
import type { KernelEvent } from '../fib/types.ts';
import { accept, attribute, equals, policy, set, setMetric, when } from '../policy/index.ts';
import { AttributeTable, NO_ROW } from '../rib/index.ts';
import { FamilyRouter } from './family-router.ts';

const NODE: KernelEvent = {
  type: 'snapshot',
  links: [{ device: 'eth0', index: 1, up: true, mtu: 1500 }],
  addresses: [{ device: 'eth0', address: '10.0.0.1', prefix: '10.0.0.0/24', secondary: false, scope: 'global' }],
  learned: [
    {
      prefix: '0.0.0.0/0',
      type: 'unicast',
      metric: 0,
      protocol: 4,
      nextHops: [{ gateway: '10.0.0.254', device: 'eth0' }],
    },
  ],
};

describe('routes of others in the kernel', () => {
  it.each<[string, string, string | undefined]>([
    ['the gateway is the next hop', '10.0.0.7', '10.0.0.7'],
    ['a gateway that is only known on the link is not', 'fe80::7', undefined],
  ])('%s', (_, gateway, nextHop) => {
    const { forwarding, rib, locals } = new FamilyRouter('ipv4', new AttributeTable(), 'linux');
    const nextHops = [{ gateway, device: 'eth0' }];
    const route = { prefix: '10.65.0.0/26', type: 'unicast', metric: 1024, protocol: 80, nextHops } as const;
    forwarding.kernelEvents([NODE, { type: 'learned', route }], rib, locals);
    rib.tables.prefixes.load('10.65.0.0/26');
    const row = rib.tables.paths.find(rib.tables.prefixes.find(), locals.kernel.id, 0);
    expect(rib.tables.attributes.get(rib.tables.paths.set[row]!).attributes.nextHop).toBe(nextHop);
  });
});

describe('an import policy of the kernel', () => {
  const felix = {
    prefix: '10.65.0.0/26',
    type: 'unicast',
    metric: 1024,
    protocol: 80,
    nextHops: [{ device: 'cali1' }],
  } as const;
  const kernel = (changes: object) => ({
    policy: policy('kernel', 'accept', []),
    directInterfaces: ['*'],
    maxPaths: 1,
    ...changes,
  });
  const only80 = policy('learn', 'reject', [
    when(
      equals(attribute('krt_source'), 80),
      set('communities', { type: 'clist', value: [7] }),
      setMetric(5),
      accept(),
    ),
  ]);

  it('says what is learned, also of what is known already', () => {
    const { forwarding, rib, locals } = new FamilyRouter('ipv4', new AttributeTable(), 'linux');
    const known = () =>
      ['0.0.0.0/0', felix.prefix, '10.0.0.0/24'].flatMap((prefix) => {
        rib.tables.prefixes.load(prefix);
        const id = rib.tables.prefixes.find();
        const source = prefix === '10.0.0.0/24' ? locals.direct : locals.kernel;
        const row = id < 0 ? NO_ROW : rib.tables.paths.find(id, source.id, 0);
        if (row === NO_ROW) return [];
        const { communities } = rib.tables.attributes.get(rib.tables.paths.set[row]!).attributes;
        return [[prefix, communities, rib.tables.paths.details.get(row)?.metric]];
      });
    const configure = (changes: object) => {
      forwarding.configure(kernel(changes), rib, locals);
      rib.recycle(rib.flush(100));
    };
    const direct = ['10.0.0.0/24', undefined, undefined];
    configure({ importPolicy: policy('REJECT', 'reject', []) });
    forwarding.kernelEvents([NODE, { type: 'learned', route: felix }], rib, locals);
    expect(known()).toEqual([direct]);
    configure({ importPolicy: only80 });
    expect(known()).toEqual([[felix.prefix, [7], 5], direct]);
    configure({});
    expect(known()).toEqual([['0.0.0.0/0', undefined, 0], [felix.prefix, undefined, 1024], direct]);
    configure({ importPolicy: policy('REJECT', 'reject', []) });
    expect(known()).toEqual([direct]);
    configure({ directInterfaces: [] });
    expect(known()).toEqual([
      ['0.0.0.0/0', undefined, 0],
      [felix.prefix, undefined, 1024],
    ]);
    configure({});
    configure({ directInterfaces: [], importPolicy: only80 });
    expect(known()).toEqual([[felix.prefix, [7], 5]]);
  });

  it('and a metric is for routes that have none', () => {
    const { forwarding, rib, statics, locals } = new FamilyRouter('ipv4', new AttributeTable(), 'linux');
    const program = (changes: object) => {
      forwarding.configure(kernel(changes), rib, locals);
      rib.markAll();
      return forwarding.program(rib, rib.flush(100));
    };
    statics.apply({ added: [{ prefix: '10.1.0.0/16', type: 'blackhole', origin: 'test' }], removed: [] });
    expect(program({ metric: 32 })).toMatchObject([{ type: 'route', route: { prefix: '10.1.0.0/16', metric: 32 } }]);
    const own = policy('kernel', 'accept', [setMetric(7)]);
    expect(program({ metric: 32, policy: own })).toMatchObject([{ type: 'route', route: { metric: 7 } }]);
  });
});

describe('next hops for the decision', () => {
  const { forwarding, rib, locals } = new FamilyRouter('ipv4', new AttributeTable(), 'linux');
  forwarding.kernelEvents([NODE], rib, locals);

  it.each([
    ['a neighbour is near', '10.0.0.7', { reachable: true, cost: 0, device: 'eth0', gateway: '10.0.0.7' }],
    ['behind a gateway is far', '192.0.2.1', { reachable: true, cost: 2 ** 31, device: 'eth0', gateway: '10.0.0.254' }],
    ['our own address is nowhere', '10.0.0.1', { reachable: false, cost: 2 ** 32 - 1, device: '' }],
  ])('%s', (_, nextHop, resolution) => {
    expect(forwarding.resolve(nextHop)).toEqual(resolution);
  });

  it('without a kernel all are the same', () => {
    const reflector = new FamilyRouter('ipv4', new AttributeTable(), 'none');
    expect(reflector.forwarding.resolve('192.0.2.1')).toEqual({ reachable: true, cost: 0, device: '' });
  });
});

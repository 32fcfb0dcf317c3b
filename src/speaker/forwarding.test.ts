import { describe, expect, it } from 'vitest';
import type { KernelEvent } from '../fib/types.ts';
import { AttributeTable } from '../rib/index.ts';
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

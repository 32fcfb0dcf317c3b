import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { Fib } from '../fib/fib.ts';
import type { KernelEvent } from '../fib/types.ts';
import { NoKernel } from './none.ts';

const info = (address: string, cidr: string, internal = false): NetworkInterfaceInfo => ({
  address,
  cidr,
  internal,
  netmask: '',
  mac: '',
  ...(address.includes(':') ? { family: 'IPv6', scopeid: 0 } : { family: 'IPv4' }),
});
const INTERFACES = () => ({
  lo: [info('127.0.0.1', '127.0.0.1/8', true)],
  eth0: [info('10.0.0.1', '10.0.0.1/24'), info('fe80::1', 'fe80::1/64'), info('fd00::1', 'fd00::1/64')],
});

test('without a kernel there are the addresses of this host, and next hops on its networks resolve', async () => {
  const kernel = new NoKernel(INTERFACES);
  const { promise, resolve } = Promise.withResolvers<readonly KernelEvent[]>();
  await kernel.start(resolve);
  const events = await promise;
  expect(events).toEqual([
    {
      type: 'snapshot',
      links: [
        { device: 'lo', index: 1, up: true, mtu: 0 },
        { device: 'eth0', index: 2, up: true, mtu: 0 },
      ],
      addresses: [
        { device: 'lo', address: '127.0.0.1', prefix: '127.0.0.0/8', secondary: false, scope: 'host' },
        { device: 'eth0', address: '10.0.0.1', prefix: '10.0.0.0/24', secondary: false, scope: 'global' },
        { device: 'eth0', address: 'fe80::1', prefix: 'fe80::/64', secondary: false, scope: 'link' },
        { device: 'eth0', address: 'fd00::1', prefix: 'fd00::/64', secondary: false, scope: 'global' },
      ],
      learned: [],
    },
  ]);
  const fib = new Fib('ipv4');
  fib.kernelEvents(events);
  expect(fib.resolve('10.0.0.7')).toEqual({ gateway: '10.0.0.7', device: 'eth0' });
  await kernel.stop();
});

test('wishes do nothing, and status says so', async () => {
  const kernel = new NoKernel(INTERFACES);
  kernel.program([{ type: 'route', route: { prefix: '10.65.0.0/26', type: 'blackhole', metric: 0, nextHops: [] } }]);
  kernel.sweep();
  expect([kernel.routes(), kernel.status()]).toEqual([
    [],
    { wanted: 0, installed: 0, refused: [], conflicts: [], waiting: [], fights: [] },
  ]);
  await kernel.stop();
});

test('a stop before the first delivery is a stop', async () => {
  const delivered: unknown[] = [];
  const kernel = new NoKernel(INTERFACES);
  await kernel.start((events) => delivered.push(events));
  await kernel.stop();
  await new Promise((resolve) => setImmediate(resolve));
  expect(delivered).toEqual([]);
});

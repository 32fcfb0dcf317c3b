import { expect, test } from 'vitest';
import type { KernelEvent } from '../fib/types.ts';
import { InterfaceTable } from './interfaces.ts';
import type { RawAddress, RawLink } from './link-messages.ts';

const raw = (index: number, name: string, more: Partial<RawLink> = {}): RawLink => ({
  index,
  name,
  adminUp: true,
  carrier: true,
  mtu: 1500,
  ...more,
});
const address = (index: number, text: string): RawAddress => ({
  index,
  address: text,
  prefix: `${text}/32`,
  secondary: false,
  scope: 'global',
});

function table() {
  const events: KernelEvent[] = [];
  return { events, interfaces: new InterfaceTable((event) => events.push(event)) };
}
const texts = (events: KernelEvent[]) =>
  events.splice(0).map((event) => {
    if (event.type === 'link') return `link ${event.link.device} ${event.link.up ? 'up' : 'down'}`;
    if (event.type === 'linkRemoved') return `removed ${event.device}`;
    if (event.type === 'address' || event.type === 'addressRemoved') {
      return `${event.type} ${event.address.address} ${event.address.device}`;
    }
    return event.type;
  });

test('links are told of once for each change, with what the change means for routes', () => {
  const { events, interfaces } = table();
  expect(interfaces.obstacle('eth0')).toBe('eth0 does not exist yet');
  expect(interfaces.setLink(raw(2, 'eth0', { adminUp: false, carrier: false }))).toEqual({
    device: 'eth0',
    effect: 'better',
  });
  expect(interfaces.obstacle('eth0')).toBe('eth0 is down');
  expect(interfaces.setLink(raw(2, 'eth0', { adminUp: false, carrier: false }))).toBeUndefined();
  expect(interfaces.setLink(raw(2, 'eth0'))).toEqual({ device: 'eth0', effect: 'better' });
  expect(interfaces.obstacle('eth0')).toBeUndefined();
  expect(interfaces.setLink(raw(2, 'eth0', { carrier: false }))).toEqual({ device: 'eth0', effect: 'worse' });
  expect(interfaces.removeLink(2)).toEqual({ device: 'eth0', effect: 'worse' });
  expect(interfaces.removeLink(2)).toBeUndefined();
  expect(texts(events)).toEqual(['link eth0 down', 'link eth0 up', 'link eth0 down', 'removed eth0']);
});

test('indexes have names while the link is there', () => {
  const { interfaces } = table();
  interfaces.setLink(raw(2, 'eth0'));
  expect([interfaces.nameOf(2), interfaces.indexOf('eth0'), interfaces.nameOf(3), interfaces.indexOf('eth1')]).toEqual([
    'eth0',
    2,
    '/3',
    0,
  ]);
});

test('an address is told of once, and goes with its link', () => {
  const { events, interfaces } = table();
  expect(interfaces.setAddress(address(2, '10.0.0.1'))).toBeUndefined();
  interfaces.setLink(raw(2, 'eth0'));
  expect(interfaces.setAddress(address(2, '10.0.0.1'))).toEqual({ device: 'eth0', effect: 'better' });
  expect(interfaces.setAddress(address(2, '10.0.0.1'))).toBeUndefined();
  interfaces.setAddress(address(2, '10.0.0.2'));
  expect(interfaces.removeAddress(address(2, '10.0.0.1'))).toEqual({ device: 'eth0', effect: 'worse' });
  expect(interfaces.removeAddress(address(2, '10.0.0.1'))).toBeUndefined();
  interfaces.removeLink(2);
  expect(texts(events)).toEqual([
    'link eth0 up',
    'address 10.0.0.1 eth0',
    'address 10.0.0.2 eth0',
    'addressRemoved 10.0.0.1 eth0',
    'addressRemoved 10.0.0.2 eth0',
    'removed eth0',
  ]);
  expect([interfaces.links(), interfaces.addresses()]).toEqual([[], []]);
});

test('a link that is renamed is another one with the same addresses', () => {
  const { events, interfaces } = table();
  interfaces.setLink(raw(2, 'eth0'));
  interfaces.setAddress(address(2, '10.0.0.1'));
  texts(events);
  expect(interfaces.setLink(raw(2, 'lan0'))).toEqual({ device: 'lan0', effect: 'better', renamed: true });
  expect(texts(events)).toEqual([
    'addressRemoved 10.0.0.1 eth0',
    'removed eth0',
    'link lan0 up',
    'address 10.0.0.1 lan0',
  ]);
  expect([interfaces.indexOf('eth0'), interfaces.indexOf('lan0')]).toEqual([0, 2]);
});

test('the old link of a name may be removed after the new one came', () => {
  const { interfaces } = table();
  interfaces.setLink(raw(2, 'tunl0'));
  interfaces.setLink(raw(3, 'tunl0'));
  interfaces.removeLink(2);
  expect([interfaces.indexOf('tunl0'), interfaces.obstacle('tunl0')]).toEqual([3, undefined]);
});

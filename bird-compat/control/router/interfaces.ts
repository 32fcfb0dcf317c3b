// Links of the kernel as BIRD shows interfaces. Calico's BIRD tells private addresses from others by their scope.

import { contains, type Prefix } from 'node-bgp';
import type { KernelInterface } from '../../../src/kernel/port.ts';
import type { InterfaceView } from '../types.ts';

/** RFC 1918, and what Calico's BIRD treats alike; IPv6: unique local addresses. */
const SITE: readonly Prefix[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '240.0.0.0/4', 'fc00::/7'];

export function interfaceView({
  device,
  index,
  master,
  adminUp,
  carrier,
  traits,
  mtu,
  addresses,
}: KernelInterface): InterfaceView {
  const is = (trait: KernelInterface['traits'][number]) => traits.includes(trait);
  return {
    name: device,
    index,
    ...(master === undefined ? {} : { master }),
    flags: {
      adminUp,
      linkUp: carrier,
      broadcast: is('broadcast'),
      multicast: is('multicast'),
      loopback: is('loopback'),
      pointToPoint: is('pointToPoint'),
    },
    mtu,
    addresses: addresses.map(({ address, prefix, secondary, scope }) => ({
      address,
      prefix,
      secondary,
      scope: scope === 'global' ? (isSite(address) ? 'site' : 'univ') : scope,
    })),
  };
}

function isSite(address: string): boolean {
  return SITE.some((prefix) => prefix.includes(':') === address.includes(':') && contains(prefix, address));
}

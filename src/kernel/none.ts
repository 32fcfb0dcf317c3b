// The kernel left alone: for a router that only speaks BGP (a reflector, a lab), and for machines where nobody may change
// routes. Interface addresses are read once, so that next hops on connected networks resolve. Needs no privileges.

import { networkInterfaces } from 'node:os';
import { isLinkLocal, parseAddress, parseCidr } from 'node-bgp/ip';
import type { InterfaceAddress, KernelEvent, KernelRoute, KernelWish, Link } from '../fib/types.ts';
import type { Kernel, KernelInterface, KernelOperations, KernelStatus, TunnelWish } from './port.ts';

export class NoKernel implements Kernel {
  readonly #interfaces: typeof networkInterfaces;
  #deliver: (events: readonly KernelEvent[]) => void = () => {};
  #first: NodeJS.Immediate | undefined;

  constructor(interfaces: typeof networkInterfaces = networkInterfaces) {
    this.#interfaces = interfaces;
  }

  async start(deliver: (events: readonly KernelEvent[]) => void): Promise<void> {
    this.#deliver = deliver;
    this.#first = setImmediate(() => this.#read());
  }

  program(_wishes: readonly KernelWish[]): void {}

  manageTunnel(_tunnel: TunnelWish | undefined): void {}

  sweep(): void {}

  async audit(): Promise<void> {
    this.#read();
  }

  routes(): KernelRoute[] {
    return [];
  }

  status(): KernelStatus {
    return { wanted: 0, installed: 0, refused: [], conflicts: [], waiting: [], fights: [] };
  }

  operations(): KernelOperations {
    return { add: 0, replace: 0, delete: 0, refused: 0 };
  }

  interfaces(): KernelInterface[] {
    const { links, addresses } = this.#look();
    return links.map(({ device, index, mtu }) => {
      const own = addresses.filter((address) => address.device === device);
      const isLoopback = own.some(({ scope }) => scope === 'host');
      const traits = isLoopback ? (['loopback'] as const) : (['broadcast', 'multicast'] as const);
      return { device, index, adminUp: true, carrier: true, traits, mtu, addresses: own };
    });
  }

  async stop(): Promise<void> {
    clearImmediate(this.#first);
    this.#deliver = () => {};
  }

  #read(): void {
    this.#deliver([{ type: 'snapshot', ...this.#look(), learned: [] }]);
  }

  #look(): { readonly links: readonly Link[]; readonly addresses: readonly InterfaceAddress[] } {
    const links: Link[] = [];
    const addresses: InterfaceAddress[] = [];
    for (const [device, infos] of Object.entries(this.#interfaces())) {
      // Only interfaces that are up are listed; neither index nor MTU are.
      links.push({ device, index: links.length + 1, up: true, mtu: 0 });
      for (const { address: text, cidr, internal } of infos ?? []) {
        const address = parseAddress(text);
        const network = parseCidr(cidr ?? '');
        if (address === undefined || network === undefined) continue;
        const scope = isLinkLocal(address) ? 'link' : internal ? 'host' : 'global';
        addresses.push({ device, address, prefix: network.prefix, secondary: false, scope });
      }
    }
    return { links, addresses };
  }
}

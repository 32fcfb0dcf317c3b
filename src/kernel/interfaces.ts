// Links and their addresses as the kernel tells of them: index <-> name, and events for what is new. Pure; the messages
// come from the driver.

import type { Address } from 'node-bgp';
import type { InterfaceAddress, KernelEvent, Link } from '../fib/types.ts';
import type { RawAddress, RawLink } from './link-messages.ts';
import type { KernelInterface } from './port.ts';

interface Interface {
  readonly raw: RawLink;
  readonly link: Link;
  readonly addresses: Map<string, InterfaceAddress>;
}

/** What a message means for routes: `better` may let routes in that were refused, `worse` may have dropped some in silence. */
export interface InterfaceChange {
  readonly device: string;
  readonly effect: 'better' | 'worse';
  /** Routes of the device are known under a name that is no longer true. */
  readonly renamed?: true;
}

export class InterfaceTable {
  readonly #interfaces = new Map<number, Interface>();
  readonly #indexes = new Map<string, number>();
  /** Address -> a link that has it, the last one that got it. */
  readonly #owners = new Map<Address, number>();
  readonly #emit: (event: KernelEvent) => void;

  constructor(emit: (event: KernelEvent) => void) {
    this.#emit = emit;
  }

  /** Why the kernel would refuse routes through the device, for people; undefined: it would not. */
  obstacle(device: string): string | undefined {
    const known = this.#interfaces.get(this.indexOf(device));
    if (known === undefined) return `${device} does not exist yet`;
    return known.raw.adminUp ? undefined : `${device} is down`;
  }

  /** All that is known about a link and its addresses; undefined: there is no such link. */
  find(device: string): { readonly raw: RawLink; readonly addresses: Iterable<InterfaceAddress> } | undefined {
    const known = this.#interfaces.get(this.indexOf(device));
    return known === undefined ? undefined : { raw: known.raw, addresses: known.addresses.values() };
  }

  /** The link that has this address. */
  ownerOf(address: Address): RawLink | undefined {
    return this.#interfaces.get(this.#owners.get(address) ?? 0)?.raw;
  }

  indexOf(device: string): number {
    return this.#indexes.get(device) ?? 0;
  }

  /** An index without a link gets a name that no link can have. */
  nameOf(index: number): string {
    return this.#interfaces.get(index)?.link.device ?? `/${index}`;
  }

  clear(): void {
    this.#interfaces.clear();
    this.#indexes.clear();
    this.#owners.clear();
  }

  links(): Link[] {
    return [...this.#interfaces.values()].map(({ link }) => link);
  }

  /** In the order of their indexes. */
  all(): KernelInterface[] {
    const known = [...this.#interfaces.values()].sort((a, b) => a.raw.index - b.raw.index);
    return known.map(({ raw, addresses }) => ({
      device: raw.name,
      index: raw.index,
      ...(raw.master === undefined ? {} : { master: this.nameOf(raw.master) }),
      adminUp: raw.adminUp,
      carrier: raw.carrier,
      traits: raw.traits ?? [],
      mtu: raw.mtu,
      addresses: [...addresses.values()],
    }));
  }

  addresses(): InterfaceAddress[] {
    return [...this.#interfaces.values()].flatMap(({ addresses }) => [...addresses.values()]);
  }

  setLink(raw: RawLink): InterfaceChange | undefined {
    const before = this.#interfaces.get(raw.index);
    if (before !== undefined && sameLink(before.raw, raw)) {
      this.#interfaces.set(raw.index, { ...before, raw });
      return undefined;
    }
    const link = linkOf(raw);
    if (before === undefined || before.link.device !== link.device) {
      if (before !== undefined) this.#remove(before);
      this.#interfaces.set(raw.index, { raw, link, addresses: new Map() });
      this.#indexes.set(link.device, raw.index);
      this.#emit({ type: 'link', link });
      for (const address of before?.addresses.values() ?? []) {
        this.#setAddress(raw.index, { ...address, device: link.device });
      }
      return { device: link.device, effect: 'better', ...(before === undefined ? {} : { renamed: true }) };
    }
    this.#interfaces.set(raw.index, { ...before, raw, link });
    this.#emit({ type: 'link', link });
    const fell = (before.raw.adminUp && !raw.adminUp) || (before.raw.carrier && !raw.carrier);
    return { device: link.device, effect: fell ? 'worse' : 'better' };
  }

  removeLink(index: number): InterfaceChange | undefined {
    const before = this.#interfaces.get(index);
    if (before === undefined) return undefined;
    this.#remove(before);
    return { device: before.link.device, effect: 'worse' };
  }

  setAddress(raw: RawAddress): InterfaceChange | undefined {
    const device = this.#interfaces.get(raw.index)?.link.device;
    if (device === undefined) return undefined;
    const { address, prefix, secondary, scope } = raw;
    const changed = this.#setAddress(raw.index, { device, address, prefix, secondary, scope });
    return changed ? { device, effect: 'better' } : undefined;
  }

  removeAddress(raw: RawAddress): InterfaceChange | undefined {
    const known = this.#interfaces.get(raw.index);
    const address = known?.addresses.get(addressKey(raw));
    if (known === undefined || address === undefined) return undefined;
    known.addresses.delete(addressKey(raw));
    this.#disown(raw.index, address.address);
    this.#emit({ type: 'addressRemoved', address });
    return { device: known.link.device, effect: 'worse' };
  }

  #setAddress(index: number, address: InterfaceAddress): boolean {
    const { addresses } = this.#interfaces.get(index)!;
    const before = addresses.get(addressKey(address));
    // The kernel repeats addresses (lifetimes of IPv6 ones); only what we know about them counts.
    if (before?.secondary === address.secondary && before.scope === address.scope) return false;
    addresses.set(addressKey(address), address);
    this.#owners.set(address.address, index);
    this.#emit({ type: 'address', address });
    return true;
  }

  #remove({ raw, link, addresses }: Interface): void {
    this.#interfaces.delete(raw.index);
    // A new link of the same name may have come first.
    if (this.#indexes.get(link.device) === raw.index) this.#indexes.delete(link.device);
    for (const address of addresses.values()) {
      this.#disown(raw.index, address.address);
      this.#emit({ type: 'addressRemoved', address });
    }
    this.#emit({ type: 'linkRemoved', device: link.device });
  }

  #disown(index: number, address: Address): void {
    if (this.#owners.get(address) === index) this.#owners.delete(address);
  }
}

function addressKey({ address, prefix }: { readonly address: string; readonly prefix: string }): string {
  return `${address} ${prefix}`;
}

function linkOf({ name, index, adminUp, carrier, mtu, kind }: RawLink): Link {
  const link = { device: name, index, up: adminUp && carrier, mtu };
  return kind === undefined ? link : { ...link, kind };
}

function sameLink(a: RawLink, b: RawLink): boolean {
  return (
    a.name === b.name && a.adminUp === b.adminUp && a.carrier === b.carrier && a.mtu === b.mtu && a.kind === b.kind
  );
}

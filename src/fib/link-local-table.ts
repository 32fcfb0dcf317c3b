// Where packets to an address leave that means something on one link only, written with the interface as its zone
// (`fe80::1%eth0`): through that interface while it is up. Asked and watched like NextHopTable.

import type { Address } from 'node-bgp';
import type { Resolution } from './next-hop-table.ts';
import type { KernelEvent } from './types.ts';

const NO_WAY: Resolution = { nextHops: [], local: false, connected: false };

export function hasZone(address: Address): boolean {
  return address.includes('%');
}

export class LinkLocalTable {
  /** Interfaces. */
  readonly #up = new Set<string>();
  readonly #watched = new Map<Address, Resolution>();
  #isTouched = false;

  apply(event: KernelEvent): void {
    switch (event.type) {
      case 'snapshot':
        this.#up.clear();
        for (const { device, up } of event.links) this.#set(device, up);
        this.#isTouched = true;
        return;
      case 'link':
        this.#set(event.link.device, event.link.up);
        return;
      case 'linkRemoved':
        this.#set(event.device, false);
    }
  }

  resolve(address: Address): Resolution {
    return this.#watched.get(address) ?? this.#look(address);
  }

  watch(address: Address): Resolution {
    const resolution = this.resolve(address);
    this.#watched.set(address, resolution);
    return resolution;
  }

  unwatch(address: Address): void {
    this.#watched.delete(address);
  }

  watched(): Iterable<readonly [Address, Resolution]> {
    return this.#watched;
  }

  /** The watched addresses that resolve differently now than when they were last looked at. */
  takeChanged(): Set<Address> {
    const changed = new Set<Address>();
    if (!this.#isTouched) return changed;
    this.#isTouched = false;
    for (const [address, before] of this.#watched) {
      const now = this.#look(address);
      if (now.connected === before.connected) continue;
      this.#watched.set(address, now);
      changed.add(address);
    }
    return changed;
  }

  #look(scoped: Address): Resolution {
    const zone = scoped.indexOf('%');
    const device = scoped.slice(zone + 1);
    if (!this.#up.has(device)) return NO_WAY;
    return { nextHops: [{ gateway: scoped.slice(0, zone), device }], local: false, connected: true };
  }

  #set(device: string, up: boolean): void {
    if (this.#up.has(device) === up) return;
    if (up) this.#up.add(device);
    else this.#up.delete(device);
    this.#isTouched = true;
  }
}

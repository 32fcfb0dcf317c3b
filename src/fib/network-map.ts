// What is known about prefixes of one address family, found by prefix, by longest match, or by a device that it mentions.
// Networks that know nothing any more are dropped with `tidy`.

import type { Address, Family, Prefix } from 'node-bgp';
import { prefixFromBytes, prefixLength } from 'node-bgp/ip';
import type { InterfaceAddress, LearnedRoute } from './types.ts';

/** All that is known about one prefix. */
export interface Network {
  readonly connected: InterfaceAddress[];
  /** Lowest metric first. */
  readonly learned: LearnedRoute[];
  /** A local route of ours; gateway undefined: blackhole. */
  local?: { readonly gateway: Address | undefined };
}

export class NetworkMap {
  readonly #family: Family;
  readonly #byLength = new Map<number, Map<Prefix, Network>>();
  /** Longest first. */
  #lengths: readonly number[] = [];
  readonly #byDevice = new Map<string, Set<Prefix>>();

  constructor(family: Family) {
    this.#family = family;
  }

  get(prefix: Prefix): Network | undefined {
    return this.#byLength.get(prefixLength(prefix))?.get(prefix);
  }

  /** The network of the prefix, a new one if there is none. */
  make(prefix: Prefix): Network {
    const length = prefixLength(prefix);
    let networks = this.#byLength.get(length);
    if (networks === undefined) {
      networks = new Map();
      this.#byLength.set(length, networks);
      this.#lengths = [...this.#byLength.keys()].sort((a, b) => b - a);
    }
    let network = networks.get(prefix);
    if (network === undefined) {
      network = { connected: [], learned: [] };
      networks.set(prefix, network);
    }
    return network;
  }

  /** The first answer of a network that holds the address, from the longest match on. */
  find<T>(bytes: Uint8Array, ask: (network: Network) => T | undefined): T | undefined {
    for (const length of this.#lengths) {
      const network = this.#byLength.get(length)!.get(prefixFromBytes(this.#family, bytes, length));
      const answer = network === undefined ? undefined : ask(network);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  *entries(): Generator<readonly [Prefix, Network]> {
    for (const networks of this.#byLength.values()) yield* networks;
  }

  /** Prefixes whose networks mention the device. */
  through(device: string): readonly Prefix[] {
    return [...(this.#byDevice.get(device) ?? [])];
  }

  /** The network has something through these devices. */
  mention(prefix: Prefix, devices: readonly string[]): void {
    for (const device of devices) {
      const prefixes = this.#byDevice.get(device);
      if (prefixes === undefined) this.#byDevice.set(device, new Set([prefix]));
      else prefixes.add(prefix);
    }
  }

  /** After something was taken out of the network that went through `devices`. */
  tidy(prefix: Prefix, network: Network, devices: readonly string[]): void {
    for (const device of devices) {
      if (mentions(network, device)) continue;
      const prefixes = this.#byDevice.get(device);
      prefixes?.delete(prefix);
      if (prefixes?.size === 0) this.#byDevice.delete(device);
    }
    if (network.connected.length + network.learned.length > 0 || network.local !== undefined) return;
    const length = prefixLength(prefix);
    const networks = this.#byLength.get(length)!;
    networks.delete(prefix);
    if (networks.size > 0) return;
    this.#byLength.delete(length);
    this.#lengths = this.#lengths.filter((other) => other !== length);
  }
}

export function devicesOf(route: LearnedRoute): readonly string[] {
  return route.nextHops.map(({ device }) => device);
}

function mentions(network: Network, device: string): boolean {
  return (
    network.connected.some((address) => address.device === device) ||
    network.learned.some((route) => devicesOf(route).includes(device))
  );
}

// Where packets to an address leave: the longest match over connected networks (interface addresses), routes that others
// wrote into the kernel, and our own local routes. One address family. BGP routes are never in this table, so a BGP next
// hop never resolves through another BGP route. Not here: what is announced or programmed.
//
// Addresses that somebody depends on are watched: their answer is kept, and `takeChanged` names those whose answer is new.

import type { Address, Family, Prefix } from 'node-bgp';
import { addressBytes, familyOf, hostPrefix, isLinkLocal, maxLength, prefixFromBytes, prefixLength } from 'node-bgp/ip';
import { sameNextHops } from './kernel-route.ts';
import { devicesOf, type Network, NetworkMap } from './network-map.ts';
import type { InterfaceAddress, KernelEvent, KernelNextHop, LearnedRoute, Link } from './types.ts';

export interface Resolution {
  /** Empty: there is no way to the address. */
  readonly nextHops: readonly KernelNextHop[];
  /** The address is one of this host. */
  readonly local: boolean;
  /** It is in a network of one of our interfaces. */
  readonly connected: boolean;
}

const NO_WAY: Resolution = { nextHops: [], local: false, connected: false };
const OWN_ADDRESS: Resolution = { nextHops: [], local: true, connected: false };

interface Watched {
  readonly bytes: Uint8Array;
  resolution: Resolution;
}

/** A gateway of local routes. */
interface Gateway {
  readonly bytes: Uint8Array;
  readonly prefixes: Set<Prefix>;
  /** The way to it while it is a neighbour. */
  hop: KernelNextHop | undefined;
}

export class NextHopTable {
  readonly #family: Family;
  readonly #links = new Map<string, Link>();
  readonly #networks: NetworkMap;
  /** Own address -> interface addresses that are it (one may stand on several devices, with several prefix lengths). */
  readonly #ownAddresses = new Map<Address, InterfaceAddress[]>();
  readonly #watched = new Map<Address, Watched>();
  readonly #gateways = new Map<Address, Gateway>();
  readonly #touched = new Set<Prefix>();

  constructor(family: Family) {
    this.#family = family;
    this.#networks = new NetworkMap(family);
  }

  /** Takes in one event; those of the other family are ignored. Returns the prefixes whose routes it concerns. */
  apply(event: KernelEvent): Iterable<Prefix> {
    switch (event.type) {
      case 'snapshot':
        return this.#replace(event);
      case 'link':
        return this.#setLink(event.link);
      case 'linkRemoved':
        this.#links.delete(event.device);
        return this.#touchDevice(event.device);
      case 'address':
        return this.#ours(event.address.address) ? [this.#addAddress(event.address)] : [];
      case 'addressRemoved':
        return this.#ours(event.address.address) ? [this.#removeAddress(event.address)] : [];
      case 'learned':
        return this.#ours(event.route.prefix) ? [this.#addLearned(event.route)] : [];
      case 'learnedRemoved':
        return this.#ours(event.route.prefix) ? [this.#removeLearned(event.route)] : [];
    }
  }

  /** A local route of ours: through a gateway, a blackhole (null), or none any more (undefined). */
  setLocal(prefix: Prefix, gateway: Address | null | undefined): void {
    const network = this.#networks.make(prefix);
    const before = network.local?.gateway;
    if (before !== undefined) this.#forgetGateway(before, prefix);
    if (gateway === undefined) delete network.local;
    else network.local = { gateway: gateway ?? undefined };
    if (typeof gateway === 'string') this.#rememberGateway(gateway, prefix);
    this.#touched.add(prefix);
    this.#networks.tidy(prefix, network, []);
  }

  isUp(device: string): boolean {
    return this.#links.get(device)?.up === true;
  }

  isOwnAddress(address: Address): boolean {
    return this.#ownAddresses.has(address);
  }

  /** Interface addresses and learned routes of exactly this prefix; learned ones with the lowest metric first. */
  sources(prefix: Prefix): {
    readonly connected: readonly InterfaceAddress[];
    readonly learned: readonly LearnedRoute[];
  } {
    return this.#networks.get(prefix) ?? { connected: [], learned: [] };
  }

  /** All prefixes that somebody has an address or a route in. */
  prefixes(): Prefix[] {
    return Array.from(this.#networks.entries(), ([prefix]) => prefix);
  }

  resolve(address: Address): Resolution {
    return this.#watched.get(address)?.resolution ?? this.#look(address, addressBytes(address));
  }

  /**
   * The way to an address in a network of one of our interfaces; undefined: it is in none (now), or it is our own.
   * What is only reached through a gateway is no neighbour.
   */
  neighbour(address: Address): KernelNextHop | undefined {
    return this.#gateways.has(address)
      ? this.#gateways.get(address)!.hop
      : this.#lookNextDoor(address, addressBytes(address));
  }

  /** Resolves, and remembers the address for `takeChanged` until `unwatch`. */
  watch(address: Address): Resolution {
    const known = this.#watched.get(address);
    if (known !== undefined) return known.resolution;
    const bytes = addressBytes(address);
    const resolution = this.#look(address, bytes);
    this.#watched.set(address, { bytes, resolution });
    return resolution;
  }

  unwatch(address: Address): void {
    this.#watched.delete(address);
  }

  *watched(): Generator<readonly [Address, Resolution]> {
    for (const [address, { resolution }] of this.#watched) yield [address, resolution];
  }

  /** The watched addresses and gateways that resolve differently now than when they were last looked at. */
  takeChanged(): Set<Address> {
    const changed = new Set<Address>();
    if (this.#touched.size === 0) return changed;
    const lengths = this.#touchedLengths();
    for (const [address, gateway] of this.#gateways) {
      if (!this.#isTouched(gateway.bytes, lengths)) continue;
      const hop = this.#lookNextDoor(address, gateway.bytes);
      if (sameHop(hop, gateway.hop)) continue;
      gateway.hop = hop;
      changed.add(address);
      // What goes through a local route follows that route's gateway.
      for (const prefix of gateway.prefixes) this.#touched.add(prefix);
    }
    for (const address of this.#watchedUnderTouched(this.#touchedLengths())) {
      if (this.#lookAgain(address)) changed.add(address);
    }
    this.#touched.clear();
    return changed;
  }

  #touchedLengths(): readonly number[] {
    return [...new Set([...this.#touched].map(prefixLength))];
  }

  #lookAgain(address: Address): boolean {
    const watched = this.#watched.get(address)!;
    const { nextHops, local, connected } = watched.resolution;
    const now = this.#look(address, watched.bytes);
    if (now.local === local && now.connected === connected && sameNextHops(now.nextHops, nextHops)) return false;
    watched.resolution = now;
    return true;
  }

  #watchedUnderTouched(lengths: readonly number[]): Address[] {
    const full = maxLength(this.#family);
    if (lengths.some((length) => length < full)) {
      return [...this.#watched].filter(([, { bytes }]) => this.#isTouched(bytes, lengths)).map(([address]) => address);
    }
    // The usual storm, workload routes of one address each, needs no look at all watched addresses.
    const addresses = [...this.#touched].map((prefix) => prefix.slice(0, prefix.indexOf('/')));
    return addresses.filter((address) => this.#watched.has(address));
  }

  #isTouched(bytes: Uint8Array, lengths: readonly number[]): boolean {
    return lengths.some((length) => this.#touched.has(prefixFromBytes(this.#family, bytes, length)));
  }

  #look(address: Address, bytes: Uint8Array): Resolution {
    if (this.isOwnAddress(address)) return OWN_ADDRESS;
    // A link-local address says nothing without its link.
    if (isLinkLocal(address)) return NO_WAY;
    return this.#networks.find(bytes, (network) => this.#through(network, address)) ?? NO_WAY;
  }

  #lookNextDoor(address: Address, bytes: Uint8Array): KernelNextHop | undefined {
    if (this.isOwnAddress(address) || isLinkLocal(address)) return undefined;
    return this.#networks.find(bytes, (network) => this.#connected(network, address));
  }

  #connected(network: Network, address: Address): KernelNextHop | undefined {
    const connected = network.connected.find(({ device }) => this.isUp(device));
    return connected === undefined ? undefined : { gateway: address, device: connected.device };
  }

  /** Undefined: the network is no answer at present, a shorter match may be. */
  #through(network: Network, address: Address): Resolution | undefined {
    const connected = this.#connected(network, address);
    if (connected !== undefined) return { nextHops: [connected], local: false, connected: true };
    if (network.local !== undefined) {
      const { gateway } = network.local;
      if (gateway === undefined) return NO_WAY;
      const { hop } = this.#gateways.get(gateway)!;
      if (hop !== undefined) return indirect([hop]);
    }
    for (const route of network.learned) {
      if (route.type !== 'unicast') return NO_WAY;
      const usable = route.nextHops.filter(({ device }) => this.isUp(device));
      if (usable.length > 0)
        return indirect(usable.map((hop) => (hop.gateway === undefined ? { ...hop, gateway: address } : hop)));
    }
    return undefined;
  }

  #replace(snapshot: Extract<KernelEvent, { type: 'snapshot' }>): Set<Prefix> {
    const concerned = new Set<Prefix>();
    for (const [prefix, network] of [...this.#networks.entries()]) {
      const devices = [...network.connected.map(({ device }) => device), ...network.learned.flatMap(devicesOf)];
      if (network.connected.length + network.learned.length > 0) concerned.add(prefix);
      network.connected.length = 0;
      network.learned.length = 0;
      this.#networks.tidy(prefix, network, devices);
    }
    for (const address of this.#ownAddresses.keys()) this.#touched.add(hostPrefix(address));
    this.#links.clear();
    this.#ownAddresses.clear();
    for (const link of snapshot.links) this.#links.set(link.device, link);
    for (const address of snapshot.addresses) {
      if (this.#ours(address.address)) concerned.add(this.#addAddress(address));
    }
    for (const route of snapshot.learned) if (this.#ours(route.prefix)) concerned.add(this.#addLearned(route));
    for (const prefix of concerned) this.#touched.add(prefix);
    return concerned;
  }

  #setLink(link: Link): Iterable<Prefix> {
    const up = this.isUp(link.device);
    this.#links.set(link.device, link);
    return up === link.up ? [] : this.#touchDevice(link.device);
  }

  #touchDevice(device: string): Iterable<Prefix> {
    const prefixes = this.#networks.through(device);
    for (const prefix of prefixes) this.#touched.add(prefix);
    return prefixes;
  }

  #addAddress(address: InterfaceAddress): Prefix {
    const same = this.#ownAddresses.get(address.address) ?? [];
    this.#ownAddresses.set(address.address, [...same.filter((other) => !sameAddress(other, address)), address]);
    this.#touched.add(hostPrefix(address.address));
    if (isLinkLocal(address.address)) return address.prefix; // the same network on every link
    const network = this.#networks.make(address.prefix);
    const at = network.connected.findIndex((other) => sameAddress(other, address));
    if (at < 0) network.connected.push(address);
    else network.connected[at] = address;
    this.#networks.mention(address.prefix, [address.device]);
    this.#touched.add(address.prefix);
    return address.prefix;
  }

  #removeAddress(removed: InterfaceAddress): Prefix {
    const { address, device, prefix } = removed;
    const rest = (this.#ownAddresses.get(address) ?? []).filter((other) => !sameAddress(other, removed));
    if (rest.length === 0) this.#ownAddresses.delete(address);
    else this.#ownAddresses.set(address, rest);
    this.#touched.add(hostPrefix(address));
    const network = this.#networks.get(prefix);
    const at = network?.connected.findIndex((other) => sameAddress(other, removed)) ?? -1;
    if (network === undefined || at < 0) return prefix;
    network.connected.splice(at, 1);
    this.#networks.tidy(prefix, network, [device]);
    this.#touched.add(prefix);
    return prefix;
  }

  #addLearned(route: LearnedRoute): Prefix {
    const { prefix } = route;
    const network = this.#networks.make(prefix);
    const at = network.learned.findIndex((r) => r.metric === route.metric && r.protocol === route.protocol);
    const before = at < 0 ? undefined : network.learned[at];
    if (at >= 0) network.learned.splice(at, 1);
    const behind = network.learned.findIndex((r) => r.metric > route.metric);
    network.learned.splice(behind < 0 ? network.learned.length : behind, 0, route);
    if (before !== undefined) this.#networks.tidy(prefix, network, devicesOf(before));
    this.#networks.mention(prefix, devicesOf(route));
    this.#touched.add(prefix);
    return prefix;
  }

  #removeLearned(route: LearnedRoute): Prefix {
    const { prefix } = route;
    const network = this.#networks.get(prefix);
    const at = network?.learned.findIndex((r) => r.metric === route.metric && r.protocol === route.protocol) ?? -1;
    if (network === undefined || at < 0) return prefix;
    const [removed] = network.learned.splice(at, 1);
    this.#networks.tidy(prefix, network, devicesOf(removed!));
    this.#touched.add(prefix);
    return prefix;
  }

  #rememberGateway(address: Address, prefix: Prefix): void {
    const known = this.#gateways.get(address);
    if (known !== undefined) {
      known.prefixes.add(prefix);
      return;
    }
    const bytes = addressBytes(address);
    this.#gateways.set(address, { bytes, prefixes: new Set([prefix]), hop: this.#lookNextDoor(address, bytes) });
  }

  #forgetGateway(address: Address, prefix: Prefix): void {
    const gateway = this.#gateways.get(address);
    gateway?.prefixes.delete(prefix);
    if (gateway?.prefixes.size === 0) this.#gateways.delete(address);
  }

  #ours(addressOrPrefix: Address | Prefix): boolean {
    return familyOf(addressOrPrefix) === this.#family;
  }
}

function sameAddress(a: InterfaceAddress, b: InterfaceAddress): boolean {
  return a.address === b.address && a.device === b.device && a.prefix === b.prefix;
}

function indirect(nextHops: readonly KernelNextHop[]): Resolution {
  return { nextHops, local: false, connected: false };
}

function sameHop(a: KernelNextHop | undefined, b: KernelNextHop | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameNextHops([a], [b]);
}

// From the best paths of a prefix to the route that Linux is to have: next hops resolved, equal paths merged, tunnels
// applied. One Fib per address family. Not here: which paths are best and what the kernel policy says about them (the
// caller brings both as candidates), and whether the kernel could take the route (src/kernel).
//
//   fib.configure({ maxPaths, directInterfaces })     from the intent; returns what changes by it
//   fib.setRoute(prefix, candidates)                  the best path(s) after the kernel policy; undefined: none
//   fib.kernelEvents(events)                          what the kernel tells; returns wishes and changed sources
//   fib.sourcesOf(prefix), fib.localSources()         routes of others that may be announced (learned, direct)
//
// Wishes are differences: a prefix whose route stays the same gives none. All prefixes and addresses are canonical.

import type { Address, Family, Prefix } from 'node-bgp';
import { matchesInterface } from './interface-pattern.ts';
import { compareNextHops, kernelMetric, sameNextHops, sameRoute } from './kernel-route.ts';
import { hasZone, LinkLocalTable } from './link-local-table.ts';
import { NextHopTable } from './next-hop-table.ts';
import type { InterfaceAddress, KernelEvent, KernelNextHop, KernelRoute, KernelWish, LearnedRoute } from './types.ts';

/** One path as the kernel policy lets it through. `metric` undefined: the kernel's default. */
export type Candidate =
  | {
      readonly type: 'bgp';
      /** With the interface as its zone (`fe80::1%eth0`) where it is known on that link only. */
      readonly nextHop: Address;
      /** The same router's address on the link (RFC 2545 3): the gateway where the next hop is on a link of ours. */
      readonly linkLocal?: Address | undefined;
      readonly metric?: number | undefined;
      /** Tunnel device: the route goes to `nextHop` onlink through it, as soon as the device exists. */
      readonly tunnel?: string | undefined;
    }
  /** A local route that drops what nobody more specific takes. */
  | { readonly type: 'blackhole'; readonly metric?: number | undefined }
  /** A local route through a gateway that is a neighbour, else there is none; next hops of BGP may resolve through it. */
  | { readonly type: 'via'; readonly gateway: Address; readonly metric?: number | undefined };

/** A route that others made and that may be announced. */
export interface LocalSource {
  readonly prefix: Prefix;
  readonly source: 'kernel' | 'direct';
  /** Of a kernel route. */
  readonly metric?: number;
  readonly protocol?: number;
  /** Outgoing interface, '' where there is none. */
  readonly interface: string;
  readonly gateway?: Address;
}

export interface FibChanges {
  readonly wishes: readonly KernelWish[];
  /** Prefixes whose `sourcesOf` are new. */
  readonly sources: readonly Prefix[];
}

export interface FibConfig {
  readonly maxPaths: number;
  /** Interfaces whose addresses are direct routes; see `matchesInterface`. */
  readonly directInterfaces: readonly string[];
}

interface Route {
  readonly candidates: readonly Candidate[];
  /** What was last wished for; undefined: nothing. */
  readonly wished: KernelRoute | undefined;
}

/** Next hop lists that routes of one next hop share: 100,000 prefixes of one peer have one list. */
interface Dependents {
  readonly prefixes: Set<Prefix>;
  /** By tunnel device, or link-local address; `resolved` is what the latter were made of. */
  readonly altered: Map<
    string,
    { readonly resolved: readonly KernelNextHop[]; readonly hops: readonly KernelNextHop[] }
  >;
}

/** rtm_protocol: unspec, redirect, kernel, bird. What these wrote is not announced. */
const NOT_ANNOUNCED: readonly number[] = [0, 1, 2, 12];

export class Fib {
  readonly #family: Family;
  readonly #table: NextHopTable;
  /** Of the other family, for next hops of IPv4 routes that are IPv6 addresses (RFC 8950). */
  readonly #otherTable: NextHopTable | undefined;
  readonly #linkLocals = new LinkLocalTable();
  readonly #routes = new Map<Prefix, Route>();
  /** Next hop (or gateway of a local route) -> who depends on it. */
  readonly #dependents = new Map<Address, Dependents>();
  readonly #sources = new Map<Prefix, readonly LocalSource[]>();
  #config: FibConfig = { maxPaths: 1, directInterfaces: ['*'] };

  constructor(family: Family) {
    this.#family = family;
    this.#table = new NextHopTable(family);
    this.#otherTable = family === 'ipv4' ? new NextHopTable('ipv6') : undefined;
  }

  configure(config: FibConfig): FibChanges {
    const { maxPaths, directInterfaces } = this.#config;
    this.#config = config;
    return {
      wishes: config.maxPaths === maxPaths ? [] : this.#recompute(this.#routes.keys()),
      sources: sameTexts(config.directInterfaces, directInterfaces) ? [] : this.#offer(this.#table.prefixes()),
    };
  }

  /** Events of the other family do nothing; give the same list to both. */
  kernelEvents(events: readonly KernelEvent[]): FibChanges {
    const concerned = new Set<Prefix>();
    for (const event of events) {
      for (const prefix of this.#table.apply(event)) concerned.add(prefix);
      this.#otherTable?.apply(event);
      this.#linkLocals.apply(event);
    }
    return { wishes: this.#recompute(this.#affected()), sources: this.#offer(concerned) };
  }

  /**
   * The best path first, equal ones behind it; undefined or empty: the kernel is to have no route of ours. Usually gives
   * no wish or one; a local route gives more where next hops resolve through it.
   */
  setRoute(prefix: Prefix, candidates: readonly Candidate[] | undefined): readonly KernelWish[] {
    const before = this.#routes.get(prefix);
    const now = candidates?.length === 0 ? undefined : candidates;
    if (before === undefined && now === undefined) return [];
    // A local route is in the next hop table before its own next hops are looked up there.
    const affected = this.#setLocal(prefix, before?.candidates[0], now?.[0]) ? this.#affected() : undefined;
    if (!sameDependencies(before?.candidates, now)) this.#changeDependencies(prefix, before?.candidates, now);
    const wish = this.#wish(prefix, before, now);
    const wishes = wish === undefined ? [] : [wish];
    if (affected === undefined) return wishes;
    affected.delete(prefix);
    return [...wishes, ...this.#recompute(affected)];
  }

  /** The first hop towards an address; undefined: no way there, or an address of this host. */
  resolve(address: Address): KernelNextHop | undefined {
    return this.#waysTo(address).resolve(address).nextHops[0];
  }

  /** The way to it needs no gateway and no route of others. */
  isConnected(address: Address): boolean {
    return this.#waysTo(address).resolve(address).connected;
  }

  /** In a network of one of our interfaces: what a route through a gateway needs. */
  isNeighbour(address: Address): boolean {
    return this.#table.neighbour(address) !== undefined;
  }

  /** What was last wished for this prefix; undefined: no route of ours. */
  wishedFor(prefix: Prefix): KernelRoute | undefined {
    return this.#routes.get(prefix)?.wished;
  }

  /** Next hops that paths depend on and that lead nowhere; own addresses are not among them. */
  unresolvedNextHops(): Address[] {
    const unresolved: Address[] = [];
    for (const table of this.#tables()) {
      for (const [address, { nextHops, local }] of table.watched()) {
        if (nextHops.length === 0 && !local) unresolved.push(address);
      }
    }
    return unresolved;
  }

  isOwnAddress(address: Address): boolean {
    return this.#table.isOwnAddress(address);
  }

  /** At most one of each `source`. */
  sourcesOf(prefix: Prefix): readonly LocalSource[] {
    return this.#sources.get(prefix) ?? [];
  }

  *localSources(): Generator<LocalSource> {
    for (const sources of this.#sources.values()) yield* sources;
  }

  /** Number of prefixes for which a route is wished for. */
  get size(): number {
    let size = 0;
    for (const { wished } of this.#routes.values()) if (wished !== undefined) size++;
    return size;
  }

  #waysTo(address: Address): NextHopTable | LinkLocalTable {
    if (hasZone(address)) return this.#linkLocals;
    return address.includes(':') ? (this.#otherTable ?? this.#table) : this.#table;
  }

  #tables(): readonly (NextHopTable | LinkLocalTable)[] {
    const tables = [this.#table, this.#linkLocals];
    return this.#otherTable === undefined ? tables : [...tables, this.#otherTable];
  }

  #recompute(prefixes: Iterable<Prefix>): KernelWish[] {
    const wishes: KernelWish[] = [];
    for (const prefix of prefixes) {
      const route = this.#routes.get(prefix);
      const wish = route === undefined ? undefined : this.#wish(prefix, route, route.candidates);
      if (wish !== undefined) wishes.push(wish);
    }
    return wishes;
  }

  /** Prefixes with a next hop that resolves differently now. */
  #affected(): Set<Prefix> {
    const affected = new Set<Prefix>();
    for (const table of this.#tables()) {
      for (const address of table.takeChanged()) {
        for (const prefix of this.#dependents.get(address)?.prefixes ?? []) affected.add(prefix);
      }
    }
    return affected;
  }

  #wish(
    prefix: Prefix,
    before: Route | undefined,
    candidates: readonly Candidate[] | undefined,
  ): KernelWish | undefined {
    const wished = before?.wished;
    const route = candidates === undefined ? undefined : this.#kernelRoute(prefix, candidates);
    const same = route === undefined ? wished === undefined : wished !== undefined && sameRoute(route, wished);
    if (candidates === undefined) this.#routes.delete(prefix);
    else if (!same || candidates !== before?.candidates) {
      this.#routes.set(prefix, { candidates, wished: same ? wished : route });
    }
    if (same) return undefined;
    return route === undefined ? { type: 'none', prefix } : { type: 'route', route };
  }

  #kernelRoute(prefix: Prefix, candidates: readonly Candidate[]): KernelRoute | undefined {
    const best = candidates[0]!;
    const metric = kernelMetric(this.#family, best.metric);
    if (best.type === 'blackhole') return { prefix, type: 'blackhole', metric, nextHops: [] };
    if (best.type === 'via') {
      const hop = this.#table.neighbour(best.gateway);
      return hop === undefined ? undefined : { prefix, type: 'unicast', metric, nextHops: [hop] };
    }
    const { maxPaths } = this.#config;
    const lists: (readonly KernelNextHop[])[] = [];
    let unresolved = false;
    for (const candidate of candidates) {
      if (candidate.type !== 'bgp' || (maxPaths === 1 && lists.length === 1)) break;
      const { nextHops } = this.#waysTo(candidate.nextHop).resolve(candidate.nextHop);
      if (nextHops.length > 0) lists.push(this.#hopsOf(candidate, nextHops));
      else unresolved = true; // a path to nowhere, or to ourselves, says so
    }
    if (lists.length > 0) return { prefix, type: 'unicast', metric, nextHops: merge(lists, maxPaths) };
    return unresolved ? { prefix, type: 'unreachable', metric, nextHops: [] } : undefined;
  }

  #hopsOf(
    candidate: Extract<Candidate, { type: 'bgp' }>,
    resolved: readonly KernelNextHop[],
  ): readonly KernelNextHop[] {
    const { nextHop, linkLocal, tunnel } = candidate;
    const key = tunnel ?? linkLocal;
    if (key === undefined) return resolved;
    const { altered } = this.#dependents.get(nextHop)!;
    const known = altered.get(key);
    if (known?.resolved === resolved) return known.hops;
    const hops: readonly KernelNextHop[] =
      tunnel === undefined
        ? resolved.map((hop) => (hop.gateway === nextHop ? { ...hop, gateway: key } : hop))
        : [{ gateway: nextHop, device: tunnel, onlink: true }];
    altered.set(key, { resolved, hops });
    return hops;
  }

  #changeDependencies(
    prefix: Prefix,
    before: readonly Candidate[] | undefined,
    now: readonly Candidate[] | undefined,
  ): void {
    const kept = new Set(dependencies(now));
    for (const address of kept) this.#depend(address, prefix);
    for (const address of dependencies(before)) if (!kept.has(address)) this.#release(address, prefix);
  }

  #depend(address: Address, prefix: Prefix): void {
    const dependents = this.#dependents.get(address);
    if (dependents !== undefined) {
      dependents.prefixes.add(prefix);
      return;
    }
    this.#waysTo(address).watch(address);
    this.#dependents.set(address, { prefixes: new Set([prefix]), altered: new Map() });
  }

  #release(address: Address, prefix: Prefix): void {
    const dependents = this.#dependents.get(address);
    if (dependents === undefined) return;
    dependents.prefixes.delete(prefix);
    if (dependents.prefixes.size > 0) return;
    this.#dependents.delete(address);
    this.#waysTo(address).unwatch(address);
  }

  /** Whether the next hop table is another now. */
  #setLocal(prefix: Prefix, before: Candidate | undefined, now: Candidate | undefined): boolean {
    const gatewayBefore = localGateway(before);
    const gateway = localGateway(now);
    if (gateway === gatewayBefore) return false;
    this.#table.setLocal(prefix, gateway);
    return true;
  }

  /** Works out again what these prefixes offer; returns those for which it is new. */
  #offer(prefixes: Iterable<Prefix>): Prefix[] {
    const changed: Prefix[] = [];
    for (const prefix of prefixes) {
      const before = this.sourcesOf(prefix);
      const now = this.#sourcesNow(prefix);
      if (now.length === before.length && now.every((source, i) => sameSource(source, before[i]!))) continue;
      if (now.length === 0) this.#sources.delete(prefix);
      else this.#sources.set(prefix, now);
      changed.push(prefix);
    }
    return changed;
  }

  #sourcesNow(prefix: Prefix): LocalSource[] {
    const { connected, learned } = this.#table.sources(prefix);
    const sources: LocalSource[] = [];
    const direct = connected.find((address) => this.#isDirect(address));
    if (direct !== undefined) sources.push({ prefix, source: 'direct', interface: direct.device });
    const kernel = learned.find(({ protocol }) => !NOT_ANNOUNCED.includes(protocol));
    if (kernel !== undefined) sources.push(kernelSource(kernel));
    return sources;
  }

  #isDirect({ device, secondary, scope }: InterfaceAddress): boolean {
    if (secondary || scope === 'link' || scope === 'host') return false;
    return this.#table.isUp(device) && matchesInterface(this.#config.directInterfaces, device);
  }
}

function kernelSource({ prefix, metric, protocol, nextHops }: LearnedRoute): LocalSource {
  // Of several hops none is the gateway or the interface of the route.
  const hop = nextHops.length === 1 ? nextHops[0] : undefined;
  return {
    prefix,
    source: 'kernel',
    metric,
    protocol,
    interface: hop?.device ?? '',
    ...(hop?.gateway === undefined ? {} : { gateway: hop.gateway }),
  };
}

/** Gateway of a local route, null for a blackhole, undefined where the candidate is no local route. */
function localGateway(candidate: Candidate | undefined): Address | null | undefined {
  if (candidate?.type === 'via') return candidate.gateway;
  return candidate?.type === 'blackhole' ? null : undefined;
}

function* dependencies(candidates: readonly Candidate[] | undefined): Generator<Address> {
  for (const candidate of candidates ?? []) {
    if (candidate.type === 'bgp') yield candidate.nextHop;
    else if (candidate.type === 'via') yield candidate.gateway;
  }
}

function sameDependencies(a: readonly Candidate[] | undefined, b: readonly Candidate[] | undefined): boolean {
  if (a === b) return true;
  return a?.length === b?.length && a!.every((candidate, i) => dependencyOf(candidate) === dependencyOf(b![i]!));
}

function dependencyOf(candidate: Candidate): Address | undefined {
  return candidate.type === 'bgp' ? candidate.nextHop : (localGateway(candidate) ?? undefined);
}

/**
 * One list of hops in order, each once, and no more than so many. It is hops that are counted: two reflectors tell every path
 * twice. A single path may lead over several hops, which all stay.
 */
function merge(lists: readonly (readonly KernelNextHop[])[], maxPaths: number): readonly KernelNextHop[] {
  const only = lists.length === 1 ? lists[0]! : undefined;
  if (only !== undefined && only.length === 1) return only;
  const hops = lists.flat().sort(compareNextHops);
  const each = hops.filter((hop, i) => i === 0 || !sameNextHops([hop], [hops[i - 1]!]));
  return only === undefined ? each.slice(0, maxPaths) : each;
}

function sameSource(a: LocalSource, b: LocalSource): boolean {
  return (
    a.source === b.source &&
    a.metric === b.metric &&
    a.protocol === b.protocol &&
    a.interface === b.interface &&
    a.gateway === b.gateway
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

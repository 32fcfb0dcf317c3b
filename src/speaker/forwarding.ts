// The router's side towards the kernel: best paths go through the kernel policy into the fib, and what the kernel tells
// becomes next hop resolution and local routes (protocols kernel1, direct1).

import { type Address, type Attributes, type Family, isLinkLocal, type Prefix, prefixWords } from 'node-bgp';
import { type Candidate, Fib, type LocalSource } from '../fib/fib.ts';
import type { KernelEvent, KernelRoute, KernelWish } from '../fib/types.ts';
import type { KernelIntent } from '../intent/types.ts';
import {
  type Explanation,
  equalPolicies,
  evaluate,
  explain,
  type Policy,
  type PolicyResult,
  type PolicyRoute,
} from '../policy/index.ts';
import {
  ASSUMED_REACHABLE,
  type Flushed,
  type LocalDetail,
  type Resolution,
  type Rib,
  type Row,
  UNRESOLVED,
} from '../rib/index.ts';
import { LOCAL_ATTRIBUTES, type LocalSources } from './local-routes.ts';

export type ForwardingExplanation =
  | { readonly type: 'kernelOff' | 'noPath' }
  /** Somebody else's route is the best: it is in the kernel already. */
  | { readonly type: 'notOurs' }
  | {
      readonly type: 'policy';
      readonly explanation: Explanation;
      /** What the policy lets through of the best path. */
      readonly candidate?: Candidate;
      /** What came of it, and of paths as good. */
      readonly route?: KernelRoute;
    };

/** Of next hops behind a gateway: no protocol says how far they are, but a neighbour is nearer (BIRD's unknown metric). */
const INDIRECT_COST = 0x80000000;

/** BIRD's preference of learned routes. */
const KERNEL_PREFERENCE = 10;

export class Forwarding {
  readonly fib: Fib;
  #policy: Policy | undefined;
  /** Of routes that others put into the kernel; undefined: all are learned. */
  #importPolicy: Policy | undefined;
  /** Metric of routes for which the policy sets none. */
  #metric: number | undefined;
  readonly #route: PolicyRoute;
  /** Next hops that led nowhere when `newlyUnresolved` was last asked. */
  #unresolved: ReadonlySet<Address> = new Set();
  /** Nothing is programmed and every next hop is taken as reachable: a reflector beside the data path. */
  readonly #absent: boolean;

  constructor(family: Family, kernel: 'linux' | 'none') {
    this.fib = new Fib(family);
    this.#absent = kernel === 'none';
    this.#route = {
      family,
      word0: 0,
      word1: 0,
      word2: 0,
      word3: 0,
      length: 0,
      attributes: LOCAL_ATTRIBUTES,
      source: 'bgp',
      protocol: '',
      from: undefined,
      peer: undefined,
      interface: '',
      gateway: undefined,
      metric: undefined,
      preference: 0,
    };
  }

  /** Port `Resolver` of the RIB. */
  readonly resolve = (nextHop: Address): Resolution => {
    if (this.#absent) return ASSUMED_REACHABLE;
    const hop = this.fib.resolve(nextHop);
    if (hop === undefined) return UNRESOLVED;
    const { device, gateway } = hop;
    const cost = this.fib.isConnected(nextHop) ? 0 : INDIRECT_COST;
    return { reachable: true, cost, device, ...(gateway === undefined ? {} : { gateway }) };
  };

  isNeighbour(gateway: Address): boolean {
    return this.#absent || this.fib.isNeighbour(gateway);
  }

  /** The caller has the RIB flush every prefix again where `policyChanged`. */
  configure(intent: KernelIntent, rib: Rib, locals: LocalSources): readonly KernelWish[] {
    const { policy, importPolicy, metric } = intent;
    const learnsAnew = !sameOptional(importPolicy, this.#importPolicy);
    this.#policy = policy;
    this.#importPolicy = importPolicy;
    this.#metric = metric;
    const { wishes, sources } = this.fib.configure(intent);
    // `sources` also has what is no source any more.
    const known = learnsAnew ? Array.from(this.fib.localSources(), ({ prefix }) => prefix) : [];
    this.#offer(new Set([...sources, ...known]), rib, locals);
    return wishes;
  }

  kernelEvents(events: readonly KernelEvent[], rib: Rib, locals: LocalSources): readonly KernelWish[] {
    const { wishes, sources } = this.fib.kernelEvents(events);
    this.#offer(sources, rib, locals);
    if (!this.#absent) rib.adjRibIn.resolveAgain();
    return wishes;
  }

  /** What the kernel is to have for prefixes that were decided. */
  program(rib: Rib, flushed: Flushed): KernelWish[] {
    const wishes: KernelWish[] = [];
    if (this.#absent) return wishes;
    for (let i = 0; i < flushed.count; i++) {
      const prefix = flushed.prefixes[i]!;
      wishes.push(...this.fib.setRoute(rib.tables.prefixes.text(prefix), this.candidates(rib, prefix)));
    }
    return wishes;
  }

  /** Next hops that lead nowhere, and did not when this was last asked. */
  newlyUnresolved(): Address[] {
    const before = this.#unresolved;
    this.#unresolved = new Set(this.fib.unresolvedNextHops());
    return [...this.#unresolved].filter((nextHop) => !before.has(nextHop));
  }

  /** The kernel policy speaks for the best path; equal ones that it rejects are left out. */
  candidates(rib: Rib, prefix: number): Candidate[] | undefined {
    const candidates: Candidate[] = [];
    for (const row of rib.candidates(prefix)) {
      const candidate = this.#candidate(rib, prefix, row);
      if (candidate === undefined && candidates.length === 0) return undefined;
      if (candidate !== undefined) candidates.push(candidate);
    }
    return candidates.length === 0 ? undefined : candidates;
  }

  #candidate(rib: Rib, prefix: number, row: Row): Candidate | undefined {
    if (!this.#describe(rib, prefix, row)) return undefined;
    const result = evaluate(this.#policy!, this.#route);
    rib.tables.filterRemarks.note(this.#policy!, this.#route, result);
    return result.accepted ? this.#candidateOf(rib, row, result) : undefined;
  }

  /** Fills in the route for the kernel policy; false: no such path is ever programmed. */
  #describe(rib: Rib, prefix: number, row: Row): boolean {
    const { tables } = rib;
    const { kind } = tables.sources[tables.paths.source[row]!]!.info;
    if (kind === 'kernel' || kind === 'direct' || this.#policy === undefined) return false;
    tables.describe(this.#route, prefix, row);
    this.#route.attributes = tables.attributes.get(tables.paths.set[row]!).attributes;
    return true;
  }

  /** What the kernel is to have for a prefix, and why. */
  explain(rib: Rib, prefix: number): ForwardingExplanation {
    if (this.#absent) return { type: 'kernelOff' };
    const rows = rib.candidates(prefix);
    const best = rows[0];
    if (best === undefined) return { type: 'noPath' };
    if (!this.#describe(rib, prefix, best)) return { type: 'notOurs' };
    const explanation = explain(this.#policy!, this.#route);
    const candidate = explanation.accepted ? this.#candidateOf(rib, best, explanation) : undefined;
    const route = this.fib.wishedFor(rib.tables.prefixes.text(prefix));
    return {
      type: 'policy',
      explanation,
      ...(candidate === undefined ? {} : { candidate }),
      ...(route === undefined ? {} : { route }),
    };
  }

  #candidateOf(rib: Rib, row: Row, result: PolicyResult): Candidate | undefined {
    const candidate = candidateOf(this.#route, result, this.#metric);
    if (candidate?.type !== 'bgp') return candidate;
    const nextHop = rib.tables.nextHopOf(row)!;
    return nextHop.includes('%') ? { ...candidate, nextHop, linkLocal: undefined } : candidate;
  }

  #offer(prefixes: Iterable<Prefix>, rib: Rib, locals: LocalSources): void {
    for (const prefix of prefixes) {
      const sources = this.fib.sourcesOf(prefix);
      for (const kind of ['kernel', 'direct'] as const) {
        const found = sources.find(({ source }) => source === kind);
        const path = found && this.#pathOf(found, rib);
        if (path === undefined) rib.adjRibIn.removeLocal(locals[kind], prefix);
        else rib.adjRibIn.putLocal(locals[kind], prefix, path.attributes, path.detail);
      }
    }
  }

  /** Undefined where the import policy keeps it out. */
  #pathOf(found: LocalSource, rib: Rib): { attributes: Attributes; detail: LocalDetail } | undefined {
    const attributes = attributesOf(found);
    const { interface: device, metric } = found;
    const plain = { attributes, detail: { interface: device, metric } };
    if (found.source === 'direct' || this.#importPolicy === undefined) return plain;
    const route = learnedRoute(found, attributes);
    const result = evaluate(this.#importPolicy, route);
    rib.tables.filterRemarks.note(this.#importPolicy, route, result);
    return result.accepted
      ? { attributes: result.attributes, detail: { interface: device, metric: result.metric } }
      : undefined;
  }
}

function candidateOf(
  { source, attributes }: PolicyRoute,
  { metric: chosen, tunnel }: PolicyResult,
  usual: number | undefined,
): Candidate | undefined {
  const { nextHop, linkLocalNextHop: linkLocal } = attributes;
  const metric = chosen ?? usual;
  if (source === 'bgp') return nextHop === undefined ? undefined : { type: 'bgp', nextHop, linkLocal, metric, tunnel };
  return nextHop === undefined ? { type: 'blackhole', metric } : { type: 'via', gateway: nextHop, metric };
}

/** A gateway may be told to others as next hop, unless it is only known on our link. */
function attributesOf({ gateway }: LocalSource): Attributes {
  return gateway === undefined || isLinkLocal(gateway) ? LOCAL_ATTRIBUTES : { ...LOCAL_ATTRIBUTES, nextHop: gateway };
}

function learnedRoute(
  { prefix, interface: device, gateway, metric, protocol }: LocalSource,
  attributes: Attributes,
): PolicyRoute {
  return {
    ...prefixWords(prefix),
    attributes,
    source: 'kernel',
    protocol: 'kernel1',
    from: undefined,
    peer: undefined,
    interface: device,
    gateway,
    metric,
    preference: KERNEL_PREFERENCE,
    ...(protocol === undefined ? {} : { other: { krt_source: protocol } }),
  };
}

function sameOptional(a: Policy | undefined, b: Policy | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalPolicies(a, b);
}

// Where BGP next hops lead. The answers come from outside (the fib's table of connected networks and learned routes);
// this file remembers them for the decision process and for filters that ask for the outgoing interface.

import type { Address } from 'node-bgp';

export interface Resolution {
  readonly reachable: boolean;
  /** Interior cost (RFC 4271 9.1.2.2 e): 0 where connected. */
  readonly cost: number;
  /** '' where unknown or unreachable. */
  readonly device: string;
  readonly gateway?: Address;
}

export const UNRESOLVED: Resolution = { reachable: false, cost: 0xffffffff, device: '' };

/** For a reflector outside the data path: every next hop is as good as any other. */
export const ASSUMED_REACHABLE: Resolution = { reachable: true, cost: 0, device: '' };

export type Resolver = (nextHop: Address) => Resolution;

export class NextHops {
  readonly #resolver: Resolver;
  readonly #known = new Map<Address, Resolution>();

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  resolve(nextHop: Address): Resolution {
    let resolution = this.#known.get(nextHop);
    if (resolution === undefined) {
      resolution = this.#resolver(nextHop);
      this.#known.set(nextHop, resolution);
    }
    return resolution;
  }

  /** Asks anew for every next hop; those whose answer is another one now. */
  refresh(): Set<Address> {
    const changed = new Set<Address>();
    for (const [nextHop, before] of this.#known) {
      const after = this.#resolver(nextHop);
      if (sameResolution(before, after)) continue;
      this.#known.set(nextHop, after);
      changed.add(nextHop);
    }
    return changed;
  }

  /** Forgets next hops that no path uses any more. */
  retain(used: ReadonlySet<Address>): void {
    for (const nextHop of this.#known.keys()) if (!used.has(nextHop)) this.#known.delete(nextHop);
  }

  unresolved(): Address[] {
    return [...this.#known].filter(([, resolution]) => !resolution.reachable).map(([nextHop]) => nextHop);
  }
}

function sameResolution(a: Resolution, b: Resolution): boolean {
  return a.reachable === b.reachable && a.cost === b.cost && a.device === b.device && a.gateway === b.gateway;
}

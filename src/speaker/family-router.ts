// One address family of the router: its RIB, its side towards the kernel, and the sources of routes that are not BGP's.

import type { Family } from 'node-bgp';
import type { KernelEvent, KernelWish } from '../fib/types.ts';
import { type AttributeTable, Rib } from '../rib/index.ts';
import { Forwarding } from './forwarding.ts';
import { addLocalSources, type LocalSources, StaticRoutes } from './local-routes.ts';

/** Prefixes worked off at a time: some milliseconds. */
const PORTION = 4096;

export class FamilyRouter {
  readonly family: Family;
  readonly rib: Rib;
  readonly forwarding: Forwarding;
  readonly locals: LocalSources;
  readonly statics: StaticRoutes;
  readonly #portion: number;

  constructor(family: Family, attributes: AttributeTable, kernel: 'linux' | 'none', portion = PORTION) {
    this.family = family;
    this.#portion = portion;
    this.forwarding = new Forwarding(family, kernel);
    this.rib = new Rib(family, attributes, this.forwarding.resolve);
    this.locals = addLocalSources(this.rib);
    this.statics = new StaticRoutes(this.rib, this.locals.static, (gateway) => this.forwarding.isNeighbour(gateway));
  }

  kernelEvents(events: readonly KernelEvent[]): readonly KernelWish[] {
    const wishes = this.forwarding.kernelEvents(events, this.rib, this.locals);
    this.statics.lookAgain();
    return wishes;
  }

  /** Works off a portion of what changed: decides, prepares messages (for members to pull in `told`), asks the kernel. */
  work(told: () => void): readonly KernelWish[] {
    if (this.rib.isClean) {
      told();
      return [];
    }
    const flushed = this.rib.flush(this.#portion);
    const wishes = this.forwarding.program(this.rib, flushed);
    told();
    this.rib.recycle(flushed);
    return wishes;
  }
}

// Routes that do not come from BGP: the node's own blocks and services (static1), what others put into the kernel
// (kernel1), connected networks (direct1). Protocol names and preferences are BIRD's.

import { type Address, type Attributes, familyOf, type Prefix } from 'node-bgp';
import type { IntentChange, LocalRoute } from '../intent/types.ts';
import type { Rib, Source } from '../rib/index.ts';

/** What the router originates: ORIGIN IGP, an empty path. */
export const LOCAL_ATTRIBUTES: Attributes = { origin: 0, asPath: [] };

export interface LocalSources {
  readonly static: Source;
  readonly kernel: Source;
  readonly direct: Source;
}

export function addLocalSources(rib: Rib): LocalSources {
  return {
    static: rib.addSource({ kind: 'static', protocol: 'static1', preference: 200 }),
    kernel: rib.addSource({ kind: 'kernel', protocol: 'kernel1', preference: 10 }),
    direct: rib.addSource({ kind: 'direct', protocol: 'direct1', preference: 240 }),
  };
}

/** What a local route is told with. */
export function attributesOf({ gateway, attributes = LOCAL_ATTRIBUTES }: LocalRoute): Attributes {
  return gateway === undefined ? attributes : { ...attributes, nextHop: gateway };
}

/** The routes of static1. One through a gateway is there while the gateway is a neighbour. */
export class StaticRoutes {
  readonly #rib: Rib;
  readonly #source: Source;
  readonly #isNeighbour: (gateway: Address) => boolean;
  readonly #gatewayRoutes = new Map<Prefix, { readonly route: LocalRoute; isThere: boolean }>();

  constructor(rib: Rib, source: Source, isNeighbour: (gateway: Address) => boolean) {
    this.#rib = rib;
    this.#source = source;
    this.#isNeighbour = isNeighbour;
  }

  /** Changes of the intent's local routes; those of the other family do nothing. */
  apply(change: IntentChange['localRoutes']): void {
    for (const { prefix } of change.removed) {
      if (familyOf(prefix) !== this.#rib.family) continue;
      this.#gatewayRoutes.delete(prefix);
      this.#rib.adjRibIn.removeLocal(this.#source, prefix);
    }
    for (const route of change.added) {
      const { prefix, gateway } = route;
      if (familyOf(prefix) !== this.#rib.family) continue;
      if (gateway === undefined) this.#rib.adjRibIn.putLocal(this.#source, prefix, attributesOf(route), undefined);
      else this.#gatewayRoutes.set(prefix, { route, isThere: false });
    }
    this.lookAgain();
  }

  /** Links or addresses changed. */
  lookAgain(): void {
    for (const [prefix, entry] of this.#gatewayRoutes) {
      const isNeighbour = this.#isNeighbour(entry.route.gateway!);
      if (isNeighbour === entry.isThere) continue;
      entry.isThere = isNeighbour;
      if (isNeighbour) this.#rib.adjRibIn.putLocal(this.#source, prefix, attributesOf(entry.route), undefined);
      else this.#rib.adjRibIn.removeLocal(this.#source, prefix);
    }
  }
}

// Routes that do not come from BGP: the node's own blocks and services (static1), what others put into the kernel
// (kernel1), connected networks (direct1). Protocol names and preferences are BIRD's.

import { type Attributes, familyOf } from 'node-bgp';
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

/** Applies changes of the intent's local routes that belong to this table. */
export function applyLocalRoutes(rib: Rib, locals: LocalSources, change: IntentChange['localRoutes']): void {
  for (const { prefix } of change.removed) {
    if (familyOf(prefix) === rib.family) rib.removeLocal(locals.static, prefix);
  }
  for (const route of change.added) {
    if (familyOf(route.prefix) === rib.family)
      rib.putLocal(locals.static, route.prefix, attributesOf(route), undefined);
  }
}

function attributesOf({ gateway }: LocalRoute): Attributes {
  return gateway === undefined ? LOCAL_ATTRIBUTES : { ...LOCAL_ATTRIBUTES, nextHop: gateway };
}

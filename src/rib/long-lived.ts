// The two communities of long-lived graceful restart (RFC 9494 3.2, 3.3): the mark of a route that is kept although its
// peer has been away for long, and the wish not to be kept so. Not here: when that is (speaker), and what it means to
// the decision and to peers (decision.ts, transform.ts).

import { type Attributes, COMMUNITY } from 'node-bgp';

/** May a path with these attributes outlive the restart time of its peer? */
export function keptForLong({ communities = [] }: Attributes): boolean {
  return !communities.includes(COMMUNITY.NO_LLGR);
}

export function withLlgrStale(attributes: Attributes): Attributes {
  return { ...attributes, communities: [...(attributes.communities ?? []), COMMUNITY.LLGR_STALE] };
}

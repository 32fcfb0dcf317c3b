// The routing table as it came in, page by page: every path before import policy, so that others can work out what another
// policy would make of it. Reads, never changes.

import type { Address, Attributes, Family, Prefix, RouterId } from 'node-bgp';
import type { RouteSource } from '../policy/index.ts';
import { DEAD, NO_ROW, NO_SET, type PrefixId, type Row } from '../rib/index.ts';
import type { FamilyRouter } from './family-router.ts';
import type { Speaker } from './speaker.ts';

export interface ReceivedRoute {
  readonly prefix: Prefix;
  /** Session name, or `static1`, `kernel1`, `direct1`. */
  readonly protocol: string;
  readonly source: RouteSource;
  /** Of a path from BGP: address and BGP identifier of the peer. */
  readonly peer?: Address;
  readonly identifier?: RouterId;
  readonly pathId: number;
  /** As received; those that are unknown are left out. */
  readonly attributes: Omit<Attributes, 'unknown'>;
  readonly metric?: number;
  /** Where the next hop leads, or the interface of a route of this node. */
  readonly interface: string;
  readonly gateway?: Address;
  readonly reachable: boolean;
}

export interface ReceivedQuery {
  readonly family: Family;
  /** Prefixes are handed out until so many paths are on the page. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface ReceivedPage {
  readonly routes: readonly ReceivedRoute[];
  readonly next?: string;
}

/** Prefixes looked at for a page: some milliseconds. */
const PREFIXES_A_PAGE = 5_000;

export function receivedPage(speaker: Speaker, { family, limit, after }: ReceivedQuery): ReceivedPage {
  const router = speaker.families[family];
  const { highest } = router.rib.tables.prefixes;
  const routes: ReceivedRoute[] = [];
  let id: PrefixId = after === undefined ? 0 : Number(after);
  const end = Math.min(highest, id + PREFIXES_A_PAGE);
  while (id < end && routes.length < limit) routes.push(...receivedPaths(router, id++));
  return id < highest ? { routes, next: String(id) } : { routes };
}

function receivedPaths({ rib: { tables } }: FamilyRouter, prefix: PrefixId): ReceivedRoute[] {
  const { paths } = tables;
  const routes: ReceivedRoute[] = [];
  for (let row = paths.first[prefix] ?? NO_ROW; row !== NO_ROW; row = paths.next[row]!) {
    if (paths.received[row] === NO_SET || (paths.flags[row]! & DEAD) !== 0) continue;
    const { info } = tables.sources[paths.source[row]!]!;
    const { unknown: _, ...attributes } = tables.attributes.get(paths.received[row]!).attributes;
    routes.push({
      prefix: tables.prefixes.text(prefix),
      protocol: info.protocol,
      source: info.kind,
      ...(info.peer === undefined ? {} : { peer: info.peer.address }),
      ...(info.identifier === undefined ? {} : { identifier: info.identifier }),
      pathId: paths.pathId[row]!,
      attributes,
      ...wayOf(tables, row),
    });
  }
  return routes;
}

type Way = Pick<ReceivedRoute, 'metric' | 'interface' | 'gateway' | 'reachable'>;

function wayOf(tables: FamilyRouter['rib']['tables'], row: Row): Way {
  const detail = tables.paths.details.get(row);
  if (detail !== undefined) {
    const { interface: device, metric } = detail;
    return { interface: device, reachable: true, ...(metric === undefined ? {} : { metric }) };
  }
  const nextHop = tables.nextHopOf(row);
  if (nextHop === undefined) return { interface: '', reachable: true };
  const { reachable, device, gateway } = tables.nextHops.resolve(nextHop);
  return { interface: device, reachable, ...(gateway === undefined ? {} : { gateway }) };
}

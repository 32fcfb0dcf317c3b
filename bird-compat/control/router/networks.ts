// The tables of a speaker as a control socket shows them: networks with their routes, read as they are asked for. A table
// may change between two portions; a network that comes or goes meanwhile may be missed, none is shown twice.

import { addressBytes, contains, type Family, maxLength, type Prefix, prefixFromBytes, prefixLength } from 'node-bgp';
import { DEAD, NO_ROW, NO_SET, type PrefixId, type Row } from '../../../src/rib/index.ts';
import type { Speaker } from '../../../src/speaker/index.ts';
import type { NetworkQuery, NetworkView, Pause } from '../types.ts';
import { type RouteContext, routeView } from './routes.ts';

/** Networks between two pauses. */
const NETWORKS_A_PAUSE = 64;

type FamilyRouter = Speaker['families'][Family];

/** What is read of a network; `id` and rows are valid until the next pause. */
export interface KnownNetwork extends NetworkView {
  readonly id: PrefixId;
  readonly rows: readonly Row[];
}

export function* networks(
  router: FamilyRouter,
  query: NetworkQuery,
  context: RouteContext,
): Generator<KnownNetwork | Pause> {
  const { prefixes } = router.rib.tables;
  const asked = query.prefix ?? query.longest;
  if (asked !== undefined) {
    if (asked.includes(':') !== (router.family === 'ipv6')) return;
    const found = query.prefix === undefined ? longestMatch(router, asked, context) : networkAt(router, asked, context);
    if (found !== undefined) yield found;
    return;
  }
  for (let id: PrefixId = 0; id < prefixes.highest; id++) {
    if (id % NETWORKS_A_PAUSE === 0) yield 'pause';
    const network = networkOf(router, id, context);
    if (network === undefined) continue;
    if (query.within !== undefined && !isWithin(query.within, network.prefix)) continue;
    yield network;
  }
}

function isWithin(outer: Prefix, inner: Prefix): boolean {
  return outer.includes(':') === inner.includes(':') && contains(outer, inner);
}

function longestMatch(router: FamilyRouter, target: string, context: RouteContext): KnownNetwork | undefined {
  const [address = ''] = target.split('/');
  const length = target.includes('/') ? prefixLength(target) : maxLength(router.family);
  const bytes = addressBytes(address);
  for (let bits = length; bits >= 0; bits--) {
    const found = networkAt(router, prefixFromBytes(router.family, bytes, bits), context);
    if (found?.routes.some(({ isFiltered }) => !isFiltered)) return found;
  }
  return undefined;
}

function networkAt(router: FamilyRouter, prefix: Prefix, context: RouteContext): KnownNetwork | undefined {
  const { prefixes } = router.rib.tables;
  prefixes.load(prefix);
  const id = prefixes.find();
  return id < 0 ? undefined : networkOf(router, id, context);
}

function networkOf(router: FamilyRouter, id: PrefixId, context: RouteContext): KnownNetwork | undefined {
  const { paths, prefixes, best } = router.rib.tables;
  if (id >= paths.first.length || paths.first[id] === NO_ROW) return undefined;
  const rows: Row[] = [];
  for (let row = paths.first[id]!; row !== NO_ROW; row = paths.next[row]!) {
    const isGone = paths.received[row] === NO_SET || (paths.flags[row]! & DEAD) !== 0;
    if (!isGone && (paths.set[row] !== NO_SET || context.keepsFiltered(router, row))) rows.push(row);
  }
  if (rows.length === 0) return undefined;
  const rank = (row: Row) => (best[id] === row ? 0 : paths.set[row] === NO_SET ? 2 : 1);
  rows.sort((a, b) => rank(a) - rank(b));
  return {
    family: router.family,
    prefix: prefixes.text(id),
    id,
    rows,
    routes: rows.map((row) => routeView(router, id, row, context)),
  };
}

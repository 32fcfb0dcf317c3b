// A path of the tables as a route of BIRD: where it leads, since when, and what it has.

import type { Address, Attributes, Family, Prefix } from 'node-bgp';
import type { PolicyRoute } from '../../../src/policy/index.ts';
import { LONG_STALE, NO_SET, type PrefixId, type Row } from '../../../src/rib/index.ts';
import type { Speaker } from '../../../src/speaker/index.ts';
import type { StaticRoute } from '../../intent/index.ts';
import type { Destination, RouteView } from '../types.ts';

type FamilyRouter = Speaker['families'][Family];

/** What a route needs beside the tables: for one command. */
export interface RouteContext {
  /** The name that a protocol of this kind has in the configuration. */
  nameOf(kind: RouteView['kind'], prefix: Prefix): string | undefined;
  staticAt(prefix: Prefix): StaticRoute | undefined;
  /** Where next hops lead, as far as asked. */
  readonly hops: Map<Address, Hop>;
  /** Prefixes whose routes the kernel did not take. */
  readonly refused: ReadonlySet<Prefix>;
  /** Rejected routes of this path's protocol are to be seen. */
  keepsFiltered(router: FamilyRouter, row: Row): boolean;
  /** The peer is connected directly: its next hops are not looked up in a table. */
  isDirect(protocol: string): boolean;
}

export function routeView(router: FamilyRouter, id: PrefixId, row: Row, context: RouteContext): RouteView {
  const { tables } = router.rib;
  const { paths } = tables;
  const { info } = tables.sources[paths.source[row]!]!;
  const prefix = tables.prefixes.text(id);
  const isFiltered = paths.set[row] === NO_SET;
  const isBest = tables.best[id] === row;
  const { attributes } = tables.attributes.get(isFiltered ? paths.received[row]! : paths.set[row]!);
  const nextHop = info.kind === 'bgp' ? hopOf(router, row, context) : undefined;
  const igpMetric = nextHop === undefined || context.isDirect(info.protocol) ? undefined : nextHop.metric;
  return {
    protocol: info.kind === 'bgp' ? info.protocol : (context.nameOf(info.kind, prefix) ?? info.protocol),
    kind: info.kind,
    since: paths.since[row]! * 1000,
    isBest,
    isRefused: isBest && info.kind !== 'kernel' && info.kind !== 'direct' && context.refused.has(prefix),
    isFiltered,
    isLongStale: (paths.flags[row]! & LONG_STALE) !== 0,
    preference: paths.preference[row]!,
    destination: nextHop?.destination ?? localDestination(router, prefix, row, attributes, context),
    ...(info.peer === undefined ? {} : { from: info.peer.address }),
    ...(igpMetric === undefined ? {} : { igpMetric }),
    bgp: info.kind === 'bgp' ? attributes : ownAttributes(attributes),
    kernel: info.kind === 'kernel' ? kernelAttributes(router, prefix) : {},
    policyRoute: () => policyRoute(router, id, row, attributes),
  };
}

/** Where a next hop leads. */
export interface Hop {
  readonly destination: Destination;
  readonly metric: RouteView['igpMetric'];
}

const UNREACHABLE: Hop = { destination: { type: 'unreachable' }, metric: 'unreachable' };

/** By the routes of this machine, also where the router takes every next hop as reachable. */
function hopOf(router: FamilyRouter, row: Row, { hops }: RouteContext): Hop {
  const nextHop = router.rib.tables.nextHopOf(row);
  if (nextHop === undefined) return UNREACHABLE;
  let hop = hops.get(nextHop);
  if (hop === undefined) {
    hop = lookUp(router, nextHop);
    hops.set(nextHop, hop);
  }
  return hop;
}

function lookUp({ forwarding }: FamilyRouter, nextHop: Address): Hop {
  const hop = forwarding.fib.resolve(nextHop);
  if (hop === undefined) return UNREACHABLE;
  const gateway = hop.gateway ?? nextHop.split('%')[0]!;
  return {
    destination: { type: 'via', gateway, device: hop.device },
    metric: forwarding.fib.isConnected(nextHop) ? 0 : 'unknown',
  };
}

function localDestination(
  { rib, forwarding }: FamilyRouter,
  prefix: Prefix,
  row: Row,
  { nextHop }: Attributes,
  context: RouteContext,
): Destination {
  const { tables } = rib;
  const { kind } = tables.sources[tables.paths.source[row]!]!.info;
  const known = forwarding.fib.sourcesOf(prefix).find(({ source }) => source === kind);
  if (known !== undefined) {
    if (known.gateway !== undefined) return { type: 'via', gateway: known.gateway, device: known.interface };
    return known.interface === '' ? { type: 'unreachable' } : { type: 'dev', device: known.interface };
  }
  if (nextHop === undefined) return droppedBy(context.staticAt(prefix));
  const hop = forwarding.fib.resolve(nextHop);
  return hop === undefined
    ? { type: 'unreachable' }
    : { type: 'via', gateway: hop.gateway ?? nextHop, device: hop.device };
}

function droppedBy(route: StaticRoute | undefined): Destination {
  if (route?.type === 'unreachable') return { type: 'unreachable' };
  return { type: route?.type === 'prohibit' ? 'prohibited' : 'blackhole' };
}

/** What commands of a static route set; what every route is told with is not shown of it. */
function ownAttributes({ nextHop: _, origin, asPath, ...rest }: Attributes): Partial<Attributes> {
  return {
    ...(origin === 0 ? {} : { origin }),
    ...(asPath.length === 0 ? {} : { asPath }),
    ...rest,
  };
}

function kernelAttributes({ forwarding }: FamilyRouter, prefix: Prefix): RouteView['kernel'] {
  const learned = forwarding.fib.sourcesOf(prefix).find(({ source }) => source === 'kernel');
  return {
    ...(learned?.protocol === undefined ? {} : { source: learned.protocol }),
    ...(learned?.metric === undefined ? {} : { metric: learned.metric }),
  };
}

export function policyRoute(router: FamilyRouter, id: PrefixId, row: Row, attributes: Attributes): PolicyRoute {
  const route: PolicyRoute = { ...EMPTY, family: router.family, attributes };
  router.rib.tables.describe(route, id, row);
  return route;
}

const EMPTY: PolicyRoute = {
  family: 'ipv4',
  word0: 0,
  word1: 0,
  word2: 0,
  word3: 0,
  length: 0,
  attributes: { origin: 0, asPath: [] },
  source: 'bgp',
  protocol: '',
  from: undefined,
  peer: undefined,
  interface: '',
  gateway: undefined,
  metric: undefined,
  preference: 0,
};

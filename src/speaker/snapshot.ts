// The router as others see it: peers and tables at one moment, and routes page by page. Reads, never changes.

import {
  type Attributes,
  type Family,
  formatAsPath,
  formatCommunity,
  formatLargeCommunity,
  formatRouterId,
  type Prefix,
  prefixWords,
} from 'node-bgp';
import { explainDecision, NO_ROW, NO_SET, type PrefixId, type Row } from '../rib/index.ts';
import type { RouteAttributes } from './explanation.ts';
import type { FamilyRouter } from './family-router.ts';
import type { SpeakerPeer } from './peer.ts';
import { readLimits } from './route-limits.ts';
import type { Speaker } from './speaker.ts';
import type { PeerSnapshot, RouteSnapshot, Snapshot } from './types.ts';

const ORIGIN_NAMES = ['IGP', 'EGP', 'INCOMPLETE'] as const;

export function takeSnapshot(speaker: Speaker): Snapshot {
  const { intent, families } = speaker;
  const configured = intent !== undefined && intent.nodeMissing !== true;
  return {
    node: speaker.options.node,
    configured,
    // AS 0 is nobody's (RFC 7607): a node without BGP.
    ...(configured && intent.localAs !== 0
      ? { bgpIdentifier: formatRouterId(intent.bgpIdentifier), localAs: intent.localAs }
      : {}),
    ...(intent?.clusterId === undefined ? {} : { clusterId: formatRouterId(intent.clusterId) }),
    addresses: intent?.addresses ?? {},
    peers: Array.from(speaker.sessions.all(), (peer) => peerSnapshot(peer, speaker)),
    tables: { ipv4: tableSnapshot(families.ipv4), ipv6: tableSnapshot(families.ipv6) },
    unresolvedNextHops: [
      ...families.ipv4.forwarding.fib.unresolvedNextHops(),
      ...families.ipv6.forwarding.fib.unresolvedNextHops(),
    ],
    refusals: speaker.strangers.refusals,
    problems: intent?.problems ?? [],
  };
}

function tableSnapshot({ rib, forwarding }: FamilyRouter) {
  return { prefixes: rib.tables.prefixes.size, paths: rib.tables.paths.size, kernelRoutes: forwarding.fib.size };
}

function peerSnapshot(peer: SpeakerPeer, { families, sessions, connections }: Speaker): PeerSnapshot {
  const { intent, session } = peer;
  const { name, kind, description, origin, address, port, localAddress, localAs, passive } = intent;
  const absent = sessions.absent.get(name);
  const connection = session && connections.get(session.connection);
  return {
    name,
    kind,
    description,
    origin,
    families: intent.families,
    address,
    port,
    ...(localAddress === undefined ? {} : { localAddress }),
    remoteAs: peer.remoteAs,
    localAs,
    passive,
    ...(intent.password === undefined ? {} : { hasPassword: true }),
    routeReflectorClient: intent.routeReflectorClient,
    state: peer.machine.state,
    since: peer.since,
    ...(peer.lastError === undefined ? {} : { lastError: peer.lastError }),
    ...retryOf(peer),
    ...(session === undefined ? keptOf(peer) : {}),
    ...(session === undefined ? {} : { negotiated: session.negotiated, endpoints: session.endpoints }),
    ...(absent === undefined || session !== undefined ? {} : { absent }),
    ...(connection?.waitingSince === undefined
      ? {}
      : { sendQueue: { octets: connection.waiting, since: connection.waitingSince } }),
    counters: countersOf(peer, families),
    ...limitsOf(peer, families),
  };
}

/** When we dial again, or take connections again; a passive peer is waited for. */
function retryOf({ machine, intent, closedUntil }: SpeakerPeer): Pick<PeerSnapshot, 'retryAt'> {
  if (closedUntil !== undefined) return Number.isFinite(closedUntil) ? { retryAt: closedUntil } : {};
  const isWaiting = (machine.state === 'Idle' || machine.state === 'Active') && !intent.passive;
  const retryAt = isWaiting ? machine.nextDeadline() : undefined;
  return retryAt === undefined ? {} : { retryAt };
}

/** Of several families the one that is kept for longest. */
function keptOf({ families }: SpeakerPeer): Pick<PeerSnapshot, 'kept'> {
  const times = Array.from(families.values(), ({ staleUntil, longStaleUntil }) => ({
    until: longStaleUntil ?? staleUntil ?? 0,
    isLastChoice: longStaleUntil !== undefined,
  }));
  const kept = times.sort((a, b) => b.until - a.until)[0];
  return kept === undefined ? {} : { kept };
}

function limitsOf(peer: SpeakerPeer, families: Speaker['families']): Pick<PeerSnapshot, 'limits'> {
  const limits = peer.session === undefined ? [] : readLimits(peer, families);
  return limits.length === 0 ? {} : { limits };
}

function countersOf(peer: SpeakerPeer, families: Speaker['families']): PeerSnapshot['counters'] {
  let [received, accepted, advertised] = [0, 0, 0];
  for (const [family, { source }] of peer.families) {
    received += source.received;
    accepted += source.accepted;
    advertised += families[family].rib.groups.groupOf(source.id)?.advertisedTo(source.id) ?? 0;
  }
  const { updatesIn, updatesOut, octetsIn, octetsOut, flaps } = peer;
  return { received, accepted, advertised, updatesIn, updatesOut, bytesIn: octetsIn, bytesOut: octetsOut, flaps };
}

/** Prefixes looked at for a page: some milliseconds. A page may therefore be short, or empty, and yet have a next one. */
const PREFIXES_A_PAGE = 5_000;

export interface RouteQuery {
  readonly family: Family;
  readonly prefix?: Prefix;
  /** Only prefixes that contain this one, or lie in it. */
  readonly overlaps?: Prefix;
  /** Only paths of this protocol: a session's name, `static1` ... */
  readonly peer?: string;
  /** Prefixes are handed out until so many paths are on the page. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface RoutePage {
  readonly routes: readonly RouteSnapshot[];
  readonly next?: string;
}

/** Prefixes in table order; a prefix that comes or goes between two pages may be missed, none is shown twice. */
export function routePage(speaker: Speaker, query: RouteQuery): RoutePage {
  const router = speaker.families[query.family];
  const { prefixes } = router.rib.tables;
  if (query.prefix !== undefined) {
    prefixes.load(query.prefix);
    const id = prefixes.find();
    return { routes: id < 0 ? [] : pathsOf(router, id, query.peer) };
  }
  const routes: RouteSnapshot[] = [];
  const wanted = query.overlaps === undefined ? undefined : prefixWords(query.overlaps);
  let id: PrefixId = query.after === undefined ? 0 : Number(query.after);
  // Comparing words takes so little time that a search goes through the whole table.
  const end = wanted === undefined ? Math.min(prefixes.highest, id + PREFIXES_A_PAGE) : prefixes.highest;
  for (; id < end && routes.length < query.limit; id++) {
    if (wanted === undefined || prefixes.overlaps(id, wanted)) routes.push(...pathsOf(router, id, query.peer));
  }
  return id < prefixes.highest ? { routes, next: String(id) } : { routes };
}

function pathsOf({ rib }: FamilyRouter, prefix: PrefixId, protocol: string | undefined): RouteSnapshot[] {
  const { paths } = rib.tables;
  if (prefix >= paths.first.length || paths.first[prefix] === NO_ROW) return [];
  const decidedBy = explainDecision(rib.view, prefix);
  const routes: RouteSnapshot[] = [];
  for (let row = paths.first[prefix]!; row !== NO_ROW; row = paths.next[row]!) {
    if (paths.set[row] === NO_SET) continue;
    const route = routeSnapshot(rib, prefix, row, decidedBy.get(row));
    if (protocol === undefined || route.protocol === protocol) routes.push(route);
  }
  return routes.sort((a, b) => Number(b.best) - Number(a.best));
}

function routeSnapshot(
  rib: FamilyRouter['rib'],
  prefix: PrefixId,
  row: Row,
  decidedBy: string | undefined,
): RouteSnapshot {
  const { tables } = rib;
  const { attributes } = tables.attributes.get(tables.paths.set[row]!);
  return {
    prefix: tables.prefixes.text(prefix),
    protocol: tables.sources[tables.paths.source[row]!]!.info.protocol,
    best: tables.best[prefix] === row,
    ...(decidedBy === undefined ? {} : { decidedBy }),
    ...resolvedOf(rib, row),
    ...attributesSnapshot(attributes),
  };
}

export function attributesSnapshot(attributes: Attributes): RouteAttributes {
  const { nextHop, localPref, med, communities = [], largeCommunities = [] } = attributes;
  return {
    ...(nextHop === undefined ? {} : { nextHop }),
    ...(localPref === undefined ? {} : { localPref }),
    ...(med === undefined ? {} : { med }),
    asPath: formatAsPath(attributes.asPath),
    origin: ORIGIN_NAMES[attributes.origin],
    communities: [...communities.map(formatCommunity), ...largeCommunities.map(formatLargeCommunity)],
  };
}

function resolvedOf({ tables }: FamilyRouter['rib'], row: Row): Pick<RouteSnapshot, 'resolved'> {
  const detail = tables.paths.details.get(row);
  const { nextHop } = tables.attributes.get(tables.paths.set[row]!).attributes;
  if (detail !== undefined) {
    return { resolved: { device: detail.interface, ...(nextHop === undefined ? {} : { gateway: nextHop }) } };
  }
  const way = tables.nextHopOf(row);
  if (way === undefined) return {};
  const { reachable, device, gateway } = tables.nextHops.resolve(way);
  if (!reachable || device === '') return {};
  return { resolved: { device, ...(gateway === undefined ? {} : { gateway }) } };
}

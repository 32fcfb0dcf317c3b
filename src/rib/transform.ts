// What happens to attributes on the way from a path to a peer before its export filter looks (RFC 4271 5.1, RFC 4456 8),
// and what is taken off after it. Pure functions over attributes; who is in which group is said elsewhere.

import type { Additions, Address, Asn, AsPathSegment, Attributes, Role, RouterId } from 'node-bgp';
import { addressBytes, COMMUNITY, isLinkLocal } from 'node-bgp';
import { DEFAULT_LOCAL_PREF } from './attribute-table.ts';
import { maySend, sentMark } from './roles.ts';
import type { SourceInfo } from './source.ts';

/** Everything in which two peers must agree to get the same routes, apart from policy and encoding. */
export interface ExportTarget {
  readonly type: 'ebgp' | 'ibgp';
  readonly localAs: Asn;
  readonly identifier: RouterId;
  readonly clusterId: RouterId;
  readonly nextHopMode: 'auto' | 'self' | 'keep';
  /** Our address on the sessions of this group: next hop "self". */
  readonly localAddress: Address;
  /** Ours on the link to the peer, told beside it (RFC 2545 3). */
  readonly linkLocalAddress?: Address | undefined;
  readonly routeReflectorClient: boolean;
  /** The peers know what LLGR_STALE means (RFC 9494 4.3). */
  readonly llgrAware: boolean;
  /** Ours towards the AS of external peers (RFC 9234). */
  readonly role?: Role | undefined;
  /** The peers are to look for other ways (RFC 8326). */
  readonly gracefulShutdown?: boolean | undefined;
}

/** Why a path may not go to a target, whatever its filter says. */
export type ExportObstacle =
  | 'insideAs'
  | 'clusterList'
  | 'noAdvertise'
  | 'noExport'
  | 'noPeer'
  | 'onlyToCustomer'
  | 'llgrStale';

/** May a path of this source go to this target at all? (RFC 4271 9.2.1, RFC 4456 6, RFC 1997, RFC 9234 5) */
export function mayExport(source: SourceInfo, attributes: Attributes, target: ExportTarget): boolean {
  return exportObstacle(source, attributes, target) === undefined;
}

export function exportObstacle(
  source: SourceInfo,
  attributes: Attributes,
  target: ExportTarget,
): ExportObstacle | undefined {
  if (source.kind !== 'bgp') return undefined;
  if (source.peer?.type === 'ibgp' && target.type === 'ibgp') {
    if (source.routeReflectorClient !== true && !target.routeReflectorClient) return 'insideAs';
    // From another reflector of the cluster, who told its clients itself; it is only for our own use.
    if (target.routeReflectorClient && attributes.clusterList?.includes(target.clusterId)) return 'clusterList';
  }
  for (const community of attributes.communities ?? []) {
    if (community === COMMUNITY.NO_ADVERTISE) return 'noAdvertise';
    if (community === COMMUNITY.LLGR_STALE && !target.llgrAware) return 'llgrStale';
    if (target.type !== 'ebgp') continue;
    if (community === COMMUNITY.NO_EXPORT || community === COMMUNITY.NO_EXPORT_SUBCONFED) return 'noExport';
    if (community === COMMUNITY.NO_PEER && target.role === 'peer') return 'noPeer'; // RFC 3765 2
  }
  return target.role === undefined || maySend(attributes, target.role) ? undefined : 'onlyToCustomer';
}

/** Attributes as the export filter is to see them. */
export function prepareForExport(source: SourceInfo, attributes: Attributes, target: ExportTarget): Attributes {
  const isEbgp = target.type === 'ebgp';
  const prepared = without(attributes, isEbgp ? NOT_FOR_EBGP : NOT_FOR_ANYBODY);
  prepared.nextHop = exportedNextHop(attributes.nextHop, target);
  prepared.localPref = attributes.localPref ?? DEFAULT_LOCAL_PREF;
  if (isEbgp) {
    prepared.asPath = prependAs(attributes.asPath, target.localAs);
    // A MED learned from one neighbouring AS says nothing to another (RFC 4271 5.1.4): it becomes what none means.
    if (attributes.med !== undefined && source.kind === 'bgp') prepared.med = 0;
    const mark = target.role === undefined ? undefined : sentMark(attributes, target.role, target.localAs);
    if (mark !== undefined) prepared.onlyToCustomer = mark;
  } else if (source.peer?.type === 'ibgp') {
    prepared.originatorId = attributes.originatorId ?? source.identifier ?? 0;
    prepared.clusterList = [target.clusterId, ...(attributes.clusterList ?? [])];
  }
  return prepared;
}

/**
 * The same for an internal peer, as what is added to the octets that came in (`passOn`); undefined where more is changed.
 * Whoever changes one of the two changes the other: pass-on.test.ts compares them.
 */
export function additionsForExport(
  source: SourceInfo,
  ownNextHop: Address | undefined,
  target: ExportTarget,
): Additions | undefined {
  if (source.kind !== 'bgp' || target.type !== 'ibgp' || target.gracefulShutdown) return undefined;
  const isReflected = source.peer?.type === 'ibgp';
  const nextHop = exportedNextHop(ownNextHop, target);
  const mp = nextHop.includes(':');
  return {
    nextHop: nextHop === ownNextHop || mp ? undefined : addressBytes(nextHop),
    mp,
    localPref: DEFAULT_LOCAL_PREF,
    originatorId: isReflected ? (source.identifier ?? 0) : undefined,
    clusterId: isReflected ? target.clusterId : undefined,
  };
}

/** Attributes as they go on the wire, given what the filter made of them. */
export function finishExport(attributes: Attributes, target: ExportTarget): Attributes {
  const sorted = finishForCodec(attributes, target);
  return target.type === 'ibgp' || sorted.localPref === undefined ? sorted : without(sorted, LOCAL_PREF);
}

/** The same, with a LOCAL_PREF that the codec leaves out for eBGP. */
export function finishForCodec(attributes: Attributes, target: ExportTarget): Attributes {
  return sortCommunities(target.gracefulShutdown ? withGracefulShutdown(attributes) : attributes);
}

/** RFC 8326 4.1; inside the AS LOCAL_PREF says the same. */
function withGracefulShutdown(attributes: Attributes): Attributes {
  const communities = new Set([...(attributes.communities ?? []), COMMUNITY.GRACEFUL_SHUTDOWN]);
  return { ...attributes, communities: [...communities], localPref: 0 };
}

type Draft = { -readonly [Name in keyof Attributes]: Attributes[Name] };

const LOCAL_PREF = ['localPref'] as const;
const NOT_FOR_ANYBODY = ['linkLocalNextHop'] as const;
const NOT_FOR_EBGP = ['linkLocalNextHop', 'originatorId', 'clusterList'] as const;

/** A copy to be worked on. Rest destructuring takes ten times as long, and this is done for every attribute set. */
function without(attributes: Attributes, names: readonly (keyof Attributes)[]): Draft {
  const copy: Draft = { ...attributes };
  for (const name of names) if (copy[name] !== undefined) delete copy[name];
  return copy;
}

/** Communities are sets; in ascending order, as BIRD sends them, equal sets are equal bytes. */
export function sortCommunities(attributes: Attributes): Attributes {
  const communities = inOrder(attributes.communities, (a, b) => a - b);
  const extendedCommunities = inOrder(attributes.extendedCommunities, (a, b) => (a < b ? -1 : Number(a > b)));
  const largeCommunities = inOrder(attributes.largeCommunities, ([a, b, c], [x, y, z]) => a - x || b - y || c - z);
  if (
    communities === attributes.communities &&
    extendedCommunities === attributes.extendedCommunities &&
    largeCommunities === attributes.largeCommunities
  ) {
    return attributes;
  }
  return {
    ...attributes,
    ...(communities && { communities }),
    ...(extendedCommunities && { extendedCommunities }),
    ...(largeCommunities && { largeCommunities }),
  };
}

/** The same list where it is in order. */
function inOrder<T>(list: readonly T[] | undefined, compare: (a: T, b: T) => number): readonly T[] | undefined {
  if (list === undefined) return undefined;
  for (let i = 1; i < list.length; i++) if (compare(list[i - 1]!, list[i]!) > 0) return list.toSorted(compare);
  return list;
}

/** RFC 4271 5.1.3, and Calico's `nextHopMode`. A local route has a next hop of its own where it goes through a gateway. */
export function exportedNextHop(own: Address | undefined, target: ExportTarget): Address {
  if (own === undefined || target.nextHopMode === 'self') return target.localAddress;
  if (isLinkLocal(own)) return target.localAddress; // means nothing beyond its link (RFC 2545 3)
  if (target.nextHopMode === 'keep') return own;
  return target.type === 'ibgp' ? own : target.localAddress;
}

/** RFC 4271 5.1.2: our AS in front; a segment holds at most 255. */
export function prependAs(path: readonly AsPathSegment[], asn: Asn): readonly AsPathSegment[] {
  const [first, ...rest] = path;
  if (first?.type === 'sequence' && first.asns.length < 255) {
    return [{ type: 'sequence', asns: [asn, ...first.asns] }, ...rest];
  }
  return [{ type: 'sequence', asns: [asn] }, ...path];
}

// What happens to attributes on the way from a path to a peer before its export filter looks (RFC 4271 5.1, RFC 4456 8),
// and what is taken off after it. Pure functions over attributes; who is in which group is said elsewhere.

import type { Address, Asn, AsPathSegment, Attributes, RouterId } from 'node-bgp';
import { COMMUNITY } from 'node-bgp';
import { DEFAULT_LOCAL_PREF } from './attribute-table.ts';
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
  readonly routeReflectorClient: boolean;
}

/** Why a path may not go to a target, whatever its filter says. */
export type ExportObstacle = 'insideAs' | 'noAdvertise' | 'noExport';

/** May a path of this source go to this target at all? (RFC 4271 9.2.1, RFC 4456 6, RFC 1997) */
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
  }
  for (const community of attributes.communities ?? []) {
    if (community === COMMUNITY.NO_ADVERTISE) return 'noAdvertise';
    if (target.type !== 'ebgp') continue;
    if (community === COMMUNITY.NO_EXPORT || community === COMMUNITY.NO_EXPORT_SUBCONFED) return 'noExport';
  }
  return undefined;
}

/** Attributes as the export filter is to see them. */
export function prepareForExport(source: SourceInfo, attributes: Attributes, target: ExportTarget): Attributes {
  const nextHop = exportedNextHop(attributes, target);
  const { linkLocalNextHop: _, ...rest } = attributes;
  if (target.type === 'ebgp') return prepareForEbgp(source, rest, nextHop, target);
  const prepared = { ...rest, nextHop, localPref: attributes.localPref ?? DEFAULT_LOCAL_PREF };
  if (source.peer?.type !== 'ibgp') return prepared;
  return {
    ...prepared,
    originatorId: attributes.originatorId ?? source.identifier ?? 0,
    clusterList: [target.clusterId, ...(attributes.clusterList ?? [])],
  };
}

/** Attributes as they go on the wire, given what the filter made of them. */
export function finishExport(attributes: Attributes, target: ExportTarget): Attributes {
  if (target.type === 'ibgp' || attributes.localPref === undefined) return attributes;
  const { localPref: _, ...rest } = attributes;
  return rest;
}

function prepareForEbgp(
  source: SourceInfo,
  attributes: Attributes,
  nextHop: Address,
  target: ExportTarget,
): Attributes {
  const { originatorId: _originator, clusterList: _clusters, med, ...rest } = attributes;
  const prepared = { ...rest, nextHop, asPath: prependAs(attributes.asPath, target.localAs) };
  // A MED learned from one neighbouring AS says nothing to another (RFC 4271 5.1.4).
  return source.kind === 'bgp' || med === undefined ? prepared : { ...prepared, med };
}

/** RFC 4271 5.1.3, and Calico's `nextHopMode`. A local route has a next hop of its own where it goes through a gateway. */
function exportedNextHop(attributes: Attributes, target: ExportTarget): Address {
  const own = attributes.nextHop;
  if (own === undefined || target.nextHopMode === 'self') return target.localAddress;
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

// Routes as lines of an answer: one for the route, and with `all` its type and its attributes.

import { type AsPathSegment, type Attributes, formatRouterId, type UnknownAttribute } from 'node-bgp';
import { valueText } from '../../../src/policy/text.ts';
import { type Reply, row } from '../replies.ts';
import type { Destination, RouteView } from '../types.ts';

const ROUTE = 1007;
const TYPE = 1008;
const ATTRIBUTE = 1012;

export interface RouteStyle {
  readonly bird: 1 | 2;
  readonly isDetailed: boolean;
  /** Routes as a protocol is told them have the attributes that they are told with. */
  readonly time: (at: number) => string;
}

const WIDTHS = { 1: 18, 2: 20 } as const;

/** @param prefix empty for a further route of the same network */
export function* routeLines(prefix: string, route: RouteView, style: RouteStyle): Generator<Reply> {
  const { destination, protocol, from } = route;
  const gateway = destination.type === 'via' ? destination.gateway : undefined;
  const sender = from === undefined || from === gateway ? '' : ` from ${from}`;
  const mark = route.isRefused ? ' !' : route.isBest ? ' *' : '';
  const where = destinationText(destination, style.bird);
  const origin = `[${protocol} ${style.time(route.since)}${sender}]${mark}`;
  yield row(ROUTE, `${prefix.padEnd(WIDTHS[style.bird])} ${where} ${origin}${infoText(route, style.bird)}`);
  for (const hop of hopTexts(destination, style.bird)) yield row(ROUTE, `\t${hop}`);
  if (!style.isDetailed) return;
  yield row(TYPE, `\tType: ${typeText(route, style.bird)}`);
  for (const line of attributeTexts(route)) yield row(ATTRIBUTE, line);
}

export function destinationText(destination: Destination, bird: 1 | 2): string {
  switch (destination.type) {
    case 'via':
      return bird === 1 ? viaText(destination) : 'unicast';
    case 'dev':
      return bird === 1 ? `dev ${destination.device}` : 'unicast';
    case 'multipath':
      return bird === 1 ? 'multipath' : 'unicast';
    default:
      return destination.type;
  }
}

export function hopTexts(destination: Destination, bird: 1 | 2): readonly string[] {
  if (destination.type === 'multipath') {
    return destination.hops.map((hop) => `${viaText(hop)} weight ${hop.weight}`);
  }
  if (bird === 1) return [];
  if (destination.type === 'via') return [viaText(destination)];
  return destination.type === 'dev' ? [`dev ${destination.device}`] : [];
}

function viaText({ gateway, device }: { readonly gateway: string; readonly device: string }): string {
  return `via ${gateway} on ${device}`;
}

function infoText({ kind, preference, igpMetric, isLongStale, bgp }: RouteView, bird: 1 | 2): string {
  if (kind !== 'bgp') return ` (${preference})`;
  const origin = originAs(bgp.asPath ?? []);
  const from = `[${origin === undefined ? '' : `AS${origin}`}${'ie?'[bgp.origin ?? 0]}]`;
  return ` (${preference}${isLongStale ? 's' : ''}${metricText(igpMetric, bird)}) ${from}`;
}

/** BIRD 2 says nothing where the next hop is unreachable. */
function metricText(metric: RouteView['igpMetric'], bird: 1 | 2): string {
  if (metric === undefined || (metric === 'unreachable' && bird === 2)) return '';
  if (metric === 'unreachable') return '/-';
  return metric === 'unknown' ? '/?' : `/${metric}`;
}

/** Undefined where the path is empty or ends in a set. */
function originAs(path: readonly AsPathSegment[]): number | undefined {
  const end = path.at(-1);
  return end?.type === 'sequence' ? end.asns.at(-1) : undefined;
}

const KINDS = { bgp: 'BGP', kernel: 'inherit', static: 'static', direct: 'device' } as const;

function typeText({ kind, destination }: RouteView, bird: 1 | 2): string {
  const name = kind === 'static' && destination.type === 'dev' && bird === 1 ? 'static-device' : KINDS[kind];
  return bird === 1 ? `${name} unicast univ` : `${name} univ`;
}

// --- attributes

const ORIGINS = ['IGP', 'EGP', 'Incomplete'] as const;

/** Octets of an attribute's text on one line: longer lists go on in the next, a longer path ends in dots. */
const LONGEST = 450;

function* attributeTexts({ bgp, kernel }: RouteView): Generator<string> {
  for (const [name, members] of bgpTexts(bgp)) yield* wrapped(`\tBGP.${name}: `, members);
  if (kernel.source !== undefined) yield `\tKernel.source: ${kernel.source}`;
  if (kernel.metric !== undefined) yield `\tKernel.metric: ${kernel.metric}`;
  // Calico's BIRD has no text for it, and people look for what it prints.
  if (kernel.tunnel !== undefined) yield '\tKernel.tunnel: <type 43>';
}

/** In the order of their codes; each a list of words. */
function* bgpTexts(bgp: Partial<Attributes>): Generator<readonly [name: string, members: readonly string[]]> {
  if (bgp.origin !== undefined) yield ['origin', [ORIGINS[bgp.origin]]];
  if (bgp.asPath !== undefined) yield ['as_path', [pathText(bgp.asPath)]];
  const { nextHop, linkLocalNextHop } = bgp;
  if (nextHop !== undefined)
    yield ['next_hop', linkLocalNextHop === undefined ? [nextHop] : [nextHop, linkLocalNextHop]];
  if (bgp.med !== undefined) yield ['med', [String(bgp.med)]];
  if (bgp.localPref !== undefined) yield ['local_pref', [String(bgp.localPref)]];
  if (bgp.atomicAggregate === true) yield ['atomic_aggr', ['']];
  const { aggregator } = bgp;
  if (aggregator !== undefined) yield ['aggregator', [`${formatRouterId(aggregator.address)} AS${aggregator.asn}`]];
  const { communities, extendedCommunities, largeCommunities } = bgp;
  if (communities !== undefined)
    yield ['community', communities.map((each) => valueText({ type: 'pair', value: each }))];
  if (bgp.originatorId !== undefined) yield ['originator_id', [formatRouterId(bgp.originatorId)]];
  if (bgp.clusterList !== undefined) yield ['cluster_list', bgp.clusterList.map(formatRouterId)];
  if (extendedCommunities !== undefined) {
    yield ['ext_community', extendedCommunities.map((each) => valueText({ type: 'ec', value: each }))];
  }
  if (largeCommunities !== undefined) {
    yield ['large_community', largeCommunities.map((each) => valueText({ type: 'lc', value: each }))];
  }
  if (bgp.onlyToCustomer !== undefined) yield ['otc', [String(bgp.onlyToCustomer)]];
  for (const each of bgp.unknown ?? []) yield [unknownName(each), [octets(each.value)]];
}

function pathText(path: readonly AsPathSegment[]): string {
  const text = path.map(segmentText).join(' ');
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)} ...`;
}

function segmentText({ type, asns }: AsPathSegment): string {
  const members = asns.join(' ');
  switch (type) {
    case 'sequence':
      return members;
    case 'set':
      return `{ ${members} }`;
    case 'confedSequence':
      return `( ${members} )`;
    case 'confedSet':
      return `({ ${members} })`;
  }
}

const TRANSITIVE = 0x40;

function unknownName({ code, flags }: UnknownAttribute): string {
  return `${code.toString(16).padStart(2, '0')}${(flags & TRANSITIVE) === 0 ? '' : ' [t]'}`;
}

function octets(value: Uint8Array): string {
  const text = Array.from(value, (octet) => octet.toString(16).padStart(2, '0')).join(' ');
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)} ...`;
}

function* wrapped(head: string, members: readonly string[]): Generator<string> {
  let line = head;
  for (const [index, member] of members.entries()) {
    const isFull = line.length + member.length > LONGEST && line !== head;
    if (isFull) {
      yield line;
      line = '\t\t';
    } else if (index > 0) line += ' ';
    line += member;
  }
  yield line;
}

// What goes to and comes from BGP peers, as ordered policies. Peers with the same filters share one Policy value, so that
// what they are sent can be computed once for all of them.

import type { Family } from 'node-bgp';
import type { IPPool } from '../datastore/resources/types.ts';
import {
  accept,
  addCommunity,
  all,
  any,
  attribute,
  defined,
  either,
  greaterThan,
  interfaceMatches,
  lessThan,
  minus,
  not,
  type Policy,
  peerTypeIs,
  policy,
  prefixIn,
  prefixIs,
  reject,
  type Statement,
  setLocalPref,
  setMed,
  setMetric,
  setPreference,
  sourceIs,
  when,
  withOrigin,
} from '../policy/index.ts';
import type { Block } from './blocks.ts';
import { type Cluster, compareText, FAMILIES } from './cluster.ts';
import { communityText, filterStatements } from './filters.ts';
import { isOf, programsIpip } from './pools.ts';
import { ELEVATED_PREFERENCE, normalPriority, PRIORITY_BASE } from './priorities.ts';
import { type Advertisement, drainOf, type ServiceAdvertisements } from './services.ts';

export interface BgpPolicies {
  /** `filters` are names of BGPFilters in their order; those that do not exist or say nothing here change nothing. */
  importPolicy(family: Family, filters: readonly string[]): Policy;
  exportPolicy(family: Family, filters: readonly string[]): Policy;
}

export interface PolicyParts {
  readonly pools: readonly IPPool[];
  readonly blocks: readonly Block[];
  readonly services: ServiceAdvertisements;
}

export function makeBgpPolicies(cluster: Cluster, parts: PolicyParts): BgpPolicies {
  const shared = new Map<string, Policy>();
  const first = new Map(
    FAMILIES.map((family) => [
      family,
      [exportPriority(cluster, family), ...drainSteps(cluster, parts.services, family)],
    ]),
  );
  const builtIn = new Map(FAMILIES.map((family) => [family, exportSteps(cluster, parts, family)]));
  const share = (direction: 'import' | 'export', family: Family, filters: readonly string[]): Policy => {
    const halves = filterHalves(cluster, direction, family, filters);
    const name = [direction, family, ...halves.names].join(' ');
    const known = shared.get(name);
    if (known !== undefined) return known;
    const made =
      direction === 'import'
        ? policy(name, 'accept', [...halves.statements, preferElevated(cluster, family)])
        : policy(name, 'reject', [...first.get(family)!, ...halves.statements, ...builtIn.get(family)!]);
    shared.set(name, made);
    return made;
  };
  return {
    importPolicy: (family, filters) => share('import', family, filters),
    exportPolicy: (family, filters) => share('export', family, filters),
  };
}

interface FilterHalves {
  readonly names: readonly string[];
  readonly statements: readonly Statement[];
}

const NO_FILTERS: FilterHalves = { names: [], statements: [] };

function filterHalves(
  cluster: Cluster,
  direction: 'import' | 'export',
  family: Family,
  filters: readonly string[],
): FilterHalves {
  if (filters.length === 0) return NO_FILTERS;
  const names: string[] = [];
  const statements: Statement[] = [];
  for (const name of filters) {
    const filter = cluster.resources.get('BGPFilter', name);
    if (filter === undefined) continue;
    const rules = filterStatements(filter, `${direction}${family === 'ipv4' ? 'V4' : 'V6'}`);
    if (rules.length === 0) continue;
    names.push(name);
    statements.push(...rules);
  }
  return { names, statements };
}

/** Routes better than normal, as in a live migration, also win against the route of the workload that is still here. */
function preferElevated(cluster: Cluster, family: Family): Statement {
  const normal = PRIORITY_BASE - normalPriority(cluster.defaults, family);
  return withOrigin(
    { step: 'elevated priority' },
    when(
      all(defined(attribute('localPref')), greaterThan(attribute('localPref'), normal)),
      setPreference(ELEVATED_PREFERENCE),
    ),
  );
}

/** LOCAL_PREF of local routes from their metric; the metric of BGP routes from their LOCAL_PREF. */
function exportPriority(cluster: Cluster, family: Family): Statement {
  const fromBgp = all(sourceIs('bgp'), defined(attribute('localPref')));
  return withOrigin(
    { step: 'priority' },
    either(
      fromBgp,
      [setMetric(minus(PRIORITY_BASE, attribute('localPref')))],
      [
        when(not(defined(attribute('metric'))), setMetric(normalPriority(cluster.defaults, family))),
        setLocalPref(minus(PRIORITY_BASE, attribute('metric'))),
      ],
    ),
  );
}

/** RFC 8326: those who know it prefer any other way; those who do not go by LOCAL_PREF and MED. */
const GRACEFUL_SHUTDOWN = '65535:0';
const WORST_MED = 0xffff_ffff;

/** The services of a node that is drained go elsewhere, where there is an elsewhere. Before BGPFilters, which may decide. */
function drainSteps(cluster: Cluster, services: ServiceAdvertisements, family: Family): readonly Statement[] {
  if (drainOf(cluster.own, cluster.options) !== 'lower') return [];
  const prefixes = services.routes.map(({ prefix }) => prefix).filter((prefix) => isOf(family, prefix));
  if (prefixes.length === 0) return [];
  const lowest = [setLocalPref(0), setMed(WORST_MED), addCommunity(GRACEFUL_SHUTDOWN)];
  const own = all(sourceIs('static'), prefixIs(...prefixes));
  return [withOrigin({ resource: `Node ${cluster.own.metadata.name}`, step: 'drain' }, when(own, ...lowest))];
}

/** Everything behind the BGPFilters, in Calico's order. */
function exportSteps(cluster: Cluster, parts: PolicyParts, family: Family): readonly Statement[] {
  const pools = parts.pools.filter((pool) => isOf(family, pool.cidr));
  return [
    ...poolSteps(
      pools.filter((pool) => pool.disableBGPExport),
      'pools without BGP export',
      reject,
    ),
    ...interfaceSteps(cluster),
    ...communitySteps(cluster, family),
    ...blockSteps(cluster, parts.blocks, family),
    ...advertisedSteps(parts.services.routes, family, 'services'),
    ...(cluster.clusterId === undefined ? [] : advertisedSteps(parts.services.reflected, family, 'reflected services')),
    ...poolSteps(
      pools.filter((pool) => !pool.disableBGPExport),
      'pools',
      accept,
    ),
  ];
}

function poolSteps(pools: readonly IPPool[], step: string, verdict: () => Statement): readonly Statement[] {
  return pools.map((pool) =>
    withOrigin({ resource: `IPPool ${pool.metadata.name}`, step }, when(prefixIn([pool.cidr]), verdict())),
  );
}

/** What only makes sense on this node: routes of tunnel devices (not to be told inside the AS) and of the BPF data path. */
function interfaceSteps(cluster: Cluster): readonly Statement[] {
  const tunnels = ['*.cali', '*.calico', ...(programsIpip(cluster.defaults) ? [] : ['tunl0'])];
  return [
    withOrigin(
      { step: 'tunnel routes' },
      when(all(peerTypeIs('ibgp'), any(...tunnels.map(interfaceMatches))), reject()),
    ),
    withOrigin({ step: 'BPF routes' }, when(interfaceMatches('bpf*.cali'), reject())),
  ];
}

/** A list of the node's own takes the place of the global one for both families. */
function communitySteps(cluster: Cluster, family: Family): readonly Statement[] {
  const { ownConfiguration, defaults } = cluster;
  const source = ownConfiguration?.prefixAdvertisements?.length ? ownConfiguration : defaults;
  const byPrefix = new Map<string, Set<string>>();
  for (const { cidr, communities } of source?.prefixAdvertisements ?? []) {
    if (!isOf(family, cidr)) continue;
    const texts = byPrefix.get(cidr) ?? new Set();
    for (const community of communities) texts.add(communityText(community));
    byPrefix.set(cidr, texts);
  }
  const origin = { resource: `BGPConfiguration ${source?.metadata.name}`, step: 'communities' };
  return [...byPrefix]
    .sort(([a], [b]) => compareText(a, b))
    .map(([cidr, texts]) =>
      withOrigin(origin, when(prefixIn([cidr]), ...[...texts].sort().map((text) => addCommunity(text)))),
    );
}

/** The block instead of what is inside it, unless that is better than normal. */
function blockSteps(cluster: Cluster, blocks: readonly Block[], family: Family): readonly Statement[] {
  const own = blocks.filter((block) => block.aggregated && isOf(family, block.cidr));
  if (own.length === 0) return [];
  const elevated = lessThan(attribute('metric'), normalPriority(cluster.defaults, family));
  const each = own.map(({ cidr, origin }) =>
    withOrigin(
      { resource: origin, step: 'own blocks' },
      when(prefixIn([cidr]), either(any(prefixIs(cidr), elevated), [accept()], [reject()])),
    ),
  );
  return [withOrigin({ step: 'own blocks' }, when(prefixIn(own.map((block) => block.cidr)), ...each))];
}

function advertisedSteps(advertised: readonly Advertisement[], family: Family, step: string): readonly Statement[] {
  const prefixes = advertised.filter(({ prefix }) => isOf(family, prefix)).map(({ prefix }) => prefix);
  return prefixes.length === 0 ? [] : [withOrigin({ step }, when(prefixIn(prefixes), accept()))];
}

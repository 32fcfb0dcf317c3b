// Resources in, Intent out: puts together what the other files of this room decide. The same resources in any order give
// the same Intent; nothing in them makes it throw.

import type { Address } from 'node-bgp';
import type { NodeResource } from '../datastore/resources/types.ts';
import { policy } from '../policy/index.ts';
import { makeBgpPolicies } from './bgp-policies.ts';
import { blockRoutes, ownBlocks } from './blocks.ts';
import {
  addressOf,
  type Cluster,
  compareText,
  configuredPortOf,
  DEFAULT_PORT,
  FAMILIES,
  readCluster,
} from './cluster.ts';
import { kernelIntent } from './kernel-policy.ts';
import { meshSessions } from './mesh.ts';
import { expandPeerings, type Peering } from './peerings.ts';
import { effectivePools } from './pools.ts';
import { FindingList } from './problems.ts';
import { reflectorIntent } from './reflector.ts';
import { chooseRouterId } from './router-id.ts';
import { drainOf, serviceAdvertisements, serviceRoutes } from './services.ts';
import { explicitSession, reachabilityRoutes } from './sessions.ts';
import { tunnelIntent } from './tunnel.ts';
import type {
  Intent,
  IntentOptions,
  KernelIntent,
  ListenIntent,
  LocalRoute,
  PeerIntent,
  ResourceView,
} from './types.ts';

/** Of a Node: its peers are told to look for other ways, because it is about to go (RFC 8326). */
const GRACEFUL_SHUTDOWN_LABEL = 'caracal.io/graceful-shutdown';

/** What the node named in `options` is to do: as a Calico node, or as the RouteReflector of that name. */
export function computeIntent(resources: ResourceView, options: IntentOptions): Intent {
  const own = resources.get('Node', options.node);
  const reflector = resources.get('RouteReflector', options.node);
  if (own !== undefined) {
    const findings = new FindingList();
    if (reflector !== undefined) findings.problem(reflector, '', 'is not used: the cluster has a Node of this name');
    return nodeIntent(readCluster(resources, options, own, findings), findings);
  }
  return reflector === undefined ? missingNode(options) : reflectorIntent(resources, options, reflector);
}

function nodeIntent(cluster: Cluster, findings: FindingList): Intent {
  const { resources, options, own, defaults } = cluster;
  const pools = effectivePools(resources.list('IPPool'));
  const blocks = ownBlocks(resources, options, own);
  const services = serviceAdvertisements(resources, options, own, defaults);
  const tunnel = tunnelIntent(cluster, pools, blocks);
  const policies = makeBgpPolicies(cluster, { pools, blocks, services });
  const peerings = expandPeerings(cluster);
  tellMissingFilters(cluster, peerings);
  const explicit = peerings.map((peering) => explicitSession(cluster, peering, policies));
  const mesh = meshSessions(cluster, policies, peerings);
  const isLeaving = own.metadata.labels[GRACEFUL_SHUTDOWN_LABEL] === 'true';
  const peers = byPeerName(
    [...explicit, ...mesh].map((peer) => (isLeaving ? { ...peer, gracefulShutdown: true } : peer)),
  );
  tellDrain(cluster);
  const router = chooseRouterId(options.node, options.routerId, addressOf(own, 'ipv4'));
  if (router.remark !== undefined) findings.warning(own, 'spec.bgp', router.remark);
  return {
    node: options.node,
    localAs: cluster.localAs,
    bgpIdentifier: router.routerId,
    ...(cluster.clusterId === undefined ? {} : { clusterId: cluster.clusterId }),
    addresses: ownAddresses(own),
    listen: listenSockets(cluster, peers),
    peers,
    localRoutes: firstPerPrefix([
      ...blockRoutes(blocks),
      ...serviceRoutes(services),
      ...reachabilityRoutes(cluster, peerings),
    ]),
    kernel: {
      ipv4: kernelIntent(cluster, pools, services, 'ipv4'),
      ipv6: kernelIntent(cluster, pools, services, 'ipv6'),
    },
    ...(tunnel === undefined ? {} : { tunnel }),
    logLevel: logLevelOf(cluster),
    reflectors: cluster.nodes.filter(isReflector).map(({ metadata }) => metadata.name),
    problems: findings.problems(),
  };
}

/** Nothing, on purpose: no session, no route. */
function missingNode(options: IntentOptions): Intent {
  const findings = new FindingList();
  findings.problem({ kind: 'Node', name: options.node }, '', 'does not exist (yet); nothing is done until it does');
  const kernel: KernelIntent = { policy: policy('kernel', 'reject', []), directInterfaces: [], maxPaths: 1 };
  return {
    node: options.node,
    localAs: 0,
    bgpIdentifier: chooseRouterId(options.node, options.routerId, undefined).routerId,
    addresses: {},
    listen: [],
    peers: new Map(),
    localRoutes: [],
    kernel: { ipv4: kernel, ipv6: kernel },
    logLevel: 'info',
    problems: findings.problems(),
    nodeMissing: true,
  };
}

function tellDrain({ own, options, findings }: Cluster): void {
  const drain = drainOf(own, options);
  if (drain === undefined) return;
  const what = drain === 'withdraw' ? 'withdrawn' : 'advertised with the lowest preference';
  findings.warning(own, 'spec.unschedulable', `the node is cordoned: its service routes are ${what}`);
}

function byPeerName(sessions: readonly PeerIntent[]): ReadonlyMap<string, PeerIntent> {
  return new Map([...sessions].sort((a, b) => compareText(a.name, b.name)).map((session) => [session.name, session]));
}

function ownAddresses(own: NodeResource): Intent['addresses'] {
  const ipv4 = addressOf(own, 'ipv4');
  const ipv6 = addressOf(own, 'ipv6');
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

/** As BIRD does: a family listens from its first session on. */
function listenSockets(cluster: Cluster, peers: ReadonlyMap<string, PeerIntent>): readonly ListenIntent[] {
  const port = configuredPortOf(cluster, cluster.own) ?? DEFAULT_PORT;
  const families = FAMILIES.filter((family) => [...peers.values()].some((peer) => peer.families.includes(family)));
  if (cluster.defaults?.bindMode !== 'NodeIP') return families.length === 0 ? [] : [{ port }];
  return families.map((family) => ({ address: addressOf(cluster.own, family) as Address, port }));
}

/** Blocks before services before peers. */
function firstPerPrefix(routes: readonly LocalRoute[]): readonly LocalRoute[] {
  const byPrefix = new Map<string, LocalRoute>();
  for (const route of routes) if (!byPrefix.has(route.prefix)) byPrefix.set(route.prefix, route);
  return [...byPrefix.values()];
}

function isReflector({ bgp }: NodeResource): boolean {
  return bgp?.routeReflectorClusterID !== undefined;
}

function logLevelOf(cluster: Cluster): Intent['logLevel'] {
  const severity = (
    cluster.ownConfiguration?.logSeverityScreen ||
    cluster.defaults?.logSeverityScreen ||
    'info'
  ).toLowerCase();
  return severity === 'debug' || severity === 'info' ? severity : 'none';
}

function tellMissingFilters(cluster: Cluster, peerings: readonly Peering[]): void {
  for (const source of new Set(peerings.map((peering) => peering.source))) {
    source.filters?.forEach((filter, index) => {
      if (cluster.resources.get('BGPFilter', filter) !== undefined) return;
      cluster.findings.problem(source, `spec.filters[${index}]`, `there is no BGPFilter ${filter}; it is skipped`);
    });
  }
}

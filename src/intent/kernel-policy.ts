// What of the routing table goes into the kernel, and how: Calico's division of work between this daemon and Felix
// (`programClusterRoutes` and the encapsulation of the pools), service ranges, WireGuard peers, interfaces of direct routes.

import type { Family } from 'node-bgp';
import type { BGPConfiguration, IPPool } from '../datastore/resources/types.ts';
import {
  accept,
  all,
  attribute,
  defined,
  either,
  lessThan,
  minus,
  nextHopIn,
  nextHopIs,
  not,
  type Policy,
  policy,
  prefixIn,
  reject,
  type Statement,
  setMetric,
  setPreference,
  setTunnel,
  sourceIs,
  when,
  withOrigin,
} from '../policy/index.ts';
import { addressOf, type Cluster } from './cluster.ts';
import { isOf, programsIpip, programsUnencapsulated } from './pools.ts';
import { ELEVATED_PREFERENCE, normalPriority, PRIORITY_BASE } from './priorities.ts';
import type { ServiceAdvertisements } from './services.ts';
import { TUNNEL_DEVICE } from './tunnel.ts';
import type { KernelIntent } from './types.ts';

/** BIRD's limit of merged paths. */
const MAX_PATHS = 16;

export function kernelIntent(
  cluster: Cluster,
  pools: readonly IPPool[],
  services: ServiceAdvertisements,
  family: Family,
): KernelIntent {
  return {
    policy: kernelPolicy(cluster, pools, services, family),
    directInterfaces: directInterfaces(cluster.defaults),
    maxPaths: MAX_PATHS,
  };
}

/** A pool's devices and kube-proxy's are not ours to tell about, nor are those the operator names. */
export function directInterfaces(defaults: BGPConfiguration | undefined): readonly string[] {
  return [...(defaults?.ignoredInterfaces ?? []).map((pattern) => `-${pattern}`), '-cali*', '-kube-ipvs*', '*'];
}

function kernelPolicy(
  cluster: Cluster,
  pools: readonly IPPool[],
  services: ServiceAdvertisements,
  family: Family,
): Policy {
  return policy(`kernel ${family}`, 'accept', [
    ...services.rejected
      .filter(({ prefix }) => isOf(family, prefix))
      .map(({ prefix, origin }) =>
        withOrigin({ resource: origin, step: 'service ranges' }, when(prefixIn([prefix]), reject())),
      ),
    metricOfBgpRoutes(cluster, family),
    ...wireguardPeers(cluster, family),
    ...poolSteps(
      cluster,
      pools.filter((pool) => isOf(family, pool.cidr)),
      family,
    ),
  ]);
}

function metricOfBgpRoutes(cluster: Cluster, family: Family): Statement {
  const normal = normalPriority(cluster.defaults, family);
  return withOrigin(
    { step: 'metric' },
    when(
      sourceIs('bgp'),
      either(
        defined(attribute('localPref')),
        [setMetric(minus(PRIORITY_BASE, attribute('localPref')))],
        [setMetric(normal)],
      ),
      when(lessThan(attribute('metric'), normal), setPreference(ELEVATED_PREFERENCE)),
    ),
  );
}

/** Between nodes that speak WireGuard, Felix has the routes. */
function wireguardPeers(cluster: Cluster, family: Family): readonly Statement[] {
  const field = family === 'ipv4' ? 'wireguardIPv4' : 'wireguardIPv6';
  if (cluster.own[field] === undefined) return [];
  const peers = cluster.nodes
    .filter((node) => node !== cluster.own && node[field] !== undefined)
    .flatMap((node) => addressOf(node, family) ?? []);
  if (peers.length === 0) return [];
  return [withOrigin({ step: 'WireGuard peers' }, when(nextHopIs([...new Set(peers)].sort()), reject()))];
}

/** Without an own IPv4 network nothing can be said about tunnels, and the IPv4 pools count as any other destination. */
function poolSteps(cluster: Cluster, pools: readonly IPPool[], family: Family): readonly Statement[] {
  if (family === 'ipv4' && cluster.own.bgp?.ipv4 === undefined) return [];
  return pools.flatMap((pool) => {
    const treatment = treatmentOf(cluster, pool);
    if (family === 'ipv6' && !treatment.rejects) return [];
    const origin = { resource: `IPPool ${pool.metadata.name}`, step: treatment.step };
    return [withOrigin(origin, when(prefixIn([pool.cidr]), ...treatment.statements))];
  });
}

interface Treatment {
  readonly rejects: boolean;
  readonly step: string;
  readonly statements: readonly Statement[];
}

const FELIX_PROGRAMS: Treatment = {
  rejects: true,
  step: 'cluster routes are handled by Felix',
  statements: [reject()],
};
const VXLAN: Treatment = { rejects: true, step: 'VXLAN routes are handled by Felix', statements: [reject()] };

function treatmentOf(cluster: Cluster, pool: IPPool): Treatment {
  if (pool.vxlanMode !== 'Never') return VXLAN;
  if (pool.ipipMode !== 'Never') {
    if (!programsIpip(cluster.defaults)) return FELIX_PROGRAMS;
    return { rejects: false, step: 'IPIP pools', statements: [...tunnelStatements(cluster, pool), accept()] };
  }
  if (!programsUnencapsulated(cluster.defaults)) return FELIX_PROGRAMS;
  return { rejects: false, step: 'pools without encapsulation', statements: [accept()] };
}

/** Only routes with a BGP next hop are tunnelled: an own block stays a blackhole. */
function tunnelStatements(cluster: Cluster, pool: IPPool): readonly Statement[] {
  const network = cluster.own.bgp?.ipv4?.network;
  const remote = sourceIs('bgp');
  const crossSubnet = pool.ipipMode === 'CrossSubnet' && network !== undefined;
  return [when(crossSubnet ? all(remote, not(nextHopIn(network))) : remote, setTunnel(TUNNEL_DEVICE))];
}

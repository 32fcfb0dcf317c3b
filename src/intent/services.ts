// Which Service addresses this node advertises: whole ranges from every node, and single addresses where the Service or
// its endpoints ask for it.

import { type Address, contains, hostPrefix, type Prefix } from 'node-bgp';
import type { BGPConfiguration, EndpointSlice, NodeResource, Service } from '../datastore/resources/types.ts';
import { isSingleAddress } from './blocks.ts';
import { compareText } from './cluster.ts';
import { subjectName } from './problems.ts';
import type { IntentOptions, LocalRoute, ResourceView } from './types.ts';

export interface Advertisement {
  readonly prefix: Prefix;
  readonly origin: string;
}

/** Everything by text of the prefix, each prefix once. */
export interface ServiceAdvertisements {
  /** Originated and exported. */
  readonly routes: readonly Advertisement[];
  /** Must not enter the kernel: kube-proxy takes care of these addresses. */
  readonly rejected: readonly Advertisement[];
  /** A reflector passes on what others advertise inside these. */
  readonly reflected: readonly Advertisement[];
}

const EXCLUSION_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
const ADVERTISED_TYPES: ReadonlySet<string> = new Set(['ClusterIP', 'NodePort', 'LoadBalancer']);

interface Ranges {
  readonly cluster: readonly Prefix[];
  readonly external: readonly Prefix[];
  readonly loadBalancer: readonly Prefix[];
  readonly aggregated: boolean;
}

export function serviceAdvertisements(
  resources: ResourceView,
  options: IntentOptions,
  own: NodeResource,
  defaults: BGPConfiguration | undefined,
): ServiceAdvertisements {
  const ranges: Ranges = {
    cluster: options.advertiseClusterIps ? [options.advertiseClusterIps] : (defaults?.serviceClusterIPs ?? []),
    external: defaults?.serviceExternalIPs ?? [],
    loadBalancer: defaults?.serviceLoadBalancerIPs ?? [],
    aggregated: defaults?.serviceLoadBalancerAggregation !== 'Disabled',
  };
  const whole = new AdvertisementSet();
  addWholeRanges(whole, ranges);
  const routes = new AdvertisementSet();
  if (own.metadata.labels[EXCLUSION_LABEL] !== 'true' && drainOf(own, options) !== 'withdraw') {
    addWholeRanges(routes, ranges);
    addServices(routes, resources, options, ranges);
  }
  const reflected = new AdvertisementSet();
  for (const prefix of ranges.loadBalancer) reflected.add(prefix, LOAD_BALANCER_ORIGIN);
  for (const prefix of ranges.external) reflected.add(prefix, EXTERNAL_ORIGIN);
  return { routes: routes.sorted(), rejected: whole.sorted(), reflected: reflected.sorted() };
}

/** How the services of this node are taken away from it, if they are. */
export function drainOf({ unschedulable }: NodeResource, { drain }: IntentOptions): IntentOptions['drain'] {
  return unschedulable === true ? drain : undefined;
}

export function serviceRoutes(services: ServiceAdvertisements): readonly LocalRoute[] {
  return services.routes.map(({ prefix, origin }) => ({ prefix, type: 'blackhole', origin }));
}

const CLUSTER_ORIGIN = 'BGPConfiguration default serviceClusterIPs';
const EXTERNAL_ORIGIN = 'BGPConfiguration default serviceExternalIPs';
const LOAD_BALANCER_ORIGIN = 'BGPConfiguration default serviceLoadBalancerIPs';

/** Ranges come first; among Services the lower name gives the origin. */
class AdvertisementSet {
  readonly #byPrefix = new Map<Prefix, string>();

  add(prefix: Prefix, origin: string): void {
    if (!this.#byPrefix.has(prefix)) this.#byPrefix.set(prefix, origin);
  }

  sorted(): readonly Advertisement[] {
    return [...this.#byPrefix].sort(([a], [b]) => compareText(a, b)).map(([prefix, origin]) => ({ prefix, origin }));
  }
}

function addWholeRanges(set: AdvertisementSet, ranges: Ranges): void {
  for (const prefix of ranges.cluster) set.add(prefix, CLUSTER_ORIGIN);
  for (const prefix of ranges.external) if (!isSingleAddress(prefix)) set.add(prefix, EXTERNAL_ORIGIN);
  if (!ranges.aggregated) return;
  for (const prefix of ranges.loadBalancer) if (!isSingleAddress(prefix)) set.add(prefix, LOAD_BALANCER_ORIGIN);
}

function addServices(set: AdvertisementSet, resources: ResourceView, options: IntentOptions, ranges: Ranges): void {
  if (ranges.cluster.length + ranges.external.length + ranges.loadBalancer.length === 0) return;
  const slices = slicesByService(resources.list('EndpointSlice'));
  const node = options.kubernetesNodeName ?? options.node;
  const services = [...resources.list('Service')].sort((a, b) => compareText(keyOf(a), keyOf(b)));
  for (const service of services) {
    if (!isAdvertised(service, slices.get(keyOf(service)) ?? [], ranges, node)) continue;
    for (const address of addressesOf(service, ranges)) set.add(hostPrefix(address), `Service ${subjectName(service)}`);
  }
}

function slicesByService(slices: Iterable<EndpointSlice>): ReadonlyMap<string, readonly EndpointSlice[]> {
  const byService = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    if (slice.serviceName === undefined) continue;
    const key = `${slice.metadata.namespace ?? ''}/${slice.serviceName}`;
    const there = byService.get(key);
    if (there === undefined) byService.set(key, [slice]);
    else there.push(slice);
  }
  return byService;
}

function keyOf(service: Service): string {
  return `${service.metadata.namespace ?? ''}/${service.metadata.name}`;
}

/** A Service counts from its first EndpointSlice on, and no more when the last one is gone. */
function isAdvertised(service: Service, slices: readonly EndpointSlice[], ranges: Ranges, node: string): boolean {
  if (slices.length === 0 || !ADVERTISED_TYPES.has(service.type)) return false;
  if (service.clusterIP === undefined || service.clusterIP === '' || service.clusterIP === 'None') return false;
  if (service.externalTrafficPolicy === 'Cluster' && hasSingleAddressRange(service, ranges)) return true;
  const local = service.externalTrafficPolicy === 'Local';
  if (!local && ranges.aggregated) return false;
  return slices
    .filter((slice) => service.ipFamilies.some((family) => slice.addressType.toLowerCase() === family))
    .some((slice) =>
      slice.endpoints.some((endpoint) => endpoint.ready !== false && (!local || endpoint.nodeName === node)),
    );
}

/** An address that the configuration lists by itself is advertised from every node. */
function hasSingleAddressRange(service: Service, ranges: Ranges): boolean {
  const isListed = (address: Address, list: readonly Prefix[]) => list.includes(hostPrefix(address));
  const { loadBalancerIP, loadBalancerIngressIPs, externalIPs } = service;
  const balanced = loadBalancerIP === undefined ? loadBalancerIngressIPs : [loadBalancerIP, ...loadBalancerIngressIPs];
  return (
    (service.type === 'LoadBalancer' && balanced.some((address) => isListed(address, ranges.loadBalancer))) ||
    externalIPs.some((address) => isListed(address, ranges.external))
  );
}

/** Cluster addresses are not compared with the ranges: they lie in the API server's, whatever is advertised. */
function addressesOf(service: Service, ranges: Ranges): readonly Address[] {
  const isIn = (address: Address, list: readonly Prefix[]) => list.some((range) => contains(range, address));
  return [
    ...(ranges.cluster.length === 0 ? [] : service.clusterIPs),
    ...service.externalIPs.filter((address) => isIn(address, ranges.external)),
    ...service.loadBalancerIngressIPs.filter((address) => isIn(address, ranges.loadBalancer)),
  ];
}

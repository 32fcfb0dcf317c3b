// What is watched, in rows: which kinds, where they are, and which of them only when something asks for them. Pure.

import type { BGPConfiguration, BGPPeer, ResourceKind } from '../resources/types.ts';
import { HOSTNAME_HASH_LABEL, hostnameHash } from './hostname-label.ts';

export interface WatchSpec {
  /** Unique, and for people. */
  readonly name: string;
  readonly kind: ResourceKind;
  /** `calico`: in the API group of Calico's resources. */
  readonly apiVersion: 'calico' | 'v1' | 'discovery.k8s.io/v1';
  readonly plural: string;
  readonly namespace?: string;
  /** The only object of interest: its name, with the namespace. */
  readonly object?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly metadataOnly?: true;
  readonly accepts?: (document: unknown) => boolean;
  /**
   * `required`: without it there is no state of the cluster. `optional`: the rest is worth having all the same; only its
   * first answer is waited for.
   */
  readonly need: 'required' | 'optional';
}

export interface WatchOptions {
  /** Calico's name of this node. */
  readonly node: string;
  readonly usePodCidr: boolean;
  readonly secretNamespace: string;
  /** Services are needed whatever the resources say. */
  readonly advertisesServices?: boolean;
  /** More of this node's Node is needed than its metadata. */
  readonly wholeOwnNode?: boolean;
  /** The CalicoNodeStatus objects of this node are needed. */
  readonly nodeStatus?: boolean;
}

/** What decides about the rest. */
export interface Referring {
  readonly configurations: readonly BGPConfiguration[];
  readonly peers: readonly BGPPeer[];
}

const CALICO = { apiVersion: 'calico', need: 'required' } as const;

export function wantedWatches(options: WatchOptions, referring: Referring): readonly WatchSpec[] {
  return [
    { name: 'bgpconfigurations', kind: 'BGPConfiguration', plural: 'bgpconfigurations', ...CALICO },
    { name: 'bgppeers', kind: 'BGPPeer', plural: 'bgppeers', ...CALICO },
    { name: 'bgpfilters', kind: 'BGPFilter', plural: 'bgpfilters', ...CALICO },
    { name: 'ippools', kind: 'IPPool', plural: 'ippools', ...CALICO },
    ...nodeWatches(options),
    ...(options.usePodCidr ? [] : affinityWatches(options.node)),
    {
      ...{ name: 'felixconfigurations', kind: 'FelixConfiguration', plural: 'felixconfigurations' },
      ...{ apiVersion: 'calico', need: 'optional' },
    },
    ...(options.nodeStatus === true ? [nodeStatusWatch(options.node)] : []),
    ...referredWatches(options, referring),
  ];
}

/** What is Kubernetes' own, and only wanted because Calico's resources refer to it. */
export function referredWatches(
  options: Pick<WatchOptions, 'advertisesServices' | 'secretNamespace'>,
  referring: Referring,
): readonly WatchSpec[] {
  return [
    ...(advertisesServices(options, referring) ? SERVICE_WATCHES : []),
    ...secretNames(referring).map((name) => secretWatch(options.secretNamespace, name)),
  ];
}

/** Labels and annotations carry all that is needed, but pod CIDRs and the like, of which only the own node's count. */
function nodeWatches({ node, usePodCidr, wholeOwnNode = false }: WatchOptions): readonly WatchSpec[] {
  const nodes = { kind: 'Node', apiVersion: 'v1', plural: 'nodes', need: 'required' } as const;
  if (!usePodCidr && !wholeOwnNode) return [{ name: 'nodes', ...nodes, metadataOnly: true }];
  return [
    { name: 'nodes', ...nodes, metadataOnly: true, query: { fieldSelector: `metadata.name!=${node}` } },
    { name: `nodes/${node}`, ...nodes, query: { fieldSelector: `metadata.name=${node}` } },
  ];
}

/** Those of this node by Calico's label, and those that an older Calico has left without one. */
function affinityWatches(node: string): readonly WatchSpec[] {
  const affinities = { kind: 'BlockAffinity', plural: 'blockaffinities', ...CALICO } as const;
  const accepts = isOf(node);
  const labelled = `${HOSTNAME_HASH_LABEL}=${hostnameHash(node)}`;
  return [
    { name: 'blockaffinities', ...affinities, accepts, query: { labelSelector: labelled } },
    {
      ...{ name: 'blockaffinities without label', ...affinities, accepts },
      query: { labelSelector: `!${HOSTNAME_HASH_LABEL}` },
    },
  ];
}

function nodeStatusWatch(node: string): WatchSpec {
  return {
    ...{ name: 'caliconodestatuses', kind: 'CalicoNodeStatus', plural: 'caliconodestatuses', accepts: isOf(node) },
    ...{ apiVersion: 'calico', need: 'optional' },
  };
}

function isOf(node: string): (document: unknown) => boolean {
  return (document) => (document as { spec?: { node?: unknown } }).spec?.node === node;
}

const SERVICE_WATCHES: readonly WatchSpec[] = [
  { name: 'services', kind: 'Service', apiVersion: 'v1', plural: 'services', need: 'required' },
  {
    ...{ name: 'endpointslices', kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', plural: 'endpointslices' },
    need: 'required',
  },
];

function advertisesServices(options: Pick<WatchOptions, 'advertisesServices'>, { configurations }: Referring): boolean {
  return (
    options.advertisesServices === true ||
    configurations.some(({ serviceClusterIPs = [], serviceExternalIPs = [], serviceLoadBalancerIPs = [] }) =>
      [serviceClusterIPs, serviceExternalIPs, serviceLoadBalancerIPs].some((ranges) => ranges.length > 0),
    )
  );
}

function secretNames({ configurations, peers }: Referring): readonly string[] {
  const names = [
    ...configurations.flatMap(({ nodeMeshPassword }) => nodeMeshPassword?.name ?? []),
    ...peers.flatMap(({ password }) => password?.name ?? []),
  ];
  return [...new Set(names)].sort();
}

/** One by one: a role can give the right to read exactly these (`resourceNames`). */
function secretWatch(namespace: string, name: string): WatchSpec {
  return {
    name: `secrets/${namespace}/${name}`,
    object: `${namespace}/${name}`,
    kind: 'Secret',
    apiVersion: 'v1',
    plural: 'secrets',
    namespace,
    query: { fieldSelector: `metadata.name=${name}` },
    need: 'optional',
  };
}

// The cluster as the other files of this room ask about it: which BGPConfiguration counts for what (Calico: `default`, and
// `node.<name>` for three fields only), AS numbers, ports and addresses of nodes, Secrets. Computed anew for every Intent.

import type { Address, Asn, Family, RouterId } from 'node-bgp';
import type { BGPConfiguration, NodeResource, SecretKeyRef } from '../datastore/resources/types.ts';
import type { FindingList, Subject } from './problems.ts';
import type { IntentOptions, ResourceView } from './types.ts';

export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

const DEFAULT_AS = 64512;
/** Of the names of BGPConfigurations for one node. */
const NODE_PREFIX = 'node.';
export const DEFAULT_PORT = 179;
const DEFAULT_SECRET_NAMESPACE = 'kube-system';
/** Linux: TCP_MD5SIG_MAXKEYLEN. */
const LONGEST_PASSWORD = 80;

export interface Cluster {
  readonly resources: ResourceView;
  readonly options: IntentOptions;
  readonly findings: FindingList;
  readonly own: NodeResource;
  /** All nodes, the own one too, by name. */
  readonly nodes: readonly NodeResource[];
  /** BGPConfiguration `default`. */
  readonly defaults: BGPConfiguration | undefined;
  /** BGPConfiguration `node.<own node>`. */
  readonly ownConfiguration: BGPConfiguration | undefined;
  readonly globalAs: Asn;
  readonly localAs: Asn;
  /** Present where this node reflects. */
  readonly clusterId: RouterId | undefined;
  /** listenPort of `node.<name>`, by node name. */
  readonly nodePorts: ReadonlyMap<string, number>;
}

export function readCluster(
  resources: ResourceView,
  options: IntentOptions,
  own: NodeResource,
  findings: FindingList,
): Cluster {
  const nodePorts = new Map<string, number>();
  let defaults: BGPConfiguration | undefined;
  let ownConfiguration: BGPConfiguration | undefined;
  for (const configuration of resources.list('BGPConfiguration')) {
    const { name } = configuration.metadata;
    if (name === 'default') defaults = configuration;
    if (!name.startsWith(NODE_PREFIX)) continue;
    const node = name.slice(NODE_PREFIX.length);
    if (node === options.node) ownConfiguration = configuration;
    if (configuration.listenPort) nodePorts.set(node, configuration.listenPort);
  }
  const globalAs = defaults?.asNumber || DEFAULT_AS;
  return {
    resources,
    options,
    findings,
    own,
    nodes: byName(resources.list('Node')),
    defaults,
    ownConfiguration,
    globalAs,
    localAs: own.bgp?.asNumber || globalAs,
    clusterId: own.bgp?.routeReflectorClusterID,
    nodePorts,
  };
}

export function addressOf(node: NodeResource, family: Family): Address | undefined {
  return node.bgp?.[family]?.address;
}

/** A node without an AS number of its own has the cluster's, wherever one looks from. */
export function asOf(cluster: Cluster, node: NodeResource): Asn {
  return node.bgp?.asNumber || cluster.globalAs;
}

/** The port that is configured for a node, if any: sessions to it use it, and show it in their name. */
export function configuredPortOf(cluster: Cluster, node: NodeResource): number | undefined {
  return cluster.nodePorts.get(node.metadata.name) ?? (cluster.defaults?.listenPort || undefined);
}

export function byName<T extends { readonly metadata: { readonly name: string } }>(list: Iterable<T>): readonly T[] {
  return [...list].sort((a, b) => compareText(a.metadata.name, b.metadata.name));
}

/** By code unit; for the ASCII texts compared here that is by byte. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Nodes by address; where several claim one address, by name. Made when it is first needed. */
export function indexAddresses(cluster: Cluster): ReadonlyMap<Address, readonly NodeResource[]> {
  const index = new Map<Address, NodeResource[]>();
  for (const node of cluster.nodes) {
    for (const family of FAMILIES) {
      const address = addressOf(node, family);
      if (address === undefined) continue;
      const there = index.get(address);
      if (there === undefined) index.set(address, [node]);
      else there.push(node);
    }
  }
  return index;
}

/** The TCP-MD5 key a resource refers to. Calico's rule: what cannot be read is no password. */
export function readPassword(
  cluster: Pick<Cluster, 'resources' | 'options' | 'findings'>,
  reference: SecretKeyRef | undefined,
  subject: Subject,
  path: string,
): string | undefined {
  if (reference === undefined) return undefined;
  const namespace = cluster.options.secretNamespace ?? DEFAULT_SECRET_NAMESPACE;
  const secret = cluster.resources.get('Secret', reference.name, namespace);
  const refuse = (text: string) =>
    cluster.findings.problem(subject, path, `${text}; the session is set up without a password`);
  if (secret === undefined) {
    refuse(`there is no Secret ${reference.name} in namespace ${namespace}`);
    return undefined;
  }
  const password = secret.data[reference.key];
  if (password === undefined || password === '') {
    refuse(`Secret ${namespace}/${reference.name} has no key ${reference.key}`);
    return undefined;
  }
  if (new TextEncoder().encode(password).length > LONGEST_PASSWORD) {
    refuse(`the password in Secret ${namespace}/${reference.name} is longer than ${LONGEST_PASSWORD} bytes`);
    return undefined;
  }
  return password;
}

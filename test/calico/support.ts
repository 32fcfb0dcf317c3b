// A small cluster from YAML, the Intent of one of its nodes, and sample routes sent through the policies of that Intent.

import type { Address, Asn, AsPathSegment, Attributes, Prefix } from 'node-bgp';
import { formatRouterId, prefixWords } from 'node-bgp';
import { parseAllDocuments } from 'yaml';
import { readResources } from '../../src/datastore/resources/read-resource.ts';
import type { Resource, ResourceKind } from '../../src/datastore/resources/types.ts';
import {
  computeIntent,
  type Intent,
  type IntentOptions,
  type PeerIntent,
  type ResourceView,
} from '../../src/intent/index.ts';
import {
  communityFromText,
  evaluate,
  type Policy,
  type PolicyPeer,
  type PolicyRoute,
  type RouteSource,
} from '../../src/policy/index.ts';

/** The node that the cases look from. */
export const OWN = 'alpha';

/** Warnings pass, refusals are a mistake of the case. */
export function resourcesOf(...texts: readonly string[]): readonly Resource[] {
  const results = texts.flatMap((text) => parseAllDocuments(text).flatMap((document) => readAny(document.toJS())));
  const problems = results.flatMap((result) => result.problems).filter(({ severity }) => severity !== 'warning');
  if (problems.length > 0) throw new Error(problems.map((p) => `${p.kind} ${p.name} ${p.path}: ${p.text}`).join('\n'));
  return results.flatMap((result) => (result.resource === undefined ? [] : [result.resource]));
}

function readAny(document: unknown) {
  return document === null ? [] : readResources(document);
}

/** Of several resources with one identity the last counts, as when it is written anew. */
export function viewOf(resources: readonly Resource[]): ResourceView {
  const keyOf = (kind: string, name: string, namespace = '') => `${kind}/${namespace}/${name}`;
  const byKey = new Map(resources.map((r) => [keyOf(r.kind, r.metadata.name, r.metadata.namespace), r]));
  type Of<K extends ResourceKind> = Extract<Resource, { readonly kind: K }>;
  return {
    list: <K extends ResourceKind>(kind: K) =>
      [...byKey.values()].filter((resource): resource is Of<K> => resource.kind === kind),
    get: <K extends ResourceKind>(kind: K, name: string, namespace?: string) =>
      byKey.get(keyOf(kind, name, namespace)) as Of<K> | undefined,
  };
}

export function intentOf(input: string | readonly (string | Resource)[], options: Partial<IntentOptions> = {}): Intent {
  const parts = typeof input === 'string' ? [input] : input;
  const resources = parts.flatMap((part) => (typeof part === 'string' ? resourcesOf(part) : [part]));
  return computeIntent(viewOf(resources), { node: OWN, ...options });
}

export function withoutResource(resources: readonly Resource[], kind: ResourceKind, name: string): readonly Resource[] {
  return resources.filter((resource) => resource.kind !== kind || resource.metadata.name !== name);
}

// --- YAML of our own

export interface NodeText {
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly as?: number;
  readonly clusterId?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export function node(name: string, { ipv4, ipv6, as, clusterId, labels = {} }: NodeText): string {
  const bgp = { ipv4Address: ipv4, ipv6Address: ipv6, asNumber: as, routeReflectorClusterID: clusterId };
  return resource('Node', name, Object.values(bgp).some(Boolean) ? { bgp } : {}, labels);
}

/** Any Calico resource whose spec is easier to write as an object. JSON is YAML. */
export function resource(
  kind: string,
  name: string,
  spec: object,
  labels: Readonly<Record<string, string>> = {},
): string {
  const metadata = { name, labels };
  return `---\n${JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata, spec })}\n`;
}

export const configuration = (spec: object, name = 'default'): string => resource('BGPConfiguration', name, spec);
export const pool = (name: string, cidr: Prefix, spec: object = {}): string =>
  resource('IPPool', name, { cidr, ...(cidr.includes(':') ? { blockSize: 122 } : {}), ...spec });
export const block = (cidr: Prefix, state = 'confirmed', owner = OWN): string =>
  resource('BlockAffinity', `${owner}-${cidr.replace(/[.:/]/g, '-')}`, { cidr, node: owner, state });

export const secret = (name: string, data: Readonly<Record<string, string>>): string =>
  `---\n${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'kube-system' },
    stringData: data,
  })}\n`;

/** Three nodes in one subnet per family. */
export const THREE_NODES =
  node('alpha', { ipv4: '10.65.0.2/24', ipv6: 'fd65::2/64' }) +
  node('beta', { ipv4: '10.65.0.3/24', ipv6: 'fd65::3/64' }) +
  node('gamma', { ipv4: '10.65.0.4/24', ipv6: 'fd65::4/64' });

export const NO_MESH = configuration({ nodeToNodeMeshEnabled: false });

// --- looking at an Intent

/** Everything of a session but its policies and texts. */
export function sessionOf(
  intent: Intent,
  name: string,
): Omit<PeerIntent, 'importPolicy' | 'exportPolicy' | 'description' | 'origin'> {
  const {
    importPolicy: _import,
    exportPolicy: _export,
    description: _text,
    origin: _origin,
    ...rest
  } = peerOf(intent, name);
  return rest;
}

export function peerOf(intent: Intent, name: string): PeerIntent {
  const peer = intent.peers.get(name);
  if (peer === undefined) throw new Error(`no peer ${name} among ${[...intent.peers.keys()].join(', ')}`);
  return peer;
}

export const namesOf = (intent: Intent): readonly string[] => [...intent.peers.keys()];

export const routesOf = (intent: Intent): readonly string[] =>
  intent.localRoutes.map(
    (route) => `${route.prefix} ${route.gateway === undefined ? route.type : `via ${route.gateway}`}`,
  );

export const routerIdOf = (intent: Intent): string => formatRouterId(intent.bgpIdentifier);

// --- sample routes

export interface Sample {
  readonly prefix: Prefix;
  readonly source?: RouteSource;
  readonly interface?: string;
  readonly metric?: number;
  readonly localPref?: number;
  readonly asPath?: readonly Asn[];
  /** `aa:nn` and `aa:nn:mm`. */
  readonly communities?: readonly string[];
  readonly nextHop?: Address;
}

export interface Outcome {
  readonly localPref: number | undefined;
  readonly med?: number;
  readonly asPath: readonly Asn[];
  readonly communities: readonly string[];
  readonly preference: number;
}

/** What a peer is told about a route; as a speaker does it, the own AS stands in front of the path before the filter looks. */
export function exported(intent: Intent, peerName: string, sample: Sample): Outcome | 'rejected' {
  const peer = peerOf(intent, peerName);
  const external = peer.remoteAs !== peer.localAs;
  const asPath = [...(external ? [peer.localAs] : []), ...(sample.asPath ?? [])];
  return run(peer.exportPolicy, routeOf({ source: 'static', ...sample, asPath }, policyPeer(peer)));
}

/** What is made of a route that a peer tells us. */
export function imported(intent: Intent, peerName: string, sample: Sample): Outcome | 'rejected' {
  const peer = peerOf(intent, peerName);
  const route = routeOf({ localPref: 100, nextHop: peer.address, ...sample, source: 'bgp' }, policyPeer(peer));
  route.from = route.peer;
  return run(peer.importPolicy, route);
}

export interface KernelOutcome {
  readonly metric: number | undefined;
  readonly tunnel: string | undefined;
}

export function programmed(intent: Intent, sample: Sample): KernelOutcome | 'rejected' {
  const family = sample.prefix.includes(':') ? 'ipv6' : 'ipv4';
  const route = routeOf({ source: 'bgp', localPref: 2147482623, nextHop: '10.65.0.3', ...sample }, undefined);
  const result = evaluate(intent.kernel[family].policy, route);
  return result.accepted ? { metric: result.metric, tunnel: result.tunnel } : 'rejected';
}

function run(policy: Policy, route: PolicyRoute): Outcome | 'rejected' {
  const { accepted, attributes, preference, error } = evaluate(policy, route);
  if (error !== undefined) throw new Error(error);
  if (!accepted) return 'rejected';
  return {
    localPref: attributes.localPref,
    ...(attributes.med === undefined ? {} : { med: attributes.med }),
    asPath: attributes.asPath.flatMap((segment) => segment.asns),
    communities: [
      ...(attributes.communities ?? []).map((value) => `${value >>> 16}:${value & 0xffff}`),
      ...(attributes.largeCommunities ?? []).map((value) => value.join(':')),
    ],
    preference,
  };
}

function policyPeer(peer: PeerIntent): PolicyPeer {
  const { name, localAs, remoteAs, address } = peer;
  return { name, type: remoteAs === localAs ? 'ibgp' : 'ebgp', localAs, remoteAs, address };
}

const PREFERENCES: Readonly<Record<RouteSource, number>> = { bgp: 100, kernel: 10, static: 200, direct: 240 };

function routeOf(sample: Sample & { readonly source: RouteSource }, peer: PolicyPeer | undefined): PolicyRoute {
  const from: PolicyPeer = {
    name: 'Mesh_10_65_0_9',
    type: 'ibgp',
    localAs: 64512,
    remoteAs: 64512,
    address: '10.65.0.9',
  };
  return {
    ...prefixWords(sample.prefix),
    attributes: attributesOf(sample),
    source: sample.source,
    protocol: `${sample.source}1`,
    from: sample.source === 'bgp' ? from : undefined,
    peer,
    interface: sample.interface ?? '',
    gateway: undefined,
    metric: sample.metric,
    preference: PREFERENCES[sample.source],
  };
}

function attributesOf(sample: Sample): Attributes {
  const segments: readonly AsPathSegment[] = sample.asPath?.length ? [{ type: 'sequence', asns: sample.asPath }] : [];
  const values = (sample.communities ?? []).map((text) => communityFromText(text)!);
  const communities = values.flatMap((value) => (value.type === 'pair' ? [value.value] : []));
  const largeCommunities = values.flatMap((value) => (value.type === 'lc' ? [value.value] : []));
  const bgp = sample.source === 'bgp';
  return {
    origin: 0,
    asPath: segments,
    ...(bgp && sample.localPref !== undefined ? { localPref: sample.localPref } : {}),
    ...(bgp && sample.nextHop !== undefined ? { nextHop: sample.nextHop } : {}),
    ...(communities.length > 0 ? { communities } : {}),
    ...(largeCommunities.length > 0 ? { largeCommunities } : {}),
  };
}

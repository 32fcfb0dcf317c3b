// Which kinds are read, under which API versions, and what is to be said about a kind that is not.

import { readBGPConfiguration } from './bgp-configuration.ts';
import { readBGPFilter } from './bgp-filter.ts';
import { readBGPPeer } from './bgp-peer.ts';
import { readBlockAffinity } from './block-affinity.ts';
import { readCalicoNodeStatus } from './calico-node-status.ts';
import { readFelixConfiguration } from './felix-configuration.ts';
import { readIPPool } from './ip-pool.ts';
import { readEndpointSlice, readSecret, readService } from './kubernetes.ts';
import { type KubernetesNodeOptions, readCalicoNode, readKubernetesNode } from './node.ts';
import { describe, type Field, type Report } from './reader.ts';
import { readRouteReflector } from './route-reflector.ts';
import type { Metadata, Resource, ResourceKind } from './types.ts';

export interface KindReader {
  readonly kind: ResourceKind;
  readonly apiVersions: readonly string[];
  readonly namespaced: boolean;
  readonly annotations: 'keep' | 'drop';
  readonly read: (
    metadata: Metadata,
    document: Field,
    report: Report,
    options: KubernetesNodeOptions,
  ) => Resource | undefined;
}

const CALICO = ['projectcalico.org/v3', 'crd.projectcalico.org/v1'];
const CLUSTER = { namespaced: false, annotations: 'keep' } as const;
const KUBERNETES = { namespaced: true, annotations: 'drop' } as const;

const KINDS: readonly KindReader[] = [
  { kind: 'BGPConfiguration', apiVersions: CALICO, ...CLUSTER, read: readBGPConfiguration },
  { kind: 'BGPPeer', apiVersions: CALICO, ...CLUSTER, read: readBGPPeer },
  { kind: 'BGPFilter', apiVersions: CALICO, ...CLUSTER, read: readBGPFilter },
  { kind: 'IPPool', apiVersions: CALICO, ...CLUSTER, read: readIPPool },
  { kind: 'BlockAffinity', apiVersions: CALICO, ...CLUSTER, read: readBlockAffinity },
  { kind: 'CalicoNodeStatus', apiVersions: CALICO, ...CLUSTER, read: readCalicoNodeStatus },
  { kind: 'FelixConfiguration', apiVersions: CALICO, ...CLUSTER, read: readFelixConfiguration },
  { kind: 'Node', apiVersions: CALICO, ...CLUSTER, read: readCalicoNode },
  {
    kind: 'Node',
    apiVersions: ['v1'],
    namespaced: false,
    annotations: 'drop',
    read: (metadata, document, _report, options) => readKubernetesNode(metadata, document, options),
  },
  { kind: 'Service', apiVersions: ['v1'], ...KUBERNETES, read: readService },
  { kind: 'Secret', apiVersions: ['v1'], ...KUBERNETES, read: readSecret },
  { kind: 'EndpointSlice', apiVersions: ['discovery.k8s.io/v1'], ...KUBERNETES, read: readEndpointSlice },
  { kind: 'RouteReflector', apiVersions: ['caracal.io/v1'], ...CLUSTER, read: readRouteReflector },
];

/** Only a Node can be read from its metadata alone, so that is what such a document must be. */
const PARTIAL = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' };
const OWN_GROUP = 'caracal.io';

export type KindVerdict =
  | { readonly type: 'known'; readonly reader: KindReader }
  /** Somebody else's. */
  | { readonly type: 'foreign' }
  | { readonly type: 'wrong'; readonly field: 'kind' | 'apiVersion'; readonly text: string };

export function recognizeKind(kind: string, apiVersion: string): KindVerdict {
  if (kind === PARTIAL.kind && apiVersion === PARTIAL.apiVersion) return recognizeKind('Node', 'v1');
  const namesakes = KINDS.filter((reader) => reader.kind === kind);
  const reader = namesakes.find(({ apiVersions }) => apiVersions.includes(apiVersion));
  if (reader !== undefined) return { type: 'known', reader };
  const group = groupOf(apiVersion);
  const groups = new Set(KINDS.flatMap(({ apiVersions }) => apiVersions.map(groupOf)));
  if (namesakes.length > 0) {
    if (!groups.has(group) && nearest(group, [...groups]) === undefined) return { type: 'foreign' };
    const known = namesakes.flatMap(({ apiVersions }) => apiVersions).join(' or ');
    return {
      type: 'wrong',
      field: 'apiVersion',
      text: `${describe(apiVersion)} is not known for ${kind}; it is ${known}`,
    };
  }
  if (!groups.has(group)) return { type: 'foreign' };
  const candidates = KINDS.filter(({ apiVersions }) => apiVersions.some((version) => groupOf(version) === group));
  const meant = nearest(kind, [...new Set(candidates.map((candidate) => candidate.kind))]);
  if (meant === undefined && group !== OWN_GROUP) return { type: 'foreign' };
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return { type: 'wrong', field: 'kind', text: `${describe(kind)} is not a known kind${hint}` };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The word that this one is most likely a misspelling of. Short words must be closer, or Pod would be a Node. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  return known.find((other) => other !== '' && distance(lower, other.toLowerCase()) <= (other.length < 6 ? 1 : 2));
}

/** Levenshtein: how many letters must be put in, taken out or changed. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...left].entries()) {
    const next = [i + 1];
    for (let j = 0; j < right.length; j++) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === right[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[right.length]!;
}

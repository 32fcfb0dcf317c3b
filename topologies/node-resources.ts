// The Node and BlockAffinity resources of a lab's nodes, as `calicoctl get -o yaml` prints them: what the machines say
// about themselves, so that a lab states it once.

import { stringify } from 'yaml';
import type { LabFile, Machine, ResourceDocument } from './lab-file.ts';

const API_VERSION = 'projectcalico.org/v3';

/** File name -> text: the folder from which all nodes of the cluster live. */
export function clusterFiles(lab: LabFile): ReadonlyMap<string, string> {
  const nodes = lab.machines.filter((machine) => machine.isNode);
  const files = new Map<string, string>();
  for (const node of nodes) files.set(`node-${node.name}.yaml`, formatDocuments([nodeResource(node)]));
  for (const node of nodes) {
    if (node.blocks.length === 0) continue;
    files.set(`blocks-${node.name}.yaml`, formatDocuments(node.blocks.map((cidr) => blockAffinity(node, cidr))));
  }
  if (lab.resources.length > 0) files.set('resources.yaml', formatDocuments(lab.resources));
  return files;
}

/** The folder of a machine that is no node. */
export function machineFiles(machine: Machine): ReadonlyMap<string, string> {
  return new Map([['resources.yaml', formatDocuments(machine.resources)]]);
}

export function formatDocuments(documents: readonly ResourceDocument[]): string {
  return documents.map((document) => stringify(document)).join('---\n');
}

export function nodeResource(node: Machine): ResourceDocument {
  const ipv4 = node.addresses.find(({ address }) => !address.includes(':'));
  const ipv6 = node.addresses.find(({ address }) => address.includes(':'));
  return {
    apiVersion: API_VERSION,
    kind: 'Node',
    metadata: { name: node.name, labels: { 'kubernetes.io/hostname': node.name, ...node.labels } },
    spec: {
      bgp: {
        ...(ipv4 && { ipv4Address: `${ipv4.address}/${ipv4.length}` }),
        ...(ipv6 && { ipv6Address: `${ipv6.address}/${ipv6.length}` }),
        ...(node.asNumber !== undefined && { asNumber: node.asNumber }),
        ...(node.routeReflectorClusterID !== undefined && { routeReflectorClusterID: node.routeReflectorClusterID }),
      },
    },
  };
}

function blockAffinity(node: Machine, cidr: string): ResourceDocument {
  return {
    apiVersion: API_VERSION,
    kind: 'BlockAffinity',
    metadata: { name: `${node.name}-${cidr.replace(/::\//, '-').replace(/[.:/]+/g, '-')}` },
    spec: { cidr, deleted: 'false', node: node.name, state: 'confirmed' },
  };
}

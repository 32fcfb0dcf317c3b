// For tests of the router: resources of small clusters as YAML, and how they are read.

import type { Family, Prefix } from 'node-bgp';
import { parseAllDocuments } from 'yaml';
import { readResources } from '../datastore/resources/read-resource.ts';
import type { Resource } from '../datastore/resources/types.ts';

export function readAll(text: string): readonly Resource[] {
  return parseAllDocuments(text).flatMap((document) => {
    const value: unknown = document.toJS();
    if (value === null) return [];
    return readResources(value).map(({ resource, problems }) => {
      if (resource === undefined) throw new Error(`${problems.map(({ path, text }) => `${path}: ${text}`)} in ${text}`);
      return resource;
    });
  });
}

const document = (apiVersion: string, kind: string, name: string, spec: object): string =>
  `---\n${JSON.stringify({ apiVersion, kind, metadata: { name }, spec })}\n`;

/** A Calico resource as YAML. */
export function calico(kind: string, name: string, spec: object): string {
  return document('projectcalico.org/v3', kind, name, spec);
}

export function reflector(name: string, spec: object): string {
  return document('caracal.io/v1', 'RouteReflector', name, spec);
}

export interface NodeOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly asNumber?: number;
  readonly clusterId?: string;
}

/** Calico's Node number n: addresses 10.0.0.n and fd00::n as far as the families say. */
export function node(n: number, families: readonly Family[] = ['ipv4'], options: NodeOptions = {}): string {
  const { labels, asNumber, clusterId } = options;
  const bgp = {
    ...(families.includes('ipv4') ? { ipv4Address: `10.0.0.${n}/24` } : {}),
    ...(families.includes('ipv6') ? { ipv6Address: `fd00::${n}/64` } : {}),
    ...(asNumber === undefined ? {} : { asNumber }),
    ...(clusterId === undefined ? {} : { routeReflectorClusterID: clusterId }),
  };
  const value = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'Node',
    metadata: { name: `node-${n}`, labels },
    spec: { bgp },
  };
  return `---\n${JSON.stringify(value)}\n`;
}

/** The block of node n, 10.65.n.0/26 or fd00:65:n::/122, or another prefix. */
export function block(n: number, family: Family = 'ipv4', cidr = blockOf(n, family)): string {
  const name = `node-${n}-${cidr.replace(/[./:]+/g, '-')}`;
  return calico('BlockAffinity', name, { cidr, node: `node-${n}`, state: 'confirmed' });
}

export function blockOf(n: number, family: Family = 'ipv4'): Prefix {
  return family === 'ipv4' ? `10.65.${n}.0/26` : `fd00:65:0:${n}::/122`;
}

/** Pools without encapsulation around all blocks. */
export const POOLS: string =
  calico('IPPool', 'pods-ipv4', { cidr: '10.65.0.0/16', ipipMode: 'Never', vxlanMode: 'Never' }) +
  calico('IPPool', 'pods-ipv6', { cidr: 'fd00:65::/32', ipipMode: 'Never', vxlanMode: 'Never' });

export const MESH_OFF: string = calico('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false });

/** Nodes 1 to n with a block each, and the pools. */
export function cluster(n: number, families: readonly Family[] = ['ipv4']): string {
  const numbers = Array.from({ length: n }, (_, i) => i + 1);
  const nodes = numbers.map((number) => node(number, families));
  return POOLS + nodes.join('') + numbers.flatMap((number) => families.map((family) => block(number, family))).join('');
}

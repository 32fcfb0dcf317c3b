// The cluster that is simulated, as Calico's resources: nodes with blocks, and either a full mesh or dedicated reflectors.
// And its numbers: which address a machine has, which prefix has which number.

import type { Address, Prefix } from 'node-bgp';
import type { NodeResource, Resource } from '../../src/datastore/resources/types.ts';
import type { Range } from './holdings.ts';

export interface Cluster {
  readonly nodes: number;
  /** Machines beside the nodes that reflect and have no blocks; 0: all nodes have sessions with each other. */
  readonly reflectors: number;
  /** Of each node, /26. */
  readonly blocks: number;
}

/** Everybody's network. */
export const NETWORK: Prefix = '10.0.0.0/8';
const POOL = { cidr: '100.64.0.0/10', first: 0x64400000, prefixes: 65_536 };
const BLOCK_LENGTH = 26;
const BLOCK_SHIFT = 32 - BLOCK_LENGTH;
/** 244.0.0.1 */
const CLUSTER_ID = 0xf4000001;
const REFLECTOR_LABEL = 'reflector';

/** The most blocks that a cluster of ours has room for. */
export const MOST_PREFIXES = POOL.prefixes;

/** Machines: the nodes, then the reflectors. */
export function machines({ nodes, reflectors }: Cluster): number {
  return nodes + reflectors;
}

export function prefixes({ nodes, blocks }: Cluster): number {
  return nodes * blocks;
}

export function isReflector({ nodes }: Cluster, machine: number): boolean {
  return machine >= nodes;
}

export function nameOf(cluster: Cluster, machine: number): string {
  return isReflector(cluster, machine) ? `reflector-${machine - cluster.nodes + 1}` : `node-${machine + 1}`;
}

export function addressOf(machine: number): Address {
  const number = machine + 1;
  return `10.${number >>> 16}.${(number >>> 8) & 255}.${number & 255}`;
}

export function routerIdOf(machine: number): number {
  return (10 << 24) | (machine + 1);
}

/** Prefixes by number: the blocks of the first node, those of the second one, and so on. */
export function prefixOf(number: number): Prefix {
  const word = POOL.first + (number << BLOCK_SHIFT);
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}/${BLOCK_LENGTH}`;
}

/** The number of the block that begins at this address (as a word). */
export function numberOf(word: number): number {
  return (word - POOL.first) >>> BLOCK_SHIFT;
}

/** None for a reflector. */
export function ownPrefixes(cluster: Cluster, machine: number): Range {
  if (isReflector(cluster, machine)) return [0, 0];
  return [machine * cluster.blocks, (machine + 1) * cluster.blocks];
}

const metadata = (name: string, labels: Readonly<Record<string, string>> = {}) => ({ name, labels, annotations: {} });

function nodeOf(cluster: Cluster, machine: number): NodeResource {
  const reflects = isReflector(cluster, machine);
  return {
    kind: 'Node',
    metadata: metadata(nameOf(cluster, machine), reflects ? { [REFLECTOR_LABEL]: 'true' } : {}),
    bgp: {
      ipv4: { address: addressOf(machine), network: NETWORK },
      ...(reflects ? { routeReflectorClusterID: CLUSTER_ID } : {}),
    },
    podCIDRs: [],
  };
}

export function resourcesOf(cluster: Cluster): readonly Resource[] {
  const pool = { ipipMode: 'Never', vxlanMode: 'Never', disableBGPExport: false, disabled: false } as const;
  const resources: Resource[] = [
    { kind: 'BGPConfiguration', metadata: metadata('default'), nodeToNodeMeshEnabled: cluster.reflectors === 0 },
    { kind: 'IPPool', metadata: metadata('pods'), cidr: POOL.cidr, ...pool },
  ];
  if (cluster.reflectors > 0) {
    const selectors = { nodeSelector: 'all()', peerSelector: `has(${REFLECTOR_LABEL})` };
    resources.push({ kind: 'BGPPeer', metadata: metadata('reflectors'), ...selectors, filters: [] });
  }
  for (let machine = 0; machine < machines(cluster); machine++) {
    resources.push(nodeOf(cluster, machine));
    const [first, end] = ownPrefixes(cluster, machine);
    for (let number = first; number < end; number++) {
      const place = { cidr: prefixOf(number), node: nameOf(cluster, machine) };
      resources.push({
        kind: 'BlockAffinity',
        metadata: metadata(`block-${number}`),
        ...place,
        state: 'confirmed',
        type: 'host',
      });
    }
  }
  return resources;
}

// The address blocks of the own node: which are routed as a blackhole, and which stand for what is inside them.

import { hostPrefix, type Prefix } from 'node-bgp';
import type { BlockAffinity, NodeResource } from '../datastore/resources/types.ts';
import { compareText } from './cluster.ts';
import type { IntentOptions, LocalRoute, ResourceView } from './types.ts';

export interface Block {
  readonly cidr: Prefix;
  /** False while the block is being given up: then the routes inside it are told one by one. */
  readonly aggregated: boolean;
  readonly origin: string;
}

/** By text of the prefix, each once. */
export function ownBlocks(resources: ResourceView, options: IntentOptions, own: NodeResource): readonly Block[] {
  const blocks = new Map<Prefix, Block>();
  const put = (block: Block) => {
    const there = blocks.get(block.cidr);
    if (there === undefined || rank(block, there) < 0) blocks.set(block.cidr, block);
  };
  if (options.usePodCidr === true) {
    const origin = `Node ${own.metadata.name} podCIDRs`;
    for (const cidr of own.podCIDRs) put({ cidr, aggregated: true, origin });
  } else {
    for (const affinity of resources.list('BlockAffinity')) {
      if (affinity.node === options.node && isHeld(affinity)) put(blockOf(affinity));
    }
  }
  return [...blocks.values()].sort((a, b) => compareText(a.cidr, b.cidr));
}

/** A pending affinity is a claim that may fail: it counts as none. */
function isHeld(affinity: BlockAffinity): boolean {
  return affinity.type === 'host' && affinity.state !== 'pending';
}

function blockOf(affinity: BlockAffinity): Block {
  const origin = `BlockAffinity ${affinity.metadata.name}`;
  return { cidr: affinity.cidr, aggregated: affinity.state !== 'pendingDeletion', origin };
}

/** Where two resources claim one prefix, the one that is held for good counts, then the lower name. */
function rank(a: Block, b: Block): number {
  if (a.aggregated !== b.aggregated) return a.aggregated ? -1 : 1;
  return compareText(a.origin, b.origin);
}

/** A block of a single address needs none: the workload's own route is exported as the block. */
export function blockRoutes(blocks: readonly Block[]): readonly LocalRoute[] {
  return blocks
    .filter(({ cidr }) => !isSingleAddress(cidr))
    .map(({ cidr, origin }) => ({ prefix: cidr, type: 'blackhole', origin }));
}

export function isSingleAddress(prefix: Prefix): boolean {
  return hostPrefix(prefix.slice(0, prefix.indexOf('/'))) === prefix;
}

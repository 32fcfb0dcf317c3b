// The tables of one family side by side, as the parts of the RIB share them, and the view of a path that filters get.

import { type Address, type Family, isLinkLocal } from 'node-bgp';
import type { PolicyRoute } from '../policy/index.ts';
import { type AttributeTable, NO_SET } from './attribute-table.ts';
import { FilterRemarks } from './filter-remarks.ts';
import type { NextHops } from './next-hops.ts';
import { NO_ROW, PathTable, type Row } from './path-table.ts';
import { grown, type PrefixId, PrefixTable } from './prefix-table.ts';
import type { Source } from './source.ts';

export class RibTables {
  readonly family: Family;
  readonly prefixes: PrefixTable;
  readonly paths: PathTable;
  readonly attributes: AttributeTable;
  readonly nextHops: NextHops;
  readonly filterRemarks = new FilterRemarks();
  /** By source id; a hole where a source was removed. */
  readonly sources: (Source | undefined)[];
  /** By prefix id: the best path (LocRib), or NO_ROW. */
  best = new Int32Array(0);

  constructor(family: Family, attributes: AttributeTable, sources: (Source | undefined)[], nextHops: NextHops) {
    this.family = family;
    this.attributes = attributes;
    this.sources = sources;
    this.nextHops = nextHops;
    this.prefixes = new PrefixTable(family);
    this.paths = new PathTable(attributes);
    this.reserve();
  }

  /** Gives every column that belongs to prefixes room for all ids. */
  reserve(): void {
    const capacity = this.prefixes.capacity;
    if (this.best.length >= capacity) return;
    const old = this.best.length;
    this.best = grown(this.best, capacity);
    this.best.fill(NO_ROW, old);
    this.paths.reservePrefixes(capacity);
  }

  /** Interior cost of the next hop of a path (RFC 4271 9.1.2.2 e). */
  nextHopCost(row: Row): number {
    const nextHop = this.nextHopOf(row);
    return nextHop === undefined ? 0 : this.nextHops.resolve(nextHop).cost;
  }

  /**
   * What is to be resolved for a path: its next hop, or where the peer is known by its link-local address, the one on that
   * link, with the interface as its zone (`fe80::1%eth0`).
   */
  nextHopOf(row: Row): Address | undefined {
    const { paths, attributes } = this;
    const set = paths.set[row] === NO_SET ? paths.received[row]! : paths.set[row]!;
    const device = this.sources[paths.source[row]!]?.info.interface;
    if (device === undefined) return attributes.nextHopOf(set);
    const { nextHop, linkLocalNextHop } = attributes.attributesOf(set);
    const onLink = linkLocalNextHop ?? (nextHop !== undefined && isLinkLocal(nextHop) ? nextHop : undefined);
    return onLink === undefined ? nextHop : `${onLink}%${device}`;
  }

  /** Fills in everything of a route but its attributes and the peer it goes to. */
  describe(route: PolicyRoute, prefix: PrefixId, row: Row): void {
    const { prefixes, paths } = this;
    const at = prefix * prefixes.stride;
    route.word0 = prefixes.words[at]!;
    if (prefixes.stride === 4) {
      route.word1 = prefixes.words[at + 1]!;
      route.word2 = prefixes.words[at + 2]!;
      route.word3 = prefixes.words[at + 3]!;
    }
    route.length = prefixes.lengths[prefix]!;
    const info = this.sources[paths.source[row]!]!.info;
    route.source = info.kind;
    route.protocol = info.protocol;
    route.from = info.peer;
    route.preference = paths.preference[row]!;
    const detail = paths.details.get(row);
    route.metric = detail?.metric;
    route.interface = detail?.interface ?? '';
    route.gateway = undefined;
    const nextHop = this.nextHopOf(row);
    if (detail !== undefined || nextHop === undefined) return;
    const resolution = this.nextHops.resolve(nextHop);
    route.interface = resolution.device;
    route.gateway = resolution.gateway;
  }
}

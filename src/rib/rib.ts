// The RIB of one address family: paths come in from sources (AdjRibIn), the decision marks a best path for each prefix
// (LocRib), export groups turn changes into messages (AdjRibOut). Changes are only marked when they happen; `flush` works
// them off in portions, so the caller decides how long that takes at a time.

import type { Family } from 'node-bgp';
import { AdjRibIn } from './adj-rib-in.ts';
import type { AttributeTable } from './attribute-table.ts';
import { type DecisionView, decide, equallyGood } from './decision.ts';
import { ExportGroups } from './export-groups.ts';
import { NextHops, type Resolver } from './next-hops.ts';
import { NO_ROW, type Row } from './path-table.ts';
import { PrefixMarks } from './prefix-marks.ts';
import type { PrefixId } from './prefix-table.ts';
import { Source, type SourceInfo } from './source.ts';
import { RibTables } from './tables.ts';

/** Prefixes whose best paths (or their equals) may be others now; valid until the next flush. */
export interface Flushed {
  readonly prefixes: Int32Array;
  readonly count: number;
}

export class Rib {
  readonly family: Family;
  readonly tables: RibTables;
  readonly groups: ExportGroups;
  readonly view: DecisionView;

  /** What sources have told. */
  readonly adjRibIn: AdjRibIn;

  /** Prefixes to be decided again. */
  readonly #dirty = new PrefixMarks();
  /** Reaped, but some member may still have to be told of them. */
  #reapedRows: Row[] = [];
  #reapedPrefixes: PrefixId[] = [];
  #retiring: Source[] = [];
  constructor(family: Family, attributes: AttributeTable, resolver: Resolver) {
    this.family = family;
    this.tables = new RibTables(family, attributes, [], new NextHops(resolver));
    this.adjRibIn = new AdjRibIn(this.tables, this.#dirty);
    this.groups = new ExportGroups(this.tables);
    const tables = this.tables;
    this.view = {
      paths: tables.paths,
      attributes,
      sources: tables.sources,
      nextHopCost: (row) => tables.nextHopCost(row),
    };
  }

  // --- sources

  addSource(info: SourceInfo): Source {
    const { sources } = this.tables;
    // Numbers are never used again: what groups remember of a source must not be taken for another's.
    const source = new Source(sources.length, info);
    sources.push(source);
    return source;
  }

  /** What is known of a source changed (its peer became a client): its paths are looked at again by every group. */
  redescribe(source: Source, info: SourceInfo): void {
    source.info = info;
    this.groups.lookAgain();
  }

  /** Withdraws everything of a source and forgets it when that has been worked off. */
  retireSource(source: Source): void {
    this.adjRibIn.removeAll(source);
    if (this.#dirty.count > 0) this.#retiring.push(source);
    else this.tables.sources[source.id] = undefined;
  }

  // --- LocRib

  /** Every prefix is decided again and handed out by `flush`: for a reader whose own rules changed (kernel policy). */
  markAll(): void {
    for (let prefix = 0; prefix < this.tables.prefixes.highest; prefix++) {
      if (this.tables.paths.first[prefix] !== NO_ROW) this.#dirty.add(prefix);
    }
  }

  /** Is there anything left for `flush`? */
  get isClean(): boolean {
    return this.#dirty.count === 0 && !this.groups.hasWork;
  }

  /** Decides up to `limit` marked prefixes and lets the export groups turn what changed into messages. */
  flush(limit: number): Flushed {
    const prefixes = this.#dirty.take(limit);
    const count = prefixes.length;
    const { best, paths } = this.tables;
    for (const prefix of prefixes) best[prefix] = decide(this.view, prefix);
    this.groups.offer(prefixes, count);
    this.groups.work(limit);
    for (const prefix of prefixes) paths.reap(prefix, (row) => this.#reapedRows.push(row));
    return { prefixes, count };
  }

  /** The best path of a prefix and those that may be used together with it, best first. */
  candidates(prefix: PrefixId): Row[] {
    return this.tables.best[prefix] === NO_ROW ? [] : equallyGood(this.view, prefix);
  }

  /**
   * Gives free what was withdrawn, once every member has been told. To be called when members have pulled and the
   * flushed prefixes have been dealt with.
   */
  recycle(flushed: Flushed): void {
    const { paths, prefixes, attributes } = this.tables;
    for (let i = 0; i < flushed.count; i++) {
      const prefix = flushed.prefixes[i]!;
      if (paths.first[prefix] === NO_ROW) this.#reapedPrefixes.push(prefix);
    }
    attributes.sweep();
    if (this.#dirty.count === 0 && this.#retiring.length > 0) {
      for (const source of this.#retiring) this.tables.sources[source.id] = undefined;
      this.#retiring = [];
    }
    if (this.#reapedRows.length === 0 && this.#reapedPrefixes.length === 0) return;
    if (!this.groups.allUpToDate()) return;
    for (const row of this.#reapedRows) paths.release(row);
    // A prefix may have come back, or stand here twice, since it was noted down.
    for (const prefix of new Set(this.#reapedPrefixes)) {
      if (paths.first[prefix] === NO_ROW && !this.#dirty.has(prefix)) prefixes.release(prefix);
    }
    this.#reapedRows = [];
    this.#reapedPrefixes = [];
  }
}

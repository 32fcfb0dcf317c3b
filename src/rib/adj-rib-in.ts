// AdjRibIn: the paths that sources have told, each with what import policy made of it. Paths are stored as received, so that
// a new policy can be tried on them. Whatever may change a decision is marked. Not here: the decision, and who is told.

import type { Address, AttributeSet, Attributes, NlriBlock, Prefix } from 'node-bgp';
import type { AddressNumber } from './address-numbers.ts';
import { InternedSet, LLGR_STALE, NO_SET, type SetId } from './attribute-table.ts';
import type { ImportPolicy } from './import-policy.ts';
import { keptForLong, withLlgrStale } from './long-lived.ts';
import { DEAD, LONG_STALE, type LocalDetail, NO_ROW, type Row, STALE, UNREACHABLE } from './path-table.ts';
import type { PrefixMarks } from './prefix-marks.ts';
import type { PrefixId } from './prefix-table.ts';
import type { Source, SourceId } from './source.ts';
import type { RibTables } from './tables.ts';

/** No next hop has this number. */
const NOT_ASKED: AddressNumber = -1;

export class AdjRibIn {
  readonly tables: RibTables;
  /** Prefixes to be decided again. */
  readonly #dirty: PrefixMarks;
  /** Paths of one UPDATE ask for the same next hop one after the other; valid inside of one call. */
  #lastNextHop: AddressNumber = NOT_ASKED;
  #lastIsReachable = false;
  /** Sets after policy -> the same with LLGR_STALE, as far as the pass over the paths of a source has come. */
  readonly #marked = new Map<SetId, SetId>();

  constructor(tables: RibTables, dirty: PrefixMarks) {
    this.tables = tables;
    this.#dirty = dirty;
  }

  /** Paths of an UPDATE. */
  announce(source: Source, blocks: readonly NlriBlock[], set: AttributeSet, policy: ImportPolicy): void {
    const received = set instanceof InternedSet ? set.id : this.tables.attributes.intern(set.attributes);
    policy.forget();
    this.#lastNextHop = NOT_ASKED;
    for (const block of blocks) {
      if (block.family !== this.tables.family) continue;
      this.#eachPrefix(block, (pathId) => this.#put(source, this.#internLoaded(), pathId, received, policy));
    }
  }

  withdraw(source: Source, blocks: readonly NlriBlock[]): void {
    for (const block of blocks) {
      if (block.family !== this.tables.family) continue;
      this.#eachPrefix(block, (pathId) => {
        // What nobody has told is not made by taking it back.
        const prefix = this.tables.prefixes.find();
        const row = prefix < 0 ? NO_ROW : this.tables.paths.find(prefix, source.id, pathId);
        source.changes.withdraws++;
        if (row === NO_ROW) source.changes.unknown++;
        else this.#kill(source, row);
      });
    }
  }

  /** A path of our own (static, kernel, direct): no filter, no path id. */
  putLocal(source: Source, prefix: Prefix, attributes: Attributes, detail: LocalDetail | undefined): void {
    this.tables.prefixes.load(prefix);
    if (this.tables.prefixes.isLoadedMartian) return;
    const id = this.#internLoaded();
    const row = this.#rowFor(source, id, 0);
    const set = this.tables.attributes.intern(attributes);
    this.tables.paths.put(row, set, set, source.info.preference);
    if (detail === undefined) this.tables.paths.details.delete(row);
    else this.tables.paths.details.set(row, detail);
    this.#lastNextHop = NOT_ASKED;
    this.#markReachability(row);
    this.#dirty.add(id);
  }

  removeLocal(source: Source, prefix: Prefix): void {
    this.tables.prefixes.load(prefix);
    const id = this.tables.prefixes.find();
    if (id < 0) return;
    const row = this.tables.paths.find(id, source.id, 0);
    if (row !== NO_ROW) this.#kill(source, row);
  }

  /** Every path of a source goes; or only those that are still stale. */
  removeAll(source: Source, onlyStale = false): void {
    this.#eachRow(source, (row) => {
      if (!onlyStale || (this.tables.paths.flags[row]! & STALE) !== 0) this.#kill(source, row);
    });
  }

  /** The peer restarts and keeps forwarding: its paths stay until `removeAll(source, true)` (RFC 4724 4.2). */
  markStale(source: Source): void {
    this.#eachRow(source, (row) => {
      this.tables.paths.flags[row]! |= STALE;
    });
  }

  /**
   * The peer does not come back soon: its stale paths become the last choice, but for those that are not to be kept for
   * so long (RFC 9494 4.2).
   */
  markLongStale(source: Source, policy: ImportPolicy): void {
    policy.forget();
    this.#marked.clear();
    this.#lastNextHop = NOT_ASKED;
    const { paths, attributes } = this.tables;
    this.#eachRow(source, (row) => {
      if ((paths.flags[row]! & STALE) === 0) return;
      const received = paths.received[row]!;
      if (!keptForLong(attributes.attributesOf(received))) {
        this.#kill(source, row);
        return;
      }
      paths.flags[row]! |= LONG_STALE;
      this.#judge(source, row, received, policy);
    });
  }

  /** Import policy changed: every stored path of the source is judged anew, from what was received. */
  refilter(source: Source, policy: ImportPolicy): void {
    policy.forget();
    this.#marked.clear();
    this.#lastNextHop = NOT_ASKED;
    const { paths } = this.tables;
    this.#eachRow(source, (row) => this.#judge(source, row, paths.received[row]!, policy));
  }

  /** Routes, links or addresses changed: paths whose next hop leads elsewhere now are decided again. */
  resolveAgain(): void {
    const { paths, nextHops } = this.tables;
    this.#lastNextHop = NOT_ASKED;
    const changed = nextHops.refresh();
    if (changed.size === 0) return;
    for (let row = 0; row < paths.highest; row++) {
      if (!paths.isInUse(row) || paths.received[row] === NO_SET) continue;
      const nextHop = this.tables.nextHopOf(row);
      if (nextHop === undefined || !changed.has(nextHop)) continue;
      this.#markReachability(row);
      this.#dirty.add(paths.prefix[row]!);
    }
  }

  #markReachability(row: Row): void {
    const { paths, sources } = this.tables;
    const isOnLink = sources[paths.source[row]!]!.info.interface !== undefined;
    if (isOnLink ? this.#leads(this.tables.nextHopOf(row)) : this.#isReachable(row)) paths.flags[row]! &= ~UNREACHABLE;
    else paths.flags[row]! |= UNREACHABLE;
  }

  #isReachable(row: Row): boolean {
    const { paths, attributes } = this.tables;
    const nextHop = attributes.nextHop[paths.set[row] === NO_SET ? paths.received[row]! : paths.set[row]!]!;
    if (nextHop !== this.#lastNextHop) {
      this.#lastNextHop = nextHop;
      this.#lastIsReachable = this.#leads(attributes.addressOf(nextHop));
    }
    return this.#lastIsReachable;
  }

  #leads(nextHop: Address | undefined): boolean {
    return nextHop === undefined || this.tables.nextHops.resolve(nextHop).reachable;
  }

  /** Loads one prefix after the other. */
  #eachPrefix(block: NlriBlock, visit: (pathId: number) => void): void {
    const { prefixes } = this.tables;
    const { bytes, end, addPath } = block;
    prefixes.prefetch(bytes, block.start, end, addPath ? 4 : 0);
    for (let at = block.start; at < end; ) {
      let pathId = 0;
      if (addPath) {
        pathId = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
        at += 4;
      }
      at = prefixes.read(bytes, at);
      visit(pathId);
    }
  }

  #internLoaded(): PrefixId {
    const id = this.tables.prefixes.intern();
    this.tables.reserve();
    return id;
  }

  /** The row of a path: the one it has, brought back to life if need be, or a new one; NO_ROW beyond the source's limit. */
  #rowFor(source: Source, prefix: PrefixId, pathId: number): Row {
    const { paths } = this.tables;
    const found = paths.find(prefix, source.id, pathId);
    if (found !== NO_ROW && (paths.flags[found]! & DEAD) === 0) {
      paths.flags[found]! &= ~(STALE | LONG_STALE);
      return found;
    }
    if (source.received >= source.receivesAtMost) {
      source.hasBlockedReceived = true;
      return NO_ROW;
    }
    source.received++;
    if (found === NO_ROW) return paths.add(prefix, source.id, pathId);
    paths.flags[found] = 0;
    paths.put(found, NO_SET, NO_SET, 0);
    return found;
  }

  #put(source: Source, prefix: PrefixId, pathId: number, received: SetId, policy: ImportPolicy): void {
    const { paths } = this.tables;
    const row = this.#rowFor(source, prefix, pathId);
    const { changes } = source;
    changes.updates++;
    if (row === NO_ROW) {
      changes.refused++;
      this.#dirty.add(prefix); // so that it is forgotten where nobody else has it
      return;
    }
    if (paths.received[row] === received && paths.set[row] === received) {
      changes.same++;
      return;
    }
    this.#judge(source, row, received, policy);
    if (paths.set[row] === NO_SET) changes.filtered++;
  }

  #judge(source: Source, row: Row, received: SetId, policy: ImportPolicy): void {
    const { paths } = this.tables;
    const prefix = paths.prefix[row]!;
    const before = paths.set[row]!;
    const preferenceBefore = paths.preference[row]!;
    const isNew = paths.received[row] === NO_SET;
    // Filters may ask where the next hop leads, which is read from the row; `put` counts the reference.
    if (isNew) paths.received[row] = received;
    policy.evaluate(prefix, row, received);
    if (isNew) paths.received[row] = NO_SET;
    let set = (paths.flags[row]! & LONG_STALE) === 0 ? policy.set : this.#longStale(policy.set);
    if (set !== NO_SET && before === NO_SET && source.accepted >= source.acceptsAtMost) {
      source.hasBlockedAccepted = true;
      set = NO_SET;
    }
    source.accepted += Number(set !== NO_SET) - Number(before !== NO_SET);
    paths.put(row, received, set, policy.preference);
    this.#markReachability(row);
    if (before !== set || preferenceBefore !== policy.preference) this.#dirty.add(prefix);
  }

  /** After policy, so that no filter takes the mark off; a path that policy says not to keep for long is as rejected. */
  #longStale(id: SetId): SetId {
    if (id === NO_SET) return NO_SET;
    let marked = this.#marked.get(id);
    if (marked === undefined) {
      const { attributes } = this.tables;
      const set = attributes.attributesOf(id);
      if ((attributes.flags[id]! & LLGR_STALE) !== 0) marked = id;
      else marked = keptForLong(set) ? attributes.intern(withLlgrStale(set)) : NO_SET;
      this.#marked.set(id, marked);
    }
    return marked;
  }

  #kill(source: Source, row: Row): void {
    const { paths } = this.tables;
    if ((paths.flags[row]! & DEAD) !== 0) return;
    paths.flags[row]! |= DEAD;
    source.received--;
    if (paths.set[row] !== NO_SET && source.info.kind === 'bgp') source.accepted--;
    this.#dirty.add(paths.prefix[row]!);
  }

  #eachRow(source: Source, visit: (row: Row) => void): void {
    const { paths } = this.tables;
    const id: SourceId = source.id;
    // A scan of a typed array: 1 ns a row, so no list for each source is kept.
    for (let row = 0; row < paths.highest; row++) {
      if (paths.source[row] === id && paths.isInUse(row) && (paths.flags[row]! & DEAD) === 0) visit(row);
    }
  }
}

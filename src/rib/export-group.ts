// An export group: all peers whose outgoing routes are the same by construction. It keeps what it sent (AdjRibOut, once
// for all members), turns changes of best paths into messages once, and lets each member take them at its own pace.
//
// A slot is what can be announced separately: a prefix, or with ADD-PATH a path row. What a member must not get back
// (its own routes) is a skipped segment of the shared bytes, never an encoding of its own.

import { encodeEndOfRib, UpdatePacker } from 'node-bgp';
import { isCandidate } from './decision.ts';
import { Batch, emptyBatch, type Write } from './export-log.ts';
import { type ExportChanges, Member } from './export-member.ts';
import { ExportPolicy, type ExportPolicyOptions } from './export-policy.ts';
import { NO_SET, type SetId } from './interner.ts';
import { NO_ROW, type Row } from './path-table.ts';
import { grown, type PrefixId } from './prefix-table.ts';
import { SegmentPlan } from './segment-plan.ts';
import { SentSets } from './sent-sets.ts';
import { NO_SOURCE, type SourceId } from './source.ts';
import type { RibTables } from './tables.ts';

export interface GroupOptions extends ExportPolicyOptions {
  readonly addPath: boolean;
  /** A member that is sent so many routes at most has a group for itself. */
  readonly routeLimit?: { readonly member: SourceId; readonly count: number };
}

/** A snapshot for new members is made anew when the log since the last one is longer than it, and than this. */
const SMALL_LOG = 65_536;
/** A member further behind than this (octets, or twice the table) is told the present state later instead of all changes. */
const LONGEST_LAG = 4 * 1024 * 1024;

/** Prefixes that come later are offered to every group when they are decided. */
const FILLED = Number.POSITIVE_INFINITY;

/** The whole table as batches of its own that lead into the log at `join`. Built in slices. */
interface Base {
  readonly start: Batch;
  readonly join: Batch;
  last: Batch;
  nextSlot: number;
  octets: number;
  complete: boolean;
}

export class ExportGroup {
  options: GroupOptions;
  readonly members = new Map<SourceId, Member>();
  readonly lagging = new Set<Member>();
  /** Messages End-of-RIB of this family, for members that reach the end of the initial table. */
  readonly endOfRib: Uint8Array;
  /** UPDATEs packed and octets, for metrics: work done once, not once per member. */
  packedOctets = 0;
  /** Slots that were announced, withdrawn, and kept back by policy, each time. */
  readonly changes: ExportChanges = { updates: 0, withdraws: 0, filtered: 0 };

  readonly #tables: RibTables;
  readonly #packer: UpdatePacker;
  readonly #sent = new SentSets();
  #policy: ExportPolicy;
  /** By slot: what was sent, from which source, and with ADD-PATH for which prefix. */
  sentSet = new Int32Array(0);
  sentSource = new Int32Array(0);
  #slotPrefix = new Int32Array(0);
  #total = 0;
  /** By source id. */
  #totalBySource = new Int32Array(16);
  #tail: Batch = emptyBatch(0);
  #base: Base | undefined;
  /** Of the last snapshot. */
  #tableOctets = 0;
  readonly #plan = new SegmentPlan();
  #changedSlots: number[] = [];
  #hasBlocked = false;
  /** Prefixes below this have been offered since the options were set. */
  #filled: PrefixId = 0;
  /** The only member: its own routes are for nobody here, so they are not worked out until another one comes. */
  #only: SourceId = NO_SOURCE;

  constructor(tables: RibTables, options: GroupOptions) {
    this.options = options;
    this.#tables = tables;
    this.#packer = new UpdatePacker(options.maxMessageLength);
    this.#policy = new ExportPolicy(tables, this.#sent, options);
    this.endOfRib = encodeEndOfRib(tables.family);
  }

  get tail(): Batch {
    return this.#tail;
  }

  /** Routes that a member has been sent, or will be. */
  advertisedTo(member: SourceId): number {
    return this.#total - (this.#totalBySource[member] ?? 0);
  }

  /** Routes are held back because of `routeLimit`. */
  get hasBlocked(): boolean {
    return this.#hasBlocked;
  }

  /** Octets behind which a member is not sent every change any more. */
  get longestLag(): number {
    return Math.max(LONGEST_LAG, 2 * this.#tableOctets);
  }

  /** New options for all members at once; every prefix is looked at again by `fill`, and only differences are sent. */
  reconfigure(options: GroupOptions): void {
    this.options = options;
    this.#policy.isRetired = true;
    this.#policy = new ExportPolicy(this.#tables, this.#sent, options);
    this.#filled = 0;
    this.#hasBlocked = false;
  }

  /** Are there routes that a second member would have to get, and that were not worked out? */
  get isForOne(): boolean {
    return this.#only !== NO_SOURCE;
  }

  /** Somebody joins a group that was for one: everything is looked at again by `fill`. */
  workOutAll(): void {
    this.#only = NO_SOURCE;
    this.#filled = 0;
  }

  /** Members have come or gone. */
  settle(): void {
    const [only = NO_SOURCE] = this.members.keys();
    if (this.members.size === 1) this.#only = only;
    else if (this.isForOne) this.workOutAll();
  }

  get isFilled(): boolean {
    return this.#filled === FILLED;
  }

  /** Offers the next prefixes that were there before the group was, or before its options were. */
  fill(limit: number): void {
    if (this.isFilled) return;
    const end = Math.min(this.#filled + limit, this.#tables.prefixes.highest);
    const prefixes = new Int32Array(Math.max(0, end - this.#filled));
    for (let i = 0; i < prefixes.length; i++) prefixes[i] = this.#filled + i;
    this.#filled = end === this.#tables.prefixes.highest ? FILLED : end;
    this.offer(prefixes, prefixes.length);
  }

  // --- changes

  /** Looks at these prefixes again; `flushChanges` sends what became different. */
  offer(prefixes: Int32Array, count: number): void {
    this.#reserve();
    this.#policy.forget();
    const { paths, best } = this.#tables;
    for (let i = 0; i < count; i++) {
      const prefix = prefixes[i]!;
      if (!this.options.addPath) {
        this.#offerSlot(prefix, prefix, best[prefix]!);
        continue;
      }
      for (let row = paths.first[prefix]!; row !== NO_ROW; row = paths.next[row]!) {
        this.#offerSlot(row, prefix, isCandidate(paths, row) ? row : NO_ROW);
      }
    }
  }

  /** Routes that were held back are offered again, by `fill`, where some that were sent have gone. */
  refillIfRoom(): void {
    const { routeLimit } = this.options;
    if (!this.#hasBlocked || routeLimit === undefined || this.advertisedTo(routeLimit.member) >= routeLimit.count)
      return;
    this.#filled = 0;
    this.#hasBlocked = false;
  }

  /** Packs the changes of the offers since the last call into one batch at the end of the log. */
  flushChanges(): void {
    if (this.#changedSlots.length > 0) this.#packChanges();
    this.#sent.sweep();
  }

  #packChanges(): void {
    const slots = this.#changedSlots;
    this.#changedSlots = [];
    if (this.members.size === 0) {
      this.#plan.clear();
      return;
    }
    const segments = this.#plan.pack(this);
    const bytes = this.#packer.take();
    this.packedOctets += bytes.length;
    for (const member of this.lagging) for (const slot of slots) member.owe(slot);
    this.#append(new Batch(bytes, segments, Int32Array.from(slots), this.#tail.end));
  }

  #offerSlot(slot: number, prefix: PrefixId, row: Row): void {
    const isForNobody = row === NO_ROW || this.#tables.paths.source[row] === this.#only;
    const wanted = isForNobody ? NO_SET : this.#policy.evaluate(prefix, row);
    const out = this.options.routeLimit !== undefined && this.#isHeldBack(slot, row, wanted) ? NO_SET : wanted;
    const source = out === NO_SET ? NO_SOURCE : this.#tables.paths.source[row]!;
    if (out !== NO_SET) this.changes.updates++;
    else if (!isForNobody) this.changes.filtered++;
    const before = this.sentSet[slot]!;
    const sourceBefore = before === NO_SET ? NO_SOURCE : this.sentSource[slot]!;
    if (before === out && sourceBefore === source) return;
    this.#sent.hold(out);
    this.#sent.drop(before);
    this.sentSet[slot] = out;
    this.sentSource[slot] = source;
    if (this.options.addPath) this.#slotPrefix[slot] = prefix;
    this.#count(sourceBefore, -1);
    this.#count(source, 1);
    this.#changedSlots.push(slot);
    if (out === NO_SET) {
      this.changes.withdraws++;
      this.#plan.withdraw(slot, sourceBefore, NO_SOURCE);
      return;
    }
    this.#plan.reach(slot, out, source);
    if (sourceBefore !== NO_SOURCE && sourceBefore !== source && this.members.has(source)) {
      this.#plan.withdraw(slot, NO_SOURCE, source);
    }
  }

  /** It would be one more than the member may be sent; its own routes, which it is not sent, do not count. */
  #isHeldBack(slot: number, row: Row, wanted: SetId): boolean {
    const { member, count } = this.options.routeLimit!;
    const isOwn = wanted === NO_SET || this.#tables.paths.source[row] === member;
    if (isOwn || this.visibleTo(member, slot) !== NO_SET || this.advertisedTo(member) < count) return false;
    this.#hasBlocked = true;
    return true;
  }

  #count(source: SourceId, change: number): void {
    if (source === NO_SOURCE) return;
    this.#total += change;
    if (source >= this.#totalBySource.length) this.#totalBySource = grown(this.#totalBySource, 2 * (source + 1));
    this.#totalBySource[source]! += change;
  }

  // --- encoding: what SegmentPlan asks while it packs

  /** Following prefixes carry this set. */
  beginReach(id: SetId): void {
    this.#packer.reach(this.#tables.family, this.#sent.attributes(id), this.#sent.mpNextHop(id));
  }

  beginWithdraw(): void {
    this.#packer.withdraw(this.#tables.family);
  }

  packSlot(slot: number): void {
    const { prefixes } = this.#tables;
    const prefix = this.options.addPath ? this.#slotPrefix[slot]! : slot;
    const at = prefix * prefixes.stride;
    const words = prefixes.words;
    const pathId = this.options.addPath ? slot + 1 : -1;
    const length = prefixes.lengths[prefix]!;
    if (prefixes.stride === 1) this.#packer.prefix(words[at]!, 0, 0, 0, length, pathId);
    else this.#packer.prefix(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, length, pathId);
  }

  packedPosition(): number {
    return this.#packer.position();
  }

  packedMessages(): number {
    return this.#packer.messages;
  }

  // --- members

  /** A new member: gets the whole table as it is now, then End-of-RIB, then changes. */
  join(source: SourceId): Member {
    const base = this.#freshBase();
    const member = new Member(this, source, base.start, base.join);
    member.countFrom(this.changes, { updates: this.advertisedTo(source), withdraws: 0, filtered: 0 });
    this.members.set(source, member);
    return member;
  }

  /** A member asks for everything again (ROUTE-REFRESH). */
  resend(member: Member, before: Uint8Array | undefined, after: Uint8Array | undefined): void {
    const base = this.#freshBase();
    member.restart(base.start, base.join, before, after);
  }

  /**
   * A member of another group becomes one of this, on the same session: it is told the difference and nothing else.
   * Both groups have told their logs everything (no offers pending).
   */
  adopt(source: SourceId, from: ExportGroup): Member {
    this.#reserve();
    const old = from.members.get(source)!;
    const member = new Member(this, source, this.#tail, undefined);
    member.inherit(old);
    member.countFrom(this.changes, old.changes(from.changes));
    const owe = (slot: number) => {
      member.owe(slot);
      // A withdrawal needs the prefix of the row, which only the other group may know.
      if (this.options.addPath && this.sentSet[slot] === NO_SET) this.#slotPrefix[slot] = from.#slotPrefix[slot]!;
    };
    for (const slot of old.outstanding()) owe(slot);
    const slots = Math.max(this.sentSet.length, from.sentSet.length);
    for (let slot = 0; slot < slots; slot++) {
      const before = from.visibleTo(source, slot);
      const after = this.visibleTo(source, slot);
      if (!this.#isSame(after, from, before)) owe(slot);
    }
    from.leave(source);
    this.members.set(source, member);
    return member;
  }

  #isSame(set: SetId, group: ExportGroup, other: SetId): boolean {
    if (set === NO_SET || other === NO_SET) return set === other;
    return this.#sent.equals(set, group.#sent.attributes(other), group.#sent.mpNextHop(other));
  }

  leave(source: SourceId): void {
    const member = this.members.get(source);
    if (member === undefined) return;
    this.members.delete(source);
    this.lagging.delete(member);
    this.settle();
  }

  /** The set that a member has, or is to have, in this slot. */
  visibleTo(member: SourceId, slot: number): SetId {
    if (slot >= this.sentSet.length || this.sentSource[slot] === member) return NO_SET;
    return this.sentSet[slot]!;
  }

  /** Writes messages that bring one member up to date in these slots. */
  packFor(member: SourceId, slots: readonly number[], write: Write): void {
    for (const slot of slots) {
      const set = this.visibleTo(member, slot);
      if (set === NO_SET) this.#plan.withdraw(slot, NO_SOURCE, NO_SOURCE);
      else this.#plan.reach(slot, set, NO_SOURCE);
    }
    const segments = this.#plan.pack(this);
    const bytes = this.#packer.take();
    const messages = segments.reduce((sum, segment) => sum + segment.messages, 0);
    if (bytes.length > 0) write(bytes, messages);
  }

  // --- the snapshot that new members begin with

  /** Goes on building the snapshot; true while there is more to do. */
  buildBase(slots: number): boolean {
    const base = this.#base;
    if (base === undefined || base.complete) return false;
    const end = Math.min(base.nextSlot + slots, this.sentSet.length);
    for (let slot = base.nextSlot; slot < end; slot++) {
      const set = this.sentSet[slot]!;
      if (set !== NO_SET) this.#plan.reach(slot, set, this.sentSource[slot]!);
    }
    base.nextSlot = end;
    const segments = this.#plan.pack(this);
    const bytes = this.#packer.take();
    if (bytes.length > 0) {
      const batch = new Batch(bytes, segments, new Int32Array(0), base.join.end - bytes.length);
      base.octets += bytes.length;
      base.last.next = batch;
      base.last = batch;
    }
    if (end < this.sentSet.length) return true;
    base.last.next = base.join;
    base.complete = true;
    this.#tableOctets = base.octets;
    return false;
  }

  #freshBase(): Base {
    const base = this.#base;
    if (base !== undefined && (!base.complete || this.#isFresh(base))) return base;
    this.#reserve();
    const join = emptyBatch(this.#tail.end);
    this.#append(join);
    const start = emptyBatch(this.#tail.end);
    this.#base = { start, join, last: start, nextSlot: 0, octets: 0, complete: false };
    return this.#base;
  }

  #append(batch: Batch): void {
    this.#tail.next = batch;
    this.#tail = batch;
    // A snapshot that nobody would begin with any more would keep the whole log behind it alive.
    if (this.#base?.complete === true && !this.#isFresh(this.#base)) this.#base = undefined;
  }

  #isFresh({ join, octets }: Base): boolean {
    return this.#tail.end - join.end <= Math.max(SMALL_LOG, octets);
  }

  #reserve(): void {
    const slots = this.options.addPath ? this.#tables.paths.capacity : this.#tables.prefixes.capacity;
    if (this.sentSet.length >= slots) return;
    const old = this.sentSource.length;
    this.sentSet = grown(this.sentSet, slots);
    this.sentSource = grown(this.sentSource, slots);
    this.sentSource.fill(NO_SOURCE, old);
    if (this.options.addPath) this.#slotPrefix = grown(this.#slotPrefix, slots);
  }

  /** The group is not used afterwards: what attribute sets remember of it may go. */
  dispose(): void {
    this.#policy.isRetired = true;
    this.sentSet = new Int32Array(0);
    this.sentSource = new Int32Array(0);
  }
}

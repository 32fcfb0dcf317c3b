// An export group: all peers whose outgoing routes are the same by construction. It keeps what it sent (AdjRibOut, once
// for all members), turns changes of best paths into messages once, and lets each member take them at its own pace.
//
// A slot is what can be announced separately: a prefix, or with ADD-PATH a path row. What a member must not get back
// (its own routes) is a skipped segment of the shared bytes, never an encoding of its own.

import { encodeEndOfRib } from 'node-bgp';
import { AdjRibOut } from './adj-rib-out.ts';
import { isCandidate } from './decision.ts';
import { Batch, emptyBatch, type Write } from './export-log.ts';
import { type ExportChanges, Member } from './export-member.ts';
import { ExportPolicy, type ExportPolicyOptions } from './export-policy.ts';
import { Snapshot } from './export-snapshot.ts';
import { NO_SET, type SetId } from './interner.ts';
import { NO_ROW, type Row } from './path-table.ts';
import type { PrefixId } from './prefix-table.ts';
import { SegmentPlan } from './segment-plan.ts';
import { NO_SOURCE, type SourceId } from './source.ts';
import type { RibTables } from './tables.ts';

export interface GroupOptions extends ExportPolicyOptions {
  readonly addPath: boolean;
  /** A member that is sent so many routes at most has a group for itself. */
  readonly routeLimit?: { readonly member: SourceId; readonly count: number };
}

/** A member further behind than this (octets, or twice the table) is told the present state later instead of all changes. */
const LONGEST_LAG = 4 * 1024 * 1024;

/** Prefixes that come later are offered to every group when they are decided. */
const FILLED = Number.POSITIVE_INFINITY;

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
  readonly #out: AdjRibOut;
  #policy: ExportPolicy;
  #tail: Batch = emptyBatch(0);
  #snapshot: Snapshot | undefined;
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
    this.#out = new AdjRibOut(tables, options.maxMessageLength, options.addPath);
    this.#policy = new ExportPolicy(tables, this.#out.sets, options);
    this.endOfRib = encodeEndOfRib(tables.family);
  }

  /** Every member has been told everything. */
  get isUpToDate(): boolean {
    for (const member of this.members.values()) if (!member.isUpToDate) return false;
    return true;
  }

  /** Slots below this may have been sent. */
  get slots(): number {
    return this.#out.slots;
  }

  get tail(): Batch {
    return this.#tail;
  }

  /** Routes that a member has been sent, or will be. */
  advertisedTo(member: SourceId): number {
    return this.#out.countWithout(member);
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
    this.#policy = new ExportPolicy(this.#tables, this.#out.sets, options);
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
    this.#out.reserve();
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
    this.#out.sets.sweep();
  }

  #packChanges(): void {
    const slots = this.#changedSlots;
    this.#changedSlots = [];
    if (this.members.size === 0) {
      // Nobody reads the log; who waits for the group begins with a snapshot of what is now.
      this.#plan.clear();
      this.#snapshot = undefined;
      return;
    }
    const segments = this.#plan.pack(this.#out);
    const bytes = this.#out.takePacked();
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
    const sourceBefore = this.#out.sourceOf(slot);
    if (this.#out.sentSet[slot] === out && sourceBefore === source) return;
    this.#out.put(slot, prefix, out, source);
    this.#changedSlots.push(slot);
    if (out === NO_SET) {
      this.changes.withdraws++;
      this.#plan.withdraw(slot, sourceBefore, NO_SOURCE);
      return;
    }
    this.#plan.reach(slot, out, source);
    // Also where the source is no member yet: it may become one, and begin with a snapshot that has the route before.
    if (sourceBefore !== NO_SOURCE && sourceBefore !== source) {
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

  // --- members

  /** A new member: gets the whole table as it is now, then End-of-RIB, then changes. */
  join(source: SourceId): Member {
    const snapshot = this.#freshSnapshot();
    const member = new Member(this, source, snapshot.start, snapshot.join);
    member.countFrom(this.changes, { updates: this.advertisedTo(source), withdraws: 0, filtered: 0 });
    this.members.set(source, member);
    return member;
  }

  /** A member asks for everything again (ROUTE-REFRESH). */
  resend(member: Member, before: Uint8Array | undefined, after: Uint8Array | undefined): void {
    const snapshot = this.#freshSnapshot();
    member.restart(snapshot.start, snapshot.join, before, after);
  }

  /**
   * A member of another group becomes one of this, on the same session: it is told the difference and nothing else.
   * Both groups have told their logs everything (no offers pending).
   */
  adopt(source: SourceId, from: ExportGroup): Member {
    this.#out.reserve();
    const old = from.members.get(source)!;
    const member = new Member(this, source, this.#tail, undefined);
    member.inherit(old);
    member.countFrom(this.changes, old.changes(from.changes));
    const owe = (slot: number) => {
      member.owe(slot);
      // A withdrawal needs the prefix of the row, which only the other group may know.
      this.#out.learnPrefix(slot, from.#out);
    };
    for (const slot of old.outstanding()) owe(slot);
    const slots = Math.max(this.#out.slots, from.#out.slots);
    for (let slot = 0; slot < slots; slot++) {
      const before = from.visibleTo(source, slot);
      const after = this.visibleTo(source, slot);
      if (!this.#out.isSame(after, from.#out, before)) owe(slot);
    }
    from.leave(source);
    this.members.set(source, member);
    return member;
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
    return this.#out.visibleTo(member, slot);
  }

  /** Writes messages that bring one member up to date in these slots. */
  packFor(member: SourceId, slots: readonly number[], write: Write): void {
    for (const slot of slots) {
      const set = this.visibleTo(member, slot);
      if (set === NO_SET) this.#plan.withdraw(slot, NO_SOURCE, NO_SOURCE);
      else this.#plan.reach(slot, set, NO_SOURCE);
    }
    const segments = this.#plan.pack(this.#out);
    const bytes = this.#out.takePacked();
    const messages = segments.reduce((sum, segment) => sum + segment.messages, 0);
    if (bytes.length > 0) write(bytes, messages);
  }

  /** Goes on building the snapshot; true while there is more to do. */
  buildSnapshot(slots: number): boolean {
    const snapshot = this.#snapshot;
    if (snapshot === undefined || snapshot.isComplete) return false;
    if (snapshot.build(slots, this.#out, this.#plan)) return true;
    this.#tableOctets = snapshot.octets;
    return false;
  }

  #freshSnapshot(): Snapshot {
    if (this.#snapshot?.isFreshAt(this.#tail)) return this.#snapshot;
    this.#out.reserve();
    this.#append(emptyBatch(this.#tail.end));
    this.#snapshot = new Snapshot(this.#tail);
    return this.#snapshot;
  }

  #append(batch: Batch): void {
    this.#tail.next = batch;
    this.#tail = batch;
    // A snapshot that nobody would begin with any more would keep the whole log behind it alive.
    if (this.#snapshot?.isFreshAt(batch) === false) this.#snapshot = undefined;
  }

  /** The group is not used afterwards: what attribute sets remember of it may go. */
  dispose(): void {
    this.#policy.isRetired = true;
    this.#out.clear();
  }
}

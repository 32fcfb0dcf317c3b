// One peer's place in an export group: how far it has read the log. Output is pulled: a member that can take no more
// bytes stays where it is, and when it is too far behind it stops reading the log and owes slots instead, each once.

import { NO_SET, type SetId } from './attribute-table.ts';
import type { Batch, Write } from './export-log.ts';
import { SlotSet } from './slot-set.ts';
import type { SourceId } from './source.ts';

/** Slots told at a time to a member that was behind. */
const SLOTS_A_TURN = 1024;

/** How often something was told of a slot, or not. */
export interface ExportChanges {
  updates: number;
  withdraws: number;
  filtered: number;
}

/** What a member needs of its group. */
export interface MemberGroup {
  readonly tail: Batch;
  readonly endOfRib: Uint8Array;
  readonly longestLag: number;
  readonly lagging: Set<Member>;
  readonly slots: number;
  visibleTo(member: SourceId, slot: number): SetId;
  packFor(member: SourceId, slots: readonly number[], write: Write): void;
}

export class Member {
  readonly source: SourceId;
  /** The batch that was read last. */
  #cursor: Batch;
  /** Where the snapshot leads into the log. */
  #join: Batch | undefined;
  /** Where the table that it began with ends, behind the log of that time; something is said there. */
  #end: Batch | undefined;
  #owesEndOfRib = true;
  #saysAtEnd: Uint8Array | undefined;
  /** To be said before anything else. */
  #first: Uint8Array | undefined;
  #owed: SlotSet | undefined;
  /** What the group had counted when this member came. */
  #uncounted: ExportChanges = { updates: 0, withdraws: 0, filtered: 0 };
  readonly #group: MemberGroup;

  constructor(group: MemberGroup, source: SourceId, cursor: Batch, join: Batch | undefined) {
    this.#group = group;
    this.source = source;
    this.#cursor = cursor;
    this.#join = join;
    this.#end = group.tail;
  }

  /** What a group that counts to `total` has done for this member. */
  changes(total: Readonly<ExportChanges>): ExportChanges {
    const { updates, withdraws, filtered } = this.#uncounted;
    return {
      updates: total.updates - updates,
      withdraws: total.withdraws - withdraws,
      filtered: total.filtered - filtered,
    };
  }

  /** From what the group has counted until now on, and what was done for this member before. */
  countFrom(total: Readonly<ExportChanges>, before: Readonly<ExportChanges>): void {
    this.#uncounted = {
      updates: total.updates - before.updates,
      withdraws: total.withdraws - before.withdraws,
      filtered: total.filtered - before.filtered,
    };
  }

  /** Reads the table from the start again. */
  restart(cursor: Batch, join: Batch, before: Uint8Array | undefined, after: Uint8Array | undefined): void {
    this.#cursor = cursor;
    this.#join = join;
    this.#end = this.#group.tail;
    this.#first = before;
    this.#saysAtEnd = after;
  }

  /** Goes on where the member of another group was: it has the same table, or owes the difference. */
  inherit(old: Member): void {
    this.#first = old.#first;
    this.#owesEndOfRib = old.#owesEndOfRib;
    this.#saysAtEnd = old.#saysAtEnd;
    this.#end = old.#end === undefined ? undefined : this.#cursor;
  }

  get isUpToDate(): boolean {
    return this.#owed === undefined && this.#cursor.next === undefined && this.#end === undefined;
  }

  /** This slot is to be told, whatever it will be then. */
  owe(slot: number): void {
    if (this.#owed === undefined) {
      this.#owed = new SlotSet();
      this.#group.lagging.add(this);
    }
    this.#owed.add(slot);
  }

  /** Hands out what the member is to be sent, until about `credit` octets; returns how many they were. */
  pull(credit: number, write: Write): number {
    let octets = 0;
    const counted: Write = (bytes, messages) => {
      octets += bytes.length;
      write(bytes, messages);
    };
    if (this.#first !== undefined) {
      counted(this.#first, 0);
      this.#first = undefined;
    }
    while (octets < credit) {
      if (this.#owed !== undefined) {
        this.#payOwed(counted);
        continue;
      }
      this.#sayEnd(counted);
      const next = this.#cursor.next;
      if (next === undefined) break;
      next.forMember(this.source, counted);
      this.#cursor = next;
      if (next === this.#join) this.#join = undefined;
    }
    if (octets >= credit) this.#giveUpLogIfFarBehind();
    return octets;
  }

  /** Slots in which the member may not have what it is to have. */
  *outstanding(): Iterable<number> {
    if (this.#owed !== undefined) yield* this.#owed.take(this.#owed.size);
    if (this.#join !== undefined) {
      for (let slot = 0; slot < this.#group.slots; slot++) {
        if (this.#group.visibleTo(this.source, slot) !== NO_SET) yield slot;
      }
    }
    // The snapshot says nothing of what was withdrawn since it was begun: the log behind it does.
    const read = this.#join ?? this.#cursor;
    for (let batch = read.next; batch !== undefined; batch = batch.next) yield* batch.slots;
  }

  #sayEnd(write: Write): void {
    if (this.#end === undefined || this.#cursor !== this.#end) return;
    this.#end = undefined;
    if (this.#owesEndOfRib) write(this.#group.endOfRib, 1);
    if (this.#saysAtEnd !== undefined) write(this.#saysAtEnd, 0);
    this.#owesEndOfRib = false;
    this.#saysAtEnd = undefined;
  }

  #payOwed(write: Write): void {
    const owed = this.#owed!;
    this.#group.packFor(this.source, owed.take(SLOTS_A_TURN), write);
    if (owed.size > 0) return;
    this.#owed = undefined;
    this.#group.lagging.delete(this);
    this.#cursor = this.#group.tail;
    this.#join = undefined;
    if (this.#end !== undefined) this.#end = this.#cursor;
    this.#sayEnd(write);
  }

  #giveUpLogIfFarBehind(): void {
    if (this.#owed !== undefined || this.#group.tail.end - this.#cursor.end <= this.#group.longestLag) return;
    for (const slot of [...this.outstanding()]) this.owe(slot);
  }
}

// One peer's place in an export group: how far it has read the log. Output is pulled: a member that can take no more
// bytes stays where it is, and when it is too far behind it stops reading the log and owes slots instead, each once.

import { NO_SET, type SetId } from './attribute-table.ts';
import type { Batch, Write } from './export-log.ts';
import { SlotSet } from './slot-set.ts';
import type { SourceId } from './source.ts';

/** Slots told at a time to a member that was behind. */
const SLOTS_A_TURN = 1024;

/** What a member needs of its group. */
export interface MemberGroup {
  readonly tail: Batch;
  readonly endOfRib: Uint8Array;
  readonly longestLag: number;
  readonly lagging: Set<Member>;
  readonly sentSet: Int32Array;
  visibleTo(member: SourceId, slot: number): SetId;
  packFor(member: SourceId, slots: readonly number[], write: Write): void;
}

export class Member {
  readonly source: SourceId;
  /** The batch that was read last. */
  #cursor: Batch;
  /** Where the initial table ends, and what is said there (End-of-RIB). */
  #join: Batch | undefined;
  #atJoin: readonly Uint8Array[];
  /** To be said before anything else. */
  #first: Uint8Array | undefined;
  #owed: SlotSet | undefined;
  readonly #group: MemberGroup;

  constructor(group: MemberGroup, source: SourceId, cursor: Batch, join: Batch | undefined) {
    this.#group = group;
    this.source = source;
    this.#cursor = cursor;
    this.#join = join;
    this.#atJoin = [group.endOfRib];
  }

  /** Reads the table from the start again. */
  restart(cursor: Batch, join: Batch, before: Uint8Array | undefined, after: Uint8Array | undefined): void {
    const stillOwesEndOfRib = this.#join !== undefined;
    this.#cursor = cursor;
    this.#join = join;
    this.#first = before;
    this.#atJoin = [...(stillOwesEndOfRib ? [this.#group.endOfRib] : []), ...(after === undefined ? [] : [after])];
  }

  get isUpToDate(): boolean {
    return this.#owed === undefined && this.#cursor.next === undefined && this.#join === undefined;
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
      const next = this.#cursor.next;
      if (next === undefined) break;
      next.forMember(this.source, counted);
      this.#advance(next, counted);
    }
    if (octets >= credit) this.#giveUpLogIfFarBehind();
    return octets;
  }

  /** Slots in which the member may not have what it is to have. */
  *outstanding(): Iterable<number> {
    if (this.#owed !== undefined) yield* this.#owed.take(this.#owed.size);
    if (this.#join !== undefined) {
      for (let slot = 0; slot < this.#group.sentSet.length; slot++) {
        if (this.#group.visibleTo(this.source, slot) !== NO_SET) yield slot;
      }
    }
    // The snapshot says nothing of what was withdrawn since it was begun: the log behind it does.
    const read = this.#join ?? this.#cursor;
    for (let batch = read.next; batch !== undefined; batch = batch.next) yield* batch.slots;
  }

  /** Does it still have to be told End-of-RIB? */
  get isInInitialTable(): boolean {
    return this.#join !== undefined;
  }

  #advance(to: Batch, write: Write): void {
    this.#cursor = to;
    if (to !== this.#join) return;
    for (const bytes of this.#atJoin) write(bytes, bytes === this.#group.endOfRib ? 1 : 0);
    this.#join = undefined;
  }

  #payOwed(write: Write): void {
    const owed = this.#owed!;
    this.#group.packFor(this.source, owed.take(SLOTS_A_TURN), write);
    if (owed.size > 0) return;
    this.#owed = undefined;
    this.#group.lagging.delete(this);
    if (this.#join !== undefined) this.#advance(this.#join, write);
    this.#cursor = this.#group.tail;
  }

  #giveUpLogIfFarBehind(): void {
    if (this.#owed !== undefined || this.#group.tail.end - this.#cursor.end <= this.#group.longestLag) return;
    for (const slot of [...this.outstanding()]) this.owe(slot);
  }
}

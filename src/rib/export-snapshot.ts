// The snapshot that new members of an export group begin with: its whole table as batches of its own that lead into the
// log. Built in slices; thousands of members that come together share one.

import type { AdjRibOut } from './adj-rib-out.ts';
import { Batch, EMPTY_SLOTS, emptyBatch } from './export-log.ts';
import { NO_SET } from './interner.ts';
import type { SegmentPlan } from './segment-plan.ts';

/** A snapshot is made anew when the log since the last one is longer than it, and than this. */
const SMALL_LOG = 65_536;

export class Snapshot {
  /** Where a member begins. */
  readonly start: Batch;
  /** Where it is in the log. */
  readonly join: Batch;
  octets = 0;
  isComplete = false;
  #last: Batch;
  #nextSlot = 0;

  /** @param join the batch of the log behind which the snapshot goes on */
  constructor(join: Batch) {
    this.join = join;
    this.start = emptyBatch(join.end);
    this.#last = this.start;
  }

  /** May another member begin with it, where the log ends at `tail`? */
  isFreshAt(tail: Batch): boolean {
    return !this.isComplete || tail.end - this.join.end <= Math.max(SMALL_LOG, this.octets);
  }

  /** Goes on for so many slots; true while there is more to do. */
  build(slots: number, table: AdjRibOut, plan: SegmentPlan): boolean {
    if (this.isComplete) return false;
    const end = Math.min(this.#nextSlot + slots, table.slots);
    for (let slot = this.#nextSlot; slot < end; slot++) {
      const set = table.sentSet[slot]!;
      if (set !== NO_SET) plan.reach(slot, set, table.sentSource[slot]!);
    }
    this.#nextSlot = end;
    const segments = plan.pack(table);
    const bytes = table.takePacked();
    if (bytes.length > 0) {
      this.octets += bytes.length;
      this.#append(new Batch(bytes, segments, EMPTY_SLOTS, this.join.end - bytes.length));
    }
    if (end < table.slots) return true;
    this.#append(this.join);
    this.isComplete = true;
    return false;
  }

  #append(batch: Batch): void {
    this.#last.next = batch;
    this.#last = batch;
  }
}

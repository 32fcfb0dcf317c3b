// Collects changes and packs them: first withdrawals, then announcements, everything of one source side by side (so that
// the source's own session skips one run of octets), prefixes with the same attributes in the same messages.

import type { SetId } from './attribute-table.ts';
import type { Segment } from './export-log.ts';
import { NO_SOURCE, type SourceId } from './source.ts';

/** What packing needs from the export group. */
export interface SlotEncoder {
  beginReach(set: SetId): void;
  beginWithdraw(): void;
  packSlot(slot: number): void;
  packedPosition(): number;
  packedMessages(): number;
}

interface Bucket {
  readonly skip: SourceId;
  readonly only: SourceId;
  readonly set: SetId;
  first: number;
  last: number;
}

/** More sources than this would mix up the keys of buckets. */
const SOURCES = 2 ** 26;

export class SegmentPlan {
  // Changes as linked lists, one list a bucket.
  #slots = new Int32Array(1024);
  #next = new Int32Array(1024);
  #count = 0;
  #withdrawals = new Map<number, Bucket>();
  #announcements = new Map<number, Bucket>();
  /** Runs of prefixes with the same attributes are the rule: no look-up for them. */
  #lastReach: Bucket | undefined;

  withdraw(slot: number, skip: SourceId, only: SourceId): void {
    const key = (skip + 1) * SOURCES + only + 1;
    let bucket = this.#withdrawals.get(key);
    if (bucket === undefined) {
      bucket = { skip, only, set: 0, first: -1, last: -1 };
      this.#withdrawals.set(key, bucket);
    }
    this.#add(bucket, slot);
  }

  reach(slot: number, set: SetId, skip: SourceId): void {
    let bucket = this.#lastReach;
    if (bucket === undefined || bucket.set !== set || bucket.skip !== skip) {
      const key = set * SOURCES + skip + 1;
      bucket = this.#announcements.get(key);
      if (bucket === undefined) {
        bucket = { skip, only: NO_SOURCE, set, first: -1, last: -1 };
        this.#announcements.set(key, bucket);
      }
      this.#lastReach = bucket;
    }
    this.#add(bucket, slot);
  }

  /** Encodes everything that was collected, and is empty afterwards. */
  pack(encoder: SlotEncoder): Segment[] {
    const segments: Segment[] = [];
    for (const bucket of bySource(this.#withdrawals)) {
      encoder.beginWithdraw();
      this.#packBucket(encoder, bucket, segments);
    }
    for (const bucket of bySource(this.#announcements)) {
      encoder.beginReach(bucket.set);
      this.#packBucket(encoder, bucket, segments);
    }
    this.clear();
    return segments;
  }

  clear(): void {
    this.#count = 0;
    this.#lastReach = undefined;
    if (this.#withdrawals.size > 0) this.#withdrawals = new Map();
    if (this.#announcements.size > 0) this.#announcements = new Map();
  }

  #packBucket(encoder: SlotEncoder, bucket: Bucket, segments: Segment[]): void {
    const start = segments.at(-1)?.end ?? 0;
    const messagesBefore = encoder.packedMessages();
    for (let change = bucket.first; change >= 0; change = this.#next[change]!) encoder.packSlot(this.#slots[change]!);
    const end = encoder.packedPosition();
    const messages = encoder.packedMessages() - messagesBefore;
    const last = segments.at(-1);
    if (last !== undefined && last.skip === bucket.skip && last.only === bucket.only) {
      segments[segments.length - 1] = { ...last, end, messages: last.messages + messages };
    } else {
      segments.push({ skip: bucket.skip, only: bucket.only, start, end, messages });
    }
  }

  #add(bucket: Bucket, slot: number): void {
    const change = this.#count++;
    if (change === this.#slots.length) this.#grow();
    this.#slots[change] = slot;
    this.#next[change] = -1;
    if (bucket.last >= 0) this.#next[bucket.last] = change;
    else bucket.first = change;
    bucket.last = change;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    slots.set(this.#slots);
    this.#slots = slots;
    const next = new Int32Array(this.#next.length * 2);
    next.set(this.#next);
    this.#next = next;
  }
}

function bySource(buckets: ReadonlyMap<number, Bucket>): Bucket[] {
  return [...buckets.values()].sort((a, b) => a.skip - b.skip || a.only - b.only);
}

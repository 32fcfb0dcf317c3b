// The ordered log of what an export group tells its members: batches of whole messages, linked forward. A member holds
// the batch it has finished; what no member holds any more is collected as garbage, so the log needs no trimming.

import type { SourceId } from './source.ts';
import { NO_SOURCE } from './source.ts';

/** Octets of a batch that not everybody gets: `skip` does not, or only `only` does. NO_SOURCE: nobody, everybody. */
export interface Segment {
  readonly skip: SourceId;
  readonly only: SourceId;
  readonly start: number;
  readonly end: number;
  /** UPDATEs in it. */
  readonly messages: number;
}

/** Takes messages for one member. */
export type Write = (bytes: Uint8Array, messages: number) => void;

export class Batch {
  readonly bytes: Uint8Array;
  readonly segments: readonly Segment[];
  /** What the batch is about, so that a member which cannot keep up can be told later, and only once. */
  readonly slots: Int32Array;
  /** Octets of the log up to the end of this batch. */
  readonly end: number;
  readonly #messages: number;
  /** Who is treated differently from everybody else. */
  readonly #special: ReadonlySet<SourceId>;
  /** No segment is for one member only. */
  readonly #common: boolean;
  next: Batch | undefined;

  constructor(bytes: Uint8Array, segments: readonly Segment[], slots: Int32Array, start: number) {
    this.bytes = bytes;
    this.segments = segments;
    this.slots = slots;
    this.end = start + bytes.length;
    const special = new Set<SourceId>();
    for (const segment of segments) {
      if (segment.skip !== NO_SOURCE) special.add(segment.skip);
      if (segment.only !== NO_SOURCE) special.add(segment.only);
    }
    this.#special = special;
    this.#messages = segments.reduce((sum, segment) => sum + segment.messages, 0);
    this.#common = segments.every((segment) => segment.only === NO_SOURCE);
  }

  /** Calls `write` with the runs of octets that this member gets: mostly one, the whole batch. */
  forMember(member: SourceId, write: Write): void {
    if (this.#common && !this.#special.has(member)) {
      if (this.bytes.length > 0) write(this.bytes, this.#messages);
      return;
    }
    let start = -1;
    let end = -1;
    let messages = 0;
    for (const segment of this.segments) {
      if (segment.skip === member || (segment.only !== NO_SOURCE && segment.only !== member)) continue;
      if (segment.start !== end) {
        if (start >= 0) write(this.bytes.subarray(start, end), messages);
        start = segment.start;
        messages = 0;
      }
      end = segment.end;
      messages += segment.messages;
    }
    if (start >= 0) write(this.bytes.subarray(start, end), messages);
  }
}

export const EMPTY_SLOTS = new Int32Array(0);

export function emptyBatch(at: number): Batch {
  return new Batch(new Uint8Array(0), [], EMPTY_SLOTS, at);
}

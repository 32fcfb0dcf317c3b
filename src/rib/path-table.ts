// AdjRibIn of all sources in one struct of arrays: a path is a row, the rows of a prefix are chained. A row that was
// withdrawn stays in its chain, marked dead, until the next flush has told everybody; only then is it used again.

import { type AttributeTable, NO_SET, type SetId } from './attribute-table.ts';
import { grown, type PrefixId } from './prefix-table.ts';
import type { SourceId } from './source.ts';

export type Row = number;

export const NO_ROW: Row = -1;

/** Withdrawn, and waiting to be reaped. */
export const DEAD = 1;
/** Kept over a graceful restart of the peer, to be swept at its end (RFC 4724 4.2). */
export const STALE = 2;
/** Its next hop cannot be reached. */
export const UNREACHABLE = 4;
/** Stale for longer than a restart takes: it carries LLGR_STALE and is the last choice (RFC 9494 4.3). */
export const LONG_STALE = 8;

/** What a path of the kernel or of an interface has besides attributes. */
export interface LocalDetail {
  readonly interface: string;
  readonly metric: number | undefined;
}

const INITIAL_CAPACITY = 1024;

export class PathTable {
  capacity = INITIAL_CAPACITY;
  prefix = new Int32Array(INITIAL_CAPACITY);
  source = new Int32Array(INITIAL_CAPACITY);
  /** Attributes as received; they outlive a rejection, so that a new policy can be tried on them. */
  received = new Int32Array(INITIAL_CAPACITY);
  /** Attributes after import policy; NO_SET where it rejected the path. */
  set = new Int32Array(INITIAL_CAPACITY);
  /** Path identifier as received (RFC 7911), 0 without ADD-PATH. */
  pathId = new Uint32Array(INITIAL_CAPACITY);
  preference = new Uint16Array(INITIAL_CAPACITY);
  flags = new Uint8Array(INITIAL_CAPACITY);
  next = new Int32Array(INITIAL_CAPACITY);
  /** Seconds since the epoch: when the path came, or became another one. */
  since = new Uint32Array(INITIAL_CAPACITY);
  /** What `since` becomes of what changes: told by whoever knows the time. */
  now = 0;
  /** By row; only for kernel and direct paths. */
  readonly details = new Map<Row, LocalDetail>();

  /** By prefix id: first row of its chain. */
  first = new Int32Array(INITIAL_CAPACITY).fill(NO_ROW);

  readonly #attributes: AttributeTable;
  #used = 0;
  #free: Row[] = [];

  constructor(attributes: AttributeTable) {
    this.#attributes = attributes;
  }

  /** Paths, dead ones included. */
  get size(): number {
    return this.#used - this.#free.length;
  }

  /** All rows ever given are below this. */
  get highest(): Row {
    return this.#used;
  }

  isInUse(row: Row): boolean {
    return this.prefix[row] !== -1;
  }

  /** The live or dead row of this path, or NO_ROW. */
  find(prefix: PrefixId, source: SourceId, pathId: number): Row {
    let row = this.first[prefix]!;
    while (row !== NO_ROW && (this.source[row] !== source || this.pathId[row] !== pathId)) row = this.next[row]!;
    return row;
  }

  /** A new row at the head of the chain of its prefix. */
  add(prefix: PrefixId, source: SourceId, pathId: number): Row {
    const row = this.#free.pop() ?? this.#used++;
    if (row >= this.capacity) this.#grow();
    this.prefix[row] = prefix;
    this.source[row] = source;
    this.pathId[row] = pathId;
    this.received[row] = NO_SET;
    this.set[row] = NO_SET;
    this.flags[row] = 0;
    this.next[row] = this.first[prefix]!;
    this.first[prefix] = row;
    return row;
  }

  /** Stores what was received and what policy made of it. */
  put(row: Row, received: SetId, set: SetId, preference: number): void {
    if (this.received[row] !== received || this.set[row] !== set) this.since[row] = this.now;
    this.#attributes.hold(received);
    this.#attributes.hold(set);
    this.#attributes.drop(this.received[row]!);
    this.#attributes.drop(this.set[row]!);
    this.received[row] = received;
    this.set[row] = set;
    this.preference[row] = preference;
  }

  /** Takes the dead rows out of the chain of a prefix; the callback gets each before it may be used again. */
  reap(prefix: PrefixId, reaped: (row: Row) => void): void {
    let before = NO_ROW;
    for (let row = this.first[prefix]!; row !== NO_ROW; ) {
      const next = this.next[row]!;
      if ((this.flags[row]! & DEAD) === 0) {
        before = row;
      } else {
        if (before === NO_ROW) this.first[prefix] = next;
        else this.next[before] = next;
        this.put(row, NO_SET, NO_SET, 0);
        this.details.delete(row);
        this.prefix[row] = -1;
        reaped(row);
      }
      row = next;
    }
  }

  /** A reaped row may be used again. */
  release(row: Row): void {
    this.#free.push(row);
  }

  /** Room for prefix ids below `capacity`. */
  reservePrefixes(capacity: number): void {
    const old = this.first.length;
    if (capacity <= old) return;
    this.first = grown(this.first, capacity);
    this.first.fill(NO_ROW, old);
  }

  #grow(): void {
    this.capacity *= 2;
    this.prefix = grown(this.prefix, this.capacity);
    this.source = grown(this.source, this.capacity);
    this.received = grown(this.received, this.capacity);
    this.set = grown(this.set, this.capacity);
    this.pathId = grown(this.pathId, this.capacity);
    this.preference = grown(this.preference, this.capacity);
    this.flags = grown(this.flags, this.capacity);
    this.next = grown(this.next, this.capacity);
    this.since = grown(this.since, this.capacity);
  }
}

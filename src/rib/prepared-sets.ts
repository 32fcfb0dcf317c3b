// What export groups made of attribute sets, remembered with the set and forgotten with it: the work of an export that
// does not depend on the prefix is done once. Rows in columns, those of a set are chained.

import { NO_SET, type SetId } from './interner.ts';
import { grown } from './prefix-table.ts';
import type { SentSets } from './sent-sets.ts';
import type { SourceId } from './source.ts';

/** Whose answer it is; one that is not valid any more makes room for others. */
export interface PreparedOwner {
  readonly isRetired: boolean;
  readonly sent: SentSets;
}

/** An answer to what an owner makes of a set from a source. */
export type Prepared = number;

export const NO_PREPARED: Prepared = 0;

/** `out` before it was asked for, and where the target may not get the set at all. */
export const NOT_YET: SetId = -1;
export const REFUSED: SetId = -2;

const INITIAL_CAPACITY = 1024;

export class PreparedSets {
  /** What is sent where the filter changes nothing; NO_SET, NOT_YET or REFUSED. */
  out = new Int32Array(INITIAL_CAPACITY);
  /** Part of the question: ORIGINATOR_ID is the source's. */
  #source = new Int32Array(INITIAL_CAPACITY);
  /** Number of the owner. */
  #owner = new Uint16Array(INITIAL_CAPACITY);
  #next = new Int32Array(INITIAL_CAPACITY);
  readonly #owners: (PreparedOwner | undefined)[] = [];
  /** By owner: rows that are his. */
  readonly #count: number[] = [];
  #used = 1;
  readonly #free: Prepared[] = [];

  /** The owner's answer for a source in a chain, or NO_PREPARED. */
  find(first: Prepared, owner: number, source: SourceId): Prepared {
    let row = first;
    while (row !== NO_PREPARED && (this.#owner[row] !== owner || this.#source[row] !== source)) row = this.#next[row]!;
    return row;
  }

  /** A number for somebody who will remember answers here. */
  enrol(owner: PreparedOwner): number {
    const vacant = this.#owners.findIndex((known, number) => known?.isRetired === true && this.#count[number] === 0);
    const number = vacant >= 0 ? vacant : this.#owners.length;
    this.#owners[number] = owner;
    this.#count[number] = 0;
    return number;
  }

  /** A new answer at the head of the chain `first`, from which what is nobody's any more goes. */
  add(first: Prepared, owner: number, source: SourceId, out: SetId): Prepared {
    const rest = this.#withoutRetired(first);
    const row = this.#free.pop() ?? this.#used++;
    if (row === this.out.length) this.#grow();
    this.#owner[row] = owner;
    this.#source[row] = source;
    this.#next[row] = rest;
    this.#count[owner]!++;
    this.out[row] = NO_SET;
    this.keep(row, out);
    return row;
  }

  keep(row: Prepared, out: SetId): void {
    this.out[row] = out;
    if (out > NO_SET) this.#ownerOf(row).sent.hold(out);
  }

  /** The set of this chain is forgotten. */
  release(first: Prepared): void {
    for (let row = first; row !== NO_PREPARED; ) {
      const next = this.#next[row]!;
      this.#forget(row);
      row = next;
    }
  }

  #withoutRetired(first: Prepared): Prepared {
    let kept = NO_PREPARED;
    for (let row = first; row !== NO_PREPARED; ) {
      const next = this.#next[row]!;
      if (this.#ownerOf(row).isRetired) {
        this.#forget(row);
      } else {
        this.#next[row] = kept;
        kept = row;
      }
      row = next;
    }
    return kept;
  }

  #forget(row: Prepared): void {
    const out = this.out[row]!;
    if (out > NO_SET) this.#ownerOf(row).sent.drop(out);
    this.#count[this.#owner[row]!]!--;
    this.#free.push(row);
  }

  #ownerOf(row: Prepared): PreparedOwner {
    return this.#owners[this.#owner[row]!]!;
  }

  #grow(): void {
    const capacity = 2 * this.out.length;
    this.out = grown(this.out, capacity);
    this.#source = grown(this.#source, capacity);
    this.#owner = grown(this.#owner, capacity);
    this.#next = grown(this.#next, capacity);
  }
}

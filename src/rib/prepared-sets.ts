// What an export group made of an attribute set, remembered with the set and forgotten with it: the work of an export
// that does not depend on the prefix is done once.

import type { Attributes } from 'node-bgp';
import { NO_SET, type SetId } from './interner.ts';
import type { SentSets } from './sent-sets.ts';
import type { SourceId } from './source.ts';

/** Whose answer it is; one that is not valid any more makes room for others. */
export interface PreparedOwner {
  readonly isRetired: boolean;
}

/** `PreparedSet.out` before it was asked for, and where the target may not get the set at all. */
export const NOT_YET: SetId = -1;
export const REFUSED: SetId = -2;

export class PreparedSet {
  readonly owner: PreparedOwner;
  /** Part of the question: ORIGINATOR_ID is the source's. */
  readonly source: SourceId;
  /** As the filter sees them; undefined where it need not be asked again. */
  readonly attributes: Attributes | undefined;
  /** What is sent where the filter changes nothing; NO_SET, NOT_YET or REFUSED. */
  out: SetId;
  next: PreparedSet | undefined;
  readonly #sent: SentSets;

  constructor(owner: PreparedOwner, source: SourceId, attributes: Attributes | undefined, out: SetId, sent: SentSets) {
    this.owner = owner;
    this.source = source;
    this.attributes = attributes;
    this.out = out;
    this.#sent = sent;
    if (out > NO_SET) sent.hold(out);
  }

  keep(out: SetId): void {
    this.out = out;
    if (out > NO_SET) this.#sent.hold(out);
  }

  release(): void {
    if (this.out > NO_SET) this.#sent.drop(this.out);
  }
}

/** The list without what belongs to nobody any more. */
export function withoutRetired(first: PreparedSet | undefined): PreparedSet | undefined {
  let kept: PreparedSet | undefined;
  for (let prepared = first; prepared !== undefined; ) {
    const { next } = prepared;
    if (prepared.owner.isRetired) {
      prepared.release();
    } else {
      prepared.next = kept;
      kept = prepared;
    }
    prepared = next;
  }
  return kept;
}

// AdjRibOut of an export group: what was sent in each slot, from which source, and how it is encoded. A slot is what can
// be announced separately: a prefix, or with ADD-PATH a path row. Not here: what is to be sent (export-policy.ts), and who
// has read how much of it (export-log.ts, export-member.ts).

import { type Family, UpdatePacker } from 'node-bgp';
import { NO_SET, type SetId } from './interner.ts';
import { grown, type PrefixId } from './prefix-table.ts';
import type { SlotEncoder } from './segment-plan.ts';
import { SentSets } from './sent-sets.ts';
import { NO_SOURCE, type SourceId } from './source.ts';
import type { RibTables } from './tables.ts';

export class AdjRibOut implements SlotEncoder {
  readonly sets = new SentSets();
  /** By slot: what was sent, and from which source. */
  sentSet = new Int32Array(0);
  sentSource = new Int32Array(0);
  readonly #tables: RibTables;
  readonly #packer: UpdatePacker;
  readonly #addPath: boolean;
  /** By slot, with ADD-PATH: the prefix. */
  #slotPrefix = new Int32Array(0);
  #total = 0;
  /** By source id. */
  #totalBySource = new Int32Array(16);

  constructor(tables: RibTables, maxMessageLength: number, addPath: boolean) {
    this.#tables = tables;
    this.#packer = new UpdatePacker(maxMessageLength);
    this.#addPath = addPath;
  }

  /** Slots below this may be used. */
  get slots(): number {
    return this.sentSet.length;
  }

  /** Room for every prefix, or path. */
  reserve(): void {
    const slots = this.#addPath ? this.#tables.paths.capacity : this.#tables.prefixes.capacity;
    if (this.sentSet.length >= slots) return;
    const old = this.sentSource.length;
    this.sentSet = grown(this.sentSet, slots);
    this.sentSource = grown(this.sentSource, slots);
    this.sentSource.fill(NO_SOURCE, old);
    if (this.#addPath) this.#slotPrefix = grown(this.#slotPrefix, slots);
  }

  /** Routes sent that are not of this source. */
  countWithout(source: SourceId): number {
    return this.#total - (this.#totalBySource[source] ?? 0);
  }

  sourceOf(slot: number): SourceId {
    return this.sentSet[slot] === NO_SET ? NO_SOURCE : this.sentSource[slot]!;
  }

  /** The set that a member has, or is to have, in this slot. */
  visibleTo(member: SourceId, slot: number): SetId {
    if (slot >= this.sentSet.length || this.sentSource[slot] === member) return NO_SET;
    return this.sentSet[slot]!;
  }

  put(slot: number, prefix: PrefixId, set: SetId, source: SourceId): void {
    this.#count(this.sourceOf(slot), -1);
    this.#count(source, 1);
    this.sets.hold(set);
    this.sets.drop(this.sentSet[slot]!);
    this.sentSet[slot] = set;
    this.sentSource[slot] = source;
    if (this.#addPath) this.#slotPrefix[slot] = prefix;
  }

  /** Takes over the prefix of a slot that is to be withdrawn here and that only the other one knows. */
  learnPrefix(slot: number, from: AdjRibOut): void {
    if (this.#addPath && this.sentSet[slot] === NO_SET) this.#slotPrefix[slot] = from.#slotPrefix[slot]!;
  }

  /** Is this set of ours what the other one calls by that number? */
  isSame(set: SetId, from: AdjRibOut, other: SetId): boolean {
    if (set === NO_SET || other === NO_SET) return set === other;
    return this.sets.equals(set, from.sets.attributes(other), from.sets.mpNextHop(other));
  }

  /** What was sent is forgotten. */
  clear(): void {
    this.sentSet = new Int32Array(0);
    this.sentSource = new Int32Array(0);
  }

  #count(source: SourceId, change: number): void {
    if (source === NO_SOURCE) return;
    this.#total += change;
    if (source >= this.#totalBySource.length) this.#totalBySource = grown(this.#totalBySource, 2 * (source + 1));
    this.#totalBySource[source]! += change;
  }

  // --- encoding: what SegmentPlan asks while it packs

  get #family(): Family {
    return this.#tables.family;
  }

  /** Following prefixes carry this set. */
  beginReach(id: SetId): void {
    this.#packer.reach(this.#family, this.sets.attributes(id), this.sets.mpNextHop(id));
  }

  beginWithdraw(): void {
    this.#packer.withdraw(this.#family);
  }

  packSlot(slot: number): void {
    const { prefixes } = this.#tables;
    const prefix = this.#addPath ? this.#slotPrefix[slot]! : slot;
    const at = prefix * prefixes.stride;
    const words = prefixes.words;
    const pathId = this.#addPath ? slot + 1 : -1;
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

  /** Everything that was packed since the last call, as whole messages. */
  takePacked(): Uint8Array {
    return this.#packer.take();
  }
}

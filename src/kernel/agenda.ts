// Who is to be looked at again at what time. Times are rounded up to slots, so that thousands of entries are a handful of
// deadlines.

/** Milliseconds. */
const SLOT = 250;

export class Agenda<T> {
  readonly #slots = new Map<number, Set<T>>();
  readonly #slotOf = new Map<T, number>();

  /** Replaces an earlier time of the same item. Times are milliseconds; an item never comes early. */
  set(item: T, at: number): void {
    this.delete(item);
    const slot = Math.ceil(at / SLOT);
    this.#slotOf.set(item, slot);
    const items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, new Set([item]));
    else items.add(item);
  }

  delete(item: T): void {
    const slot = this.#slotOf.get(item);
    if (slot === undefined) return;
    this.#slotOf.delete(item);
    const items = this.#slots.get(slot)!;
    items.delete(item);
    if (items.size === 0) this.#slots.delete(slot);
  }

  /** Removes and returns what is due. */
  takeDue(now: number): T[] {
    const due: T[] = [];
    for (const slot of [...this.#slots.keys()].sort((a, b) => a - b)) {
      if (slot * SLOT > now) break;
      due.push(...this.#slots.get(slot)!);
    }
    for (const item of due) this.delete(item);
    return due;
  }

  nextDeadline(): number | undefined {
    if (this.#slots.size === 0) return undefined;
    return Math.min(...this.#slots.keys()) * SLOT;
  }
}

// Who is to be woken when: a binary heap with one deadline a key. Changing a deadline leaves the old entry behind, which
// is dropped when it comes to the top, or when too many are left behind.

interface Entry<K> {
  readonly at: number;
  readonly key: K;
}

/** So many entries left behind are kept in any case. */
const SPARE = 64;

export class DeadlineQueue<K> {
  #heap: Entry<K>[] = [];
  readonly #deadlines = new Map<K, number>();

  /** Entries, also those that were left behind. */
  get size(): number {
    return this.#heap.length;
  }

  /** @param at milliseconds; undefined: none */
  set(key: K, at: number | undefined): void {
    if (this.#deadlines.get(key) === at) return;
    if (at === undefined) {
      this.#deadlines.delete(key);
      return;
    }
    this.#deadlines.set(key, at);
    this.#push({ at, key });
    if (this.#heap.length > 2 * this.#deadlines.size + SPARE) this.#rebuild();
  }

  next(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.at;
  }

  /** Takes out everybody whose deadline is not later than `now`, earliest first. */
  due(now: number): K[] {
    const due: K[] = [];
    for (;;) {
      this.#dropStale();
      const first = this.#heap[0];
      if (first === undefined || first.at > now) return due;
      this.#deadlines.delete(first.key);
      this.#pop();
      due.push(first.key);
    }
  }

  #dropStale(): void {
    while (this.#heap.length > 0 && this.#deadlines.get(this.#heap[0]!.key) !== this.#heap[0]!.at) this.#pop();
  }

  #rebuild(): void {
    this.#heap = [];
    for (const [key, at] of this.#deadlines) this.#push({ at, key });
  }

  #push(entry: Entry<K>): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.at <= entry.at) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

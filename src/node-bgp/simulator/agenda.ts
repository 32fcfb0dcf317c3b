// What is to happen when, in virtual time: a heap ordered by time, then by the order of entry.

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

export class Agenda {
  readonly #heap: Entry[] = [];
  #entered = 0;

  /** Milliseconds of the first entry. */
  next(): number | undefined {
    return this.#heap[0]?.at;
  }

  add(at: number, action: () => void): void {
    const heap = this.#heap;
    heap.push({ at, order: this.#entered++, action });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  take(): (() => void) | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first.action;
  }

  #sink(): void {
    for (let parent = 0; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === parent) return;
      this.#swap(least, parent);
      parent = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const left = this.#heap[a]!;
    const right = this.#heap[b]!;
    return left.at < right.at || (left.at === right.at && left.order < right.order);
  }

  #swap(a: number, b: number): void {
    const left = this.#heap[a]!;
    this.#heap[a] = this.#heap[b]!;
    this.#heap[b] = left;
  }
}

// Who is to be woken first, in virtual time: a heap of everybody's deadline, of equal ones the first who came. There is
// one entry for each sleeper; it moves when somebody asks, not each time that the deadline changes.

export interface Sleeper {
  /** Milliseconds; undefined: not to be woken. */
  readonly deadline: number | undefined;
}

interface Entry<S> {
  readonly sleeper: S;
  readonly order: number;
  at: number;
  place: number;
}

const NEVER = Number.POSITIVE_INFINITY;

export class Alarms<S extends Sleeper> {
  readonly #heap: Entry<S>[] = [];
  readonly #entries = new Map<S, Entry<S>>();
  /** Not looked at since. */
  readonly #changed = new Set<S>();

  /** The deadline may be another one from now on. */
  changed(sleeper: S): void {
    this.#changed.add(sleeper);
  }

  /** Whose deadline is the first; undefined where nobody has one. */
  first(): S | undefined {
    for (const sleeper of this.#changed) this.#update(sleeper);
    this.#changed.clear();
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at === NEVER) return undefined;
      if (first.sleeper.deadline === first.at) return first.sleeper;
      this.#update(first.sleeper);
    }
  }

  #update(sleeper: S): void {
    const entry = this.#entryOf(sleeper);
    entry.at = sleeper.deadline ?? NEVER;
    this.#rise(entry);
    this.#sink(entry);
  }

  #entryOf(sleeper: S): Entry<S> {
    let entry = this.#entries.get(sleeper);
    if (entry === undefined) {
      entry = { sleeper, order: this.#heap.length, at: NEVER, place: this.#heap.length };
      this.#entries.set(sleeper, entry);
      this.#heap.push(entry);
    }
    return entry;
  }

  #rise(entry: Entry<S>): void {
    while (entry.place > 0) {
      const parent = this.#heap[(entry.place - 1) >> 1]!;
      if (!isBefore(entry, parent)) return;
      this.#swap(entry, parent);
    }
  }

  #sink(entry: Entry<S>): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1];
      const right = this.#heap[2 * entry.place + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, entry)) return;
      this.#swap(entry, child);
    }
  }

  #swap(a: Entry<S>, b: Entry<S>): void {
    const place = a.place;
    a.place = b.place;
    b.place = place;
    this.#heap[a.place] = a;
    this.#heap[b.place] = b;
  }
}

function isBefore<S>(a: Entry<S>, b: Entry<S>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

// A set of small integers as bits: what a member that could not keep up still has to be told.

export class SlotSet {
  #bits = new Uint32Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(slot: number): void {
    const word = slot >>> 5;
    if (word >= this.#bits.length) {
      const larger = new Uint32Array(Math.max(this.#bits.length * 2, word + 1));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    const bit = 1 << (slot & 31);
    if ((this.#bits[word]! & bit) !== 0) return;
    this.#bits[word]! |= bit;
    this.#size++;
  }

  /** Removes and returns up to `limit` members, lowest first. */
  take(limit: number): number[] {
    const taken: number[] = [];
    for (let word = 0; word < this.#bits.length && this.#size > 0 && taken.length < limit; word++) {
      while (this.#bits[word] !== 0 && taken.length < limit) {
        const lowest = 31 - Math.clz32(this.#bits[word]! & -this.#bits[word]!);
        this.#bits[word]! &= ~(1 << lowest);
        this.#size--;
        taken.push(word * 32 + lowest);
      }
    }
    return taken;
  }
}

// Wishes that are not in the table yet. A hundred thousand of them may come at once; they are taken in slices.

import type { KernelWish } from '../fib/types.ts';

export class WishQueue {
  #wishes: (KernelWish | 'sweep')[] = [];
  #next = 0;

  get isEmpty(): boolean {
    return this.#wishes.length === 0;
  }

  add(wishes: readonly (KernelWish | 'sweep')[]): void {
    for (const wish of wishes) this.#wishes.push(wish);
  }

  take(limit: number): readonly (KernelWish | 'sweep')[] {
    const taken = this.#wishes.slice(this.#next, this.#next + limit);
    this.#next += taken.length;
    if (this.#next === this.#wishes.length) {
      this.#wishes = [];
      this.#next = 0;
    }
    return taken;
  }
}

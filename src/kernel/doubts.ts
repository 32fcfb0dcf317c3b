// When routes are read again: soon after a reason to doubt what is known about a family, but never so often that reading
// takes more than a small part of the time. Not here: how they are read.

import type { Family } from 'node-bgp';

/** Milliseconds from a reason to doubt until routes are read again; doubts come in swarms. */
const DELAY = 20;
/** Reading again and again may take a tenth of the time, not more. */
const SHARE = 10;

export class Doubts {
  readonly #families = new Set<Family>();
  readonly #read: (families: readonly Family[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #notBefore = 0;

  constructor(read: (families: readonly Family[]) => void) {
    this.#read = read;
  }

  add(families: Iterable<Family>): void {
    for (const family of families) this.#families.add(family);
  }

  /** Sees to it that what is in doubt is read; again and again asked, it is read once. */
  schedule(): void {
    if (this.#families.size === 0 || this.#timer !== undefined) return;
    const delay = Math.max(DELAY, this.#notBefore - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const families = [...this.#families];
      this.#families.clear();
      this.#read(families);
    }, delay);
  }

  /** A reading took from `began` until now. */
  hasRead(began: number): void {
    const now = performance.now();
    this.#notBefore = now + SHARE * (now - began);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

// Sentences that are worth saying once, not every time, and taking back when they are true no more.

export class Once {
  readonly #say: (text: string | undefined) => void;
  #last: string | undefined;

  /** @param say undefined takes back what was said last */
  constructor(say: (text: string | undefined) => void) {
    this.#say = say;
  }

  say(text: string): void {
    if (text === this.#last) return;
    this.#last = text;
    this.#say(text);
  }

  /** All is well: the same would be news again. */
  clear(): void {
    if (this.#last === undefined) return;
    this.#last = undefined;
    this.#say(undefined);
  }
}

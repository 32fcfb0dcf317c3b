// Sentences that are worth saying once, not every time.

export class Once {
  readonly #say: (text: string) => void;
  #last: string | undefined;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  say(text: string): void {
    if (text === this.#last) return;
    this.#last = text;
    this.#say(text);
  }

  /** All is well: the same would be news again. */
  clear(): void {
    this.#last = undefined;
  }
}

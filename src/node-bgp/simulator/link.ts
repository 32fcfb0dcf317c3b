// A link between two nodes: a delay, and whether it carries anything. Not here: what travels over it (conversation.ts).

export class Link {
  /** Milliseconds, one way. */
  delay: number;
  #isUp = true;
  readonly #onRestore = new Set<() => void>();

  constructor(delay: number) {
    this.delay = delay;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Nothing arrives from here on, and nobody is told: as if a cable were pulled somewhere in between. */
  cut(): void {
    this.#isUp = false;
  }

  /** What was sent meanwhile on connections that both ends still have arrives now: TCP sends it again. */
  restore(): void {
    this.#isUp = true;
    for (const tell of [...this.#onRestore]) tell();
  }

  onRestore(tell: () => void): void {
    this.#onRestore.add(tell);
  }

  forget(tell: () => void): void {
    this.#onRestore.delete(tell);
  }
}

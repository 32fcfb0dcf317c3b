// What several things were like, one state after the other: for what is over before a single look would be sure to meet it.

type Looks = Readonly<Record<string, () => Promise<string>>>;

export class History {
  readonly #looks: Looks;
  readonly #states = new Map<string, string[]>();
  #isOver = false;

  constructor(looks: Looks) {
    this.#looks = looks;
  }

  /** A look at all of them. */
  async look(): Promise<Record<string, string>> {
    const looked = Object.entries(this.#looks).map(async ([name, look]) => [name, await look()] as const);
    return Object.fromEntries(await Promise.all(looked));
  }

  /** The last state of each. */
  get now(): Record<string, string | undefined> {
    return Object.fromEntries([...this.#states].map(([name, states]) => [name, states.at(-1)]));
  }

  /** The states of each while this is done. */
  async during(action: () => Promise<void>): Promise<Record<string, readonly string[]>> {
    const following = this.#follow();
    try {
      await action();
    } finally {
      this.#isOver = true;
      await following;
    }
    return Object.fromEntries(this.#states);
  }

  async #follow(): Promise<void> {
    while (!this.#isOver) {
      for (const [name, state] of Object.entries(await this.look())) {
        const states = this.#states.get(name) ?? [];
        this.#states.set(name, states);
        if (states.at(-1) !== state) states.push(state);
      }
    }
  }
}

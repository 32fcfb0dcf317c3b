// Who tries to connect and never hears our answer, as of the last few seconds. Looked for only while it may say something.

import { type Address, parseAddress } from 'node-bgp';
import { readHalfOpen } from '../linux/half-open.ts';

/** Milliseconds between two looks; a half-open connection stays for a minute. */
const PAUSE = 5_000;

export class HalfOpen {
  readonly #isWanted: () => boolean;
  readonly #read: () => Promise<readonly string[]>;
  #found: ReadonlySet<Address> = new Set();
  #timer: NodeJS.Timeout | undefined;

  constructor(isWanted: () => boolean, read: () => Promise<readonly string[]> = readHalfOpen) {
    this.#isWanted = isWanted;
    this.#read = read;
  }

  /** @param onBug errors that are ours */
  start(onBug: (error: unknown) => void): void {
    this.#timer = setInterval(() => this.look().catch(onBug), PAUSE);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async look(): Promise<void> {
    const texts = this.#isWanted() ? await this.#read() : [];
    this.#found = new Set(texts.flatMap((text) => parseAddress(text) ?? []));
  }

  get addresses(): ReadonlySet<Address> {
    return this.#found;
  }
}

// What the kernel dropped because of MD5 signatures in the last minute: its counters only grow, and nobody can say when.

import { type Md5Drops, readMd5Drops } from '../linux/md5-drops.ts';

/** Milliseconds between two looks, and how many are remembered. */
const PAUSE = 10_000;
const REMEMBERED = 6;

export class RecentMd5Drops {
  readonly #read: () => Md5Drops | undefined;
  readonly #looks: Md5Drops[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(read: () => Md5Drops | undefined = readMd5Drops) {
    this.#read = read;
  }

  start(): void {
    this.look();
    this.#timer = setInterval(() => this.look(), PAUSE);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const drops = this.#read();
    if (drops === undefined) return;
    this.#looks.push(drops);
    if (this.#looks.length > REMEMBERED) this.#looks.shift();
  }

  /** Undefined where the system does not count them. */
  get count(): Md5Drops | undefined {
    const [first] = this.#looks;
    const last = first === undefined ? undefined : this.#read();
    if (first === undefined || last === undefined) return undefined;
    return {
      unsigned: last.unsigned - first.unsigned,
      unexpected: last.unexpected - first.unexpected,
      wrong: last.wrong - first.wrong,
    };
  }
}

// Which machine can reach which prefix, counted for all together: so that "everybody has everything" is one comparison, and
// what is missing for how long is a sum that grows with time.

/** Prefixes by number: the first one, and the one behind the last one. */
export type Range = readonly [first: number, end: number];

/** What was missing while somebody watched. */
export interface Outage {
  /** Routes that were missing at one moment, on all machines together, at worst. */
  readonly most: number;
  /** Routes times seconds. */
  readonly routeSeconds: number;
}

export class Holdings {
  readonly #now: () => number;
  /** Machines by prefix. */
  readonly #holders: Int32Array;
  #count = 0;
  #expected = 0;
  #since = 0;
  #most = 0;
  #area = 0;

  /** @param now milliseconds */
  constructor(prefixes: number, now: () => number) {
    this.#holders = new Int32Array(prefixes);
    this.#now = now;
  }

  /** Routes of all machines. */
  get count(): number {
    return this.#count;
  }

  holders(prefix: number): number {
    return this.#holders[prefix]!;
  }

  change(prefix: number, difference: 1 | -1): void {
    this.#account();
    this.#holders[prefix]! += difference;
    this.#count += difference;
    this.#most = Math.max(this.#most, this.#expected - this.#count);
  }

  /** From now on as many routes as there are now are to be there. */
  watch(): void {
    this.#expected = this.#count;
    this.#since = this.#now();
    this.#most = 0;
    this.#area = 0;
  }

  /** What was missing since `watch`. */
  outage(): Outage {
    this.#account();
    return { most: this.#most, routeSeconds: this.#area / 1000 };
  }

  #account(): void {
    const now = this.#now();
    this.#area += Math.max(0, this.#expected - this.#count) * (now - this.#since);
    this.#since = now;
  }
}

/** The routes of one machine: for each prefix a bit for each way in which it has heard of it. */
export class Routes {
  readonly #holdings: Holdings;
  readonly #ways: Uint16Array;
  #count = 0;

  constructor(holdings: Holdings, prefixes: number) {
    this.#holdings = holdings;
    this.#ways = new Uint16Array(prefixes);
  }

  /** Prefixes. */
  get count(): number {
    return this.#count;
  }

  add(prefix: number, way: number): void {
    const before = this.#ways[prefix]!;
    this.#ways[prefix] = before | way;
    if (before !== 0) return;
    this.#count++;
    this.#holdings.change(prefix, 1);
  }

  remove(prefix: number, ways: number): void {
    const before = this.#ways[prefix]!;
    const after = before & ~ways;
    this.#ways[prefix] = after;
    if (before === 0 || after !== 0) return;
    this.#count--;
    this.#holdings.change(prefix, -1);
  }

  /** What is known in one way is known in another one from now on, for prefixes of the range. */
  rename(from: number, to: number, [first, end]: Range): void {
    for (let prefix = first; prefix < end; prefix++) {
      const ways = this.#ways[prefix]!;
      if ((ways & from) !== 0) this.#ways[prefix] = (ways & ~from) | to;
    }
  }

  /** Prefixes of the range are not known in these ways any more. */
  forget(ways: number, [first, end]: Range): void {
    for (let prefix = first; prefix < end; prefix++) {
      if ((this.#ways[prefix]! & ways) !== 0) this.remove(prefix, ways);
    }
  }
}

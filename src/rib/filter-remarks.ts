// What filters have to say beside their verdict: run-time errors, and what they print. The same thing is told once in a
// while, with how often it was said since; only so many different things are remembered.

import { explain, type Policy, type PolicyResult, type PolicyRoute } from '../policy/index.ts';

export interface FilterRemark {
  readonly kind: 'error' | 'print';
  readonly policy: string;
  readonly text: string;
  /** Of the statement that failed, where that is known: `bird.conf:12`. */
  readonly place?: string;
  /** How often since it was told last. */
  readonly count: number;
}

/** Milliseconds between two lines about the same thing. */
const INTERVAL = 60_000;
const REMEMBERED = 100;

type Known = { -readonly [K in keyof FilterRemark]: FilterRemark[K] } & { toldAt: number };

export class FilterRemarks {
  readonly #known = new Map<string, Known>();
  #isStirred = false;

  /** `result` is what the policy made of the route. */
  note(policy: Policy, route: PolicyRoute, { error, printed }: PolicyResult): void {
    if (error !== undefined) this.#add('error', policy.name, error, () => explain(policy, route).decidedBy?.place);
    if (printed !== undefined) for (const line of printed) this.#add('print', policy.name, line, () => undefined);
  }

  #add(kind: FilterRemark['kind'], policy: string, text: string, placeOf: () => string | undefined): void {
    const key = `${kind} ${policy} ${text}`;
    this.#isStirred = true;
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.count++;
    } else if (this.#known.size < REMEMBERED) {
      const place = placeOf();
      const at = place === undefined ? {} : { place };
      this.#known.set(key, { kind, policy, text, ...at, count: 1, toldAt: Number.NEGATIVE_INFINITY });
    }
  }

  /** What is to be told now. */
  take(now: number): readonly FilterRemark[] {
    if (!this.#isStirred) return [];
    this.#isStirred = false;
    const remarks: FilterRemark[] = [];
    for (const [key, known] of this.#known) {
      const { toldAt, ...remark } = known;
      if (toldAt > now - INTERVAL) continue;
      if (remark.count === 0) this.#known.delete(key);
      else remarks.push(remark);
      known.toldAt = now;
      known.count = 0;
    }
    return remarks;
  }
}

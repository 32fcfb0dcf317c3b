// For tests of BFD: two ends in simulated time, with a path between them that can delay, lose and be cut.

import { seededRandom } from 'node-bgp/simulator';
import type { BfdIntent } from '../intent/types.ts';
import { type BfdEffect, BfdSessions } from './sessions.ts';
import { type BfdReport, type BfdState, type BfdWish, sessionKey } from './types.ts';

export const SETTINGS: BfdIntent = { multihop: false, minTransmit: 100, minReceive: 100, multiplier: 3 };

export class End {
  readonly address: string;
  readonly sessions: BfdSessions;
  readonly wish: BfdWish;
  readonly reports: BfdReport[] = [];
  /** Milliseconds at which packets left. */
  readonly sent: number[] = [];
  gone = false;

  constructor(address: string, remote: string, settings: BfdIntent, random: () => number) {
    this.address = address;
    this.wish = { remote, local: address, settings };
    this.sessions = new BfdSessions(random);
  }

  get state(): BfdState | undefined {
    return this.reports.at(-1)?.state;
  }

  get report(): BfdReport {
    return this.reports.at(-1)!;
  }

  /** States in the order in which they were entered. */
  get history(): readonly BfdState[] {
    return this.reports.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
  }
}

export class Path {
  readonly random: () => number;
  readonly left: End;
  readonly right: End;
  now = 0;
  delay = 1;
  /** Of each packet. */
  loss = 0;
  cut = { toLeft: false, toRight: false };
  #flying: { readonly at: number; readonly to: End; readonly from: End; readonly bytes: Uint8Array }[] = [];

  constructor(left: Partial<BfdIntent> = {}, right: Partial<BfdIntent> = left, seed = 1) {
    this.random = seededRandom(seed);
    this.left = new End('10.0.0.1', '10.0.0.2', { ...SETTINGS, ...left }, this.random);
    this.right = new End('10.0.0.2', '10.0.0.1', { ...SETTINGS, ...right }, this.random);
  }

  start(...ends: readonly End[]): this {
    for (const end of ends.length === 0 ? [this.left, this.right] : ends) this.want(end);
    return this;
  }

  want(end: End, settings: BfdIntent = end.wish.settings): void {
    const wish = { ...end.wish, settings };
    this.#carryOut(end, end.sessions.want(new Map([[sessionKey(wish), wish]]), this.now));
  }

  stop(end: End): void {
    this.#carryOut(end, end.sessions.want(new Map(), this.now));
  }

  cutBoth(isCut = true): void {
    this.cut = { toLeft: isCut, toRight: isCut };
  }

  run(milliseconds: number): void {
    const until = this.now + milliseconds;
    for (;;) {
      const next = Math.min(
        ...this.#flying.map(({ at }) => at),
        ...[this.left, this.right].map(({ sessions }) => sessions.nextDeadline() ?? Number.POSITIVE_INFINITY),
      );
      if (next > until) break;
      this.now = Math.max(this.now, next);
      const arrived = this.#flying.filter(({ at }) => at <= this.now);
      this.#flying = this.#flying.filter(({ at }) => at > this.now);
      for (const { to, from, bytes } of arrived) this.#deliver(to, from, bytes);
      for (const end of [this.left, this.right]) this.#carryOut(end, end.sessions.tick(this.now));
    }
    this.now = until;
  }

  #deliver(to: End, from: End, bytes: Uint8Array): void {
    const { multihop } = to.wish.settings;
    this.#carryOut(to, to.sessions.receive(bytes, { from: from.address, local: to.address, multihop }, this.now));
  }

  #carryOut(from: End, effects: readonly BfdEffect[]): void {
    const to = from === this.left ? this.right : this.left;
    for (const effect of effects) {
      if (effect.type === 'report') from.reports.push(effect.report);
      else if (effect.type === 'gone') from.gone = true;
      else {
        from.sent.push(this.now);
        const isCut = to === this.left ? this.cut.toLeft : this.cut.toRight;
        const isLost = isCut || (this.loss > 0 && this.random() < this.loss);
        if (!isLost) this.#flying.push({ at: this.now + this.delay, to, from, bytes: effect.bytes });
      }
    }
  }
}

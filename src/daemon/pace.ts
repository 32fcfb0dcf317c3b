// When the router may tell its peers of what has changed: at once, but while sessions come up what is to be told is collected.
// When 1,000 clients come together, telling all about each as it comes would be 500,000 writes. Knows no clock.

/** Milliseconds after a session came up in which others are expected. */
const COMING_UP = 300;
/** What is told then is collected for so many times as long as telling it took, at most MAX_PAUSE (milliseconds). */
const PAUSE_FACTOR = 4;
const MAX_PAUSE = 100;

export class Pace {
  #comingUpUntil = 0;
  #workAt = 0;

  /** Milliseconds: not before then is anything told. */
  get workAt(): number {
    return this.#workAt;
  }

  sessionUp(now: number): void {
    this.#comingUpUntil = now + COMING_UP;
  }

  /** Peers were told something, from one moment to another one (milliseconds). */
  told(began: number, ended: number): void {
    if (began < this.#comingUpUntil) this.#workAt = ended + Math.min(MAX_PAUSE, PAUSE_FACTOR * (ended - began));
  }
}

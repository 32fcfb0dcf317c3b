// A TCP connection in virtual time: two directions, each in order, each with a window that fills when the receiver does
// not read or the link is cut. Not here: who may connect to whom (simulation.ts).

import type { Link } from './link.ts';

/** Octets that may be under way or unread before the sender has to wait. */
export const WINDOW = 65_536;

/** What one end of a conversation tells its node. */
export interface EndListener {
  /** False: the receiver does not read now; to be offered again by `resume`, or by `again` where it is only busy. */
  readonly canRead: (again: () => void) => boolean;
  readonly read: (chunk: Uint8Array) => void;
  readonly finished: (reason: string) => void;
  readonly progress: (taken: number, waiting: number) => void;
}

/** Virtual time. */
export interface Clock {
  /** Milliseconds. */
  readonly now: number;
  at(time: number, action: () => void): void;
}

type Parcel = { readonly chunk: Uint8Array } | { readonly finish: string };

/** One direction of a conversation. */
export class Direction {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #sender: EndListener;
  readonly #receiver: EndListener;
  #unsent: Parcel[] = [];
  /** Octets taken from the sender and not yet read. */
  #outstanding = 0;
  /** Arrived, but the link was cut or the receiver did not read. */
  #held: Parcel[] = [];
  /** When the last parcel arrives: none overtakes another, whatever happens to the delay. */
  #lastArrival = 0;
  #isOpen = true;
  readonly #retry = () => this.resume();
  readonly #again = () => this.#deliver();

  constructor(link: Link, clock: Clock, sender: EndListener, receiver: EndListener) {
    this.#link = link;
    this.#clock = clock;
    this.#sender = sender;
    this.#receiver = receiver;
    link.onRestore(this.#retry);
  }

  send(bytes: Uint8Array): void {
    this.#unsent.push({ chunk: bytes });
    this.#pump(true);
  }

  /** The end of the stream, after everything that was sent. */
  finish(reason: string): void {
    this.#unsent.push({ finish: reason });
    this.#pump(false);
  }

  /** Nothing more arrives. */
  drop(): void {
    this.#isOpen = false;
    this.#link.forget(this.#retry);
  }

  /** Delivers what was held, where that is possible now. */
  resume(): void {
    if (this.#held.length > 0) this.#clock.at(this.#clock.now + this.#link.delay, () => this.#deliver());
  }

  get #waiting(): number {
    return this.#unsent.reduce((sum, parcel) => sum + ('chunk' in parcel ? parcel.chunk.length : 0), 0);
  }

  #pump(tellAnyway: boolean): void {
    let taken = 0;
    for (let parcel = this.#unsent[0]; parcel !== undefined; parcel = this.#unsent[0]) {
      const sent = this.#fit(parcel);
      if (sent === undefined) break;
      if ('chunk' in sent) taken += sent.chunk.length;
      this.#lastArrival = Math.max(this.#lastArrival, this.#clock.now + this.#link.delay);
      this.#clock.at(this.#lastArrival, () => this.#arrive(sent));
    }
    if (taken > 0 || tellAnyway) this.#tell(taken, this.#waiting);
  }

  /** As much of the parcel as the window has room for. */
  #fit(parcel: Parcel): Parcel | undefined {
    if ('finish' in parcel) {
      this.#unsent.shift();
      return parcel;
    }
    const room = WINDOW - this.#outstanding;
    if (room <= 0) return undefined;
    const chunk = parcel.chunk.subarray(0, room);
    const rest = parcel.chunk.subarray(room);
    if (rest.length === 0) this.#unsent.shift();
    else this.#unsent[0] = { chunk: rest };
    this.#outstanding += chunk.length;
    return { chunk };
  }

  #tell(taken: number, waiting: number): void {
    this.#clock.at(this.#clock.now, () => this.#sender.progress(taken, waiting));
  }

  #arrive(parcel: Parcel): void {
    this.#held.push(parcel);
    if (this.#held.length === 1) this.#deliver();
  }

  #deliver(): void {
    while (this.#isOpen && this.#link.isUp && this.#receiver.canRead(this.#again)) {
      const parcel = this.#held.shift();
      if (parcel === undefined) return;
      if ('finish' in parcel) {
        this.drop();
        this.#receiver.finished(parcel.finish);
        return;
      }
      this.#outstanding -= parcel.chunk.length;
      this.#receiver.read(parcel.chunk);
      this.#pump(false);
    }
  }
}

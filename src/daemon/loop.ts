// Turns the router: takes inputs from the mailbox, carries out effects, and works large tables off in slices, so that
// sockets and timers get their turn every few milliseconds.

import type { Effect, Input, Speaker } from '../speaker/index.ts';
import { now } from './clock.ts';
import { Pace } from './pace.ts';

/** Milliseconds of work before the event loop gets its turn again. */
export const SLICE = 5;
/** The longest that setTimeout can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface LoopPorts {
  readonly speaker: Speaker;
  /** All effects of one slice, in order. */
  readonly execute: (effects: readonly Effect[]) => void;
  /** Inputs that are cheaper to collect than to post one by one (progress of writes). */
  readonly collect: () => readonly Input[];
  /** A deadline (KEEPALIVE, hold, retry) was handled so many milliseconds after it was due. */
  readonly onLate?: (milliseconds: number) => void;
}

interface Letter {
  readonly input: Input;
  readonly done: (() => void) | undefined;
}

const NEVER = Number.POSITIVE_INFINITY;

export class Loop {
  readonly #ports: LoopPorts;
  #mailbox: Letter[] = [];
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  readonly #pace = new Pace();
  /** When the timer that is set wakes the loop. */
  #timerAt = NEVER;

  constructor(ports: LoopPorts) {
    this.#ports = ports;
  }

  /** @param done called when the input has been handled: its bytes are not needed any more */
  post(input: Input, done?: () => void): void {
    this.#mailbox.push({ input, done });
    this.wake();
  }

  /** There is something to do. */
  wake(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    const { speaker } = this.#ports;
    const began = now();
    const effects: Effect[] = [];
    const due = speaker.nextDeadline();
    if (due !== undefined && due <= began) {
      effects.push(...speaker.handle({ type: 'tick' }, began));
      this.#ports.onLate?.(began - due);
    }
    for (const input of this.#ports.collect()) append(effects, speaker.handle(input, began));
    this.#read(effects, began + SLICE);
    const works = began >= this.#pace.workAt;
    if (works) this.#work(effects, began + SLICE);
    if (effects.some(isSessionUp)) this.#pace.sessionUp(began);
    const told = now();
    this.#ports.execute(effects);
    if (works) this.#pace.told(told, now());
    const { workAt } = this.#pace;
    if (this.#mailbox.length > 0 || (speaker.hasWork && workAt <= now())) this.wake();
    else this.#armTimer(works && !speaker.hasWork ? NEVER : workAt);
  }

  #work(effects: Effect[], until: number): void {
    const { speaker } = this.#ports;
    do append(effects, speaker.work());
    while (speaker.hasWork && now() < until);
  }

  #read(effects: Effect[], until: number): void {
    const letters = this.#mailbox;
    let at = 0;
    while (at < letters.length) {
      const { input, done } = letters[at++]!;
      append(effects, this.#ports.speaker.handle(input, now()));
      done?.();
      if (now() >= until) break;
    }
    // `done` may have posted: what was not handled, and what came meanwhile, stays in order.
    this.#mailbox = letters.slice(at);
  }

  /** @param workAt when what was not worked off in this turn is to be */
  #armTimer(workAt: number): void {
    const due = Math.min(this.#ports.speaker.nextDeadline() ?? NEVER, workAt);
    // Deadlines mostly move on with each message: a timer that is too early costs a turn now and then, to set it anew in
    // every turn costs a tenth of what a change takes.
    if (due >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = due;
    const wait = Math.min(LONGEST_TIMER, Math.max(0, Math.ceil(due - now())));
    this.#timer = setTimeout(() => {
      this.#timerAt = NEVER;
      this.wake();
    }, wait);
  }
}

function append(effects: Effect[], more: readonly Effect[]): void {
  for (const effect of more) effects.push(effect);
}

export function isSessionUp(effect: Effect): boolean {
  return effect.type === 'fact' && effect.fact.type === 'peerStateChanged' && effect.fact.to === 'Established';
}

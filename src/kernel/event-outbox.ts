// Events on their way out: those of one turn of the event loop are delivered together, in order, in the next one.

import type { KernelEvent } from '../fib/types.ts';

export class EventOutbox {
  deliver: (events: readonly KernelEvent[]) => void = () => {};
  #events: KernelEvent[] = [];
  #timer: NodeJS.Immediate | undefined;

  add(event: KernelEvent): void {
    this.#events.push(event);
    this.#timer ??= setImmediate(() => {
      this.#timer = undefined;
      const events = this.#events;
      this.#events = [];
      this.deliver(events);
    });
  }

  /** What waits has lost its meaning: only this one goes out. */
  replace(event: KernelEvent): void {
    this.#events = [];
    this.add(event);
  }

  close(): void {
    clearImmediate(this.#timer);
  }
}

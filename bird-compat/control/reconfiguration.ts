// What `configure` keeps between commands: whether an undo is scheduled, and who is told when it comes.

import type { ConfigureRequest, ConfigureResult, ControlTarget } from './types.ts';

export class Reconfiguration {
  readonly #target: ControlTarget;
  #undoTimer: NodeJS.Timeout | undefined;
  /** Milliseconds, of the clock that is never set. */
  #undoAt = 0;

  constructor(target: ControlTarget) {
    this.#target = target;
  }

  /** Seconds until what was configured is undone by itself. */
  get undoIn(): number | undefined {
    return this.#undoTimer === undefined ? undefined : Math.max(0, this.#undoAt - performance.now()) / 1000;
  }

  /** Nothing is undone by itself any more; false: nothing would have been. */
  confirm(): boolean {
    const wasScheduled = this.#undoTimer !== undefined;
    this.stop();
    return wasScheduled;
  }

  configure(request: ConfigureRequest): Promise<ConfigureResult> {
    return this.#target.configure(request);
  }

  undo(): Promise<ConfigureResult> {
    this.stop();
    return this.#target.undo();
  }

  /** @param tell whoever asked for it is told that the time is over */
  scheduleUndo(seconds: number, tell: () => void): void {
    this.stop();
    this.#undoAt = performance.now() + seconds * 1000;
    this.#undoTimer = setTimeout(() => {
      this.#undoTimer = undefined;
      tell();
      void this.#target.undo();
    }, seconds * 1000);
  }

  stop(): void {
    clearTimeout(this.#undoTimer);
    this.#undoTimer = undefined;
  }
}

// What a command gets, and what it gives.

import type { Reconfiguration } from '../reconfiguration.ts';
import type { Reply } from '../replies.ts';
import type { ControlTarget, LogClass, Pause } from '../types.ts';

/** Read line by line, as fast as the other side takes it. */
export type Answer = Iterable<Reply | Pause> | AsyncIterable<Reply>;

export interface CommandContext {
  readonly target: ControlTarget;
  readonly reconfiguration: Reconfiguration;
  /** The connection may ask, and change nothing. */
  readonly isRestricted: boolean;
  restrict(): void;
  /** Messages of these classes are told on the connection from now on. */
  echo(classes: ReadonlySet<LogClass>): void;
  /** Tells the connection something that belongs to no answer. */
  tell(text: string): void;
}

// Stands between the intents that are computed and the router: what would take a node's last session or the cluster's last
// reflector away is told (`--guard warn`), or held back until it has stayed for a while or is taken back (`hold`).

import type { ResourceProblem } from '../datastore/types.ts';
import { type ChangedResource, dangersOf, type Held, heldProblems, holdBack, type Intent } from '../intent/index.ts';
import { problemText } from '../status/text.ts';
import { durationText } from '../status/time.ts';
import { now } from './clock.ts';
import type { Logger } from './log.ts';

export interface GuardPorts {
  readonly mode: 'warn' | 'hold';
  /** Milliseconds that a change has to stay. */
  readonly time: number;
  readonly logger: Logger;
  /** The intent in force, and the sessions that are up. */
  readonly present: () => { readonly intent: Intent | undefined; readonly established: ReadonlySet<string> };
  readonly apply: (intent: Intent) => void;
}

export class Guard {
  readonly #ports: GuardPorts;
  /** Since the intent in force. */
  readonly #changed = new Map<string, ChangedResource>();
  #held: Held | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: GuardPorts) {
    this.#ports = ports;
  }

  /** Applies the intent, now or later. */
  offer(intent: Intent, changed: Iterable<ChangedResource>): void {
    for (const resource of changed) this.#changed.set(`${resource.kind} ${resource.name}`, resource);
    const { present, mode, time, logger } = this.#ports;
    const { intent: before, established: up } = present();
    // Where everybody else has made the change, our sessions go down while we hold it: they are at stake all the same.
    const established = new Set([...up, ...(this.#held?.dangers ?? []).flatMap(({ lost }) => lost)]);
    const dangers =
      before === undefined
        ? []
        : dangersOf({ before, after: intent, established, changed: [...this.#changed.values()] });
    const at = now();
    const held = mode === 'hold' ? holdBack(this.#held, intent, dangers, at, time) : undefined;
    if (mode === 'warn') for (const { resource, text } of dangers) logger.warn({ guard: mode, resource }, text);
    this.#hold(held, at);
    if (held === undefined) this.#apply(intent);
  }

  /** Of a change that is held back. */
  get problems(): readonly ResourceProblem[] {
    return this.#held === undefined ? [] : heldProblems(this.#held, durationText(this.#ports.time));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #hold(held: Held | undefined, at: number): void {
    const before = this.#held;
    this.#held = held;
    clearTimeout(this.#timer);
    if (held === undefined) return;
    this.#timer = setTimeout(() => this.#confirm(), Math.max(0, held.since + this.#ports.time - at));
    if (before?.since === held.since) return;
    for (const problem of this.problems) this.#ports.logger.warn({ guard: 'hold', problem }, problemText(problem));
  }

  #confirm(): void {
    const { intent } = this.#held!;
    this.#held = undefined;
    this.#ports.logger.warn({ guard: 'hold' }, 'the change that was held back has stayed and is applied');
    this.#apply(intent);
  }

  #apply(intent: Intent): void {
    this.#changed.clear();
    this.#ports.apply(intent);
  }
}

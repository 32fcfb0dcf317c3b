// From resources to intents: collects changes until it has been quiet for a moment, computes the whole intent anew and
// hands it on. Nothing is computed before the datastore is in sync, nothing while it is not.

import { ResourceStore } from '../datastore/store.ts';
import type { DatastoreEvent } from '../datastore/types.ts';
import { type ChangedResource, computeIntent, type Intent, type IntentOptions } from '../intent/index.ts';
import { now } from './clock.ts';

/** Milliseconds without a change before the intent is computed, and the longest that changes may put that off. */
const QUIET = 100;
const PATIENCE = 1_000;

type Deliver = (intent: Intent, changed: Iterable<ChangedResource>) => void;

export class Intents {
  readonly store: ResourceStore;
  /** Milliseconds since the epoch. */
  lastEventAt: number | undefined;
  readonly #options: IntentOptions;
  readonly #deliver: Deliver;
  /** Since the last intent, by kind and name; nothing before the first. */
  #changed = new Map<string, ChangedResource>();
  #timer: NodeJS.Timeout | undefined;
  #waitingSince: number | undefined;
  #isFirst = true;

  constructor(sources: readonly string[], options: IntentOptions, deliver: Deliver) {
    this.store = new ResourceStore(sources);
    this.#options = options;
    this.#deliver = deliver;
  }

  apply(events: readonly DatastoreEvent[], source: string): void {
    if (!this.store.apply(events, source)) return;
    this.lastEventAt = now();
    if (!this.store.synced) return;
    if (this.#isFirst) this.#compute();
    else {
      for (const event of events) this.#note(event);
      this.#postpone();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #postpone(): void {
    const at = now();
    this.#waitingSince ??= at;
    const wait = Math.min(QUIET, this.#waitingSince + PATIENCE - at);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#compute(), Math.max(0, wait));
  }

  #compute(): void {
    this.#waitingSince = undefined;
    if (!this.store.synced) return;
    this.#isFirst = false;
    const changed = this.#changed;
    this.#changed = new Map();
    this.#deliver(computeIntent(this.store, this.#options), changed.values());
  }

  #note(event: DatastoreEvent): void {
    if (event.type !== 'set' && event.type !== 'removed') return;
    const kind = event.type === 'set' ? event.resource.kind : event.kind;
    const { name, namespace } = event.type === 'set' ? event.resource.metadata : event;
    const full = namespace === undefined ? name : `${namespace}/${name}`;
    this.#changed.set(`${kind} ${full}`, { kind, name: full });
  }
}

// What datastores say, as lines of the log: contact that is lost and found, and each problem once until it is mended.

import type { DatastoreEvent } from '../datastore/types.ts';
import { problemText } from '../status/text.ts';
import type { Logger } from './log.ts';

export class DatastoreLog {
  readonly #logger: Logger;
  /** By driver: the problems that it has, and whether it is in sync, as far as it was told. */
  readonly #problems = new Map<string, ReadonlySet<string>>();
  readonly #synced = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  take(events: readonly DatastoreEvent[], datastore: string): void {
    for (const event of events) {
      if (event.type === 'problems') this.#takeProblems(new Set(event.problems.map(problemText)), datastore);
      else if (event.type === 'synced') this.#takeSync(event, datastore);
    }
  }

  #takeProblems(problems: ReadonlySet<string>, datastore: string): void {
    const known = this.#problems.get(datastore) ?? new Set();
    this.#problems.set(datastore, problems);
    for (const text of problems.difference(known)) this.#logger.warn({ datastore }, text);
  }

  #takeSync({ synced, detail }: Extract<DatastoreEvent, { type: 'synced' }>, datastore: string): void {
    const text = synced ? 'is in sync' : `is not in sync${detail === undefined ? '' : `: ${detail}`}`;
    if (this.#synced.get(datastore) === text) return;
    this.#synced.set(datastore, text);
    this.#logger[synced ? 'info' : 'warn']({ datastore }, `the datastore ${datastore} ${text}`);
  }
}

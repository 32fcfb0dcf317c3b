// Keeps a collection in step with one list of the API server: list it, watch it from there, and when that ends, by a
// failure or not, go on from where it was; for ever. Never flushes on a failure: what was known stays until the server
// says something else. Not here: what documents mean (collection), what the sentences of failures are (api-error).

import { backOff } from '../back-off.ts';
import type { Collection } from '../collection.ts';
import type { Clock } from '../files/clock.ts';
import type { DatastoreEvent } from '../types.ts';
import { ApiError, refusal, type Target } from './api-error.ts';
import type { ApiClient, ApiRequest } from './client.ts';
import { fetchList } from './list.ts';
import { readWatchEvent, type WatchEvent } from './watch-event.ts';

export interface ReflectorOptions {
  readonly client: ApiClient;
  readonly collection: Collection;
  /** What is read, for the sentences of failures. */
  readonly target: () => Omit<Target, 'verb'>;
  /** Path of the list. May reject with an ApiError. */
  readonly locate: () => Promise<string>;
  readonly query?: Readonly<Record<string, string>>;
  /** Ask for the metadata of objects only. */
  readonly metadataOnly?: boolean;
  /** After an answer 404: whether the server has no such kind at all. */
  readonly isAbsent: () => Promise<'yes' | 'no' | 'unknown'>;
  /** After an answer 403 or 404: perhaps it is the wrong place to ask. */
  readonly reconsider: () => Promise<void>;
  /** After every change of the resources or of the state. */
  readonly changed: (events: readonly DatastoreEvent[]) => void;
  /** Ours, or our consumer's fault; the reflector goes on. */
  readonly onBug: (error: unknown) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface ReflectorReport {
  /** `missing`: the server has no such kind, which is as good as an empty list. */
  readonly state: 'starting' | 'watching' | 'missing' | 'failing';
  /** What is held is, as far as we can know, what the server has. */
  readonly synced: boolean;
  /** Milliseconds since the server was heard of last. */
  readonly contactAge?: number;
  readonly lists: number;
  readonly failuresInARow: number;
  /** Why it is failing. */
  readonly failure?: ApiError;
}

/** Seconds that a watch is wanted to last. */
const SHORTEST_WATCH = 300;
const LONGEST_WATCH = 600;
/** Milliseconds that a watch may overrun. */
const OVERRUN = 30_000;
/** A watch that ends earlier, in milliseconds, has failed. */
const TOO_SHORT = 1_000;
/** So many failures one after the other may be an accident that nobody needs to hear of. */
const QUIET_FAILURES = 1;
/** After so many failures with one version the list is fetched anew. */
const RELIST_AFTER = 5;
/**
 * After so many watches without even a bookmark the list is fetched anew: a server whose store was set back to a backup is
 * silent until it gets to where we were, however much is different.
 */
const RELIST_AFTER_SILENCE = 6;
/** Milliseconds within which all who hear 410 at the same time list again. */
const RELIST_SPREAD = 1_000;
/** Milliseconds that 404 must last to be believed where the server gives no better word: it says so while it starts, too. */
const DOUBT_WITHOUT_DATA = 10_000;
const DOUBT_WITH_DATA = 60_000;
/** Milliseconds between looks for a kind that is missing, at first and at last. */
const FIRST_LOOK = 1_000;
const LAST_LOOK = 300_000;

const ACCEPT_METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/** Why a turn was cut short on purpose. */
const INTERRUPTED = Symbol('interrupted');

export class Reflector {
  readonly #options: ReflectorOptions;
  #state: ReflectorReport['state'] = 'starting';
  #isSynced = false;
  #failure: ApiError | undefined;
  #failures = 0;
  #lists = 0;
  #looks = 0;
  #silentWatches = 0;
  #contactAt: number | undefined;
  #absentSince: number | undefined;
  /** Where the next watch begins; undefined: with a list. */
  #version: string | undefined;
  /** The newest that was ever seen; undefined: nothing yet. */
  #newest: string | undefined;
  #abort = new AbortController();
  #wake: (() => void) | undefined;
  #isStopped = false;
  #running: Promise<void> | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#interrupt();
    await this.#running;
  }

  /** Lists anew, at once. */
  restart(): void {
    this.#version = undefined;
    this.#newest = undefined;
    this.#interrupt();
  }

  report(): ReflectorReport {
    const { clock } = this.#options;
    return {
      state: this.#state,
      synced: this.#isSynced,
      lists: this.#lists,
      failuresInARow: this.#failures,
      ...(this.#contactAt === undefined ? {} : { contactAge: Math.round(clock.now() - this.#contactAt) }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  #interrupt(): void {
    this.#abort.abort(INTERRUPTED);
    this.#wake?.();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const delay = await this.#turn().catch((error: unknown) => {
        this.#options.onBug(error);
        return backOff(++this.#failures, this.#options.random);
      });
      if (delay > 0 && !this.#isStopped) await this.#pause(delay);
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(milliseconds, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** A list, if one is due, and a watch. Answers how many milliseconds to wait then. */
  async #turn(): Promise<number> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const path = await this.#options.locate();
      this.#version ??= await this.#list(path, abort.signal);
      return await this.#watch(path, this.#version, abort);
    } catch (error) {
      const reason = abort.signal.aborted ? abort.signal.reason : error;
      if (reason === INTERRUPTED) return 0;
      if (reason instanceof ApiError) return this.#failed(reason);
      throw error;
    }
  }

  async #list(path: string, signal: AbortSignal): Promise<string> {
    const { client, collection, query, metadataOnly = false } = this.#options;
    const { listing, version } = await fetchList(
      {
        ...{ client, path, query: query ?? {}, metadataOnly, target: this.#target('list') },
        open: () => {
          const opened = collection.list();
          return { ...opened, add: (item) => this.#isolated(() => opened.add(item)) };
        },
      },
      this.#newest,
      signal,
    );
    this.#lists++;
    this.#looks = 0;
    this.#silentWatches = 0;
    this.#newest = version;
    this.#isInContact();
    this.#options.changed(listing.commit());
    return version;
  }

  /** A document on which we stumble is left out alone. */
  #isolated<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#options.onBug(error);
      return undefined;
    }
  }

  async #watch(path: string, version: string, abort: AbortController): Promise<number> {
    const { client, clock, random, changed } = this.#options;
    const seconds = Math.round(SHORTEST_WATCH + random() * (LONGEST_WATCH - SHORTEST_WATCH));
    const startedAt = clock.now();
    const unguard = clock.after(seconds * 1_000 + OVERRUN, () => {
      abort.abort(new ApiError('unreachable', 'the API server does not end a watch whose time is over'));
    });
    try {
      await client.stream(this.#watchRequest(path, version, seconds), abort.signal, {
        open: () => {
          this.#isInContact();
          changed([]);
        },
        lines: (lines) => this.#take(lines),
      });
    } finally {
      unguard();
    }
    if (clock.now() - startedAt < TOO_SHORT) return backOff(++this.#failures, random);
    this.#failures = 0;
    this.#silentWatches = this.#version === version ? this.#silentWatches + 1 : 0;
    if (this.#silentWatches >= RELIST_AFTER_SILENCE) this.#version = undefined;
    return 0;
  }

  #watchRequest(path: string, resourceVersion: string, seconds: number): ApiRequest {
    const { query, metadataOnly } = this.#options;
    const watch = { watch: '1', resourceVersion, allowWatchBookmarks: 'true', timeoutSeconds: `${seconds}` };
    return {
      target: this.#target('watch'),
      path,
      query: { ...query, ...watch },
      ...(metadataOnly ? { accept: ACCEPT_METADATA } : {}),
    };
  }

  /** What is right before a wrong line counts. A change may be one of problems only. */
  #take(lines: readonly string[]): void {
    const events: DatastoreEvent[] = [];
    let hasChange = false;
    try {
      for (const line of lines) {
        const event = this.#read(line);
        if (event.type === 'bookmark') continue;
        events.push(...(this.#isolated(() => this.#apply(event)) ?? []));
        hasChange = true;
      }
    } finally {
      this.#contactAt = this.#options.clock.now();
      if (hasChange) this.#options.changed(events);
    }
  }

  #apply({ type, object }: Extract<WatchEvent, { object: object }>): readonly DatastoreEvent[] {
    const { collection } = this.#options;
    return type === 'put' ? collection.put(object) : collection.remove(object);
  }

  #read(line: string): Exclude<WatchEvent, { type: 'error' }> {
    const event = readWatchEvent(line);
    if (event === undefined) {
      // Whatever it was to say is lost, so only a list can tell what is there.
      this.#version = undefined;
      throw new ApiError('garbage', 'a watch of the API server sends something that is no event');
    }
    if (event.type === 'error') throw refusal(event, this.#target('watch'));
    this.#failures = 0;
    this.#version = event.resourceVersion;
    this.#newest = event.resourceVersion;
    return event;
  }

  #isInContact(): void {
    this.#contactAt = this.#options.clock.now();
    this.#state = 'watching';
    this.#isSynced = true;
    this.#failure = undefined;
    this.#absentSince = undefined;
  }

  async #failed(error: ApiError): Promise<number> {
    const { random, reconsider } = this.#options;
    if (error.code === 'absent' || error.code === 'forbidden') await reconsider();
    if (error.code === 'absent') return this.#notFound(error);
    if (error.code === 'gone') {
      this.#version = undefined;
      this.#failures++;
      return this.#failures === 1 ? random() * RELIST_SPREAD : backOff(this.#failures, random);
    }
    return this.#fail(error);
  }

  #fail(error: ApiError): number {
    this.#failures++;
    if (this.#failures % RELIST_AFTER === 0) this.#version = undefined;
    if (!this.#isSynced || this.#failures > QUIET_FAILURES) {
      this.#state = 'failing';
      this.#isSynced = false;
      this.#failure = error;
      this.#options.changed([]);
    }
    return Math.max(backOff(this.#failures, this.#options.random), error.retryAfter ?? 0);
  }

  async #notFound(error: ApiError): Promise<number> {
    const { clock, collection, isAbsent, random, changed } = this.#options;
    this.#version = undefined;
    const absence = await isAbsent();
    this.#absentSince ??= clock.now();
    const doubt = collection.size > 0 ? DOUBT_WITH_DATA : DOUBT_WITHOUT_DATA;
    const isBelieved = absence === 'yes' || (absence === 'unknown' && clock.now() - this.#absentSince >= doubt);
    if (!isBelieved) return this.#fail(error);
    this.#isInContact();
    this.#state = 'missing';
    this.#failures = 0;
    changed(collection.list().commit());
    return backOff(++this.#looks, random, LAST_LOOK, FIRST_LOOK);
  }

  #target(verb: Target['verb']): Target {
    return { verb, ...this.#options.target() };
  }
}

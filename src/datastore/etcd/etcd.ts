// The datastore of etcd: one snapshot of all that is needed, at one revision, then what changes from there, from one
// member after the other; for ever. Never flushes on a failure: what was known stays until etcd says something
// else. Not here: what keys and values mean (layout), how a member is asked (client), what the sentences are (etcd-error).

import { isDeepStrictEqual } from 'node:util';
import { backOff } from '../back-off.ts';
import { type Clock, systemClock } from '../files/clock.ts';
import type { Datastore, DatastoreEvent, ResourceProblem, ServerContact } from '../types.ts';
import { type EtcdAccess, Members, type ResolveSrv } from './access.ts';
import type { EtcdClient } from './client.ts';
import { compactedError, EtcdError } from './etcd-error.ts';
import { HeldRange, purposeOf, readSnapshot } from './held-range.ts';
import { keyRanges } from './layout.ts';
import { type Cancellation, encode, endOf, readRange, readWatch, type WatchAnswer } from './messages.ts';

export interface EtcdOptions {
  /** Calico's name of this node. */
  readonly node: string;
  readonly access: EtcdAccess;
  /** Errors that are ours or our consumer's; everything goes on. Default: a warning of the process. */
  readonly onBug?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Milliseconds. */
  readonly probeInterval?: number;
  readonly patience?: number;
  readonly resolveSrv?: ResolveSrv;
}

export interface EtcdDatastore extends Datastore {
  contact(): ServerContact;
}

/**
 * The driver. `start` is done when everything is in sync, or when no member gives it; it rejects with a DatastoreError whose
 * message is one sentence where it is not said well enough how to reach etcd at all.
 */
export function etcdDatastore(options: EtcdOptions): EtcdDatastore {
  return new Etcd(options);
}

/** Milliseconds between questions whether etcd is there and has a quorum: a watch alone would not notice. */
const PROBE_INTERVAL = 30_000;
/**
 * Milliseconds that a watch lasts: then files are read, and a token is fetched, anew. Longer than it takes etcd to tell of
 * progress where there is nothing else to tell (10 minutes), so that the next watch has not to begin long ago.
 */
const SHORTEST_WATCH = 900_000;
const LONGEST_WATCH = 1_800_000;
/** Milliseconds within which all who hear of a compaction at the same time read anew. */
const SNAPSHOT_SPREAD = 1_000;

/** Why a turn was cut short on purpose. */
const INTERRUPTED = Symbol('interrupted');

/** What is known of etcd. */
interface Known {
  readonly clusterId: string;
  newest: number;
}

class Etcd implements EtcdDatastore {
  readonly #options: EtcdOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #held: readonly HeldRange[];
  #members: Members | undefined;
  #deliver: ((events: readonly DatastoreEvent[]) => void) | undefined;
  #problems: readonly ResourceProblem[] = [];
  #sync: { readonly synced: boolean; readonly detail?: string } = { synced: false };
  /** Undefined: the next turn begins with a snapshot. */
  #known: Known | undefined;
  /** As people know it. */
  #member: string | undefined;
  #contactAt: number | undefined;
  #snapshots = 0;
  #failures = 0;
  #abort = new AbortController();
  #wake: (() => void) | undefined;
  #isStopped = false;
  #running: Promise<void> | undefined;
  /** `start` waits for this. */
  readonly #settled = Promise.withResolvers<void>();

  constructor(options: EtcdOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#held = keyRanges(options.node).map((range) => new HeldRange(range));
  }

  async start(deliver: (events: readonly DatastoreEvent[]) => void): Promise<void> {
    const { access, patience, resolveSrv } = this.#options;
    this.#members = new Members({
      ...{ access, random: this.#random },
      ...(patience !== undefined && { patience }),
      ...(resolveSrv !== undefined && { resolveSrv }),
    });
    if (this.#isStopped) return;
    this.#deliver = deliver;
    this.#running = this.#run(this.#members);
    await this.#settled.promise;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#deliver = undefined;
    this.#settled.resolve();
    this.#abort.abort(INTERRUPTED);
    this.#wake?.();
    await this.#running;
  }

  contact(): ServerContact {
    const contactAt = this.#contactAt;
    const contactAge = contactAt === undefined ? {} : { contactAge: Math.round(this.#clock.now() - contactAt) };
    const { synced, detail } = this.#sync;
    const state = synced ? 'watching' : detail === undefined ? 'starting' : 'failing';
    const watches = this.#held.map(({ range, size }) => ({
      ...({ name: range.name, state, resources: size, ...contactAge } as const),
      ...{ lists: this.#snapshots, failuresInARow: this.#failures, ...(detail === undefined ? {} : { detail }) },
    }));
    return { ...(this.#member === undefined ? {} : { server: this.#member }), ...contactAge, watches };
  }

  async #run(members: Members): Promise<void> {
    while (!this.#isStopped) {
      const delay = await this.#turn(members).catch((error: unknown) => {
        this.#onBug(error);
        return backOff(++this.#failures, this.#random);
      });
      if (delay > 0 && !this.#isStopped) await this.#pause(delay);
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(milliseconds, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** A snapshot, if one is due, and a watch, with one member. Answers how many milliseconds to wait then. */
  async #turn(members: Members): Promise<number> {
    const abort = new AbortController();
    this.#abort = abort;
    let client: EtcdClient | undefined;
    try {
      client = await members.open();
      this.#member = client.host;
      await client.logIn(abort.signal);
      if (this.#known === undefined) await this.#readAll(client, abort.signal);
      else await this.#probe(client, abort.signal);
      await this.#watch(client, abort);
      return 0;
    } catch (error) {
      const reason = abort.signal.aborted ? abort.signal.reason : error;
      if (reason === INTERRUPTED) return 0;
      if (reason instanceof EtcdError) return this.#failed(reason, members);
      throw error;
    } finally {
      client?.close();
    }
  }

  #failed(error: EtcdError, members: Members): number {
    if (error.code === 'compacted' || error.code === 'replaced') {
      this.#known = undefined;
      this.#failures++;
      return this.#failures === 1 ? this.#random() * SNAPSHOT_SPREAD : backOff(this.#failures, this.#random);
    }
    members.next();
    this.#failures++;
    // One failure of each member may be an accident that nobody needs to hear of, but not at the start.
    if (this.#failures > members.count || (!this.#sync.synced && this.#failures >= members.count)) {
      this.#changed([], { synced: false, detail: error.message });
      this.#settled.resolve();
    }
    return backOff(Math.ceil(this.#failures / members.count), this.#random);
  }

  async #readAll(client: EtcdClient, signal: AbortSignal): Promise<void> {
    const snapshot = await readSnapshot(client, this.#held, signal, (error) => this.#onBug(error));
    this.#known = { clusterId: snapshot.clusterId, newest: snapshot.revision };
    this.#snapshots++;
    this.#inContact(snapshot.commit());
  }

  /** A member without a quorum fails here; what has gone back in time or is another etcd is told apart. */
  async #probe(client: EtcdClient, signal: AbortSignal): Promise<void> {
    const { range } = this.#held[0]!;
    const body = { key: encode(range.prefix), range_end: endOf(range.prefix), limit: '1', keys_only: true };
    const purpose = purposeOf(range, client);
    // As of before the question: what is told meanwhile may be newer than the answer.
    const { clusterId, newest } = this.#known!;
    const { header } = readRange(await client.send({ path: 'kv/range', body, purpose }, signal), client.host);
    if (header.clusterId === clusterId && header.revision >= newest) {
      this.#inContact([]);
      return;
    }
    throw new EtcdError('replaced', `${client.host} is not the etcd that it was, or was set back to a backup`);
  }

  /**
   * Each range in a stream of its own, from where it is, until the first one ends: etcd's gateway may read no more than the
   * first message of a request before it begins to answer.
   */
  async #watch(client: EtcdClient, abort: AbortController): Promise<void> {
    const duration = SHORTEST_WATCH + this.#random() * (LONGEST_WATCH - SHORTEST_WATCH);
    const endings = [
      this.#clock.after(duration, () => abort.abort(INTERRUPTED)),
      this.#probeAgainAndAgain(client, abort),
    ];
    const follow = (held: HeldRange) =>
      this.#follow(client, held, abort.signal).catch((error: unknown) => abort.abort(error));
    await Promise.all(this.#held.map(follow));
    for (const end of endings) end();
    throw abort.signal.reason;
  }

  async #follow(client: EtcdClient, held: HeldRange, signal: AbortSignal): Promise<never> {
    const { range, revision } = held;
    const watch = { start_revision: `${revision + 1}`, progress_notify: true };
    const body = { create_request: { key: encode(range.prefix), range_end: endOf(range.prefix), ...watch } };
    await client.stream({ path: 'watch', body, purpose: purposeOf(range, client) }, signal, (answers) => {
      const events: DatastoreEvent[] = [];
      try {
        for (const answer of answers) events.push(...this.#take(readWatch(answer, client.host), held, client));
      } finally {
        // What came together is delivered together, and what is right before a wrong line counts.
        this.#inContact(events);
      }
    });
    throw new EtcdError('unreachable', `${client.host} has ended the watch of ${range.name}`);
  }

  /** Until the answer is called, or it fails and ends the turn. */
  #probeAgainAndAgain(client: EtcdClient, abort: AbortController): () => void {
    let cancel = () => {};
    const later = () => {
      cancel = this.#clock.after(this.#options.probeInterval ?? PROBE_INTERVAL, () => {
        this.#probe(client, abort.signal).then(later, (error: unknown) => abort.abort(error));
      });
    };
    later();
    return () => cancel();
  }

  #take(answer: WatchAnswer, held: HeldRange, { host }: EtcdClient): readonly DatastoreEvent[] {
    const { header, created, events, canceled } = answer;
    if (canceled !== undefined) throw canceledError(canceled, held, host);
    if (created) return [];
    // Without events it is a progress notification: nothing is missing up to there.
    held.revision = Math.max(held.revision, header.revision);
    const known = this.#known!;
    known.newest = Math.max(known.newest, held.revision);
    return events.flatMap((event) => this.#isolated(() => held.apply(event)) ?? []);
  }

  #inContact(events: readonly DatastoreEvent[]): void {
    this.#contactAt = this.#clock.now();
    this.#failures = 0;
    this.#changed(events, { synced: true });
    this.#settled.resolve();
  }

  #changed(events: readonly DatastoreEvent[], sync: { readonly synced: boolean; readonly detail?: string }): void {
    const batch = [...events];
    const problems = this.#held.flatMap((held) => held.problems);
    if (!isDeepStrictEqual(problems, this.#problems)) batch.push({ type: 'problems', problems });
    if (!isDeepStrictEqual(sync, this.#sync)) batch.push({ type: 'synced', ...sync });
    this.#problems = problems;
    this.#sync = sync;
    if (batch.length === 0) return;
    // Whatever fails there, it is no reason to lose contact with etcd.
    this.#isolated(() => this.#deliver?.(batch));
  }

  /** What we or our consumer stumble over is left out alone. */
  #isolated<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.#onBug(error);
      return undefined;
    }
  }

  #onBug(error: unknown): void {
    const { onBug = (reason) => process.emitWarning(reason instanceof Error ? reason : String(reason)) } =
      this.#options;
    onBug(error);
  }
}

function canceledError({ compacted, reason }: Cancellation, { range }: HeldRange, host: string): EtcdError {
  if (compacted) return compactedError(host);
  return new EtcdError('refused', `${host} has ended the watch of ${range.name}${reason === '' ? '' : `: ${reason}`}`);
}

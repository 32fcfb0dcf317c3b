// Fills the CalicoNodeStatus objects of this node in Calico's vocabulary: when they come, every so often as they ask for,
// and when sessions change. What there is to say comes through a port, as plain values; of them only Calico's fields are
// written. Not here: watching those objects, which the driver does.

import { isDeepStrictEqual } from 'node:util';
import { backOff } from '../back-off.ts';
import type { Clock } from '../files/clock.ts';
import type { CalicoNodeStatus } from '../resources/types.ts';
import type { ApiAccess } from './api-access.ts';
import { ApiError } from './api-error.ts';
import type { Complaint } from './complaint.ts';
import { type NodeStatusSource, statusValues } from './node-status-values.ts';
import { Once } from './once.ts';

export interface NodeStatusOptions {
  readonly api: ApiAccess;
  readonly source: NodeStatusSource;
  /** A sentence about what cannot be written, each one once, and undefined when it can be written again. */
  readonly report: (complaint: Complaint) => void;
  /** Errors that are ours or the port's; everything goes on. */
  readonly onBug: (error: unknown) => void;
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds since the epoch, for `lastUpdated`. */
  readonly wallClock: () => number;
}

/** Milliseconds between two writes because of changes. */
const SHORTEST_PAUSE = 5_000;
/** Milliseconds. */
const LONGEST_BACK_OFF = 300_000;
/** An object that others write to at the same time is read again so often. */
const ATTEMPTS = 3;

export class NodeStatusWriter {
  readonly #options: NodeStatusOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #lifetime = new AbortController();

  constructor(options: NodeStatusOptions) {
    this.#options = options;
  }

  /** The objects of this node as they stand. */
  setRequests(requests: readonly CalicoNodeStatus[]): void {
    if (this.#lifetime.signal.aborted) return;
    const names = new Set(requests.map(({ metadata }) => metadata.name));
    for (const [name, job] of this.#jobs) {
      if (names.has(name)) continue;
      job.cancel();
      this.#jobs.delete(name);
    }
    for (const request of requests) {
      const known = this.#jobs.get(request.metadata.name);
      if (known !== undefined && isDeepStrictEqual(known.request, request)) continue;
      known?.cancel();
      const job = new Job(request, this.#options, this.#lifetime.signal);
      this.#jobs.set(request.metadata.name, job);
      job.isDueIn(0);
    }
  }

  /** Sessions, or the state of the daemon, have changed. */
  changed(): void {
    for (const job of this.#jobs.values()) job.changed();
  }

  /** Idempotent; nothing is sent afterwards. */
  async stop(): Promise<void> {
    this.#lifetime.abort();
    for (const job of this.#jobs.values()) job.cancel();
    await Promise.all(Array.from(this.#jobs.values(), (job) => job.ended()));
    this.#jobs.clear();
  }
}

/** One object. */
class Job {
  readonly request: CalicoNodeStatus;
  readonly #options: NodeStatusOptions;
  readonly #signal: AbortSignal;
  readonly #report: Once;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #isCancelled = false;
  #writing: Promise<void> | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #hasChanged = false;
  #failures = 0;

  constructor(request: CalicoNodeStatus, options: NodeStatusOptions, signal: AbortSignal) {
    this.request = request;
    this.#options = options;
    this.#signal = signal;
    const { name } = request.metadata;
    this.#report = new Once((text) => options.report({ kind: 'CalicoNodeStatus', name, text }));
  }

  /** Milliseconds; a time that is sooner already stays. */
  isDueIn(delay: number): void {
    if (this.#isCancelled) return;
    const { clock } = this.#options;
    const at = clock.now() + delay;
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: clock.after(delay, () => this.#begin()) };
  }

  /** A period of 0 asks for no other write than the first. Routes change all the time: they wait for their period. */
  changed(): void {
    const { updatePeriodSeconds, classes } = this.request;
    if (updatePeriodSeconds === 0 || classes.every((name) => name === 'Routes')) return;
    this.#hasChanged = true;
    if (this.#writing !== undefined || this.#failures > 0) return;
    this.isDueIn(Math.max(0, this.#writtenAt + SHORTEST_PAUSE - this.#options.clock.now()));
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#timer?.cancel();
    this.#report.clear();
  }

  async ended(): Promise<void> {
    await this.#writing;
  }

  #begin(): void {
    this.#timer = undefined;
    if (this.#writing !== undefined) return;
    this.#hasChanged = false;
    this.#writing = this.#write().then((delay) => {
      this.#writing = undefined;
      if (delay !== undefined) this.isDueIn(delay);
      if (this.#hasChanged) this.changed();
    });
  }

  /** Answers how many milliseconds later to write again, if so. */
  async #write(): Promise<number | undefined> {
    const { clock, random } = this.#options;
    this.#writtenAt = clock.now();
    try {
      await this.#update();
    } catch (error) {
      // Deleted: the watch is about to say so, too.
      if (error instanceof ApiError && error.code === 'absent') return undefined;
      if (!this.#signal.aborted) this.#complain(error);
      return backOff(++this.#failures, random, LONGEST_BACK_OFF, SHORTEST_PAUSE);
    }
    this.#failures = 0;
    const { updatePeriodSeconds } = this.request;
    return updatePeriodSeconds === 0 ? undefined : updatePeriodSeconds * 1_000;
  }

  #complain(error: unknown): void {
    if (!(error instanceof ApiError)) this.#options.onBug(error);
    else if (!this.#isCancelled) this.#report.say(`cannot be written: ${error.message}`);
  }

  async #update(): Promise<void> {
    const { source, wallClock } = this.#options;
    const { values, left } = await statusValues(this.request.classes, source);
    for (let attempt = 1; ; attempt++) {
      const object = await this.#get();
      const { lastUpdated: _when, ...before } = object.status ?? {};
      if (isDeepStrictEqual(before, values)) break;
      const lastUpdated = `${new Date(wallClock()).toISOString().slice(0, 19)}Z`;
      try {
        await this.#put({ ...object, status: { lastUpdated, ...values } });
        break;
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 'conflict') || attempt === ATTEMPTS) throw error;
      }
    }
    if (left === undefined) this.#report.clear();
    else this.#report.say(left);
  }

  async #get(): Promise<StatusObject> {
    const { path, target } = await this.#place('get', '');
    return (await this.#options.api.client.send({ target, path }, this.#signal)) as StatusObject;
  }

  async #put(body: StatusObject): Promise<void> {
    const { path, target } = await this.#place('update', '/status');
    const write = { method: 'PUT', contentType: 'application/json', body } as const;
    await this.#options.api.client.send({ target, path, write }, this.#signal);
  }

  async #place(verb: 'get' | 'update', subresource: string) {
    const apiVersion = await this.#options.api.discovery.chooseCalico();
    const resource = `caliconodestatuses${subresource}`;
    return {
      target: { verb, resource, group: apiVersion.split('/')[0]! },
      path: `/apis/${apiVersion}/caliconodestatuses/${this.request.metadata.name}${subresource}`,
    };
  }
}

interface StatusObject {
  readonly status?: Readonly<Record<string, unknown>>;
}

// The composition root: makes the rooms' parts, connects them, and takes them down again. The order of the start is the
// promise: kernel routes are read back, the datastore is in sync, the port is ours; only then is anything dialled or
// programmed.

import { missingNodeText } from '../cli/run.ts';
import type { RunOptions } from '../cli/types.ts';
import type { Datastore } from '../datastore/types.ts';
import type { ChangedResource, Intent, TunnelIntent } from '../intent/index.ts';
import type { Kernel } from '../kernel/port.ts';
import { type Effect, receivedPage, routePage, Speaker, takeSnapshot } from '../speaker/index.ts';
import type { StatusHandlers } from '../status/http.ts';
import { readiness } from '../status/readiness.ts';
import { statusReport } from '../status/report.ts';
import { routesReport } from '../status/routes.ts';
import type { StatusEnvironment } from '../status/types.ts';
import { now } from './clock.ts';
import { explainQuery } from './explain.ts';
import { Guard } from './guard.ts';
import { Intents } from './intents.ts';
import { Listener } from './listener.ts';
import { type Logger, logFact } from './log.ts';
import { Loop } from './loop.ts';
import { intentOptions, overrideIntent, overridesOf } from './options.ts';
import { runningDocument } from './plan.ts';
import { Sockets } from './sockets.ts';

export interface DaemonParts {
  readonly options: RunOptions;
  readonly version: string;
  readonly logger: Logger;
  readonly kernel: Kernel;
  readonly datastores: ReadonlyMap<string, Datastore>;
  /** Something without which there is no going on; the sentence is for people. */
  readonly onFatal: (text: string, exitCode: number) => void;
}

type EffectOf<Type extends Effect['type']> = Extract<Effect, { readonly type: Type }>;

/** Milliseconds for last NOTIFICATIONs to leave. */
const FAREWELL = 50;

export class Daemon {
  readonly #parts: DaemonParts;
  readonly #startedAt = now();
  readonly #sockets: Sockets;
  readonly #listener: Listener;
  readonly #intents: Intents;
  readonly #guard: Guard;
  /** Milliseconds since the epoch. */
  #appliedAt: number | undefined;
  #speaker: Speaker | undefined;
  #loop: Loop | undefined;
  /** Effects that wait until the port is ours; undefined as soon as it is. */
  #held: (EffectOf<'dial'> | EffectOf<'program'>)[] | undefined = [];
  #tunnel: TunnelIntent | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#sockets = new Sockets({
      post: (input, done) => this.#loop?.post(input, done),
      wake: () => this.#loop?.wake(),
    });
    this.#listener = new Listener((socket) => this.#sockets.accept(socket));
    this.#intents = new Intents([...parts.datastores.keys()], intentOptions(parts.options), (intent, changed) =>
      this.#take(intent, changed),
    );
    const { guard: mode, guardTime } = parts.options;
    this.#guard = new Guard({
      mode,
      time: guardTime * 1000,
      logger: parts.logger,
      present: () => this.#present(),
      apply: (intent) => this.#apply(intent),
    });
  }

  /** Rejects where kernel or datastore cannot be had at all, with a sentence. */
  async start(): Promise<void> {
    const { kernel, datastores, options, logger } = this.#parts;
    await kernel.start((events) => this.#loop?.post({ type: 'kernel', events }));
    const restarted = kernel.routes().length > 0;
    if (!restarted) kernel.sweep();
    this.#begin(restarted);
    for (const [name, datastore] of datastores) await datastore.start((events) => this.#intents.apply(events, name));
    logger.info({ kernel: options.kernel, datastore: options.datastore.type }, 'started');
  }

  /** Closes sessions and sockets; kernel routes stay. Idempotent. */
  stop(text?: string): Promise<void> {
    this.#stopping ??= this.#stop(text);
    return this.#stopping;
  }

  readonly handlers: StatusHandlers = {
    status: () => statusReport(this.#snapshot(), this.#environment()),
    routes: (query) => {
      const { routes, next } = routePage(this.#speaker!, query);
      return routesReport(query, routes, next, this.#snapshot().peers);
    },
    explain: (query) =>
      explainQuery(query, {
        speaker: this.#speaker!,
        resources: this.#intents.store,
        options: intentOptions(this.#parts.options),
        kernel: this.#parts.kernel,
        now: now(),
      }),
    intent: () => {
      const { options } = this.#parts;
      return runningDocument(this.#speaker!, this.#intents.store, intentOptions(options), overridesOf(options));
    },
    received: (query) => receivedPage(this.#speaker!, query),
    readiness: () => readiness(this.#snapshot(), this.#environment()),
  };

  /** @param restarted kernel routes of an earlier run are there */
  #begin(restarted: boolean): void {
    const { node, kernel } = this.#parts.options;
    const { nextConnection } = this.#sockets;
    this.#speaker = new Speaker({
      node,
      kernel,
      restarted,
      nextConnection,
      random: Math.random,
      startedAt: this.#startedAt,
    });
    this.#loop = new Loop({
      speaker: this.#speaker,
      collect: this.#sockets.collect,
      execute: (effects) => {
        for (const effect of effects) this.#execute(effect);
        this.#sockets.flush();
      },
    });
  }

  #take(intent: Intent, changed: Iterable<ChangedResource>): void {
    const { options, onFatal, datastores } = this.#parts;
    const isFirst = this.#speaker!.intent === undefined;
    if (intent.nodeMissing === true && isFirst && datastores.has('files')) onFatal(missingNodeText(options), 2);
    else this.#guard.offer(overrideIntent(intent, overridesOf(options)), changed);
  }

  #apply(intent: Intent): void {
    this.#appliedAt = now();
    this.#loop!.post({ type: 'intent', intent });
    if (intent.nodeMissing === true) return;
    this.#tunnel = intent.tunnel;
    if (this.#held === undefined) this.#manageTunnel();
  }

  #manageTunnel(): void {
    const { options, kernel } = this.#parts;
    if (options.manageTunnel === true) kernel.manageTunnel(this.#tunnel);
  }

  #present() {
    const { intent, sessions } = this.#speaker!;
    const established = Array.from(sessions.all()).filter(({ session }) => session !== undefined);
    return { intent, established: new Set(established.map((peer) => peer.intent.name)) };
  }

  #execute(effect: Effect): void {
    switch (effect.type) {
      case 'dial':
      case 'program':
        if (this.#held === undefined) this.#reachOut(effect);
        else this.#held.push(effect);
        return;
      case 'acceptOptions':
        this.#sockets.welcome(effect);
        return;
      case 'write':
        this.#sockets.write(effect);
        return;
      case 'close':
        this.#sockets.close(effect.connection);
        return;
      case 'listen':
        this.#listen(effect);
        return;
      case 'recovered':
        this.#parts.kernel.sweep();
        return;
      case 'fact':
        logFact(this.#parts.logger, effect.fact);
        return;
    }
  }

  #listen(effect: EffectOf<'listen'>): void {
    const { logger, onFatal } = this.#parts;
    this.#listener.set(effect).then(
      () => this.#release(),
      (error: Error) => {
        if (this.#held !== undefined) onFatal(error.message, 1);
        else logger.error({ code: (error as NodeJS.ErrnoException).code }, `cannot listen: ${error.message}`);
      },
    );
  }

  /** What others notice: it waits until we know that we are the only Caracal here. */
  #reachOut(effect: EffectOf<'dial'> | EffectOf<'program'>): void {
    if (effect.type === 'dial') this.#sockets.dial(effect);
    else this.#parts.kernel.program(effect.wishes);
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#manageTunnel();
    for (const effect of held) this.#reachOut(effect);
  }

  async #stop(text: string | undefined): Promise<void> {
    const { datastores, kernel, logger } = this.#parts;
    this.#intents.stop();
    this.#guard.stop();
    await Promise.all(Array.from(datastores.values(), (datastore) => datastore.stop()));
    this.#loop?.post({ type: 'shutdown', ...(text === undefined ? {} : { text }) });
    await new Promise((resolve) => setTimeout(resolve, FAREWELL));
    this.#loop?.stop();
    await this.#listener.close();
    await this.#sockets.closeAll();
    await kernel.stop();
    logger.info('stopped; kernel routes stay');
  }

  #snapshot() {
    const snapshot = takeSnapshot(this.#speaker!);
    return { ...snapshot, problems: [...this.#intents.store.problems, ...this.#guard.problems, ...snapshot.problems] };
  }

  #environment(): StatusEnvironment {
    const { version, options, kernel } = this.#parts;
    const { store, lastEventAt } = this.#intents;
    const appliedAt = this.#appliedAt;
    return {
      version,
      startedAt: this.#startedAt,
      now: now(),
      ...(appliedAt === undefined ? {} : { reconfiguredAt: appliedAt }),
      datastore: {
        type: options.datastore.type,
        synced: store.synced,
        ...(store.detail === undefined ? {} : { detail: store.detail }),
        ...(lastEventAt === undefined ? {} : { lastEventAt }),
      },
      kernel: { type: options.kernel, ...kernel.status() },
      recovering: this.#speaker?.isRecovering ?? true,
    };
  }
}

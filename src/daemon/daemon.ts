// The daemon that lives from Calico's resources: from datastores to Intents, past the guard, to the router; and what it
// answers about itself over HTTP.

import type { Release } from '../cli/release.ts';
import { missingNodeText } from '../cli/run.ts';
import type { RunOptions } from '../cli/types.ts';
import type { ChangedResource, Intent } from '../intent/index.ts';
import type { Kernel } from '../kernel/port.ts';
import { type Fact, receivedPage, routePage, type Speaker, takeSnapshot } from '../speaker/index.ts';
import type { StatusHandlers } from '../status/answers.ts';
import { EventLog } from '../status/events.ts';
import { Metrics } from '../status/metrics/metrics.ts';
import { readiness } from '../status/readiness.ts';
import { statusReport } from '../status/report.ts';
import { routesReport } from '../status/routes.ts';
import { timestamp } from '../status/time.ts';
import type { StatusEnvironment } from '../status/types.ts';
import { Absences } from './absences.ts';
import { now } from './clock.ts';
import type { ClusterReporter } from './cluster-reporter.ts';
import { type Controlled, type OwnProtocol, switchedOff } from './controls.ts';
import { DatastoreLog } from './datastore-log.ts';
import type { Datastores } from './datastores.ts';
import { explainQuery } from './explain.ts';
import { Guard } from './guard.ts';
import { HalfOpen } from './half-open.ts';
import { Intents } from './intents.ts';
import { type Logger, logFact } from './log.ts';
import { idleIntent, intentOptions, overrideIntent, overridesOf } from './options.ts';
import { runningDocument } from './plan.ts';
import { RecentMd5Drops } from './recent-md5-drops.ts';
import { RunningRouter } from './running-router.ts';

export interface DaemonParts {
  readonly options: RunOptions;
  readonly release: Release;
  readonly logger: Logger;
  readonly kernel: Kernel;
  readonly datastores: Datastores;
  /** Hears of everything that the router tells. */
  readonly onFact?: (fact: Fact) => void;
  /** Something without which there is no going on; the sentence is for people. */
  readonly onFatal: (text: string, exitCode: number) => void;
}

export class Daemon {
  readonly #parts: DaemonParts;
  readonly #router: RunningRouter;
  readonly #intents: Intents;
  readonly #guard: Guard;
  readonly #absences: Absences;
  readonly #md5Drops = new RecentMd5Drops();
  readonly #halfOpen = new HalfOpen(() => this.#snapshot().peers.some(({ state }) => state !== 'Established'));
  /** Where there is a cluster to tell something. */
  readonly #reporter: ClusterReporter | undefined;
  readonly #metrics: Metrics;
  readonly #events = new EventLog();
  /** What the resources want, and what of it is switched off by hand. */
  #wanted: Intent | undefined;
  #off: readonly OwnProtocol[] = [];
  #stopping: Promise<void> | undefined;

  constructor(parts: DaemonParts) {
    const { options, kernel, logger, onFatal, datastores } = parts;
    this.#parts = parts;
    this.#metrics = new Metrics({
      mode: options.metrics,
      read: () => ({ report: this.handlers.status(), kernelOperations: kernel.operations() }),
    });
    this.#router = new RunningRouter({
      node: options.node,
      kernel,
      kernelType: options.kernel,
      manageTunnel: options.manageTunnel === true,
      tell: (fact) => {
        logFact(logger, fact);
        this.#events.note(fact, now());
        this.#reporter?.tell(fact);
        parts.onFact?.(fact);
      },
      onLate: (milliseconds) => this.#metrics.observeLateness(milliseconds),
      onListenError: (error, isFirst) => {
        if (isFirst) onFatal(error.message, 1);
        else logger.error({ code: (error as NodeJS.ErrnoException).code }, `cannot listen: ${error.message}`);
      },
    });
    this.#intents = new Intents([...datastores.drivers.keys()], intentOptions(options), (intent, changed) =>
      this.#take(intent, changed),
    );
    const { guard: mode, guardTime } = options;
    this.#guard = new Guard({
      mode,
      time: guardTime * 1000,
      logger,
      present: () => this.#present(),
      apply: (intent) => this.#apply(intent),
    });
    const asked = [...datastores.drivers.values()].find(({ awayNodes }) => awayNodes !== undefined);
    this.#absences = new Absences({
      missing: () => this.#missing(),
      nodes: () => this.#intents.store.list('Node'),
      ask: asked === undefined ? undefined : (names) => asked.awayNodes!(names),
      tell: (peers) => this.#router.post({ type: 'absentPeers', peers }),
      logger,
    });
    this.#reporter = datastores.reporter?.({ options, answers: this.handlers, logger });
  }

  /** Rejects where kernel or datastore cannot be had at all, with a sentence. */
  async start(): Promise<void> {
    const { datastores, options, logger } = this.#parts;
    await this.#router.start();
    this.#md5Drops.start();
    this.#halfOpen.start((error) => logger.error({ err: error }, 'half-open connections cannot be looked for'));
    if (options.networkingBackend !== 'bird') this.#router.apply(idleIntent(options));
    const datastoreLog = new DatastoreLog(logger);
    for (const [name, datastore] of datastores.drivers) {
      await datastore.start((events) => {
        datastoreLog.take(events, name);
        this.#intents.apply(events, name);
        this.#passRequests();
      });
    }
    logger.info({ kernel: options.kernel, datastore: options.datastore.type }, 'started');
  }

  /** Closes sessions and sockets; kernel routes stay. Idempotent. */
  stop(text?: string, final = false): Promise<void> {
    this.#stopping ??= this.#stop(text, final);
    return this.#stopping;
  }

  readonly handlers: StatusHandlers = {
    status: () => statusReport(this.#snapshot(), this.#environment()),
    routes: (query) => {
      const { routes, next } = routePage(this.#speaker, query);
      return routesReport(query, routes, next, this.#snapshot().peers);
    },
    explain: (query) =>
      explainQuery(query, {
        speaker: this.#speaker,
        resources: this.#intents.store,
        options: intentOptions(this.#parts.options),
        kernel: this.#parts.kernel,
        now: now(),
      }),
    intent: () => {
      const { options } = this.#parts;
      return runningDocument(this.#speaker, this.#intents.store, intentOptions(options), overridesOf(options));
    },
    received: (query) => receivedPage(this.#speaker, query),
    events: (query) => ({
      node: this.#parts.options.node,
      lastUpdated: timestamp(now()),
      events: this.#events.events(query),
    }),
    readiness: () => readiness(this.#snapshot(), this.#environment()),
    metrics: () => this.#metrics.page(),
  };

  get #speaker(): Speaker {
    return this.#router.speaker;
  }

  #take(intent: Intent, changed: Iterable<ChangedResource>): void {
    const { options, onFatal, datastores } = this.#parts;
    const isFirst = this.#speaker.intent === undefined;
    if (intent.nodeMissing === true && isFirst && datastores.drivers.has('files')) onFatal(missingNodeText(options), 2);
    else this.#guard.offer(overrideIntent(intent, overridesOf(options)), changed);
  }

  #apply(intent: Intent): void {
    const isFirst = this.#router.appliedAt === undefined;
    this.#wanted = intent;
    this.#router.apply(switchedOff(intent, this.#off));
    this.#passRequests();
    if (isFirst) this.#absences.begin();
  }

  /** For whoever turns the daemon by hand. Only after `start`. */
  controlled(end: (final: boolean) => void): Controlled {
    const isStopping = () => this.#stopping !== undefined;
    return {
      router: this.#router,
      kernel: this.#parts.kernel,
      get isStopping() {
        return isStopping();
      },
      setEnabled: (protocol, isEnabled) => this.#setEnabled(protocol, isEnabled),
      end,
    };
  }

  #setEnabled(protocol: OwnProtocol, isEnabled: boolean): void {
    const { family, kind } = protocol;
    const others = this.#off.filter((each) => each.family !== family || each.kind !== kind);
    this.#off = isEnabled ? others : [...others, protocol];
    if (this.#wanted !== undefined) this.#apply(this.#wanted);
  }

  /** Nobody hears of this node before it knows what it is to do. */
  #passRequests(): void {
    if (this.#router.appliedAt !== undefined) this.#reporter?.setRequests(this.#intents.store.list('CalicoNodeStatus'));
  }

  #missing() {
    const missing = Array.from(this.#speaker.sessions.all()).filter(({ session }) => session === undefined);
    return new Map(missing.map(({ intent }) => [intent.name, intent.address]));
  }

  #present() {
    const { intent, sessions } = this.#speaker;
    const established = Array.from(sessions.all()).filter(({ session }) => session !== undefined);
    return { intent, established: new Set(established.map((peer) => peer.intent.name)) };
  }

  async #stop(text: string | undefined, final: boolean): Promise<void> {
    const { datastores, logger } = this.#parts;
    this.#intents.stop();
    this.#guard.stop();
    this.#absences.stop();
    this.#md5Drops.stop();
    this.#halfOpen.stop();
    await this.#reporter?.stop();
    this.#metrics.stop();
    await Promise.all(Array.from(datastores.drivers.values(), (datastore) => datastore.stop()));
    await this.#router.stop(text, final);
    logger.info('stopped; kernel routes stay');
  }

  #snapshot() {
    const snapshot = takeSnapshot(this.#speaker);
    const { store } = this.#intents;
    const own = [...this.#guard.problems, ...(this.#reporter?.problems ?? [])];
    return { ...snapshot, problems: [...store.problems, ...own, ...snapshot.problems] };
  }

  #environment(): StatusEnvironment {
    const { release, options, kernel, datastores } = this.#parts;
    const { store, lastEventAt } = this.#intents;
    const contact = [...datastores.drivers.values()].find((driver) => driver.contact !== undefined)?.contact?.();
    const { startedAt, appliedAt, isRecovering } = this.#router;
    const md5Drops = this.#md5Drops.count;
    return {
      ...release,
      startedAt,
      now: now(),
      ...(appliedAt === undefined ? {} : { reconfiguredAt: appliedAt }),
      datastore: {
        type: options.networkingBackend === 'bird' ? options.datastore.type : 'none',
        synced: store.synced,
        ...(store.detail === undefined ? {} : { detail: store.detail }),
        ...(lastEventAt === undefined ? {} : { lastEventAt }),
        ...(contact === undefined ? {} : { contact }),
      },
      kernel: { type: options.kernel, ...kernel.status() },
      bfd: this.#router.bfdSessions,
      ...(md5Drops === undefined ? {} : { md5Drops }),
      halfOpen: this.#halfOpen.addresses,
      recovering: isRecovering,
    };
  }
}

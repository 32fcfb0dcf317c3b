// One thing that is watched: what was asked for, what came of it, and how it is doing.

import { Collection } from '../collection.ts';
import type { Clock } from '../files/clock.ts';
import type { Resource } from '../resources/types.ts';
import type { DatastoreEvent, ResourceProblem, WatchStatus } from '../types.ts';
import type { ApiClient } from './client.ts';
import { CLASSIC, type Discovery } from './discovery.ts';
import { Reflector } from './reflector.ts';
import type { WatchSpec } from './watches.ts';

export interface WatchContext {
  readonly client: ApiClient;
  readonly discovery: Discovery;
  readonly usePodCidr: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onBug: (error: unknown) => void;
  readonly changed: (events: readonly DatastoreEvent[], watch: Watch) => void;
  /** Calico's resources turned out to be in another API group. */
  readonly groupChanged: () => void;
}

export class Watch {
  readonly spec: WatchSpec;
  readonly #discovery: Discovery;
  readonly #collection: Collection;
  readonly #reflector: Reflector;
  #hasSynced = false;

  constructor(spec: WatchSpec, context: WatchContext) {
    const { client, discovery, usePodCidr, clock, random, onBug } = context;
    const { kind, accepts, query, metadataOnly } = spec;
    this.spec = spec;
    this.#discovery = discovery;
    const apiVersion = spec.apiVersion === 'calico' ? CLASSIC : spec.apiVersion;
    this.#collection = new Collection({ kind, apiVersion, usePodCIDR: usePodCidr, ...(accepts && { accepts }) });
    this.#reflector = new Reflector({
      ...{ client, clock, random, onBug, collection: this.#collection, target: () => this.#target() },
      ...(query && { query }),
      ...(metadataOnly && { metadataOnly }),
      locate: () => locate(spec, discovery),
      isAbsent: () => isAbsent(spec, discovery),
      reconsider: async () => {
        if (spec.apiVersion === 'calico' && (await discovery.reconsider())) context.groupChanged();
      },
      changed: (events) => {
        this.#hasSynced ||= this.isSynced;
        context.changed(events, this);
      },
    });
  }

  start(): void {
    this.#reflector.start();
  }

  /** Lists anew, at once. */
  restart(): void {
    this.#reflector.restart();
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }

  get isSynced(): boolean {
    return this.#reflector.report().synced;
  }

  get isMissing(): boolean {
    return this.#reflector.report().state === 'missing';
  }

  /** The server has said something, be it a refusal. */
  get hasAnswer(): boolean {
    return this.#reflector.report().state !== 'starting';
  }

  /** Whether the whole is in sync only as long as this is. */
  isNeeded(afterFirstSync: boolean): boolean {
    return this.spec.need === 'required' && (this.#hasSynced || !afterFirstSync);
  }

  get failure(): string | undefined {
    return this.#reflector.report().failure?.message;
  }

  get(key: string): Resource | undefined {
    return this.#collection.get(key);
  }

  get resources(): Iterable<Resource> {
    return this.#collection.resources;
  }

  /** Everything that it holds goes. */
  clear(): readonly DatastoreEvent[] {
    return this.#collection.list().commit();
  }

  /** What is wrong with resources; with the watch itself, where nothing else says so. */
  problems(afterFirstSync: boolean): readonly ResourceProblem[] {
    const own = this.isMissing ? this.#missingText() : this.isNeeded(afterFirstSync) ? undefined : this.failure;
    if (own === undefined) return this.#collection.problems;
    const { kind, name, object = name, need } = this.spec;
    const isGrave = !this.isMissing && (need === 'required' || kind === 'Secret');
    const severity = isGrave ? {} : ({ severity: 'warning' } as const);
    return [...this.#collection.problems, { kind, name: object, path: '', text: own, ...severity }];
  }

  #missingText(): string {
    const { apiVersion, plural } = this.spec;
    const version = apiVersion === 'calico' ? this.#discovery.calico : apiVersion;
    return `the API server has no ${plural} of ${version}: taken as none, and looked for again`;
  }

  #target() {
    const { apiVersion, plural, namespace } = this.spec;
    const version = apiVersion === 'calico' ? (this.#discovery.calico ?? '') : apiVersion;
    return { resource: plural, group: groupOf(version), ...(namespace === undefined ? {} : { namespace }) };
  }

  status(): WatchStatus {
    const { state, contactAge, lists, failuresInARow } = this.#reflector.report();
    const { failure } = this;
    return {
      name: this.spec.name,
      state,
      resources: this.#collection.size,
      ...(contactAge === undefined ? {} : { contactAge }),
      lists,
      failuresInARow,
      ...(failure === undefined ? {} : { detail: failure }),
    };
  }
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
}

async function locate({ apiVersion, plural, namespace }: WatchSpec, discovery: Discovery): Promise<string> {
  const version = apiVersion === 'calico' ? await discovery.chooseCalico() : apiVersion;
  const folder = version === 'v1' ? '/api/v1' : `/apis/${version}`;
  return namespace === undefined ? `${folder}/${plural}` : `${folder}/namespaces/${namespace}/${plural}`;
}

/** CRDs come and go; what an API server has built in, it has from the start or never. */
async function isAbsent({ apiVersion, plural }: WatchSpec, discovery: Discovery): Promise<'yes' | 'no' | 'unknown'> {
  if (apiVersion !== 'calico') return 'yes';
  return discovery.lacks(await discovery.chooseCalico(), plural);
}

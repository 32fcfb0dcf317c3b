// The datastore of Kubernetes: a reflector for each kind that is needed, started and stopped as the resources themselves
// ask for it, and what all of them together say about being in sync. Not here: how one kind is followed (reflector).

import { isDeepStrictEqual } from 'node:util';
import { resourceKey } from '../diff.ts';
import { type Clock, systemClock } from '../files/clock.ts';
import type { Resource, ResourceKind } from '../resources/types.ts';
import type { Datastore, DatastoreEvent, ResourceProblem, ServerContact } from '../types.ts';
import type { KubernetesAccess, Surroundings } from './access.ts';
import type { ApiAccess } from './api-access.ts';
import { awayNodes } from './away-nodes.ts';
import { ApiClient } from './client.ts';
import { Connections } from './connections.ts';
import { Discovery } from './discovery.ts';
import type { KubernetesStatus, SyncState } from './status.ts';
import { syncState } from './sync.ts';
import { Watch, type WatchContext } from './watch.ts';
import { type Referring, referredWatches, wantedWatches } from './watches.ts';

export interface KubernetesOptions {
  /** Calico's name of this node. */
  readonly node: string;
  readonly access: KubernetesAccess;
  /** Pods take their addresses from the node's pod CIDRs instead of Calico's blocks. */
  readonly usePodCidr: boolean;
  /** Where password Secrets are. */
  readonly secretNamespace: string;
  /** Read the CalicoNodeStatus objects of this node, for a writer. */
  readonly nodeStatus?: boolean;
  /** Services are advertised whatever the resources say (CALICO_ADVERTISE_CLUSTER_IPS). */
  readonly advertisesServices?: boolean;
  /** Read this node's whole Node, since what is done depends on more than its metadata (whether it is cordoned). */
  readonly wholeOwnNode?: boolean;
  /** Errors that are ours or our consumer's; everything goes on. Default: a warning of the process. */
  readonly onBug?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly surroundings?: Partial<Surroundings>;
}

export interface KubernetesDatastore extends Datastore {
  /** Calico's resources are elsewhere, and these are they: only the Services and Secrets that they refer to are read. */
  refer(referring: Referring): void;
  /** For those who write; they end before this does. */
  readonly api: ApiAccess;
  status(): KubernetesStatus;
  contact(): ServerContact;
  awayNodes(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/**
 * The driver. `start` is done when everything is in sync, or when it is clear that it will not be so for now; it rejects
 * with a DatastoreError whose message is one sentence where it is not said how to reach the API at all.
 */
export function kubernetesDatastore(options: KubernetesOptions): KubernetesDatastore {
  return new Kubernetes(options);
}

class Kubernetes implements KubernetesDatastore {
  readonly #options: KubernetesOptions;
  readonly #clock: Clock;
  readonly #connections: Connections;
  readonly #client: ApiClient;
  readonly #discovery: Discovery;
  readonly #lifetime = new AbortController();
  readonly #watches = new Map<string, Watch>();
  readonly #ending = new Set<Promise<void>>();
  /** Of resources that are elsewhere; undefined: they are here. */
  #elsewhere: Referring | undefined;
  #deliver: ((events: readonly DatastoreEvent[]) => void) | undefined;
  #problems: readonly ResourceProblem[] = [];
  #sync: SyncState = { synced: false };
  #wasSynced = false;
  /** `start` waits for this. */
  #settle: (() => void) | undefined;

  constructor(options: KubernetesOptions) {
    const { access, clock = systemClock, surroundings } = options;
    this.#options = options;
    this.#clock = clock;
    this.#connections = new Connections({ access, clock, env: process.env, root: '', ...surroundings });
    this.#client = new ApiClient(this.#connections);
    this.#discovery = new Discovery(this.#client, clock, this.#lifetime.signal, access.apiGroup);
  }

  get api(): ApiAccess {
    return { client: this.#client, discovery: this.#discovery };
  }

  async start(deliver: (events: readonly DatastoreEvent[]) => void): Promise<void> {
    await this.#connections.load();
    if (this.#lifetime.signal.aborted) return;
    this.#deliver = deliver;
    const settled = new Promise<void>((resolve) => {
      this.#settle = resolve;
    });
    this.#changed([]);
    await settled;
  }

  async stop(): Promise<void> {
    this.#deliver = undefined;
    this.#lifetime.abort();
    this.#settle?.();
    for (const watch of this.#watches.values()) this.#end(watch);
    this.#watches.clear();
    await Promise.all(this.#ending);
    this.#connections.close();
  }

  status(): KubernetesStatus {
    return { ...this.#sync, ...this.contact() };
  }

  contact(): ServerContact {
    const watches = [...this.#watches.values()].map((watch) => watch.status());
    // What is missing is looked for now and then; that is no contact to speak of.
    const ages = watches.flatMap(({ state, contactAge }) => (state === 'missing' ? [] : (contactAge ?? [])));
    const { server } = this.#connections;
    const { calico } = this.#discovery;
    return {
      ...(server === undefined ? {} : { server }),
      ...(calico === undefined ? {} : { apiGroup: calico }),
      ...(ages.length === 0 ? {} : { contactAge: Math.max(...ages) }),
      watches,
    };
  }

  awayNodes(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return awayNodes(this.#client, names, this.#lifetime.signal);
  }

  refer(referring: Referring): void {
    this.#elsewhere = referring;
    this.#changed([]);
  }

  /** Everything that happens goes through here: what is watched is brought in line, and one batch is delivered. */
  #changed(events: readonly DatastoreEvent[], from?: Watch): void {
    if (this.#deliver === undefined) return;
    const batch = events.map((event) => this.#inForce(event, from));
    if (from === undefined || REFERRING.has(from.spec.kind)) batch.push(...this.#reconcile());
    const problems = [...this.#watches.values()].flatMap((watch) => watch.problems(this.#wasSynced));
    if (!isDeepStrictEqual(problems, this.#problems)) batch.push({ type: 'problems', problems });
    const sync = syncState([...this.#watches.values()], this.#wasSynced);
    if (!isDeepStrictEqual(sync, this.#sync)) batch.push({ type: 'synced', ...sync });
    this.#problems = problems;
    this.#sync = sync;
    this.#wasSynced ||= sync.synced;
    if (batch.length > 0) this.#hand(batch, this.#deliver);
    if (sync.synced || this.#hasFailure()) this.#settle?.();
  }

  #hand(batch: readonly DatastoreEvent[], deliver: (events: readonly DatastoreEvent[]) => void): void {
    try {
      deliver(batch);
    } catch (error) {
      // Whatever it is, it is no reason to lose contact with the API server.
      this.#onBug(error);
    }
  }

  #hasFailure(): boolean {
    return [...this.#watches.values()].some(({ spec, failure }) => spec.need === 'required' && failure !== undefined);
  }

  /** An affinity that loses its place in one list may have got it in the other. */
  #inForce(event: DatastoreEvent, from: Watch | undefined): DatastoreEvent {
    if (event.type !== 'removed') return event;
    const key = resourceKey(event);
    for (const watch of this.#watches.values()) {
      const resource = watch === from || watch.spec.kind !== event.kind ? undefined : watch.get(key);
      if (resource !== undefined) return { type: 'set', resource };
    }
    return event;
  }

  /** Begins to watch what the resources ask for, and ends what they ask for no more. */
  #reconcile(): readonly DatastoreEvent[] {
    const wanted =
      this.#elsewhere === undefined
        ? wantedWatches(this.#options, this.#referring())
        : referredWatches(this.#options, this.#elsewhere);
    const names = new Set(wanted.map(({ name }) => name));
    const events: DatastoreEvent[] = [];
    for (const [name, watch] of this.#watches) {
      if (names.has(name)) continue;
      this.#watches.delete(name);
      events.push(...watch.clear());
      this.#end(watch);
    }
    for (const spec of wanted) {
      if (this.#watches.has(spec.name)) continue;
      const watch = new Watch(spec, this.#context());
      this.#watches.set(spec.name, watch);
      watch.start();
    }
    return events;
  }

  #referring(): Referring {
    return { configurations: this.#all('BGPConfiguration'), peers: this.#all('BGPPeer') };
  }

  #all<K extends ResourceKind>(kind: K): Extract<Resource, { kind: K }>[] {
    const watches = [...this.#watches.values()].filter(({ spec }) => spec.kind === kind);
    return watches.flatMap(({ resources }) => [...resources]) as Extract<Resource, { kind: K }>[];
  }

  #context(): WatchContext {
    return {
      client: this.#client,
      discovery: this.#discovery,
      usePodCidr: this.#options.usePodCidr,
      clock: this.#clock,
      random: this.#options.random ?? Math.random,
      onBug: (error) => this.#onBug(error),
      changed: (events, watch) => {
        if (this.#watches.get(watch.spec.name) === watch) this.#changed(events, watch);
      },
      groupChanged: () => {
        for (const watch of this.#watches.values()) if (watch.spec.apiVersion === 'calico') watch.restart();
      },
    };
  }

  #end(watch: Watch): void {
    const ended = watch.stop().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  #onBug(error: unknown): void {
    const { onBug = (reason) => process.emitWarning(reason instanceof Error ? reason : String(reason)) } =
      this.#options;
    onBug(error);
  }
}

/** Kinds that decide what else is wanted. */
const REFERRING = new Set<ResourceKind>(['BGPConfiguration', 'BGPPeer']);

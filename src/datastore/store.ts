// The resources as they stand: events of one or several drivers, kept as maps. A resource that a driver refused is simply
// not among its events, so what is here is always the last valid version. Not here: reading, waiting, computing.

import type { Resource, ResourceKind } from './resources/types.ts';
import type { DatastoreEvent, ResourceProblem } from './types.ts';

export type ResourceOf<K extends ResourceKind> = Extract<Resource, { readonly kind: K }>;

interface Source {
  synced: boolean;
  detail: string | undefined;
  problems: readonly ResourceProblem[];
}

/** `namespace/name`, or the name alone for what belongs to the cluster. */
function keyOf(name: string, namespace: string | undefined): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export class ResourceStore {
  readonly #kinds = new Map<ResourceKind, Map<string, Resource>>();
  readonly #lists = new Map<ResourceKind, readonly Resource[]>();
  readonly #sources: Map<string, Source>;
  #changes = 0;

  /** The names of the drivers that will deliver: the store is in sync when all of them are. */
  constructor(sources: readonly string[] = ['datastore']) {
    this.#sources = new Map(sources.map((name) => [name, { synced: false, detail: undefined, problems: [] }]));
  }

  /** Takes a batch as a whole. Answers whether resources, problems or the state of synchronisation changed. */
  apply(events: readonly DatastoreEvent[], source = 'datastore'): boolean {
    const state = this.#sources.get(source);
    if (state === undefined) throw new Error(`Bug: events of an unknown source ${source}`);
    const before = this.#changes;
    for (const event of events) this.#applyOne(event, state);
    return this.#changes !== before;
  }

  /** All of a kind, ordered by name (within a namespace). The same array until something of the kind changes. */
  list<K extends ResourceKind>(kind: K): readonly ResourceOf<K>[] {
    let list = this.#lists.get(kind);
    if (list === undefined) {
      const entries = [...(this.#kinds.get(kind) ?? [])].sort(([left], [right]) => (left < right ? -1 : 1));
      list = entries.map(([, resource]) => resource);
      this.#lists.set(kind, list);
    }
    return list as readonly ResourceOf<K>[];
  }

  get<K extends ResourceKind>(kind: K, name: string, namespace?: string): ResourceOf<K> | undefined {
    return this.#kinds.get(kind)?.get(keyOf(name, namespace)) as ResourceOf<K> | undefined;
  }

  /** Of all drivers, in the order in which they were named. */
  get problems(): readonly ResourceProblem[] {
    return [...this.#sources.values()].flatMap((source) => source.problems);
  }

  get synced(): boolean {
    return [...this.#sources.values()].every((source) => source.synced);
  }

  /** Why the store is not in sync, as far as drivers say. */
  get detail(): string | undefined {
    return [...this.#sources.values()].find((source) => !source.synced && source.detail !== undefined)?.detail;
  }

  /** Grows with every event that changed something; two equal counts mean that nothing happened in between. */
  get changes(): number {
    return this.#changes;
  }

  #applyOne(event: DatastoreEvent, state: Source): void {
    switch (event.type) {
      case 'set':
        this.#set(event.resource);
        return;
      case 'removed':
        this.#remove(event.kind, keyOf(event.name, event.namespace));
        return;
      case 'problems':
        if (event.problems.length === 0 && state.problems.length === 0) return;
        state.problems = event.problems;
        break;
      case 'synced':
        if (event.synced === state.synced && event.detail === state.detail) return;
        state.synced = event.synced;
        state.detail = event.detail;
    }
    this.#changes++;
  }

  #set(resource: Resource): void {
    const { name, namespace } = resource.metadata;
    const resources = this.#kinds.get(resource.kind) ?? new Map<string, Resource>();
    this.#kinds.set(resource.kind, resources);
    resources.set(keyOf(name, namespace), resource);
    this.#changed(resource.kind);
  }

  #remove(kind: ResourceKind, key: string): void {
    if (this.#kinds.get(kind)?.delete(key)) this.#changed(kind);
  }

  #changed(kind: ResourceKind): void {
    this.#lists.delete(kind);
    this.#changes++;
  }
}

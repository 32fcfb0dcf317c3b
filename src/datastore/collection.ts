// The resources that one watch holds, each in its last valid version, and what is wrong with those that are not valid.
// Documents are made into resources as they come and are not kept. Not here: where documents come from.

import { isDeepStrictEqual } from 'node:util';
import { diffResources, resourceKey } from './diff.ts';
import { type ReadOptions, type ReadResult, readResource } from './resources/read-resource.ts';
import type { Resource, ResourceKind } from './resources/types.ts';
import type { DatastoreEvent, ResourceProblem } from './types.ts';

export interface CollectionOptions extends ReadOptions {
  readonly kind: ResourceKind;
  /** Of documents that do not say it, as the items of lists. */
  readonly apiVersion: string;
  /** Of all that the server sends, what is wanted. */
  readonly accepts?: (document: unknown) => boolean;
  /** For documents that are not yet what Calico's tools show; but they have `metadata` with a name. */
  readonly read?: (document: unknown) => ReadResult;
}

interface Contents {
  readonly resources: Map<string, Resource>;
  readonly problems: Map<string, readonly ResourceProblem[]>;
}

/** A list under way: nothing of it counts before `commit`. */
export interface Listing {
  add(document: unknown): void;
  /** What is different from before; what was not in the list is gone. */
  commit(): DatastoreEvent[];
}

export class Collection {
  readonly #options: CollectionOptions;
  #contents: Contents = { resources: new Map(), problems: new Map() };

  constructor(options: CollectionOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#contents.resources.size;
  }

  get problems(): readonly ResourceProblem[] {
    return [...this.#contents.problems.values()].flat();
  }

  get resources(): Iterable<Resource> {
    return this.#contents.resources.values();
  }

  get(key: string): Resource | undefined {
    return this.#contents.resources.get(key);
  }

  list(): Listing {
    const next: Contents = { resources: new Map(), problems: new Map() };
    return {
      add: (document) => this.#read(document, next),
      commit: () => {
        const events = diffResources(this.#contents.resources, next.resources);
        this.#contents = next;
        return events;
      },
    };
  }

  /** A document that is new, or has changed. */
  put(document: unknown): DatastoreEvent[] {
    const key = this.#keyOf(document);
    if (key === undefined) return [];
    const previous = this.#contents.resources.get(key);
    this.#forget(key);
    this.#read(document, this.#contents, previous);
    const next = this.#contents.resources.get(key);
    if (next !== undefined) return next === previous ? [] : [{ type: 'set', resource: next }];
    return previous === undefined ? [] : [removal(previous)];
  }

  remove(document: unknown): DatastoreEvent[] {
    const key = this.#keyOf(document);
    if (key === undefined) return [];
    const previous = this.#contents.resources.get(key);
    this.#forget(key);
    return previous === undefined ? [] : [removal(previous)];
  }

  #forget(key: string): void {
    this.#contents.resources.delete(key);
    this.#contents.problems.delete(key);
  }

  /** Puts into `into` what a document says; what is as it was stays the very same object. */
  #read(document: unknown, into: Contents, known?: Resource): void {
    const key = this.#keyOf(document);
    if (key === undefined || this.#options.accepts?.(document) === false) return;
    const previous = known ?? this.#contents.resources.get(key);
    const { read = (readable) => readResource(readable, this.#options) } = this.#options;
    const { resource, refused, problems } = read(document);
    const next = refused === undefined ? resource : previous;
    if (next !== undefined) into.resources.set(key, isDeepStrictEqual(next, previous) ? previous! : next);
    if (problems.length > 0) into.problems.set(key, problems);
  }

  #keyOf(document: unknown): string | undefined {
    const { metadata } = document as { metadata?: { name?: unknown; namespace?: unknown } };
    if (typeof metadata?.name !== 'string') return undefined;
    const { name, namespace } = metadata;
    return resourceKey({ kind: this.#options.kind, name, ...(typeof namespace === 'string' ? { namespace } : {}) });
  }
}

function removal({ kind, metadata: { name, namespace } }: Resource): DatastoreEvent {
  return { type: 'removed', kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

// What has happened between two states of the resources, as events. For drivers that see states, not changes.

import { isDeepStrictEqual } from 'node:util';
import type { Resource } from './resources/types.ts';
import type { DatastoreEvent } from './types.ts';

/** Resources by kind, namespace and name. */
export type ResourceMap = ReadonlyMap<string, Resource>;

export function resourceKey({
  kind,
  name,
  namespace = '',
}: {
  kind: string;
  name: string;
  namespace?: string;
}): string {
  return `${kind} ${namespace}/${name}`;
}

export function keyOfResource({ kind, metadata }: Resource): string {
  return resourceKey({ kind, ...metadata });
}

/** Removals first; a resource whose values are equal gives no event. */
export function diffResources(previous: ResourceMap, next: ResourceMap): DatastoreEvent[] {
  const events: DatastoreEvent[] = [];
  for (const [key, { kind, metadata }] of previous) {
    if (next.has(key)) continue;
    const { name, namespace } = metadata;
    events.push({ type: 'removed', kind, name, ...(namespace === undefined ? {} : { namespace }) });
  }
  for (const [key, resource] of next) {
    const old = previous.get(key);
    if (old !== resource && !isDeepStrictEqual(old, resource)) events.push({ type: 'set', resource });
  }
  return events;
}

// The resources of several files as one state. Whose version of a resource counts does not depend on the order in which
// files were written or read: the first file by name has it, and within a file the first document.

import { keyOfResource, type ResourceMap, resourceKey } from '../diff.ts';
import type { ReadResult } from '../resources/read-resource.ts';
import type { Resource } from '../resources/types.ts';
import type { ResourceProblem } from '../types.ts';

/** What a file contributes. */
export interface FileState {
  readonly resources: ResourceMap;
  readonly problems: readonly ResourceProblem[];
}

export const EMPTY_FILE: FileState = { resources: new Map(), problems: [] };

/** What a file that can be parsed contributes now: a refused resource keeps the version that this file had before. */
export function nextFileState(path: string, results: readonly ReadResult[], previous: FileState): FileState {
  const resources = new Map<string, Resource>();
  const problems: ResourceProblem[] = [];
  for (const { resource, refused, problems: said } of results) {
    problems.push(...said);
    const kept = refused === undefined ? resource : previous.resources.get(resourceKey(refused));
    if (kept === undefined) continue;
    const key = keyOfResource(kept);
    if (resources.has(key)) problems.push(twinProblem(kept, path, 'it is in this file twice; the first one is used'));
    else resources.set(key, kept);
  }
  return { resources, problems };
}

export interface MergedState {
  readonly resources: ResourceMap;
  readonly problems: readonly ResourceProblem[];
}

/** `files` in any order: what counts is their path. */
export function mergeFiles(files: ReadonlyMap<string, FileState>): MergedState {
  const resources = new Map<string, Resource>();
  const owners = new Map<string, string>();
  const problems: ResourceProblem[] = [];
  for (const path of [...files.keys()].sort()) {
    const file = files.get(path)!;
    problems.push(...file.problems);
    for (const [key, resource] of file.resources) {
      const owner = owners.get(key);
      if (owner !== undefined) {
        problems.push(twinProblem(resource, path, `it is in ${owner}, too; that one is used, not the one in ${path}`));
        continue;
      }
      owners.set(key, path);
      resources.set(key, resource);
    }
  }
  return { resources, problems };
}

function twinProblem({ kind, metadata: { name, namespace } }: Resource, place: string, text: string): ResourceProblem {
  return { kind, name: namespace === undefined ? name : `${namespace}/${name}`, path: '', text, place };
}

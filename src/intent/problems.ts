// Collects what an operator should know about the resources in combination. Single resources are checked by their readers.

import type { ResourceProblem } from '../datastore/types.ts';

export interface Findings {
  /** Something is refused, left out, or does not do what it says. */
  problem(resource: Subject, path: string, text: string): void;
  /** Worth telling, but all is as it should be. */
  notice(resource: Subject, path: string, text: string): void;
}

/** A resource, or the name of one that does not exist. */
export type Subject =
  | { readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string } }
  | { readonly kind: string; readonly name: string };

export class FindingList implements Findings {
  readonly #problems = new Map<string, ResourceProblem>();
  readonly #notices = new Map<string, ResourceProblem>();

  problem(resource: Subject, path: string, text: string): void {
    put(this.#problems, resource, path, text);
  }

  notice(resource: Subject, path: string, text: string): void {
    put(this.#notices, resource, path, text);
  }

  /** In an order that does not depend on the order of discovery, each once. */
  problems(): readonly ResourceProblem[] {
    return sorted(this.#problems);
  }

  notices(): readonly ResourceProblem[] {
    return sorted(this.#notices);
  }
}

function put(list: Map<string, ResourceProblem>, resource: Subject, path: string, text: string): void {
  const problem = { kind: resource.kind, name: subjectName(resource), path, text };
  list.set(`${problem.kind}\0${problem.name}\0${path}\0${text}`, problem);
}

/** `name`, or `namespace/name` where there is a namespace. */
export function subjectName(resource: Subject): string {
  if ('name' in resource) return resource.name;
  const { name, namespace } = resource.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function sorted(list: ReadonlyMap<string, ResourceProblem>): readonly ResourceProblem[] {
  return [...list.keys()].sort().map((key) => list.get(key)!);
}

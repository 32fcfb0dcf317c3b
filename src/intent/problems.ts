// Collects what an operator should know about the resources in combination. Single resources are checked by their readers.

import type { ResourceProblem } from '../datastore/types.ts';

/** A resource, or the name of one that does not exist. */
export type Subject =
  | { readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string } }
  | { readonly kind: string; readonly name: string };

export class FindingList {
  readonly #byKey = new Map<string, ResourceProblem>();

  /** Something is refused, left out, or does not do what it says. */
  problem(subject: Subject, path: string, text: string): void {
    this.#put({ kind: subject.kind, name: subjectName(subject), path, text });
  }

  /** All is in force as written, and yet worth a look. */
  warning(subject: Subject, path: string, text: string): void {
    this.#put({ kind: subject.kind, name: subjectName(subject), path, text, severity: 'warning' });
  }

  /** In an order that does not depend on the order of discovery, each once. */
  problems(): readonly ResourceProblem[] {
    return [...this.#byKey.keys()].sort().map((key) => this.#byKey.get(key)!);
  }

  #put(problem: ResourceProblem): void {
    this.#byKey.set([problem.kind, problem.name, problem.path, problem.text].join('\0'), problem);
  }
}

/** `name`, or `namespace/name` where there is a namespace. */
export function subjectName(subject: Subject): string {
  if ('name' in subject) return subject.name;
  const { name, namespace } = subject.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

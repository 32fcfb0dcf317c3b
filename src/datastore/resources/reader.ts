// How a resource is read: a Field is a value and its path; what is wrong with it becomes a problem, never an exception.
// Not here: what texts mean (values.ts) and which fields a kind has (a file each).

import type { ResourceProblem } from '../types.ts';

export type Key = string | number;

/** Turns a field into a value, or reports on it and answers undefined. Called only where the field has a value. */
export type Read<T> = (field: Field) => T | undefined;

/** Finds the place of a path in the text that a document came from: `peers.yaml:12:9`. */
export type Locate = (keys: readonly Key[]) => string | undefined;

/** What was said about one resource while it was read. */
export class Report {
  readonly kind: string;
  readonly name: string;
  readonly problems: ResourceProblem[] = [];
  readonly #locate: Locate;
  readonly #prefix: readonly Key[];
  /** Whether the resource as a whole is not to be used. */
  refused = false;

  /** `prefix` leads from the document to the resource: paths begin behind it, places are looked up with it. */
  constructor(kind: string, name: string, locate: Locate, prefix: readonly Key[] = []) {
    this.kind = kind;
    this.name = name;
    this.#locate = locate;
    this.#prefix = prefix;
  }

  add(keys: readonly Key[], text: string, severity?: 'warning'): void {
    const place = this.#locate([...this.#prefix, ...keys]);
    this.problems.push({
      kind: this.kind,
      name: this.name,
      path: formatPath(keys),
      text,
      ...(place === undefined ? {} : { place }),
      ...(severity === undefined ? {} : { severity }),
    });
  }
}

/** A value somewhere in a document. YAML's and JSON's null count as absent, as they do for Kubernetes. */
export class Field {
  /** undefined: absent. */
  readonly value: unknown;
  readonly #keys: readonly Key[];
  readonly #report: Report;
  readonly #tolerant: boolean;
  readonly #asked = new Set<string>();
  #complained = false;

  constructor(value: unknown, keys: readonly Key[], report: Report, tolerant = false) {
    this.value = value ?? undefined;
    this.#keys = keys;
    this.#report = report;
    this.#tolerant = tolerant;
  }

  get present(): boolean {
    return this.value !== undefined;
  }

  /** The same field, in which a wrong value is ignored instead of making the resource useless. */
  tolerant(): Field {
    return new Field(this.value, this.#keys, this.#report, true);
  }

  at(name: string): Field {
    this.#asked.add(name);
    const object = this.object();
    const value = object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
    return new Field(value, [...this.#keys, name], this.#report, this.#tolerant);
  }

  /** What a text at this place holds when it is read as a document of its own. */
  inside(value: unknown): Field {
    return new Field(value, this.#keys, this.#report, this.#tolerant);
  }

  item(index: number, value: unknown): Field {
    return new Field(value, [...this.#keys, index], this.#report, this.#tolerant);
  }

  /** The value of a field that may be absent. */
  read<T>(name: string, read: Read<T>): T | undefined {
    const field = this.at(name);
    return field.present ? read(field) : undefined;
  }

  /** The value of a field that must be there. */
  need<T>(name: string, read: Read<T>): T | undefined {
    const field = this.at(name);
    if (field.present) return read(field);
    return this.#complained ? undefined : field.refuse('is required');
  }

  /** The value as a mapping; anything else is refused, once. */
  object(): Readonly<Record<string, unknown>> | undefined {
    const value = this.value;
    if (value === undefined) return undefined;
    if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    if (!this.#complained) this.refuse(`must be a mapping of fields, not ${typeName(value)}`);
    this.#complained = true;
    return undefined;
  }

  /** Fields that exist but are of no interest here: they are not reported by `warnOfUnknown`. */
  pass(...names: string[]): void {
    for (const name of names) this.#asked.add(name);
  }

  /** Reports every field that nobody asked for: most likely it is misspelt. */
  warnOfUnknown(): void {
    for (const name of Object.keys(this.object() ?? {})) {
      if (!this.#asked.has(name)) this.at(name).warn('is not a known field; it has no effect');
    }
  }

  /** The resource cannot be used; in a tolerant field, the value cannot. */
  refuse(text: string): undefined {
    if (this.#tolerant) return this.ignore(`${text}; it is ignored`);
    this.#report.refused = true;
    this.#report.add(this.#keys, text);
    return undefined;
  }

  /** Part of the resource is not in force. */
  ignore(text: string): undefined {
    this.#report.add(this.#keys, text);
    return undefined;
  }

  warn(text: string): void {
    this.#report.add(this.#keys, text, 'warning');
  }
}

/** `spec.exportV4[2].cidr`, `metadata.annotations["projectcalico.org/labels"]`. */
export function formatPath(keys: readonly Key[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
    return path === '' ? key : `${path}.${key}`;
  }, '');
}

/** What a value is, where it might be a secret what it says. */
export function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null || value === undefined) return 'nothing';
  return { string: 'text', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? 'a mapping';
}

/** A value as it stands in a problem: short, in quotes where it is text. */
export function describe(value: unknown): string {
  if (typeof value === 'object') return typeName(value);
  const text = typeof value === 'string' ? value : String(value);
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return typeof value === 'string' ? JSON.stringify(short) : short;
}

type OptionalKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];

/** The same type where fields that may be undefined are fields that may be absent. */
export type Defined<T> = Omit<T, OptionalKeys<T>> & { [K in OptionalKeys<T>]?: Exclude<T[K], undefined> };

/** The object without its undefined fields, so that absent is absent and comparison sees no difference. */
export function defined<const T extends object>(fields: T): Defined<T> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) result[name] = value;
  return result as Defined<T>;
}

// The door of the readers: a document, as YAML or JSON gave it, becomes a resource or problems. Never throws.

import type { ResourceProblem } from '../types.ts';
import { type KindReader, recognizeKind } from './kinds.ts';
import { readMetadata } from './metadata.ts';
import type { KubernetesNodeOptions } from './node.ts';
import { Field, type Key, type Locate, Report, typeName } from './reader.ts';
import type { Metadata, Resource, ResourceKind } from './types.ts';

export interface ReadOptions extends KubernetesNodeOptions {
  /** Where the document comes from, for problems: a file, or a path in an API. */
  readonly place?: string;
  /** Finds the exact place of a field; without it every problem has `place`. */
  readonly locate?: Locate;
  /** For documents that leave these out, as items of lists do. */
  readonly kind?: string;
  readonly apiVersion?: string;
}

export interface ResourceIdentity {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly namespace?: string;
}

export interface ReadResult {
  readonly resource?: Resource;
  /** This resource exists, but as it is it cannot be used: its last valid version stays. */
  readonly refused?: ResourceIdentity;
  /** Neither of both: the document is of a foreign kind, marked as deleted, or has no effect. */
  readonly problems: readonly ResourceProblem[];
}

/** Reads one resource. Documents of kinds that are none of ours give nothing and no problem. */
export function readResource(document: unknown, options: ReadOptions = {}): ReadResult {
  return readAt(document, [], options);
}

/** Reads a resource, or each of a list (`kind: List`, `kind: BGPPeerList` ...). */
export function readResources(document: unknown, options: ReadOptions = {}): readonly ReadResult[] {
  return readAllAt(document, [], options);
}

function readAllAt(document: unknown, keys: readonly Key[], options: ReadOptions): readonly ReadResult[] {
  const list = asList(document);
  if (list === undefined) return [readAt(document, keys, options)];
  if (!Array.isArray(list.items)) return [problemOfFile([...keys, 'items'], 'must be a list', options)];
  const itemKind = list.kind.slice(0, -'List'.length);
  const inherited = itemKind === '' ? options : { ...options, kind: itemKind, apiVersion: list.apiVersion };
  return list.items.flatMap((item, index) => readAllAt(item, [...keys, 'items', index], inherited));
}

function asList(document: unknown): { kind: string; apiVersion: string; items: unknown } | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const { kind, apiVersion, items = null } = document as Record<string, unknown>;
  if (typeof kind !== 'string' || !kind.endsWith('List')) return undefined;
  return { kind, apiVersion: typeof apiVersion === 'string' ? apiVersion : '', items: items ?? [] };
}

function readAt(document: unknown, keys: readonly Key[], options: ReadOptions): ReadResult {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return problemOfFile(
      keys,
      `a resource is a mapping with apiVersion, kind and metadata, not ${typeName(document)}`,
      options,
    );
  }
  const { kind = options.kind, apiVersion = options.apiVersion } = document as Record<string, unknown>;
  for (const [name, value] of Object.entries({ kind, apiVersion })) {
    if (typeof value === 'string' && value !== '') continue;
    return problemOfFile([...keys, name], value === undefined ? 'is required' : 'must be text', options);
  }
  const verdict = recognizeKind(String(kind), String(apiVersion));
  if (verdict.type === 'foreign') return { problems: [] };
  const report = new Report(String(kind), nameOf(document, options), locatorOf(options), keys);
  if (verdict.type === 'wrong') {
    report.add([verdict.field], verdict.text);
    return { problems: report.problems };
  }
  return readKnown(verdict.reader, new Field(document, [], report), report, options);
}

function readKnown(reader: KindReader, document: Field, report: Report, options: ReadOptions): ReadResult {
  const metadata = readMetadata(document, reader);
  if (metadata === undefined) return { problems: report.problems };
  const resource = reader.read(metadata, document, report, options);
  if (report.refused) return { refused: identity(reader.kind, metadata), problems: report.problems };
  return { ...(resource === undefined ? {} : { resource }), problems: report.problems };
}

function identity(kind: ResourceKind, { name, namespace }: Metadata): ResourceIdentity {
  return { kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** The name as problems show it, also where it is no good name. */
function nameOf(document: object, options: ReadOptions): string {
  const metadata = 'metadata' in document ? document.metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null) return options.place ?? '';
  const { name, namespace } = metadata as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') return options.place ?? '';
  return typeof namespace === 'string' ? `${namespace}/${name}` : name;
}

function locatorOf({ place, locate }: ReadOptions): Locate {
  return (keys) => locate?.(keys) ?? place;
}

function problemOfFile(keys: readonly Key[], text: string, options: ReadOptions): ReadResult {
  const report = new Report('File', options.place ?? '', locatorOf(options));
  report.add(keys, text);
  return { problems: report.problems };
}

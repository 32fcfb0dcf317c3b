// What the API server of the tests knows of objects: which of them a request selects, and how it sees a change. Pure.

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface ApiObject {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly data?: unknown;
  readonly type?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
}

export interface SeenRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly socket: Socket;
}

export interface Change {
  readonly version: number;
  readonly path: string;
  readonly before: ApiObject | undefined;
  readonly after: ApiObject | undefined;
}

export function collectionOf(path: string): string {
  return path.replace(/\/namespaces\/[^/]+/, '');
}

export function keyOf({ metadata: { name, namespace } }: ApiObject): string {
  return typeof namespace === 'string' ? `${namespace}/${name}` : name;
}

export function isSelected(object: ApiObject, path: string, query: SeenRequest['query']): boolean {
  const namespace = /\/namespaces\/([^/]+)/.exec(path)?.[1];
  const { name } = object.metadata;
  const labels = (object.metadata.labels ?? {}) as Readonly<Record<string, string>>;
  const { fieldSelector = '', labelSelector = '' } = query;
  const [, not, wanted] = /^metadata\.name(!?)=(.*)$/.exec(fieldSelector) ?? [];
  const [label = '', value] = labelSelector.replace(/^!/, '').split('=');
  return (
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (wanted === undefined || (name === wanted) === (not === '')) &&
    (labelSelector === '' || (labelSelector.startsWith('!') ? !(label in labels) : labels[label] === value))
  );
}

/** An object that is not selected any more is gone, as far as the watch knows. */
export function eventLine({ path, before, after }: Change, request: SeenRequest): string | undefined {
  if (collectionOf(request.path) !== path) return undefined;
  const selects = (object: ApiObject | undefined) =>
    object !== undefined && isSelected(object, request.path, request.query);
  const [was, is] = [selects(before), selects(after)];
  if (!was && !is) return undefined;
  const type = is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED';
  const object = is ? after : { ...before, metadata: { ...(after ?? before)!.metadata } };
  const shown = isPartial(request) ? { ...PARTIAL, metadata: object?.metadata } : object;
  return `${JSON.stringify({ type, object: shown })}\n`;
}

export const PARTIAL = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' };

export function isPartial({ headers }: SeenRequest): boolean {
  return headers.accept?.includes(`as=${PARTIAL.kind}`) === true;
}

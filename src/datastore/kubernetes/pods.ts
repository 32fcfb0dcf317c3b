// Pods of a namespace, and what they serve, asked through the API server: it passes requests on to a pod's address
// (pods/proxy), so that who may ask needs no way to the nodes.

import { systemClock } from '../files/clock.ts';
import type { KubernetesAccess } from './access.ts';
import { ApiError, refusal, type Target } from './api-error.ts';
import { type Answer, ApiClient } from './client.ts';
import { Connections } from './connections.ts';
import { readPage } from './watch-event.ts';

export interface Pod {
  readonly name: string;
  /** Absent: it has none yet. */
  readonly node?: string;
  readonly phase: string;
  readonly addresses: readonly string[];
  /** Ports of its containers that have a name. */
  readonly ports: ReadonlyMap<string, number>;
}

const PAGE = '500';

export class Pods {
  readonly #connections: Connections;
  readonly #client: ApiClient;
  readonly #namespace: string;

  /** @param patience milliseconds without a byte after which an answer is given up */
  constructor(access: KubernetesAccess, namespace: string, env: NodeJS.ProcessEnv, patience: number) {
    this.#connections = new Connections({ access, clock: systemClock, env, root: '' });
    this.#client = new ApiClient(this.#connections, patience);
    this.#namespace = namespace;
  }

  /** Rejects with a DatastoreError where it is not said how to reach the API. */
  load(): Promise<void> {
    return this.#connections.load();
  }

  /** Rejects with an ApiError. */
  async list(selector: string, signal: AbortSignal): Promise<readonly Pod[]> {
    const target = this.#target('list', 'pods');
    const found: Pod[] = [];
    let paging: Readonly<Record<string, string>> = { resourceVersion: '0', limit: PAGE };
    for (;;) {
      const request = { target, path: this.#path('pods'), query: { labelSelector: selector, ...paging } };
      const envelope = await this.#client.list(request, signal, (item) => found.push(podOf(item)));
      const { next } = readPage(envelope, target);
      if (next === '') return found;
      paging = { limit: PAGE, continue: next };
    }
  }

  /** A key of a Secret; undefined where there is none, or where it may not be read. */
  async secret(name: string, key: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const request = { target: this.#target('get', 'secrets'), path: this.#path(`secrets/${name}`) };
      const value = fields(fields(await this.#client.send(request, signal)).data)[key];
      return typeof value === 'string' ? Buffer.from(value, 'base64').toString().trim() : undefined;
    } catch (error) {
      if (error instanceof ApiError && (error.code === 'absent' || error.code === 'forbidden')) return undefined;
      throw error;
    }
  }

  /** What the pod answers, whatever it is. Rejects with an ApiError where the request does not get that far. */
  async get(
    pod: Pod,
    port: number,
    path: string,
    { headers, signal }: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): Promise<Answer> {
    const target = this.#target('get', 'pods/proxy');
    const answer = await this.#client.ask(
      { target, path: this.#path(`pods/${pod.name}:${port}/proxy${path}`), headers },
      signal,
    );
    const status = statusOf(answer);
    if (status === undefined) return answer;
    throw refusal({ status: answer.status, message: status.message }, target);
  }

  close(): void {
    this.#connections.close();
  }

  #path(rest: string): string {
    return `/api/v1/namespaces/${encodeURIComponent(this.#namespace)}/${rest}`;
  }

  #target(verb: 'list' | 'get', resource: string): Target {
    return { verb, resource, group: '', namespace: this.#namespace };
  }
}

function podOf(item: unknown): Pod {
  const { metadata, spec, status } = fields(item);
  const { nodeName, containers } = fields(spec);
  const { phase, podIP, podIPs } = fields(status);
  const addresses = [...listOf(podIPs).map(({ ip }) => ip), podIP].filter((address) => typeof address === 'string');
  const ports = listOf(containers).flatMap(({ ports }) => listOf(ports));
  return {
    name: String(fields(metadata).name),
    ...(typeof nodeName === 'string' && { node: nodeName }),
    phase: String(phase),
    addresses: [...new Set(addresses)],
    ports: new Map(ports.map(({ name, containerPort }) => [String(name), Number(containerPort)])),
  };
}

/** What the API server itself says: it could not reach the pod, or does not let anybody ask it. */
function statusOf({ status, body }: Answer): { readonly message: string } | undefined {
  if (status < 400) return undefined;
  const { kind, apiVersion, message } = fields(parsed(body));
  return kind === 'Status' && apiVersion === 'v1' ? { message: String(message) } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

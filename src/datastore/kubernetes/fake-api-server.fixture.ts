// An API server for tests, in this process: lists in pages, watches with bookmarks, selectors, discovery, and every fault
// that a real one has, on demand.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ApiObject,
  type Change,
  collectionOf,
  eventLine,
  isPartial,
  isSelected,
  keyOf,
  PARTIAL,
  type SeenRequest,
} from './fake-api-objects.fixture.ts';

interface Kind {
  readonly kind: string;
  readonly apiVersion: string;
}

interface Watcher {
  readonly request: SeenRequest;
  readonly response: ServerResponse;
}

interface Fault {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly matches: (request: SeenRequest) => boolean;
  times: number;
}

const CRD = '/apis/crd.projectcalico.org/v1';
const V3 = '/apis/projectcalico.org/v3';
const CALICO = {
  bgpconfigurations: 'BGPConfiguration',
  bgppeers: 'BGPPeer',
  bgpfilters: 'BGPFilter',
  ippools: 'IPPool',
  blockaffinities: 'BlockAffinity',
  felixconfigurations: 'FelixConfiguration',
  caliconodestatuses: 'CalicoNodeStatus',
};
const BUILT_IN = { nodes: 'Node', services: 'Service', secrets: 'Secret', events: 'Event' };

export class FakeApiServer {
  readonly requests: SeenRequest[] = [];
  /** Lists of a certain age are answered from a cache, which knows no pages. */
  hasCache = true;
  readonly #kinds = new Map<string, Kind>();
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #watchers = new Set<Watcher>();
  #changes: Change[] = [];
  #oldest = 0;
  #version = 100;
  #faults: Fault[] = [];
  #server: Server | undefined;
  #port = 0;

  /** @param calico which of Calico's API groups it has */
  constructor(calico: readonly ('v1' | 'v3')[] = ['v1']) {
    for (const group of calico) {
      const folder = group === 'v1' ? CRD : V3;
      for (const plural of Object.keys(CALICO)) this.install(`${folder}/${plural}`);
    }
    for (const plural of Object.keys(BUILT_IN)) this.install(`/api/v1/${plural}`);
    this.install('/apis/discovery.k8s.io/v1/endpointslices');
  }

  async listen(): Promise<this> {
    const server = createServer((request, response) => this.#answer(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Nobody listens any more; every connection ends. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#watchers.clear();
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get version(): number {
    return this.#version;
  }

  install(path: string): void {
    const plural = path.split('/').at(-1)!;
    const kind = { ...CALICO, ...BUILT_IN, endpointslices: 'EndpointSlice' }[plural]!;
    this.#kinds.set(path, { kind, apiVersion: path.split('/').slice(2, -1).join('/') });
    this.#objects.set(path, new Map());
  }

  /** The kind is gone, with all of it. */
  uninstall(path: string): void {
    for (const object of this.#objects.get(path)?.values() ?? []) this.remove(path, object);
    this.#kinds.delete(path);
    this.endWatches((request) => request.path === path);
  }

  put(path: string, object: ApiObject): void {
    const objects = this.#objects.get(path)!;
    const key = keyOf(object);
    const before = objects.get(key);
    const after = { ...this.#kinds.get(path), ...object, metadata: this.#stamped(object) };
    objects.set(key, after);
    this.#happen({ version: this.#version, path, before, after });
  }

  remove(path: string, object: ApiObject): void {
    const objects = this.#objects.get(path)!;
    const before = objects.get(keyOf(object));
    if (before === undefined) return;
    objects.delete(keyOf(object));
    const gone = { ...before, metadata: this.#stamped(before) };
    this.#happen({ version: this.#version, path, before: gone, after: undefined });
  }

  all(path: string): readonly ApiObject[] {
    return [...(this.#objects.get(path)?.values() ?? [])];
  }

  get(path: string, key: string): ApiObject | undefined {
    return this.#objects.get(path)?.get(key);
  }

  /** As after a restore from a backup: what was last is yet to come. */
  goBack(): void {
    this.#version -= 50;
    this.#changes = [];
    this.#oldest = this.#version;
  }

  /** What happened until now can no longer be watched. */
  compact(): void {
    this.#changes = [];
    this.#oldest = this.#version;
  }

  /** Answers requests with an error, as often as is said. */
  fail(status: number, matches: Fault['matches'] = () => true, options: Partial<Omit<Fault, 'matches'>> = {}): void {
    const message = `the server says ${status}`;
    this.#faults.push({ status, message, headers: {}, times: Number.POSITIVE_INFINITY, ...options, matches });
  }

  heal(): void {
    this.#faults = [];
  }

  /** Writes raw text to watches. */
  say(text: string, matches: (request: SeenRequest) => boolean = () => true): void {
    for (const { request, response } of this.#watchers) if (matches(request)) response.write(text);
  }

  /** The time of watches is over. */
  endWatches(matches: (request: SeenRequest) => boolean = () => true): void {
    for (const watcher of this.#watchers) {
      if (!matches(watcher.request)) continue;
      this.#watchers.delete(watcher);
      watcher.response.end();
    }
  }

  /** The connections of watches break. */
  dropWatches(): void {
    for (const { request } of this.#watchers) request.socket.destroy();
    this.#watchers.clear();
  }

  bookmark(): void {
    this.#version++;
    for (const { request, response } of this.#watchers) {
      const kind = this.#kinds.get(collectionOf(request.path));
      const object = { ...kind, metadata: { resourceVersion: `${this.#version}` } };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  watching(path: string): number {
    return [...this.#watchers].filter(({ request }) => request.path === path).length;
  }

  /** The queries of the requests to a path, oldest first. */
  queries(path: string): readonly Readonly<Record<string, string>>[] {
    return this.requests.filter((request) => request.path === path).map(({ query }) => query);
  }

  #stamped(object: ApiObject): ApiObject['metadata'] & { resourceVersion: string } {
    this.#version++;
    return { ...object.metadata, resourceVersion: `${this.#version}` };
  }

  #happen(change: Change): void {
    this.#changes.push(change);
    for (const { request, response } of this.#watchers) {
      const line = eventLine(change, request);
      if (line !== undefined) response.write(line);
    }
  }

  #answer(message: IncomingMessage, response: ServerResponse): void {
    const url = new URL(message.url ?? '', this.url);
    const query = Object.fromEntries(url.searchParams);
    const request = { path: url.pathname, query, headers: message.headers, socket: message.socket };
    this.requests.push(request);
    const fault = this.#faults.find(({ matches, times }) => times > 0 && matches(request));
    if (fault !== undefined) {
      fault.times--;
      sendStatus(response, fault.status, fault.message, fault.headers);
    } else if (message.method !== 'GET') {
      this.#write(message, request, response);
    } else if (this.#kinds.has(collectionOf(request.path))) {
      if (query.watch === '1') this.#watch(request, response);
      else this.#list(request, response);
    } else if (!this.#getOne(request.path, response)) {
      this.#discover(request.path, response);
    }
  }

  #write(message: IncomingMessage, { path }: SeenRequest, response: ServerResponse): void {
    let text = '';
    message.on('data', (chunk) => {
      text += chunk;
    });
    message.on('end', () => {
      const sent = JSON.parse(text) as ApiObject;
      const { base, key = this.#name(sent), subresource } = this.#find(path);
      const there = base === undefined ? undefined : this.get(base, key);
      if (base === undefined || (message.method === 'PUT') !== (there !== undefined)) {
        sendStatus(response, base === undefined || there === undefined ? 404 : 409, 'not so');
      } else if (there !== undefined && there.metadata.resourceVersion !== sent.metadata.resourceVersion) {
        sendStatus(response, 409, 'the object has been modified');
      } else {
        const named = { ...sent, metadata: { ...sent.metadata, name: key.split('/').at(-1)! } };
        this.put(base, there !== undefined && subresource === 'status' ? { ...there, status: sent.status } : named);
        sendJson(response, this.get(base, key));
      }
    });
  }

  #name({ metadata: { name, namespace, generateName } }: ApiObject): string {
    const own = name ?? `${generateName}${this.#version}`;
    return typeof namespace === 'string' ? `${namespace}/${own}` : own;
  }

  /** A path of one object, or of the list where a new one is put. */
  #find(path: string): { base?: string; key?: string; subresource?: string } {
    const namespace = /\/namespaces\/([^/]+)/.exec(path)?.[1];
    const flat = collectionOf(path);
    const base = [...this.#kinds.keys()].find((known) => flat === known || flat.startsWith(`${known}/`));
    if (base === undefined) return {};
    const [name, subresource] = flat.slice(base.length + 1).split('/');
    if (!name) return { base };
    return { base, key: namespace === undefined ? name : `${namespace}/${name}`, ...(subresource && { subresource }) };
  }

  #getOne(path: string, response: ServerResponse): boolean {
    const { base, key } = this.#find(path);
    if (base === undefined || key === undefined) return false;
    const object = this.get(base, key);
    if (object === undefined) sendStatus(response, 404, `"${key}" not found`);
    else sendJson(response, object);
    return true;
  }

  #list(request: SeenRequest, response: ServerResponse): void {
    const { path, query } = request;
    const base = collectionOf(path);
    const { kind, apiVersion } = this.#kinds.get(base)!;
    const all = [...this.#objects.get(base)!.values()].filter((object) => isSelected(object, path, query));
    const wanted = query.resourceVersion ?? '';
    if (Number(wanted) > this.#version) {
      sendStatus(response, 504, `Timeout: Too large resource version: ${wanted}, current: ${this.#version}`);
      return;
    }
    const [from = 0, version = this.#version] = query.continue?.split('/').map(Number) ?? [];
    const isFromCache = this.hasCache && wanted !== '';
    const limit = isFromCache ? all.length : Number(query.limit ?? all.length);
    const next = from + limit < all.length ? `${from + limit}/${version}` : '';
    const metadata = { resourceVersion: `${version}`, continue: next };
    const items = all.slice(from, from + limit);
    if (isPartial(request)) {
      const partial = items.map((object) => ({ metadata: object.metadata }));
      sendJson(response, { ...PARTIAL, kind: `${PARTIAL.kind}List`, metadata, items: partial });
      return;
    }
    const bare = items.map(({ kind: _kind, apiVersion: _version, ...item }) => item);
    sendJson(response, { kind: `${kind}List`, apiVersion, metadata, items: bare });
  }

  #watch(request: SeenRequest, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const since = Number(request.query.resourceVersion);
    if (since < this.#oldest) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: `too old resource version: ${since}` };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    const watcher = { request, response };
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
    for (const change of this.#changes) {
      const line = change.version > since ? eventLine(change, request) : undefined;
      if (line !== undefined) response.write(line);
    }
  }

  #discover(path: string, response: ServerResponse): void {
    const paths = [...this.#kinds.keys()].filter((known) => known.startsWith('/apis/'));
    if (path === '/apis') {
      const groups = [...new Set(paths.map((known) => known.split('/')[2]!))].map((name) => ({ name }));
      sendJson(response, { kind: 'APIGroupList', groups });
      return;
    }
    const resources = paths
      .filter((known) => known.startsWith(`${path}/`))
      .map((known) => ({ name: known.split('/').at(-1) }));
    if (resources.length > 0) sendJson(response, { kind: 'APIResourceList', resources });
    else sendStatus(response, 404, 'the server could not find the requested resource');
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

function sendStatus(response: ServerResponse, code: number, message: string, headers: object = {}): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }));
}

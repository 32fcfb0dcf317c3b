// One agent that keeps connections to the API server alive, and the credentials to send with each request. Tokens, client
// certificates and CAs that change are taken over: connections made with old ones end when they are free.

import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import { DatastoreError } from '../errors.ts';
import type { Clock } from '../files/clock.ts';
import { type KubernetesAccess, loadKubeConfig, type Surroundings, TOKEN_FILE } from './access.ts';
import { ApiError, credentialsError } from './api-error.ts';
import { proxyFor } from './proxy.ts';

/** What a request needs beside its path. */
export interface Connection {
  readonly server: URL;
  readonly agent: HttpAgent;
  readonly headers: Readonly<Record<string, string>>;
}

/** Milliseconds after which files are read again, as Kubernetes' own clients do. */
const REREAD = 60_000;

export interface ConnectionsOptions extends Surroundings {
  readonly access: KubernetesAccess;
  readonly clock: Clock;
}

interface Loaded {
  readonly config: KubeConfig;
  readonly cluster: Cluster;
  /** A plug-in keeps its own time, and costs a process. */
  readonly hasPlugin: boolean;
  readonly at: number;
}

interface Agent {
  readonly agent: HttpAgent;
  /** Of all that is fixed when a connection is made. */
  readonly fingerprint: string;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  #loaded: Loaded | undefined;
  #agent: Agent | undefined;
  /** The credentials were refused. */
  #isStale = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Rejects with a DatastoreError where the access is not described well enough to try. */
  async load(): Promise<void> {
    const { access, clock } = this.#options;
    const config = await loadKubeConfig(access, this.#options);
    const user = config.getCurrentUser();
    const hasPlugin = Boolean(user?.exec ?? user?.authProvider) && user?.authProvider?.name !== TOKEN_FILE;
    this.#loaded = { config, cluster: config.getCurrentCluster()!, hasPlugin, at: clock.now() };
    this.#isStale = false;
  }

  /** The server as people know it. */
  get server(): string | undefined {
    return this.#loaded?.cluster.server;
  }

  /** Rejects with an ApiError where there are no credentials now. */
  async open(): Promise<Connection> {
    const loaded = await this.#current();
    const options: RequestOptions = {};
    try {
      await loaded.config.applyToHTTPSOptions(options);
    } catch (error) {
      if (error instanceof Error) throw credentialsError(error);
      throw error;
    }
    const headers = { ...(options.headers as Record<string, string> | undefined) };
    if (typeof options.auth === 'string')
      headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    return { server: new URL(loaded.cluster.server), agent: this.#agentFor(loaded.cluster, options), headers };
  }

  /** The server does not accept what it was sent: the next request gets everything anew. */
  renew(): void {
    this.#isStale = true;
  }

  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  /** What was read last, read again when it is due. A file that is spoilt in the meantime leaves all as it was. */
  async #current(): Promise<Loaded> {
    const loaded = this.#loaded;
    const isDue = loaded === undefined || (!loaded.hasPlugin && this.#options.clock.now() - loaded.at >= REREAD);
    if (loaded !== undefined && !isDue && !this.#isStale) return loaded;
    try {
      await this.load();
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      if (loaded === undefined) throw new ApiError('credentials', error.message, { cause: error });
      return loaded;
    }
    return this.#loaded!;
  }

  #agentFor(cluster: Cluster, options: RequestOptions): HttpAgent {
    const { ca, cert, key, servername, rejectUnauthorized = true } = options;
    const tls = { ca, cert, key, rejectUnauthorized, ...(servername === undefined ? {} : { servername }) };
    const fingerprint = fingerprintOf([
      cluster.server,
      cluster.proxyUrl,
      ca,
      cert,
      key,
      servername,
      rejectUnauthorized,
    ]);
    if (this.#agent?.fingerprint === fingerprint) return this.#agent.agent;
    if (this.#agent !== undefined) retire(this.#agent.agent);
    const agent = makeAgent(cluster, tls as RequestOptions, options.agent, this.#options.env);
    this.#agent = { agent, fingerprint };
    return agent;
  }
}

function fingerprintOf(values: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const value of values) hash.update(Buffer.isBuffer(value) ? value : `${value}`).update('\0');
  return hash.digest('hex');
}

/** Requests under way may end; no further one begins. */
function retire(agent: HttpAgent): void {
  Object.assign(agent, { keepAlive: false });
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

function makeAgent(
  cluster: Cluster,
  tls: RequestOptions,
  offered: RequestOptions['agent'],
  env: Surroundings['env'],
): HttpAgent {
  const server = new URL(cluster.server);
  const proxy = cluster.proxyUrl ?? proxyFor(server, env);
  if (cluster.proxyUrl?.startsWith('socks') && offered instanceof HttpAgent) {
    // SOCKS is what KubeConfig's agent knows and Node's does not.
    return Object.assign(offered, { keepAlive: true });
  }
  const options = {
    keepAlive: true,
    ...(proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
  };
  return server.protocol === 'http:' ? new HttpAgent(options) : new HttpsAgent({ ...tls, ...options } as object);
}

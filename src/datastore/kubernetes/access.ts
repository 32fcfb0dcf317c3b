// How to reach the Kubernetes API, from what the user gave, as a KubeConfig: kubeconfig files, the pod's own account,
// and Calico's overrides on top. Not here: connections.

import { accessSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { DatastoreError, fileError, isSystemError } from '../errors.ts';

/** Nothing given: `$HOME/.kube/config` or the pod's own account. */
export interface KubernetesAccess {
  /** One path or several, separated by colons. */
  readonly kubeconfig?: string;
  readonly apiEndpoint?: string;
  readonly keyFile?: string;
  readonly certFile?: string;
  readonly caFile?: string;
  /** A secret. */
  readonly token?: string;
  readonly insecureSkipTlsVerify: boolean;
  readonly context?: string;
  /** Forces the API group of Calico's resources. */
  readonly apiGroup?: string;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Stands before the folder of the pod's own account (`/var/run/secrets/kubernetes.io/serviceaccount`). */
  readonly root: string;
}

/** What KubeConfig calls the way of a pod to log in: a token in a file, which is read again. */
export const TOKEN_FILE = 'tokenFile';

/** The words to log in with, and where. Rejects with a DatastoreError whose message is one sentence. */
export async function loadKubeConfig(access: KubernetesAccess, surroundings: Surroundings): Promise<KubeConfig> {
  // Costs much memory and time to load, so only those pay who use it; and from the package's door a bundle would be three
  // times as large.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const make = () => new KubeConfig();
  const found = findConfig(access, surroundings, make);
  const { cluster, user } = overridden(access, found);
  const config = make();
  config.loadFromClusterAndUser(cluster, withExecInfo(user, cluster));
  return config;
}

interface Found {
  readonly cluster: Cluster | undefined;
  readonly user: User | undefined;
}

function findConfig(access: KubernetesAccess, { env, root }: Surroundings, make: () => KubeConfig): Found {
  if (access.kubeconfig !== undefined) return chosen(readFiles(access.kubeconfig, make), access);
  if (access.apiEndpoint !== undefined) return { cluster: undefined, user: undefined };
  const own = env.HOME === undefined ? undefined : join(env.HOME, '.kube', 'config');
  if (own !== undefined && exists(own)) return chosen(readFiles(own, make), access);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) {
    throw configError(
      'there is no way to the Kubernetes API: give KUBECONFIG or K8S_API_ENDPOINT (in a pod, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are set)',
    );
  }
  const config = make();
  config.loadFromCluster(root);
  const { cluster, user } = chosen(config, {});
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { cluster: cluster && { ...cluster, server }, user };
}

function chosen(config: KubeConfig, { context }: { readonly context?: string }): Found {
  if (context !== undefined) config.setCurrentContext(context);
  const name = config.getCurrentContext();
  if (config.getContextObject(name) === null) {
    throw configError(name ? `the kubeconfig has no context ${name}` : 'the kubeconfig names no current context');
  }
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (cluster === null) throw configError(`the kubeconfig has no cluster for its context ${name}`);
  return { cluster, user: user ?? undefined };
}

/** In a list of files the first one that names something has it, and files that are not there are passed over. */
function readFiles(paths: string, make: () => KubeConfig): KubeConfig {
  const files = paths.split(delimiter).filter((path) => path !== '');
  const present = files.filter((path) => exists(path));
  const all = make();
  for (const path of present.length > 0 ? present : files) {
    const one = readFile(path, make());
    const isNew = (there: readonly { name: string }[]) => (entry: { name: string }) =>
      !there.some(({ name }) => name === entry.name);
    for (const cluster of one.getClusters().filter(isNew(all.getClusters()))) all.addCluster(cluster);
    for (const user of one.getUsers().filter(isNew(all.getUsers()))) all.addUser(user);
    for (const context of one.getContexts().filter(isNew(all.getContexts()))) all.addContext(context);
    if (!all.getCurrentContext() && one.getCurrentContext()) all.setCurrentContext(one.getCurrentContext());
  }
  return all;
}

function readFile(path: string, config: KubeConfig): KubeConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(path, error);
  }
  try {
    config.loadFromString(text);
    config.users = withTokenFiles(config.getUsers(), text, path);
  } catch (error) {
    // The parser's own text may quote a token.
    if (error instanceof Error) throw configError(`${path} is not a valid kubeconfig`, error);
    throw error;
  }
  config.makePathsAbsolute(dirname(resolve(path)));
  return config;
}

/** A token in a file of its own (`tokenFile`), which KubeConfig passes over, as the token of a pod, which it rereads. */
function withTokenFiles(users: readonly User[], text: string, path: string): User[] {
  const { users: raw } = parse(text) as { users?: readonly { name?: unknown; user?: { tokenFile?: unknown } }[] };
  return users.map((user) => {
    const tokenFile = raw?.find(({ name }) => name === user.name)?.user?.tokenFile;
    if (typeof tokenFile !== 'string') return user;
    const { token: _inline, ...rest } = user;
    const config = { tokenFile: resolve(dirname(path), tokenFile) };
    return { ...rest, authProvider: { name: TOKEN_FILE, config } };
  });
}

/** A plug-in is told what it is asked for, as Kubernetes' own clients do; some print nothing without it. */
function withExecInfo(user: User, cluster: Cluster): User {
  if (!user.exec) return user;
  const { apiVersion, provideClusterInfo, env } = user.exec as ExecConfig;
  const { server, caData, skipTLSVerify, tlsServerName } = cluster;
  const about = {
    ...{ server, 'tls-server-name': tlsServerName },
    ...{ 'insecure-skip-tls-verify': skipTLSVerify, 'certificate-authority-data': caData },
  };
  const spec = { interactive: false, ...(provideClusterInfo && { cluster: about }) };
  const value = JSON.stringify({ kind: 'ExecCredential', apiVersion, spec });
  return { ...user, exec: { ...user.exec, env: [...(env ?? []), { name: 'KUBERNETES_EXEC_INFO', value }] } };
}

interface ExecConfig {
  readonly apiVersion?: string;
  readonly provideClusterInfo?: boolean;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

function overridden(access: KubernetesAccess, found: Found): { cluster: Cluster; user: User } {
  const server = (access.apiEndpoint ?? found.cluster?.server ?? '').replace(/\/$/, '');
  if (!URL.canParse(server) || !/^https?:/.test(server)) {
    throw configError(`"${server}" is not the URL of an API server`);
  }
  const { caData, ...withoutCa } = found.cluster ?? { name: 'cluster', skipTLSVerify: false };
  const cluster: Cluster = {
    ...withoutCa,
    ...(access.caFile !== undefined ? { caFile: access.caFile } : caData === undefined ? {} : { caData }),
    server,
    // Without TLS there is nothing to verify, and KubeConfig refuses to go on unless it is told so.
    skipTLSVerify: access.insecureSkipTlsVerify || withoutCa.skipTLSVerify || server.startsWith('http:'),
  };
  const user: User = {
    ...(found.user ?? { name: 'user' }),
    ...(access.certFile === undefined ? {} : { certFile: access.certFile }),
    ...(access.keyFile === undefined ? {} : { keyFile: access.keyFile }),
    ...(access.token === undefined ? {} : { token: access.token }),
  };
  return { cluster, user };
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

function configError(message: string, cause?: unknown): DatastoreError {
  return new DatastoreError(message, { code: 'kubeconfig', retryable: false, cause });
}

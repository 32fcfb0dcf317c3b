// The nodes of a cluster as pods that are asked through the API server: all it takes is a kubeconfig.

import { readFileSync } from 'node:fs';
import { DatastoreError } from '../datastore/errors.ts';
import { ApiError } from '../datastore/kubernetes/api-error.ts';
import { type Pod, Pods } from '../datastore/kubernetes/pods.ts';
import { TOKEN_HEADER } from '../status/endpoint.ts';
import { isErrorWithCode } from '../status/errors.ts';
import type { Reply } from './client.ts';
import { CLUSTER_DEFAULTS, STATUS_PORT_NAME, TOKEN_SECRET } from './cluster-defaults.ts';
import { SESSIONS_PATH, type Target, type Targets } from './cluster-targets.ts';
import type { ClusterCommand, Environment, Nodes } from './types.ts';
import { variable } from './variables.ts';

export interface PodsCommand extends ClusterCommand {
  readonly nodes: Extract<Nodes, { readonly type: 'pods' }>;
}

export async function findPods(
  command: PodsCommand,
  env: Environment,
): Promise<Targets | { readonly problem: string }> {
  const { selector, namespace, kubeconfig = variable(env, 'KUBECONFIG'), context } = command.nodes;
  const access = {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    insecureSkipTlsVerify: false,
  };
  const pods = new Pods(access, namespace, env, command.timeout * 1000);
  const signal = AbortSignal.timeout(command.timeout * 1000);
  try {
    await pods.load();
    const found = await pods.list(selector, signal);
    if (found.length === 0) {
      const problem = `namespace ${namespace} has no pod with ${selector}; --namespace and --selector look elsewhere (where an operator runs Calico: calico-system)`;
      return { problem };
    }
    const token = await tokenOf(command, pods, signal);
    if (typeof token === 'object') return token;
    const targets = found.map((pod) => podTarget(pods, pod, command, token)).sort(byNode);
    return { targets, close: () => pods.close() };
  } catch (error) {
    pods.close();
    if (error instanceof ApiError || error instanceof DatastoreError) return { problem: error.message };
    throw error;
  }
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

/** The API server lists in any order; node-2 is to come before node-10. */
function byNode(a: Target, b: Target): number {
  return COLLATOR.compare(a.node, b.node);
}

/** '' where there is none. */
async function tokenOf(
  { tokenFile }: PodsCommand,
  pods: Pods,
  signal: AbortSignal,
): Promise<string | { readonly problem: string }> {
  if (tokenFile === undefined) return (await pods.secret(TOKEN_SECRET.name, TOKEN_SECRET.key, signal)) ?? '';
  try {
    return readFileSync(tokenFile, 'utf8').trim();
  } catch (error) {
    if (!isErrorWithCode(error)) throw error;
    return { problem: `the token in ${tokenFile} cannot be read (${error.code})` };
  }
}

function podTarget(pods: Pods, pod: Pod, command: PodsCommand, token: string): Target {
  const { name, node = name, phase, addresses, ports } = pod;
  const port = command.port ?? ports.get(STATUS_PORT_NAME) ?? CLUSTER_DEFAULTS.port;
  const headers: Record<string, string> = token === '' ? {} : { [TOKEN_HEADER]: token };
  const ask = async (patience: number): Promise<Reply> => {
    if (addresses.length === 0) return { type: 'failure', text: `its pod is ${phase} and has no address yet` };
    const signal = AbortSignal.timeout(patience);
    try {
      const answer = await pods.get(pod, port, SESSIONS_PATH, { headers, signal });
      if (answer.status === 200) return { type: 'page', body: answer.body };
      return { type: 'failure', text: refusalText(answer.status, command, token !== '') };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { type: 'failure', text: signal.aborted ? `no answer within ${patience / 1000} s` : error.message };
    }
  };
  return { node, addresses, ask };
}

function refusalText(status: number, { tokenFile, nodes }: PodsCommand, hasToken: boolean): string {
  if (status !== 401) return `what answers there is no Caracal that serves ${SESSIONS_PATH} (HTTP ${status})`;
  if (hasToken) return `it wants another token than that of ${tokenFile ?? `the Secret ${TOKEN_SECRET.name}`}`;
  return `it wants a token: give its --http-token-file, or the right to get the Secret ${TOKEN_SECRET.name} in ${nodes.namespace}`;
}

// Flags and environment together as the options of a run, by calico-node's rules: a flag wins, an empty variable counts
// as unset, a datastore variable may carry the prefix CALICO_. Pure: files and host name come as arguments.

import { DEFAULT_HTTP, type HttpEndpoint, type Parsed, parseHttpEndpoint } from '../status/endpoint.ts';
import { DEFAULT_GUARD_TIME, DRAINS, GUARDS, METRICS, SWITCHES } from './commands.ts';
import type { DatastoreConfig } from './datastore-config.ts';
import { chooseDatastore } from './datastore-environment.ts';
import { usageError } from './flags.ts';
import { parseTime } from './time.ts';
import type { Environment, LogLevel, NodeNameSource, RunFlags, RunOptions, UsageError } from './types.ts';
import { variable } from './variables.ts';

export interface Surroundings {
  readonly env: Environment;
  /** What the operating system calls this host. */
  readonly hostname: string;
  /** Content of the file at `nodenameFile(env)`; undefined where there is none. */
  readonly nodename: string | undefined;
  /** Calico's file about the datastore; absent: variables say it. */
  readonly config?: DatastoreConfig;
}

const NODENAME_FILE = '/var/lib/calico/nodename';
const RUN_FOLDER = '/var/run/calico';

/** What Calico accepts as a name of a node; also keeps names out of trouble as parts of paths and log lines. */
const NODE_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

/** confd's levels; those that it knows and we do not have are the nearest. */
const CALICO_LOG_LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
  fatal: 'fatal',
  panic: 'fatal',
  none: 'fatal',
};

export function runOptions(flags: RunFlags, surroundings: Surroundings): RunOptions | UsageError {
  const { env } = surroundings;
  const name = nodeName(flags.node, surroundings);
  if ('type' in name) return name;
  const datastore = chooseDatastore(flags, env, surroundings.config);
  if ('problem' in datastore) return usageError(datastore.problem);
  const fallback = httpOf(undefined, env);
  if (fallback.type === 'usageError') return fallback;
  const guard = guardOptions(flags, env);
  if ('problem' in guard) return usageError(guard.problem);
  const cluster = clusterOptions(flags, env);
  if ('problem' in cluster) return usageError(cluster.problem);
  const metrics = wordOf(env, 'CARACAL_METRICS', METRICS, 'summary');
  if ('problem' in metrics) return usageError(metrics.problem);
  const backend = networkingBackend(env);
  const routerId = variable(env, 'CALICO_ROUTER_ID');
  const advertiseClusterIPs = variable(env, 'CALICO_ADVERTISE_CLUSTER_IPS');
  return {
    node: name.node,
    nodeNameSource: name.source,
    datastore: datastore.value,
    kernel: backend === 'bird' ? (flags.kernel ?? 'linux') : 'none',
    ...(flags.kernelTable !== undefined && { kernelTable: flags.kernelTable }),
    ...(flags.kernelProtocol !== undefined && { kernelProtocol: flags.kernelProtocol }),
    ...(flags.kernelAudit !== undefined && { kernelAudit: flags.kernelAudit }),
    ...(flags.manageTunnel && { manageTunnel: true }),
    ...(flags.listen && { listen: flags.listen }),
    ...(flags.user !== undefined && { user: flags.user }),
    control: {
      ...(flags.control !== undefined && { ipv4: flags.control }),
      ...(flags.control6 !== undefined && { ipv6: flags.control6 }),
    },
    http: flags.http.length > 0 ? flags.http.map((endpoint) => withToken(endpoint, env)) : [fallback],
    logLevel:
      flags.logLevel ?? CALICO_LOG_LEVELS[variable(env, 'BGP_LOGSEVERITYSCREEN')?.toLowerCase() ?? ''] ?? 'info',
    ...guard.value,
    ...cluster.value,
    metrics: flags.metrics ?? metrics.value,
    check: flags.check,
    ...(flags.final && { final: true }),
    ...(routerId !== undefined && { routerId }),
    ...(advertiseClusterIPs !== undefined && { advertiseClusterIPs }),
    kubernetesNode: variable(env, 'CALICO_K8S_NODE_REF') ?? name.node,
    secretNamespace: variable(env, 'NAMESPACE') ?? 'kube-system',
    endpointStatusPath: `${variable(env, 'CALICO_ENDPOINT_STATUS_PATH_PREFIX') ?? RUN_FOLDER}/endpoint-status`,
    networkingBackend: backend,
  };
}

function guardOptions(flags: RunFlags, env: Environment): Parsed<Pick<RunOptions, 'guard' | 'guardTime'>> {
  const guard = flags.guard ? { value: flags.guard } : wordOf(env, 'CARACAL_GUARD', GUARDS, 'warn');
  if ('problem' in guard) return guard;
  const text = variable(env, 'CARACAL_GUARD_TIME');
  const time = text === undefined ? { value: DEFAULT_GUARD_TIME } : parseTime(text);
  if ('problem' in time) return { problem: `CARACAL_GUARD_TIME: ${time.problem}` };
  return { value: { guard: guard.value, guardTime: flags.guardTime ?? time.value } };
}

function clusterOptions(
  flags: RunFlags,
  env: Environment,
): Parsed<Pick<RunOptions, 'nodeStatus' | 'nodeEvents' | 'drain'>> {
  const nodeStatus = wordOf(env, 'CARACAL_NODE_STATUS', SWITCHES, 'on');
  const nodeEvents = wordOf(env, 'CARACAL_NODE_EVENTS', SWITCHES, 'on');
  const drain = wordOf(env, 'CARACAL_DRAIN', DRAINS, 'keep');
  if ('problem' in nodeStatus) return nodeStatus;
  if ('problem' in nodeEvents) return nodeEvents;
  if ('problem' in drain) return drain;
  return {
    value: {
      nodeStatus: (flags.nodeStatus ?? nodeStatus.value) === 'on',
      nodeEvents: (flags.nodeEvents ?? nodeEvents.value) === 'on',
      drain: flags.drain ?? drain.value,
    },
  };
}

function wordOf<T extends string>(env: Environment, name: string, words: readonly T[], otherwise: T): Parsed<T> {
  const said = variable(env, name);
  const word = said === undefined ? otherwise : words.find((candidate) => candidate === said);
  return word === undefined
    ? { problem: `${name} ${said} is unknown, there are ${words.join(', ')}` }
    : { value: word };
}

/** Where calico-node leaves the name of the node. */
export function nodenameFile(env: Environment): string {
  return variable(env, 'CALICO_NODENAME_FILE') ?? NODENAME_FILE;
}

/** Where status is looked for: as the flag says, else the environment. */
export function httpOf(flag: HttpEndpoint | undefined, env: Environment): HttpEndpoint | UsageError {
  if (flag !== undefined) return withToken(flag, env);
  const result = parseHttpEndpoint(variable(env, 'CARACAL_HTTP') ?? DEFAULT_HTTP);
  return 'problem' in result ? usageError(`CARACAL_HTTP: ${result.problem}`) : withToken(result.value, env);
}

function withToken(endpoint: HttpEndpoint, env: Environment): HttpEndpoint {
  const tokenFile = variable(env, 'CARACAL_HTTP_TOKEN_FILE');
  if (endpoint.type === 'unix' || endpoint.tokenFile !== undefined || tokenFile === undefined) return endpoint;
  return { ...endpoint, tokenFile };
}

/** In the order of calico-node: NODENAME, the file, HOSTNAME, the host name; the last two in lower case. */
function nodeName(
  flag: string | undefined,
  { env, hostname, nodename }: Surroundings,
): { readonly node: string; readonly source: NodeNameSource } | UsageError {
  const candidates: readonly (readonly [NodeNameSource, string | undefined])[] = [
    ['--node', flag],
    ['NODENAME', variable(env, 'NODENAME')],
    ['nodename file', nodename?.trim()],
    ['HOSTNAME', variable(env, 'HOSTNAME')?.toLowerCase()],
    ['host name', hostname.trim().toLowerCase()],
  ];
  const found = candidates.find(([, name]) => name !== undefined && name !== '');
  const [source, node] = found ?? [];
  if (source === undefined || node === undefined) {
    return usageError('the name of this node is missing: give --node NAME or set NODENAME');
  }
  if (!NODE_NAME.test(node)) return usageError(`"${node}" (${source}) is not the name of a node`);
  return { node, source };
}

/** CALICO_NETWORKING is the old form, a boolean. */
function networkingBackend(env: Environment): RunOptions['networkingBackend'] {
  const backend = variable(env, 'CALICO_NETWORKING_BACKEND');
  if (backend === 'none' || backend === 'vxlan') return backend;
  return backend === undefined && variable(env, 'CALICO_NETWORKING') === 'false' ? 'none' : 'bird';
}

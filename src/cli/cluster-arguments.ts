// The options of `caracal status --cluster`: which nodes to ask, which way, and how long. Pure.

import { type HttpEndpoint, type Parsed, parseHttpEndpoint } from '../status/endpoint.ts';
import { CLUSTER_DEFAULTS } from './cluster-defaults.ts';
import { type Flags, usageError } from './flags.ts';
import { parsed } from './option-values.ts';
import { parseTime } from './time.ts';
import type { ClusterCommand, Nodes, UsageError } from './types.ts';

const FOR_PODS = ['selector', 'namespace', 'kubeconfig', 'context'] as const;
const FOR_ANY = ['addresses', 'addresses-file', 'port', 'parallel', 'node-timeout', 'timeout'] as const;

/** Options that mean nothing without --cluster. */
export const FOR_CLUSTER = [...FOR_PODS, ...FOR_ANY] as const;

/** Of the connections that one process should have at a time. */
const MOST_PARALLEL = 1000;

export function parseCluster({ values }: Flags): ClusterCommand | UsageError {
  if (values.has('watch')) return usageError('--watch shows one node: leave --cluster away');
  if (values.has('http')) return usageError('--cluster asks many nodes: give them with --addresses, not with --http');
  const port = parsed(values, 'port', (text) => parseNumber(text, 65_535));
  const parallel = parsed(values, 'parallel', (text) => parseNumber(text, MOST_PARALLEL));
  const nodeTimeout = parsed(values, 'node-timeout', parseTime);
  const timeout = parsed(values, 'timeout', parseTime);
  for (const result of [port, parallel, nodeTimeout, timeout]) if (result?.type === 'usageError') return result;
  const nodes = nodesOf(values, port?.type === 'value' ? port.value : CLUSTER_DEFAULTS.port);
  if ('text' in nodes) return nodes;
  const tokenFile = values.get('http-token-file')?.[0];
  return {
    type: 'cluster',
    json: values.has('json'),
    nodes,
    ...(port?.type === 'value' && { port: port.value }),
    parallel: parallel?.type === 'value' ? parallel.value : CLUSTER_DEFAULTS.parallel,
    nodeTimeout: nodeTimeout?.type === 'value' ? nodeTimeout.value : CLUSTER_DEFAULTS.nodeTimeout,
    timeout: timeout?.type === 'value' ? timeout.value : CLUSTER_DEFAULTS.timeout,
    ...(tokenFile !== undefined && { tokenFile }),
  };
}

function nodesOf(values: Flags['values'], port: number): Nodes | UsageError {
  const [addresses, file] = ['addresses', 'addresses-file'].map((name) => values.get(name)?.[0]);
  const [selector, namespace, kubeconfig, context] = FOR_PODS.map((name) => values.get(name)?.[0]);
  if (addresses !== undefined && file !== undefined) {
    return usageError('--addresses and --addresses-file exclude each other');
  }
  if (addresses === undefined && file === undefined) {
    return {
      type: 'pods',
      selector: selector ?? CLUSTER_DEFAULTS.selector,
      namespace: namespace ?? CLUSTER_DEFAULTS.namespace,
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    };
  }
  const pointless = FOR_PODS.find((name) => values.has(name));
  if (pointless !== undefined) {
    return usageError(
      `--${pointless} looks for pods: leave ${file === undefined ? '--addresses' : '--addresses-file'} away`,
    );
  }
  if (file !== undefined) return { type: 'file', path: file };
  const endpoints = parseAddresses(addresses ?? '', port);
  return 'problem' in endpoints
    ? usageError(`--addresses: ${endpoints.problem}`)
    : { type: 'addresses', endpoints: endpoints.value };
}

function parseNumber(text: string, most: number): Parsed<number> {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= most ? { value: number } : { problem: `"${text}" is no number from 1 to ${most}` };
}

/** `10.0.0.1,10.0.0.2:9181,[fd00::1]:9180,unix:/run/a.sock`, also in lines; what stands behind `#` does not count. */
export function parseAddresses(text: string, port: number): Parsed<readonly HttpEndpoint[]> {
  const words = text
    .replaceAll(/#.*$/gm, '')
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  if (words.length === 0) return { problem: 'there is no address' };
  const found: HttpEndpoint[] = [];
  for (const word of words) {
    const result = parseHttpEndpoint(withPort(word, port));
    if ('problem' in result) return result;
    found.push(result.value);
  }
  return { value: found };
}

function withPort(word: string, port: number): string {
  if (word.startsWith('unix:') || /^[^:]*:\d+$|\]:\d+$/.test(word)) return word;
  const address = word.replace(/^\[|\]$/g, '');
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

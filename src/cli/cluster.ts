// `caracal status --cluster`: asks all nodes for their sessions, so many at a time and no longer than allowed, and prints
// what is missing. What follows from the answers is src/status/cluster's; the way through the API server cluster-pods.ts's.

import { readFileSync } from 'node:fs';
import { clusterReport } from '../status/cluster/holes.ts';
import { clusterText, isWholeCluster } from '../status/cluster/text.ts';
import type { NodeAnswer, SessionsReport } from '../status/cluster/types.ts';
import { formatHttpEndpoint, type HttpEndpoint } from '../status/endpoint.ts';
import { isErrorWithCode } from '../status/errors.ts';
import { fetchPage } from './client.ts';
import { parseAddresses } from './cluster-arguments.ts';
import { CLUSTER_DEFAULTS } from './cluster-defaults.ts';
import { SESSIONS_PATH, type Target, type Targets } from './cluster-targets.ts';
import { usageError } from './flags.ts';
import type { Outputs } from './output.ts';
import { inParallel } from './parallel.ts';
import type { ClusterCommand, Environment, UsageError } from './types.ts';
import { variable } from './variables.ts';

const EXIT = { whole: 0, noAnswer: 1, missing: 3 } as const;

/** @returns the exit code: 1 where nobody answers, 3 where something is missing */
export async function showCluster(
  command: ClusterCommand,
  env: Environment,
  { stdout, stderr }: Outputs,
): Promise<number | UsageError> {
  const begun = performance.now();
  const deadline = begun + command.timeout * 1000;
  const found = await findTargets(command, env);
  if ('type' in found) return found;
  if ('problem' in found) {
    stderr.write(`caracal: ${found.problem}\n`);
    return EXIT.noAnswer;
  }
  const answers = await inParallel(found.targets, command.parallel, (target) => askNode(target, command, deadline));
  found.close();
  const report = clusterReport(eachOnce(answers));
  const seconds = (performance.now() - begun) / 1000;
  stdout.write(
    command.json ? `${JSON.stringify({ seconds, ...report }, undefined, 2)}\n` : clusterText(report, seconds),
  );
  if (report.nodes.answered === 0) return EXIT.noAnswer;
  return isWholeCluster(report) ? EXIT.whole : EXIT.missing;
}

async function findTargets(
  command: ClusterCommand,
  env: Environment,
): Promise<Targets | UsageError | { readonly problem: string }> {
  const { nodes, port = CLUSTER_DEFAULTS.port } = command;
  const tokenFile = command.tokenFile ?? variable(env, 'CARACAL_HTTP_TOKEN_FILE');
  switch (nodes.type) {
    case 'addresses':
      return directTargets(nodes.endpoints, tokenFile);
    case 'file': {
      const read = readAddresses(nodes.path, port);
      return 'problem' in read ? usageError(`--addresses-file: ${read.problem}`) : directTargets(read.value, tokenFile);
    }
    case 'pods': {
      // Loaded when asked for: it brings the client of Kubernetes along.
      const { findPods } = await import('./cluster-pods.ts');
      return findPods({ ...command, nodes, ...(tokenFile !== undefined && { tokenFile }) }, env);
    }
  }
}

function directTargets(endpoints: readonly HttpEndpoint[], tokenFile: string | undefined): Targets {
  const targets = endpoints.map((given): Target => {
    const endpoint = given.type === 'tcp' && tokenFile !== undefined ? { ...given, tokenFile } : given;
    return {
      node: formatHttpEndpoint(endpoint),
      addresses: endpoint.type === 'tcp' ? [endpoint.address] : [],
      ask: (patience) => fetchPage(endpoint, SESSIONS_PATH, patience),
    };
  });
  return { targets, close: () => undefined };
}

const STANDARD_INPUT = 0;

function readAddresses(path: string, port: number): ReturnType<typeof parseAddresses> {
  try {
    const result = parseAddresses(readFileSync(path === '-' ? STANDARD_INPUT : path, 'utf8'), port);
    return 'problem' in result ? { problem: `${path}: ${result.problem}` } : result;
  } catch (error) {
    if (!isErrorWithCode(error)) throw error;
    return { problem: `${path} cannot be read (${error.code})` };
  }
}

async function askNode(
  { node, addresses, ask }: Target,
  { nodeTimeout, timeout }: ClusterCommand,
  deadline: number,
): Promise<NodeAnswer> {
  const patience = Math.min(nodeTimeout * 1000, Math.floor(deadline - performance.now()));
  const silence = (reason: string): NodeAnswer => ({ type: 'silence', node, addresses, reason });
  if (patience <= 0) return silence(`not asked: ${timeout} s were over before its turn came (--timeout, --parallel)`);
  const reply = await ask(patience);
  if (reply.type === 'failure') return silence(reply.text);
  const report = parseReport(reply.body);
  return report === undefined ? silence('what answers there is no Caracal') : { type: 'report', report, addresses };
}

/** Undefined where another program answered. */
function parseReport(text: string): SessionsReport | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isReport = typeof value === 'object' && value !== null && 'established' in value && 'others' in value;
    return isReport ? (value as SessionsReport) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A node that was asked in several places is one node. */
function eachOnce(answers: readonly NodeAnswer[]): readonly NodeAnswer[] {
  const nodes = new Map<string, NodeAnswer>();
  for (const answer of answers) {
    const name = answer.type === 'report' ? answer.report.node : answer.node;
    const known = nodes.get(name);
    const addresses = [...(known?.addresses ?? []), ...(answer.addresses ?? [])];
    nodes.set(name, { ...(known?.type === 'report' ? known : answer), addresses });
  }
  return [...nodes.values()];
}

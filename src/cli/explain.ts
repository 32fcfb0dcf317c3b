// `caracal explain`: asks the daemon of this node, or works on files alone, and prints the answer.

import { hostname } from 'node:os';
import { formatHttpEndpoint, type HttpEndpoint } from '../status/endpoint.ts';
import type { ExplainProblem, ExplainQuery, ExplainReport } from '../status/explain.ts';
import { explainText } from '../status/explain-text.ts';
import { fetchPage } from './client.ts';
import { httpOf } from './environment.ts';
import type { Outputs } from './output.ts';
import { prepareRun } from './run.ts';
import type { Environment, ExplainCommand, RunOptions, UsageError } from './types.ts';

/** Explains what would follow from files. */
export type ExplainFiles = (options: RunOptions, query: ExplainQuery) => Promise<ExplainReport | ExplainProblem>;

/** @returns the exit code: 1 where there is no answer */
export async function showExplanation(
  command: ExplainCommand,
  env: Environment,
  explainFiles: ExplainFiles,
  { stdout, stderr }: Outputs,
): Promise<number | UsageError> {
  const answer = await answerTo(command, env, explainFiles);
  if ('problem' in answer) {
    stderr.write(`caracal: ${answer.problem}\n`);
    return 1;
  }
  if (answer.type === 'usageError') return answer;
  stdout.write(command.json ? `${JSON.stringify(answer, undefined, 2)}\n` : explainText(answer));
  return 0;
}

async function answerTo(
  { query, resources, node, http }: ExplainCommand,
  env: Environment,
  explainFiles: ExplainFiles,
): Promise<ExplainReport | ExplainProblem | UsageError> {
  if (resources === undefined) {
    const endpoint = httpOf(http, env);
    return endpoint.type === 'usageError' ? endpoint : askDaemon(endpoint, query);
  }
  const flags = { resources, http: [], check: false, ...(node !== undefined && { node }) };
  const options = prepareRun(flags, env, hostname());
  return 'type' in options ? options : explainFiles(options, query);
}

async function askDaemon(endpoint: HttpEndpoint, query: ExplainQuery): Promise<ExplainReport | ExplainProblem> {
  const parameters = new URLSearchParams();
  if (query.target !== undefined) parameters.set('prefix', query.target);
  if (query.peer !== undefined) parameters.set('peer', query.peer);
  const reply = await fetchPage(endpoint, `/explain?${parameters}`);
  const answer = parseAnswer(reply.body ?? '');
  if (answer !== undefined) return answer;
  if (reply.type === 'failure') return { problem: reply.text };
  return { problem: `what answers at ${formatHttpEndpoint(endpoint)} is no Caracal` };
}

/** Undefined where another program answered. */
function parseAnswer(text: string): ExplainReport | ExplainProblem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isAnswer = typeof value === 'object' && value !== null && ('problem' in value || 'type' in value);
    return isAnswer ? (value as ExplainReport | ExplainProblem) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

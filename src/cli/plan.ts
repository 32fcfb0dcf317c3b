// `caracal plan`: gets what the daemon of this node has in force and has received, or nothing where two folders are
// compared, and prints the plan that is made of it.

import { hostname } from 'node:os';
import type { Plan } from '../speaker/planning.ts';
import { formatHttpEndpoint, type HttpEndpoint } from '../status/endpoint.ts';
import type { ExplainProblem } from '../status/explain.ts';
import { changesAnything, planText } from '../status/plan-text.ts';
import { fetchPage } from './client.ts';
import { httpOf } from './environment.ts';
import type { Outputs } from './output.ts';
import { prepareRun } from './run.ts';
import type { Environment, PlanCommand, RunOptions, UsageError } from './types.ts';

/** As `GET /intent` and `GET /received` gave it; whoever makes plans knows what it is. */
export interface RunningState {
  readonly document: object;
  readonly routes: readonly object[];
}

export type PlanRequest =
  | { readonly type: 'running'; readonly resources: string; readonly state: RunningState }
  | { readonly type: 'files'; readonly resources: string; readonly from: string; readonly options: RunOptions };

export type MakePlan = (request: PlanRequest) => Promise<Plan | ExplainProblem>;

/** 2 is what tools expect of a plan with changes, so mistakes have another code here. */
export const PLAN_EXIT = { unchanged: 0, error: 1, changed: 2 } as const;

/** Paths on a page. */
const PAGE = 1000;

/** @returns the exit code */
export async function showPlan(
  command: PlanCommand,
  env: Environment,
  makePlan: MakePlan,
  { stdout, stderr }: Outputs,
): Promise<number | UsageError> {
  const request = await requestOf(command, env);
  if (!('problem' in request) && request.type === 'usageError') return request;
  const plan = 'problem' in request ? request : await makePlan(request);
  if ('problem' in plan) {
    stderr.write(`caracal: ${plan.problem}\n`);
    return PLAN_EXIT.error;
  }
  stdout.write(command.json ? `${JSON.stringify(plan, undefined, 2)}\n` : planText(plan));
  return changesAnything(plan) ? PLAN_EXIT.changed : PLAN_EXIT.unchanged;
}

async function requestOf(
  { resources, from, node, http }: PlanCommand,
  env: Environment,
): Promise<PlanRequest | ExplainProblem | UsageError> {
  if (from !== undefined) {
    const flags = { resources, http: [], check: false, ...(node !== undefined && { node }) };
    const options = prepareRun(flags, env, hostname());
    return 'type' in options ? options : { type: 'files', resources, from, options };
  }
  const endpoint = httpOf(http, env);
  if (endpoint.type === 'usageError') return endpoint;
  const document = await ask(endpoint, '/intent');
  if ('problem' in document) return document;
  const routes: object[] = [];
  for (const family of ['ipv4', 'ipv6']) {
    const problem = await readPages(endpoint, family, routes);
    if (problem !== undefined) return problem;
  }
  return { type: 'running', resources, state: { document, routes } };
}

async function readPages(endpoint: HttpEndpoint, family: string, into: object[]): Promise<ExplainProblem | undefined> {
  let after = '';
  for (;;) {
    const page = await ask(endpoint, `/received?family=${family}&limit=${PAGE}${after}`);
    if ('problem' in page) return page;
    const { routes = [], next } = page as { readonly routes?: readonly object[]; readonly next?: string };
    into.push(...routes);
    if (next === undefined) return undefined;
    after = `&after=${next}`;
  }
}

async function ask(endpoint: HttpEndpoint, path: string): Promise<object | ExplainProblem> {
  const reply = await fetchPage(endpoint, path);
  const value = parseObject(reply.body ?? '');
  if (reply.type === 'page')
    return value ?? { problem: `what answers at ${formatHttpEndpoint(endpoint)} is no Caracal` };
  return value !== undefined && 'problem' in value ? value : { problem: reply.text };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

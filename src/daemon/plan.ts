// `caracal plan`: reads the new resources, and compares what follows from them with another folder or with what a running
// daemon says of itself (`GET /intent`). Applies nothing.

import { isDeepStrictEqual } from 'node:util';
import type { PlanRequest, RunningState } from '../cli/plan.ts';
import type { WorkloadPeer } from '../datastore/resources/types.ts';
import type { ResourceStore } from '../datastore/store.ts';
import {
  type ChangedResource,
  computeIntent,
  type Intent,
  type IntentDocument,
  type IntentOptions,
  intentDocument,
  readIntentDocument,
  withoutSecrets,
} from '../intent/index.ts';
import { type Plan, planChange, type ReceivedRoute, type Speaker } from '../speaker/index.ts';
import type { ExplainProblem } from '../status/explain.ts';
import { type FolderReading, readNode } from './folder.ts';
import { intentOptions, type Overrides, overrideIntent } from './options.ts';

/** What a daemon says of itself for plans. */
export interface RunningDocument {
  readonly intent: IntentDocument;
  readonly options: IntentOptions;
  readonly overrides: Overrides;
  /** Reported by Felix on this node; they are in no folder. */
  readonly workloadPeers: readonly WorkloadPeer[];
  /** Names of sessions that are up. */
  readonly established: readonly string[];
}

export function runningDocument(
  speaker: Speaker,
  store: ResourceStore,
  options: IntentOptions,
  overrides: Overrides,
): RunningDocument | ExplainProblem {
  const { intent, sessions } = speaker;
  if (intent === undefined) return { problem: `node ${options.node} has no configuration yet` };
  const up = Array.from(sessions.all()).filter(({ session }) => session !== undefined);
  return {
    intent: intentDocument(intent),
    options,
    overrides,
    workloadPeers: store.list('WorkloadPeer'),
    established: up.map((peer) => peer.intent.name),
  };
}

export function makePlan(request: PlanRequest): Promise<Plan | ExplainProblem> {
  return request.type === 'running' ? planAgainstDaemon(request.resources, request.state) : planAgainstFolder(request);
}

async function planAgainstFolder({
  resources,
  from,
  options,
}: Extract<PlanRequest, { type: 'files' }>): Promise<Plan | ExplainProblem> {
  const before = await readNode(from, intentOptions(options), options);
  const after = await readNode(resources, intentOptions(options), options);
  if ('problem' in before) return { problem: inPath(from, before.problem) };
  if ('problem' in after) return { problem: inPath(resources, after.problem) };
  return planChange({
    before: withProblems(before.intent, before),
    after: withProblems(after.intent, after),
    routes: [],
    changed: changedResources(before.store, after.store),
    established: new Set(before.intent.peers.keys()),
  });
}

async function planAgainstDaemon(path: string, state: RunningState): Promise<Plan | ExplainProblem> {
  const { intent, options, overrides, workloadPeers, established } = state.document as RunningDocument;
  const reading = await readNode(path, options, { node: options.node, nodeNameSource: '--node' });
  if ('problem' in reading) return { problem: inPath(path, reading.problem) };
  const { store } = reading;
  store.apply(
    workloadPeers.map((resource) => ({ type: 'set', resource })),
    'files',
  );
  return planChange({
    before: readIntentDocument(intent),
    after: withProblems(withoutSecrets(overrideIntent(computeIntent(store, options), overrides)), reading),
    routes: state.routes as readonly ReceivedRoute[],
    changed: [],
    established: new Set(established),
  });
}

function inPath(path: string, problem: string): string {
  return problem.includes(path) ? problem : `${path}: ${problem}`;
}

/** Problems of reading are problems of the resources too. */
function withProblems(intent: Intent, { problems }: FolderReading): Intent {
  return { ...intent, problems: [...problems, ...intent.problems] };
}

/** Kinds that make sessions and reflectors. */
const SESSION_KINDS = ['BGPPeer', 'BGPConfiguration', 'RouteReflector', 'Node'] as const;

function changedResources(before: ResourceStore, after: ResourceStore): readonly ChangedResource[] {
  return SESSION_KINDS.flatMap((kind) => {
    const names = new Set([...before.list(kind), ...after.list(kind)].map(({ metadata }) => metadata.name));
    const differs = (name: string) => !isDeepStrictEqual(before.get(kind, name), after.get(kind, name));
    return [...names].filter(differs).map((name) => ({ kind, name }));
  });
}

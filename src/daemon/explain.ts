// Answers `GET /explain` and `caracal explain`: brings together what the router, the resources and the kernel know. Reads,
// never changes.

import type { Prefix } from 'node-bgp';
import { explainOptions, type Intent, type IntentOptions, policySteps, type ResourceView } from '../intent/index.ts';
import type { Kernel } from '../kernel/port.ts';
import type { Policy } from '../policy/index.ts';
import { explainPrefix, type KernelOutcome, type Speaker, takeSnapshot } from '../speaker/index.ts';
import type { ExplainProblem, ExplainQuery, ExplainReport, PeerExplanation, PolicyReport } from '../status/explain.ts';
import { peerReport } from '../status/peer-report.ts';
import { timestamp } from '../status/time.ts';

export interface ExplainContext {
  readonly speaker: Speaker;
  readonly resources: ResourceView;
  readonly options: IntentOptions;
  /** Absent: nothing runs, all is made of resources alone. */
  readonly kernel?: Pick<Kernel, 'routes' | 'status'>;
  /** Milliseconds. */
  readonly now: number;
}

export function explainQuery({ target, peer }: ExplainQuery, context: ExplainContext): ExplainReport | ExplainProblem {
  const { speaker, kernel } = context;
  const { intent, options } = speaker;
  if (intent === undefined) return { problem: `node ${options.node} has no configuration yet` };
  const name = peer === undefined ? undefined : findPeer(intent, peer);
  if (peer !== undefined && name === undefined) return { problem: unknownPeer(intent, peer) };
  if (target === undefined) return explainPeer(name!, intent, context);
  const running = kernel !== undefined;
  const report = explainPrefix(speaker, { target, ...(name === undefined ? {} : { peer: name }) }, running);
  if (kernel === undefined || report.prefix === undefined) return report;
  return { ...report, kernel: withKernelState(report.kernel, report.prefix, kernel) };
}

/** By session name, or by the address of the peer. */
function findPeer(intent: Intent, text: string): string | undefined {
  if (intent.peers.has(text)) return text;
  for (const { name, address } of intent.peers.values()) if (address === text) return name;
  return undefined;
}

/** Names that a person may be expected to read. */
const LISTED = 8;

function unknownPeer({ node, peers }: Intent, text: string): string {
  const names = [...peers.keys()];
  const some = `${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ''}`;
  return `node ${node} has no peer ${text}; ${names.length === 0 ? 'it has none' : `there are ${some}`}`;
}

function explainPeer(name: string, intent: Intent, context: ExplainContext): PeerExplanation {
  const { speaker, resources, options, now, kernel } = context;
  const peer = intent.peers.get(name)!;
  const snapshot = takeSnapshot(speaker).peers.find((candidate) => candidate.name === name)!;
  return {
    type: 'peer',
    node: intent.node,
    now: timestamp(now),
    peer: peerReport(snapshot, now),
    options: explainOptions(resources, options, peer),
    import: policyReport(peer.importPolicy),
    export: policyReport(peer.exportPolicy),
    problems: intent.problems.filter((problem) => peer.origin.includes(`${problem.kind} ${problem.name}`)),
    running: kernel !== undefined,
  };
}

function policyReport(policy: Policy): PolicyReport {
  return { steps: policySteps(policy), otherwise: policy.default };
}

/** What the kernel says of the prefix, in place of what we only wish. */
function withKernelState(
  outcome: KernelOutcome,
  prefix: Prefix,
  kernel: NonNullable<ExplainContext['kernel']>,
): KernelOutcome {
  if (outcome.route === undefined) return outcome;
  const { refused, conflicts, waiting, fights } = kernel.status();
  const complaint = [...refused, ...conflicts, ...waiting, ...fights].find((candidate) => candidate.prefix === prefix);
  const { metric } = outcome.route;
  const installed = kernel.routes().some((route) => route.prefix === prefix && route.metric === metric);
  return { ...outcome, installed, ...(complaint === undefined ? {} : { trouble: complaint.text }) };
}

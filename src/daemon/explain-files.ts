// `caracal explain --resources`: the answer that a daemon with these resources would give, without sessions, interfaces
// and a kernel: what would be told of the node's own routes, to whom, and what would be programmed.

import type { RunOptions } from '../cli/types.ts';
import type { Intent } from '../intent/index.ts';
import { Speaker } from '../speaker/index.ts';
import type { ExplainProblem, ExplainQuery, ExplainReport } from '../status/explain.ts';
import { now } from './clock.ts';
import { explainQuery } from './explain.ts';
import { readNode } from './folder.ts';
import { intentOptions } from './options.ts';

export async function explainFiles(options: RunOptions, query: ExplainQuery): Promise<ExplainReport | ExplainProblem> {
  if (options.datastore.type !== 'files') return { problem: 'files are explained only where --resources says so' };
  const reading = await readNode(options.datastore.path, intentOptions(options), options);
  if ('problem' in reading) return reading;
  const { store, intent } = reading;
  const speaker = idleSpeaker(intent);
  return explainQuery(query, { speaker, resources: store, options: intentOptions(options), now: now() });
}

/** A router that has its intent and will never hear of anybody. */
function idleSpeaker(intent: Intent): Speaker {
  let connections = 0;
  const speaker = new Speaker({
    node: intent.node,
    kernel: 'linux',
    restarted: false,
    random: () => 0,
    nextConnection: () => ++connections,
    startedAt: 0,
  });
  speaker.handle({ type: 'intent', intent }, 0);
  do speaker.work();
  while (speaker.hasWork);
  return speaker;
}

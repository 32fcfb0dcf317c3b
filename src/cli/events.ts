// `caracal events`: asks the daemon of this node what happened to its sessions, and prints it.

import { type EventsReport, eventsText } from '../status/events.ts';
import { fetchPage } from './client.ts';
import { httpOf } from './environment.ts';
import type { Outputs } from './output.ts';
import type { Environment, EventsCommand, UsageError } from './types.ts';

/** @returns the exit code: 1 when no daemon answers */
export async function showEvents(
  { peer, json, http }: EventsCommand,
  env: Environment,
  { stdout, stderr }: Outputs,
): Promise<number | UsageError> {
  const endpoint = httpOf(http, env);
  if (endpoint.type === 'usageError') return endpoint;
  const reply = await fetchPage(endpoint, `/events${peer === undefined ? '' : `?${new URLSearchParams({ peer })}`}`);
  if (reply.type === 'failure') {
    stderr.write(`caracal: ${reply.text}\n`);
    return 1;
  }
  const report = JSON.parse(reply.body) as EventsReport;
  stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : eventsText(report, peer));
  return 0;
}

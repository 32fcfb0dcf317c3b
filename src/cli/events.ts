// `caracal events`: asks the daemon of this node what happened to its sessions, and prints it.

import { formatHttpEndpoint } from '../status/endpoint.ts';
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
  const report = reply.type === 'page' ? parseReport(reply.body) : undefined;
  if (report === undefined) {
    const text =
      reply.type === 'failure' ? reply.text : `what answers at ${formatHttpEndpoint(endpoint)} is no Caracal`;
    stderr.write(`caracal: ${text}\n`);
    return 1;
  }
  stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : eventsText(report, peer));
  return 0;
}

/** Undefined where another program answered. */
function parseReport(text: string): EventsReport | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isReport = typeof value === 'object' && value !== null && 'events' in value;
    return isReport ? (value as EventsReport) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

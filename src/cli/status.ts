// `caracal status`: asks the daemon of this node for its report and prints it, once or whenever it changes.

import { setTimeout as sleep } from 'node:timers/promises';
import { formatHttpEndpoint, type HttpEndpoint } from '../status/endpoint.ts';
import { statusText } from '../status/text.ts';
import type { StatusReport } from '../status/types.ts';
import { fetchPage, type Reply } from './client.ts';
import type { Output, Outputs } from './output.ts';
import { Screen } from './screen.ts';

export interface StatusOptions {
  readonly endpoint: HttpEndpoint;
  readonly json: boolean;
}

const WATCH_INTERVAL = 1_000;

/** @returns the exit code: 1 when no daemon answers */
export async function showStatus(options: StatusOptions, { stdout, stderr }: Outputs): Promise<number> {
  const reply = await askStatus(options);
  if (reply.type === 'failure') {
    stderr.write(`caracal: ${reply.text}\n`);
    return 1;
  }
  stdout.write(reply.body);
  return 0;
}

/** Shows the status anew whenever it changes, until `signal` says stop. A daemon that goes away is waited for. */
export async function watchStatus(options: StatusOptions, stdout: Output, signal: AbortSignal): Promise<number> {
  const screen = new Screen(stdout);
  while (!signal.aborted) {
    const reply = await askStatus(options);
    screen.show(reply.type === 'page' ? reply.body : `caracal: ${reply.text}\n`);
    await sleep(WATCH_INTERVAL, undefined, { signal }).catch(onlyAbort);
  }
  return 0;
}

/** The body is what is to be printed. */
async function askStatus({ endpoint, json }: StatusOptions): Promise<Reply> {
  const reply = await fetchPage(endpoint, '/status');
  if (reply.type === 'failure') return reply;
  const report = parseReport(reply.body);
  if (report === undefined) {
    return { type: 'failure', text: `what answers at ${formatHttpEndpoint(endpoint)} is no Caracal` };
  }
  return { type: 'page', body: json ? `${JSON.stringify(report, undefined, 2)}\n` : statusText(report) };
}

/** Undefined where another program answered: no JSON, or none with the parts that every report has. */
function parseReport(text: string): StatusReport | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isReport = typeof value === 'object' && value !== null && 'agent' in value && 'bgp' in value;
    return isReport ? (value as StatusReport) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function onlyAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}

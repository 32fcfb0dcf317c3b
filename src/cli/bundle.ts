// `caracal bundle`: all that a bug report needs in one file. JSON and no archive, so that whoever sends it can read through
// it before, and any tool can after; nothing in it is secret.

import { writeFileSync } from 'node:fs';
import { arch, platform, release as systemRelease } from 'node:os';
import { formatHttpEndpoint } from '../status/endpoint.ts';
import { isErrorWithCode } from '../status/errors.ts';
import { fetchPage } from './client.ts';
import { httpOf } from './environment.ts';
import type { Outputs } from './output.ts';
import type { Release } from './release.ts';
import type { BundleCommand, Environment, UsageError } from './types.ts';

/** What is asked for; the first one says whether a Caracal answers. */
const PAGES = {
  status: '/status',
  events: '/events?limit=10000',
  intent: '/intent',
  routesIPv4: '/routes?family=ipv4&limit=1000',
  routesIPv6: '/routes?family=ipv6&limit=1000',
  metrics: '/metrics',
  readiness: '/readyz',
} as const;

/** Nobody else's business, as long as it is not decided whom to send it to. */
const MODE = 0o600;

/** @returns the exit code: 1 when no daemon answers, or the file cannot be written */
export async function writeBundle(
  { file, http }: BundleCommand,
  env: Environment,
  release: Release,
  { stdout, stderr }: Outputs,
): Promise<number | UsageError> {
  const endpoint = httpOf(http, env);
  if (endpoint.type === 'usageError') return endpoint;
  const pages: Record<string, unknown> = {};
  for (const [name, path] of Object.entries(PAGES)) {
    const reply = await fetchPage(endpoint, path);
    if (reply.type === 'failure' && name === 'status') {
      stderr.write(`caracal: ${reply.text}\n`);
      return 1;
    }
    pages[name] = reply.type === 'page' ? parsed(reply.body) : { problem: reply.text, answer: reply.body };
  }
  const madeAt = new Date().toISOString();
  const versions = {
    caracal: release.version,
    commit: release.commit,
    node: process.version,
    system: `${platform()} ${systemRelease()} ${arch()}`,
  };
  const bundle = redacted({ madeAt, askedAt: formatHttpEndpoint(endpoint), versions, ...pages });
  const text = `${JSON.stringify(bundle, undefined, 2)}\n`;
  if (file === '-') {
    stdout.write(text);
    return 0;
  }
  const path = file ?? `caracal-${nameOf(pages.status)}-${madeAt.slice(0, 19).replaceAll(':', '-')}.json`;
  try {
    writeFileSync(path, text, { mode: MODE });
  } catch (error) {
    if (!isErrorWithCode(error)) throw error;
    stderr.write(`caracal: ${path} cannot be written (${error.code})\n`);
    return 1;
  }
  stdout.write(`${path} is written; read through it before you send it\n`);
  return 0;
}

function nameOf(status: unknown): string {
  const node = typeof status === 'object' && status !== null && 'node' in status ? status.node : undefined;
  return typeof node === 'string' ? node : 'node';
}

/** Pages that are no JSON stay text. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return body;
    throw error;
  }
}

const SECRET = /password|token|secret|authorization/i;
const REDACTED = '(left out)';

/** The daemon shows no secrets; what has such a name is left out all the same, whatever it is. */
function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => redacted(entry));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => {
    const isSecret = SECRET.test(name) && typeof inner === 'string';
    return [name, isSecret ? REDACTED : redacted(inner)];
  });
  return Object.fromEntries(entries);
}

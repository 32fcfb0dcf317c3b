// Asks a running daemon for a page. What can go wrong is answered with a sentence for whoever asked.

import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { formatHttpEndpoint, type HttpEndpoint } from '../status/endpoint.ts';
import { isErrorWithCode } from '../status/errors.ts';

export type Reply =
  | { readonly type: 'page'; readonly body: string }
  /** `body`: what the server said to explain a code other than 200. */
  | { readonly type: 'failure'; readonly text: string; readonly body?: string };

/** Milliseconds. */
const TIMEOUT = 5_000;
/** Far more than the largest status; what is longer does not come from a Caracal. */
const MAX_BYTES = 256 * 1024 * 1024;

/** @param patience milliseconds for the whole answer */
export async function fetchPage(endpoint: HttpEndpoint, path: string, patience = TIMEOUT): Promise<Reply> {
  const place = formatHttpEndpoint(endpoint);
  const token = readToken(endpoint);
  if (typeof token === 'object') return token;
  try {
    const response = await open(endpoint, path, { token, patience });
    const body = await readBody(response);
    if (response.statusCode === 200) return { type: 'page', body };
    if (response.statusCode === 401)
      return failure(`Caracal at ${place} wants another token; give its --http-token-file`);
    const text = `what answers at ${place} is no Caracal that serves ${path} (HTTP ${response.statusCode})`;
    return { type: 'failure', text, body };
  } catch (error) {
    if (!isErrorWithCode(error)) throw error;
    return failure(reason(place, error.code, patience));
  }
}

function readToken(endpoint: HttpEndpoint): string | undefined | Extract<Reply, { type: 'failure' }> {
  if (endpoint.type === 'unix' || endpoint.tokenFile === undefined) return undefined;
  try {
    return readFileSync(endpoint.tokenFile, 'utf8').trim();
  } catch (error) {
    if (!isErrorWithCode(error)) throw error;
    return failure(`the token in ${endpoint.tokenFile} cannot be read (${error.code})`);
  }
}

function open(
  endpoint: HttpEndpoint,
  path: string,
  { token, patience }: { readonly token: string | undefined; readonly patience: number },
): Promise<IncomingMessage> {
  const target =
    endpoint.type === 'unix' ? { socketPath: endpoint.path } : { host: endpoint.address, port: endpoint.port };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const signal = AbortSignal.timeout(patience);
  const headers = { Host: 'caracal', ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
  request({ ...target, path, agent: false, signal, headers })
    .on('response', resolve)
    // An aborted request fails with ABORT_ERR; the reason says that it was the clock.
    .on('error', (error) => reject(signal.aborted ? TIMED_OUT : error))
    .end();
  return promise;
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) throw TOO_LONG;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const TIMED_OUT = Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
const TOO_LONG = Object.assign(new Error('too long'), { code: 'EMSGSIZE' });

function reason(place: string, code: string, patience: number): string {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
    case 'ENOTDIR':
      return `no Caracal answers at ${place}; is it running on this node?`;
    case 'EACCES':
    case 'EPERM':
      return `permission denied at ${place}; ask as the user or a member of the group that runs Caracal`;
    case 'ETIMEDOUT':
    case 'ABORT_ERR':
      return `Caracal at ${place} does not answer within ${patience / 1000} s`;
    default:
      return code.startsWith('HPE_') || code === 'EMSGSIZE'
        ? `what answers at ${place} is no Caracal`
        : `no answer from ${place} (${code})`;
  }
}

function failure(text: string): Extract<Reply, { type: 'failure' }> {
  return { type: 'failure', text };
}

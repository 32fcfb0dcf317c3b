// The queries of `GET /routes`, `/explain` and `/events`: text from outside, checked, as a value or a sentence that says what is wrong.

import { familyOf, type Prefix, parseAddress, parseCidr } from 'node-bgp';
import type { Parsed } from './endpoint.ts';
import { DEFAULT_EVENTS, type EventsQuery } from './events.ts';
import type { ExplainQuery } from './explain.ts';
import type { PageQuery, RoutesQuery } from './types.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/** The router's cursors are numbers; nothing else may reach it. */
const CURSOR = /^\d{1,15}$/;
const PARAMETERS = ['family', 'prefix', 'overlaps', 'peer', 'limit', 'after'] as const;

const EXPLAIN_PARAMETERS = ['prefix', 'peer'] as const;

export function parseExplainQuery(parameters: URLSearchParams): Parsed<ExplainQuery> {
  const unknown = unknownParameter(parameters, EXPLAIN_PARAMETERS);
  if (unknown !== undefined) return { problem: unknown };
  const [text, peer] = [parameters.get('prefix'), parameters.get('peer')];
  if (text === null && peer === null) return { problem: 'prefix or peer has to be given' };
  const target = text === null ? undefined : parseTarget(text);
  if (text !== null && target === undefined) {
    return { problem: `"${text}" is neither an address nor a prefix such as 10.65.0.0/26` };
  }
  return { value: { ...(target !== undefined && { target }), ...(peer !== null && { peer }) } };
}

const EVENTS_PARAMETERS = ['peer', 'limit'] as const;
const MAX_EVENTS = 10_000;

export function parseEventsQuery(parameters: URLSearchParams): Parsed<EventsQuery> {
  const unknown = unknownParameter(parameters, EVENTS_PARAMETERS);
  if (unknown !== undefined) return { problem: unknown };
  const limit = Number(parameters.get('limit') ?? DEFAULT_EVENTS);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_EVENTS) {
    return { problem: `limit has to be a number from 1 to ${MAX_EVENTS}` };
  }
  const peer = parameters.get('peer');
  return { value: { limit, ...(peer !== null && { peer }) } };
}

const RECEIVED_PARAMETERS = ['family', 'limit', 'after'] as const;

export function parseReceivedQuery(parameters: URLSearchParams): Parsed<PageQuery> {
  const unknown = unknownParameter(parameters, RECEIVED_PARAMETERS);
  return unknown === undefined ? parseRoutesQuery(parameters) : { problem: unknown };
}

/** An address or a prefix in its canonical form; host bits are cleared. */
export function parseTarget(text: string): string | undefined {
  return text.includes('/') ? parseCidr(text)?.prefix : parseAddress(text);
}

function unknownParameter(parameters: URLSearchParams, known: readonly string[]): string | undefined {
  const unknown = [...parameters.keys()].find((key) => !known.includes(key));
  return unknown === undefined ? undefined : `there is no parameter "${unknown}"; there are ${known.join(', ')}`;
}

export function parseRoutesQuery(parameters: URLSearchParams): Parsed<RoutesQuery> {
  const unknown = unknownParameter(parameters, PARAMETERS);
  if (unknown !== undefined) return { problem: unknown };
  const [peer, after] = ['peer', 'after'].map((key) => parameters.get(key) ?? undefined);
  const limit = Number(parameters.get('limit') ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    return { problem: `limit has to be a number from 1 to ${MAX_LIMIT}` };
  }
  if (after !== undefined && !CURSOR.test(after)) return { problem: 'after has to be the next of a page' };
  const prefixes = new Map<'prefix' | 'overlaps', Prefix>();
  for (const key of ['prefix', 'overlaps'] as const) {
    const text = parameters.get(key);
    if (text === null) continue;
    const prefix = parseCidr(text)?.prefix;
    if (prefix === undefined) return { problem: `"${text}" is not a prefix such as 10.65.0.0/26` };
    prefixes.set(key, prefix);
  }
  const [some] = prefixes.values();
  const family = parameters.get('family') ?? (some === undefined ? 'ipv4' : familyOf(some));
  if (family !== 'ipv4' && family !== 'ipv6') return { problem: 'family has to be ipv4 or ipv6' };
  const other = [...prefixes.values()].find((prefix) => familyOf(prefix) !== family);
  if (other !== undefined) return { problem: `${other} is not a prefix of family ${family}` };
  return {
    value: {
      family,
      limit,
      ...Object.fromEntries(prefixes),
      ...(peer !== undefined && { peer }),
      ...(after !== undefined && { after }),
    },
  };
}

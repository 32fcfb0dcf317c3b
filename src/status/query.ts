// The query of `GET /routes`: text from outside, checked, as a value or a sentence that says what is wrong.

import { familyOf, parseCidr } from 'node-bgp';
import type { Parsed } from './endpoint.ts';
import type { RoutesQuery } from './types.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/** The router's cursors are numbers; nothing else may reach it. */
const CURSOR = /^\d{1,15}$/;
const PARAMETERS = ['family', 'prefix', 'peer', 'limit', 'after'] as const;

export function parseRoutesQuery(parameters: URLSearchParams): Parsed<RoutesQuery> {
  const unknown = [...parameters.keys()].find((key) => !PARAMETERS.some((name) => name === key));
  if (unknown !== undefined) {
    return { problem: `there is no parameter "${unknown}"; there are ${PARAMETERS.join(', ')}` };
  }
  const [peer, after] = ['peer', 'after'].map((key) => parameters.get(key) ?? undefined);
  const limit = Number(parameters.get('limit') ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    return { problem: `limit has to be a number from 1 to ${MAX_LIMIT}` };
  }
  if (after !== undefined && !CURSOR.test(after)) return { problem: 'after has to be the next of a page' };
  const prefixText = parameters.get('prefix');
  const prefix = prefixText === null ? undefined : parseCidr(prefixText)?.prefix;
  if (prefixText !== null && prefix === undefined) {
    return { problem: `"${prefixText}" is not a prefix such as 10.65.0.0/26` };
  }
  const family = parameters.get('family') ?? (prefix === undefined ? 'ipv4' : familyOf(prefix));
  if (family !== 'ipv4' && family !== 'ipv6') return { problem: 'family has to be ipv4 or ipv6' };
  if (prefix !== undefined && familyOf(prefix) !== family) {
    return { problem: `${prefix} is not a prefix of family ${family}` };
  }
  return {
    value: {
      family,
      limit,
      ...(prefix !== undefined && { prefix }),
      ...(peer !== undefined && { peer }),
      ...(after !== undefined && { after }),
    },
  };
}

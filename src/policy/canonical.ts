// When two policies are the same: equal data, whatever the order in which their fields were written, and wherever it was
// that they were written. The canonical text is made once a policy and also serves as a key, for example of an export group.

import type { Policy } from './types.ts';

const CACHE = new WeakMap<object, string>();

/** JSON with sorted keys. Statements are remembered one by one, so policies that share parts share the work. */
export function policyKey(policy: Policy): string {
  return remembered(policy);
}

export function equalPolicies(a: Policy, b: Policy): boolean {
  return a === b || policyKey(a) === policyKey(b);
}

function remembered(value: object): string {
  let text = CACHE.get(value);
  if (text === undefined) {
    text = canonical(value);
    CACHE.set(value, text);
  }
  return text;
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inner).join(',')}]`;
  const fields = Object.entries(value).filter(([key, field]) => field !== undefined && key !== 'place');
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${inner(field)}`).join(',')}}`;
}

/** Statements and sets are worth remembering; small leaves are not. */
function inner(value: unknown): string {
  const isPart = typeof value === 'object' && value !== null && ('body' in value || 'items' in value);
  return isPart ? remembered(value) : canonical(value);
}

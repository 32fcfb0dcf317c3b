// The pages of a list and the lines of a watch, as the API server writes them, checked as far as they are used.

import { ApiError, type Target, targetText } from './api-error.ts';

export interface ListPage {
  readonly resourceVersion: string;
  /** Brings the next page; '' on the last one. */
  readonly next: string;
}

export type WatchEvent =
  | { readonly type: 'put' | 'remove'; readonly object: object; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string }
  | { readonly type: 'error'; readonly status: number; readonly message: string };

const TYPES: Readonly<Record<string, 'put' | 'remove' | 'bookmark'>> = {
  ADDED: 'put',
  MODIFIED: 'put',
  DELETED: 'remove',
  BOOKMARK: 'bookmark',
};

/** What is around the items of a list. */
export function readPage(envelope: unknown, target: Target): ListPage {
  const { resourceVersion, continue: next } = fields(fields(envelope).metadata);
  if (typeof resourceVersion !== 'string') {
    throw new ApiError('garbage', `the API server answers something else than a list to ${targetText(target)}`);
  }
  return { resourceVersion, next: typeof next === 'string' ? next : '' };
}

/** undefined: the line is no event. */
export function readWatchEvent(line: string): WatchEvent | undefined {
  const { type, object } = fields(parse(line));
  if (typeof object !== 'object' || object === null) return undefined;
  if (type === 'ERROR') {
    const { code, message } = fields(object);
    return { type: 'error', status: Number(code) || 0, message: typeof message === 'string' ? message : '' };
  }
  const known = TYPES[String(type)];
  const { resourceVersion } = fields(fields(object).metadata);
  if (known === undefined || typeof resourceVersion !== 'string' || resourceVersion === '') return undefined;
  return known === 'bookmark' ? { type: known, resourceVersion } : { type: known, object, resourceVersion };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

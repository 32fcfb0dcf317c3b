// How a list is asked for: of which age, in which pages, and again where a server cannot answer that.

import type { Listing } from '../collection.ts';
import { ApiError, type Target } from './api-error.ts';
import type { ApiClient } from './client.ts';
import { readPage } from './watch-event.ts';

export interface ListSource {
  readonly client: ApiClient;
  readonly path: string;
  readonly query: Query;
  /** Ask for the metadata of objects only. */
  readonly metadataOnly: boolean;
  readonly target: Target;
  /** A place for the items; each attempt gets its own. */
  readonly open: () => Listing;
}

export interface List {
  readonly listing: Listing;
  readonly version: string;
}

type Query = Readonly<Record<string, string>>;

const PAGE = '500';
const ACCEPT_METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
/** How a server answers that it does not know a version yet or any more, or such a question. */
const UNKNOWN_VERSION: ReadonlySet<number | undefined> = new Set([400, 410, 504]);

/**
 * From the server's cache, which costs it next to nothing: reading its store instead costs it seconds where a label picks
 * a few of many. What the cache says may be older than the truth, which a watch from there makes good, but never older
 * than what was known. A server that cannot promise that reads its store.
 *
 * @param newest the newest version that was ever seen
 */
export async function fetchList(source: ListSource, newest: string | undefined, signal: AbortSignal): Promise<List> {
  if (newest === undefined) return readInPages(source, { resourceVersion: '0', limit: PAGE }, signal);
  try {
    return await read(source, { resourceVersion: newest, resourceVersionMatch: 'NotOlderThan' }, signal);
  } catch (error) {
    if (!(error instanceof ApiError && UNKNOWN_VERSION.has(error.status))) throw error;
  }
  return readInPages(source, { limit: PAGE }, signal);
}

async function readInPages(source: ListSource, first: Query, signal: AbortSignal): Promise<List> {
  try {
    return await read(source, first, signal);
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'gone')) throw error;
  }
  // The server forgot the rest of the list while we read its beginning: all of it at once.
  return read(source, {}, signal);
}

async function read(source: ListSource, first: Query, signal: AbortSignal): Promise<List> {
  const { client, path, query, metadataOnly, target } = source;
  const listing = source.open();
  const accept = metadataOnly ? { accept: ACCEPT_METADATA } : {};
  let paging = first;
  for (;;) {
    const request = { target, path, query: { ...query, ...paging }, ...accept };
    const page = readPage(await client.list(request, signal, (item) => listing.add(item)), target);
    if (page.next === '') return { listing, version: page.resourceVersion };
    paging = { limit: PAGE, continue: page.next };
  }
}

// What is held of one range of keys, and how all ranges are read at one revision.

import { Collection, type Listing } from '../collection.ts';
import type { DatastoreEvent, ResourceProblem } from '../types.ts';
import type { EtcdClient } from './client.ts';
import type { Purpose } from './etcd-error.ts';
import { type KeyRange, readEntry } from './layout.ts';
import { after, encode, endOf, type Header, type KeyValue, readRange } from './messages.ts';

/** Keys in an answer. */
const PAGE = 500;

export class HeldRange {
  readonly range: KeyRange;
  /** All up to this revision is known. */
  revision = 0;
  readonly #collection: Collection;

  constructor(range: KeyRange) {
    const { kind } = range;
    this.range = range;
    this.#collection = new Collection({ kind, apiVersion: '', read: (entry) => readEntry(kind, entry) });
  }

  get size(): number {
    return this.#collection.size;
  }

  get problems(): readonly ResourceProblem[] {
    return this.#collection.problems;
  }

  list(): Listing {
    return this.#collection.list();
  }

  apply({ key, value }: KeyValue): readonly DatastoreEvent[] {
    const entry = this.range.entry(key, value ?? '');
    if (entry === undefined) return [];
    return value === undefined ? this.#collection.remove(entry) : this.#collection.put(entry);
  }
}

export interface Snapshot extends Header {
  /** Makes it what is held; answers what is different from before. */
  commit(): DatastoreEvent[];
}

/** All ranges at one revision: the one of the first answer. @throws {EtcdError} */
export async function readSnapshot(
  client: EtcdClient,
  all: readonly HeldRange[],
  signal: AbortSignal,
  onBug: (error: unknown) => void,
): Promise<Snapshot> {
  const listings: { readonly held: HeldRange; readonly listing: Listing }[] = [];
  let header: Header | undefined;
  for (const held of all) {
    const listing = held.list();
    listings.push({ held, listing });
    const take = ({ key, value = '' }: KeyValue) => {
      const entry = held.range.entry(key, value);
      try {
        if (entry !== undefined) listing.add(entry);
      } catch (error) {
        // One value on which we stumble is left out alone.
        onBug(error);
      }
    };
    header = await readKeys(client, held.range, { at: header, signal, take });
  }
  const { clusterId, revision } = header!;
  return {
    clusterId,
    revision,
    commit: () =>
      listings.flatMap(({ held, listing }) => {
        held.revision = revision;
        return listing.commit();
      }),
  };
}

interface Reading {
  readonly at: Header | undefined;
  readonly signal: AbortSignal;
  readonly take: (pair: KeyValue) => void;
}

async function readKeys(client: EtcdClient, range: KeyRange, { at, signal, take }: Reading): Promise<Header> {
  const purpose = purposeOf(range, client);
  let header = at;
  for (let key = range.prefix; ; ) {
    const revision = header === undefined ? {} : { revision: `${header.revision}` };
    const body = { key: encode(key), range_end: endOf(range.prefix), limit: `${PAGE}`, ...revision };
    const answer = readRange(await client.send({ path: 'kv/range', body, purpose }, signal), client.host);
    header ??= answer.header;
    for (const pair of answer.pairs) take(pair);
    const last = answer.pairs.at(-1);
    if (!answer.more || last === undefined) return header;
    key = after(last.key);
  }
}

export function purposeOf({ name }: KeyRange, { user }: EtcdClient): Purpose {
  return { text: `read ${name}`, ...(user === undefined ? {} : { user }) };
}

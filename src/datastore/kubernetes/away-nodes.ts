// Which of some Nodes are not there, or not ready. Nodes are watched by their metadata alone, since their conditions are
// written all the time and nobody needs them but in the first minutes of a run; so they are asked for then, as tables of a
// few bytes a Node, which is what kubectl shows.

import { ApiError } from './api-error.ts';
import type { ApiClient } from './client.ts';

/** So many Nodes are asked for one by one; of more, all Nodes at once are cheaper. */
const ONE_BY_ONE = 16;
const ACCEPT_TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1';
const PATH = '/api/v1/nodes';
/** From the server's cache. */
const QUERY = { resourceVersion: '0', includeObject: 'None' };

/** By name, with the reason as the end of a sentence. Rejects with an ApiError where the server does not answer. */
export async function awayNodes(
  client: ApiClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const states = names.length <= ONE_BY_ONE ? await someStates(client, names, signal) : await allStates(client, signal);
  return new Map(
    names.flatMap((name) => {
      const reason = reasonOf(states.get(name));
      return reason === undefined ? [] : [[name, reason]];
    }),
  );
}

/** What the column Status of kubectl says: `Ready`, `NotReady,SchedulingDisabled`; undefined: there is no such Node. */
function reasonOf(state: string | undefined): string | undefined {
  if (state === undefined) return 'does not exist';
  return state.split(',').includes('NotReady') ? 'is NotReady' : undefined;
}

type States = ReadonlyMap<string, string>;

async function someStates(client: ApiClient, names: readonly string[], signal: AbortSignal): Promise<States> {
  const states = new Map<string, string>();
  for (const name of names) {
    const target = { verb: 'get', resource: 'nodes', group: '' } as const;
    try {
      const table = await client.send({ target, path: `${PATH}/${name}`, query: QUERY, accept: ACCEPT_TABLE }, signal);
      for (const [key, state] of readTable(table)) states.set(key, state);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'absent')) throw error;
    }
  }
  return states;
}

async function allStates(client: ApiClient, signal: AbortSignal): Promise<States> {
  const target = { verb: 'list', resource: 'nodes', group: '' } as const;
  return readTable(await client.send({ target, path: PATH, query: QUERY, accept: ACCEPT_TABLE }, signal));
}

/** Throws where it is no table: a wrong answer must not make Nodes disappear. */
function readTable(document: unknown): States {
  const { kind, columnDefinitions, rows } = document as Partial<Table>;
  const column = (name: string) => columnDefinitions?.findIndex((definition) => definition.name === name) ?? -1;
  const [name, status] = [column('Name'), column('Status')];
  if (kind !== 'Table' || name < 0 || status < 0 || !Array.isArray(rows ?? [])) {
    throw new ApiError('garbage', 'the API server gives no table of Nodes with their status');
  }
  return new Map((rows ?? []).map(({ cells }) => [String(cells[name]), String(cells[status])]));
}

interface Table {
  readonly kind: string;
  readonly columnDefinitions: readonly { readonly name: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[] | null;
}

import { expect, test } from 'vitest';
import { refusal } from './api-error.ts';
import { awayNodes } from './away-nodes.ts';
import type { ApiClient, ApiRequest } from './client.ts';

const COLUMNS = [{ name: 'Name' }, { name: 'Status' }, { name: 'Roles' }];

function table(rows: readonly (readonly string[])[] | null): object {
  return { kind: 'Table', columnDefinitions: COLUMNS, rows: rows?.map((cells) => ({ cells })) ?? null };
}

/** Answers by path; what it has no answer for, does not exist. */
function client(answers: Readonly<Record<string, unknown>>): { client: ApiClient; asked: string[] } {
  const asked: string[] = [];
  const send = async ({ path, target }: ApiRequest) => {
    asked.push(path);
    if (path in answers) return answers[path];
    throw refusal({ status: 404, message: 'not found' }, target);
  };
  return { client: { send } as unknown as ApiClient, asked };
}

function ask(answers: Readonly<Record<string, unknown>>, names: readonly string[]) {
  const { client: fake, asked } = client(answers);
  const away = awayNodes(fake, names, new AbortController().signal);
  return { asked, away: away.then((reasons) => Object.fromEntries(reasons)) };
}

const MANY = Array.from({ length: 17 }, (_, index) => `node-${index}`);

test('a few Nodes are asked for one by one', async () => {
  const row = (name: string, state: string) => [`/api/v1/nodes/${name}`, table([[name, state, '<none>']])] as const;
  const answers = Object.fromEntries([
    row('a', 'Ready'),
    row('b', 'NotReady'),
    row('c', 'NotReady,SchedulingDisabled'),
    row('d', 'Ready,SchedulingDisabled'),
    row('e', 'Unknown'),
  ]);
  const { asked, away } = ask(answers, ['a', 'b', 'c', 'd', 'e', 'f']);
  expect(await away).toEqual({ b: 'is NotReady', c: 'is NotReady', f: 'does not exist' });
  expect(asked).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `/api/v1/nodes/${name}`));
});

test('of many all are asked for at once', async () => {
  const rows = MANY.slice(1).map((name, index) => [name, index === 0 ? 'NotReady' : 'Ready', '']);
  const { asked, away } = ask({ '/api/v1/nodes': table(rows) }, MANY);
  expect(await away).toEqual({ 'node-0': 'does not exist', 'node-1': 'is NotReady' });
  expect(asked).toEqual(['/api/v1/nodes']);
});

test.each<[string, unknown]>([
  ['a list', { kind: 'NodeList', items: [] }],
  ['a table without status', { kind: 'Table', columnDefinitions: [{ name: 'Name' }], rows: [] }],
  ['anything', {}],
])('%s in place of a table makes no Node disappear', async (_, answer) => {
  await expect(ask({ '/api/v1/nodes': answer }, MANY).away).rejects.toThrow(
    'the API server gives no table of Nodes with their status',
  );
});

test('an empty table is one', async () => {
  expect(Object.keys(await ask({ '/api/v1/nodes': table(null) }, MANY).away)).toEqual(MANY);
});

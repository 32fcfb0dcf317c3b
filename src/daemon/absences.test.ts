import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { NodeResource } from '../datastore/resources/types.ts';
import { Absences, type AskNodes } from './absences.ts';
import { makeLogger } from './log.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function node(index: number, ready?: boolean): NodeResource {
  const name = `node-${index}`;
  const ipv4 = { address: `10.0.0.${index}`, network: '10.0.0.0/24' };
  const ipv6 = { address: `fd00::${index}`, network: 'fd00::/64' };
  return {
    ...{ kind: 'Node', metadata: { name, labels: {}, annotations: {} }, podCIDRs: [], bgp: { ipv4, ipv6 } },
    ...(ready === undefined ? {} : { ready }),
  };
}

interface World {
  readonly missing?: Readonly<Record<string, string>>;
  readonly nodes?: readonly NodeResource[];
  readonly ask?: AskNodes;
}

/** Answers what was told, and which questions were asked after how many seconds. */
function run({ missing = {}, nodes = [], ask }: World) {
  const told: Record<string, string>[] = [];
  const asked: string[] = [];
  const began = Date.now();
  const absences = new Absences({
    missing: () => new Map(Object.entries(missing)),
    nodes: () => nodes,
    ask:
      ask &&
      ((names) => {
        asked.push(`${(Date.now() - began) / 1000}: ${names.join(' ')}`);
        return ask(names);
      }),
    tell: (absent) => told.push(Object.fromEntries(absent)),
    logger: makeLogger('silent', 'node-1'),
  });
  absences.begin();
  return { absences, told, asked };
}

test('Nodes of missing sessions are asked for, less and less often, and nobody is waited for in the end', async () => {
  const missing = { a: '10.0.0.2', b: 'fd00::2', c: '10.0.0.3', tor: '192.0.2.1' };
  const ask = async () => new Map([['node-2', 'is NotReady']]);
  const { told, asked } = run({ missing, nodes: [node(2), node(3)], ask });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toEqual([3, 6, 12, 24, 48, 96, 192].map((seconds) => `${seconds}: node-2 node-3`));
  const away = { a: 'its Node node-2 is NotReady', b: 'its Node node-2 is NotReady' };
  expect(told).toEqual([...Array.from({ length: 7 }, () => away), {}]);
});

test('what the resources say is not asked for', async () => {
  const missing = { a: '10.0.0.2', b: '10.0.0.3' };
  const { told, asked } = run({ missing, nodes: [node(2, false), node(3, true)], ask: async () => new Map() });
  await vi.advanceTimersByTimeAsync(3_000);
  expect([told, asked]).toEqual([[{ a: 'its Node node-2 is NotReady' }], []]);
});

test('nothing is asked where all sessions are up, or nobody knows', async () => {
  const up = run({ nodes: [node(2)], ask: async () => new Map() });
  const unknown = run({ missing: { a: '10.0.0.2' }, nodes: [node(2)] });
  await vi.advanceTimersByTimeAsync(3_000);
  expect([up.asked, up.told, unknown.told]).toEqual([[], [{}], [{}]]);
});

test('what cannot be asked is asked again later', async () => {
  let fails = true;
  const ask = async () => {
    if (fails) throw new Error('10.96.0.1 refuses connections');
    return new Map([['node-2', 'does not exist']]);
  };
  const { told } = run({ missing: { a: '10.0.0.2' }, nodes: [node(2)], ask });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(told).toEqual([]);
  fails = false;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(told).toEqual([{ a: 'its Node node-2 does not exist' }]);
});

test('nothing is told after the end', async () => {
  const answer = Promise.withResolvers<Map<string, string>>();
  const { absences, told } = run({ missing: { a: '10.0.0.2' }, nodes: [node(2)], ask: () => answer.promise });
  await vi.advanceTimersByTimeAsync(3_000);
  absences.stop();
  answer.resolve(new Map());
  await vi.advanceTimersByTimeAsync(600_000);
  expect(told).toEqual([]);
});

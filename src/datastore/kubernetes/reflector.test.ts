import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Collection } from '../collection.ts';
import { eventually } from '../datastore-contract.ts';
import { resourceKey } from '../diff.ts';
import type { DatastoreEvent } from '../types.ts';
import { ApiClient } from './client.ts';
import { Connections } from './connections.ts';
import { Discovery } from './discovery.ts';
import { FakeApiServer } from './fake-api-server.fixture.ts';
import { ManualClock } from './manual-clock.fixture.ts';
import { Reflector } from './reflector.ts';

const POOLS = '/apis/crd.projectcalico.org/v1/ippools';

let server: FakeApiServer;
let clock: ManualClock;
let collection: Collection;
let reflector: Reflector;
let connections: Connections;
let batches: (readonly DatastoreEvent[])[];
let bugs: unknown[];
let throwOn: ((events: readonly DatastoreEvent[]) => boolean) | undefined;
let lifetime: AbortController;

beforeEach(async () => {
  server = await new FakeApiServer().listen();
  clock = new ManualClock();
  collection = new Collection({ kind: 'IPPool', apiVersion: 'crd.projectcalico.org/v1' });
  batches = [];
  bugs = [];
  throwOn = undefined;
  lifetime = new AbortController();
  const access = { apiEndpoint: server.url, insecureSkipTlsVerify: false };
  connections = new Connections({ access, clock, env: {}, root: '' });
  const client = new ApiClient(connections);
  const discovery = new Discovery(client, clock, lifetime.signal, undefined);
  reflector = new Reflector({
    ...{ client, clock, collection, random: () => 0.5 },
    target: () => ({ resource: 'ippools', group: 'crd.projectcalico.org' }),
    locate: async () => POOLS,
    isAbsent: () => discovery.lacks('crd.projectcalico.org/v1', 'ippools'),
    reconsider: async () => undefined,
    onBug: (error) => bugs.push(error),
    changed: (events) => {
      batches.push(events);
      if (throwOn?.(events)) throw new Error('the consumer has failed');
    },
  });
});

afterEach(async () => {
  lifetime.abort();
  await reflector.stop();
  connections.close();
  await server.close();
});

function pool(name: string, cidr: string, extra: object = {}) {
  return { metadata: { name }, spec: { cidr, ...extra } };
}

function names(): string[] {
  return [...collection.resources].map(({ metadata }) => metadata.name).sort();
}

function shown() {
  return { report: reflector.report(), names: names(), pending: clock.pending, requests: server.queries(POOLS) };
}

function holds(condition: () => boolean): Promise<void> {
  return eventually(condition, shown);
}

function becomes(...expected: string[]): Promise<void> {
  return holds(() => JSON.stringify(names()) === JSON.stringify(expected));
}

/** It waits for a timer of so many milliseconds. */
function waits(milliseconds: number): Promise<void> {
  return holds(() => clock.pending[0] === milliseconds);
}

async function watching(): Promise<void> {
  await holds(() => server.watching(POOLS) === 1 && reflector.report().state === 'watching');
}

/** Milliseconds for which a watch is guarded with random() = 0.5. */
const GUARD = 450_000 + 30_000;

describe('a reflector lists, then watches', () => {
  test('with bookmarks, from the version of the list, for a random time', async () => {
    server.put(POOLS, pool('red', '10.1.0.0/16'));
    const { version } = server;
    reflector.start();
    await watching();
    expect(names()).toEqual(['red']);
    expect(server.queries(POOLS)).toEqual([
      { resourceVersion: '0', limit: '500' },
      { watch: '1', resourceVersion: `${version}`, allowWatchBookmarks: 'true', timeoutSeconds: '450' },
    ]);
    expect(reflector.report()).toEqual({
      state: 'watching',
      synced: true,
      lists: 1,
      failuresInARow: 0,
      contactAge: 0,
    });
  });

  test('in pages of 500 from a server without a cache, delivered as one batch', async () => {
    server.hasCache = false;
    for (let i = 0; i < 1_201; i++) server.put(POOLS, pool(`p${i}`, `10.${i >> 8}.${i & 255}.0/24`));
    reflector.start();
    await watching();
    expect(collection.size).toBe(1_201);
    expect(server.queries(POOLS).map(({ limit }) => limit)).toEqual(['500', '500', '500', undefined]);
    expect(batches.map((batch) => batch.length).filter((length) => length > 0)).toEqual([1_201]);
  });

  test('what is added, changed and deleted', async () => {
    reflector.start();
    await watching();
    server.put(POOLS, pool('red', '10.1.0.0/16'));
    server.put(POOLS, pool('blue', '10.2.0.0/16'));
    await becomes('blue', 'red');
    server.put(POOLS, pool('red', '10.3.0.0/16'));
    await holds(() => batches.flat().length === 3);
    server.remove(POOLS, pool('blue', ''));
    await becomes('red');
    const key = resourceKey({ kind: 'IPPool', name: 'red' });
    expect(collection.get(key)).toMatchObject({ cidr: '10.3.0.0/16' });
    expect(batches.flat().map(({ type }) => type)).toEqual(['set', 'set', 'set', 'removed']);
  });

  test('a change that means nothing to us gives no event', async () => {
    server.put(POOLS, pool('red', '10.1.0.0/16'));
    reflector.start();
    await watching();
    server.put(POOLS, pool('red', '10.1.0.0/16', { natOutgoing: true }));
    server.put(POOLS, pool('blue', '10.2.0.0/16'));
    await becomes('blue', 'red');
    expect(batches.flat()).toHaveLength(2);
  });

  test('all of it at once when the server forgets the list while it is read', async () => {
    server.hasCache = false;
    for (let i = 0; i < 600; i++) server.put(POOLS, pool(`p${i}`, `10.${i >> 8}.${i & 255}.0/24`));
    server.fail(410, ({ query }) => 'continue' in query);
    reflector.start();
    await watching();
    expect(collection.size).toBe(600);
    expect(server.queries(POOLS).map(({ limit, watch }) => [limit, watch])).toEqual([
      ['500', undefined],
      ['500', undefined],
      [undefined, undefined],
      [undefined, '1'],
    ]);
  });
});

describe('a reflector goes on', () => {
  beforeEach(async () => {
    server.put(POOLS, pool('red', '10.1.0.0/16'));
    reflector.start();
    await watching();
  });

  const versionsWatched = () =>
    server.queries(POOLS).flatMap(({ watch, resourceVersion }) => (watch === '1' ? resourceVersion! : []));
  const listsAsked = () => server.queries(POOLS).filter(({ watch }) => watch === undefined);

  test('at once from where it was when the time of a watch is over', async () => {
    const before = server.version;
    server.put(POOLS, pool('blue', '10.2.0.0/16'));
    await becomes('blue', 'red');
    clock.advance(2_000);
    server.endWatches();
    await holds(() => versionsWatched().length === 2);
    await watching();
    expect(versionsWatched()).toEqual([`${before}`, `${before + 1}`]);
    expect(reflector.report()).toMatchObject({ synced: true, lists: 1, failuresInARow: 0 });
  });

  test('from the last bookmark', async () => {
    clock.advance(2_000);
    server.bookmark();
    await holds(() => reflector.report().contactAge === 0);
    clock.advance(2_000);
    server.endWatches();
    await holds(() => versionsWatched().length === 2);
    expect(versionsWatched()[1]).toBe(`${server.version}`);
  });

  test('after a broken connection, without a word about it when that succeeds', async () => {
    server.dropWatches();
    await waits(375);
    expect(reflector.report()).toMatchObject({ synced: true, failuresInARow: 1 });
    server.put(POOLS, pool('blue', '10.2.0.0/16'));
    clock.advance(375);
    await becomes('blue', 'red');
    expect(reflector.report()).toMatchObject({ state: 'watching', synced: true, lists: 1, failuresInARow: 0 });
  });

  test('after a connection that broke in the middle of an event', async () => {
    server.say('{"type":"ADDED","object":{"metadata":{"name":"gre');
    server.dropWatches();
    await waits(375);
    server.put(POOLS, pool('blue', '10.2.0.0/16'));
    clock.advance(375);
    await becomes('blue', 'red');
    expect(bugs).toEqual([]);
  });

  test('with longer and longer pauses while the server is away, for ever, and keeps what it knows', async () => {
    await server.close();
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      await holds(() => reflector.report().failuresInARow === attempt + 1 && clock.pending.length === 1);
      pauses.push(clock.pending[0]!);
      clock.advance(clock.pending[0]!);
    }
    expect(pauses).toEqual([375, 750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500, 22_500, 22_500, 22_500]);
    expect(names()).toEqual(['red']);
    const { failure, ...report } = reflector.report();
    expect(report).toMatchObject({ state: 'failing', synced: false });
    expect(failure?.message).toBe(`${new URL(server.url).host} refuses connections`);
    await holds(() => reflector.report().failuresInARow === 13);
    await server.listen();
    clock.advance(22_500);
    await watching();
    expect(reflector.report()).not.toHaveProperty('failure');
    expect(names()).toEqual(['red']);
  });

  test.each([
    { when: '410 in the watch', happen: () => server.compact() },
    { when: '410 instead of the watch', happen: () => server.fail(410, ({ query }) => 'watch' in query, { times: 1 }) },
  ])('with a new list and its difference after $when', async ({ happen }) => {
    server.put(POOLS, pool('blue', '10.2.0.0/16'));
    await becomes('blue', 'red');
    clock.advance(2_000);
    server.fail(503, ({ query }) => 'watch' in query, { times: 1 });
    server.endWatches();
    await waits(375);
    server.remove(POOLS, pool('red', ''));
    server.put(POOLS, pool('green', '10.3.0.0/16'));
    happen();
    batches.length = 0;
    clock.advance(375);
    await holds(() => clock.pending[0] === 750);
    clock.advance(750);
    await becomes('blue', 'green');
    await watching();
    expect(batches.flat().map((event) => event.type === 'set' && event.resource.metadata.name)).toEqual([
      false,
      'green',
    ]);
    expect(reflector.report()).toMatchObject({ synced: true, lists: 2 });
  });

  test('within a random second of hearing 410, so that not all list at once', async () => {
    clock.advance(2_000);
    server.bookmark();
    server.compact();
    server.say('{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}}\n');
    await waits(500);
    clock.advance(500);
    await holds(() => reflector.report().lists === 2);
    expect(reflector.report()).toMatchObject({ synced: true });
  });

  test('with a list that is not older than what was known', async () => {
    server.bookmark();
    await holds(() => reflector.report().contactAge === 0);
    const { version } = server;
    reflector.restart();
    await holds(() => reflector.report().lists === 2);
    await watching();
    clock.advance(2_000);
    server.compact();
    server.say('garbage\n');
    await waits(375);
    clock.advance(375);
    await holds(() => reflector.report().lists === 3);
    expect(listsAsked()).toEqual([
      { resourceVersion: '0', limit: '500' },
      { resourceVersion: '0', limit: '500' },
      { resourceVersion: `${version}`, resourceVersionMatch: 'NotOlderThan' },
    ]);
  });

  test('with what the store of the server has, where that went back in time and watches are silent', async () => {
    for (let i = 0; i < 60; i++) server.put(POOLS, pool('red', `10.1.${i}.0/24`));
    await holds(() => batches.flat().length === 61);
    const before = server.version;
    server.dropWatches();
    await waits(375);
    server.goBack();
    server.remove(POOLS, pool('red', ''));
    clock.advance(375);
    for (let watches = 2; watches <= 7; watches++) {
      await holds(() => versionsWatched().length === watches && server.watching(POOLS) === 1);
      expect(names()).toEqual(['red']);
      clock.advance(450_000);
      server.endWatches();
    }
    await becomes();
    await watching();
    expect(listsAsked().slice(1)).toEqual([
      { resourceVersion: `${before}`, resourceVersionMatch: 'NotOlderThan' },
      { limit: '500' },
    ]);
    expect(versionsWatched().at(-1)).toBe(`${server.version}`);
  });

  test.each([
    ['no JSON', 'this is no event\n'],
    ['JSON that is no event', '{"kind":"Status"}\n'],
    ['an event of an unknown type', '{"type":"STRANGE","object":{"metadata":{"resourceVersion":"7"}}}\n'],
    ['an event without a version', '{"type":"ADDED","object":{"metadata":{"name":"x"}}}\n'],
    ['an event without an object', '{"type":"ADDED","object":null}\n'],
  ])('with a new list after %s', async (_, garbage) => {
    server.say(garbage);
    await waits(375);
    clock.advance(375);
    await holds(() => reflector.report().lists === 2);
    await watching();
    expect(names()).toEqual(['red']);
    expect(bugs).toEqual([]);
  });

  test('with what came before a garbage line', async () => {
    const good = { type: 'ADDED', object: { ...pool('blue', '10.2.0.0/16'), kind: 'IPPool' } };
    const object = { ...good.object, apiVersion: 'crd.projectcalico.org/v1' };
    const named = { ...object, metadata: { name: 'blue', resourceVersion: '500' } };
    server.say(`${JSON.stringify({ type: 'ADDED', object: named })}\ngarbage\n`);
    await becomes('blue', 'red');
  });

  test('after an error event of another kind, from where it was', async () => {
    server.say('{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd has no leader"}}\n');
    await waits(375);
    clock.advance(375);
    await watching();
    expect(reflector.report()).toMatchObject({ synced: true, lists: 1 });
  });

  test('with a list when the same version has failed five times', async () => {
    server.fail(500, ({ query }) => 'watch' in query);
    server.dropWatches();
    for (let failures = 1; failures <= 5; failures++) {
      await holds(() => reflector.report().failuresInARow === failures && clock.pending.length === 1);
      expect(reflector.report().lists).toBe(1);
      clock.advance(clock.pending[0]!);
    }
    await holds(() => reflector.report().lists === 2);
  });

  test('not in a hurry when watches end as soon as they begin', async () => {
    server.endWatches();
    await waits(375);
    clock.advance(375);
    await watching();
    server.endWatches();
    await waits(750);
    expect(reflector.report()).toMatchObject({ synced: true, failuresInARow: 2 });
  });

  test('with a new watch when one does not end in its time', async () => {
    await waits(GUARD);
    clock.advance(GUARD);
    await waits(375);
    clock.advance(375);
    await holds(() => versionsWatched().length === 2);
    await watching();
    expect(reflector.report()).toMatchObject({ synced: true });
  });

  test('no sooner than the server asks for', async () => {
    server.fail(429, () => true, { headers: { 'retry-after': '7' }, times: 1 });
    clock.advance(2_000);
    server.endWatches();
    await waits(7_000);
    clock.advance(7_000);
    await watching();
  });

  test('when its consumer throws, with the next event', async () => {
    throwOn = (events) => events.some((event) => event.type === 'set' && event.resource.metadata.name === 'blue');
    server.put(POOLS, pool('blue', '10.2.0.0/16'));
    await holds(() => bugs.length === 1);
    await waits(375);
    server.put(POOLS, pool('green', '10.3.0.0/16'));
    clock.advance(375);
    await becomes('blue', 'green', 'red');
    expect(bugs).toEqual([new Error('the consumer has failed')]);
  });

  test('from a list when it is told to, at once', async () => {
    reflector.restart();
    await holds(() => reflector.report().lists === 2);
    await watching();
    expect(reflector.report()).toMatchObject({ synced: true, failuresInARow: 0 });
  });

  test('until it is stopped, also in a pause', async () => {
    await server.close();
    await holds(() => clock.pending[0] === 375);
    await reflector.stop();
    expect(clock.pending).toEqual([]);
    await reflector.stop();
  });
});

test('a list that is begun anew has nothing of the one before', async () => {
  server.hasCache = false;
  for (let i = 0; i < 600; i++) server.put(POOLS, pool(`p${i}`, `10.${i >> 8}.${i & 255}.0/24`));
  const removeOne = () => {
    server.remove(POOLS, pool('p0', ''));
    return true;
  };
  server.fail(410, ({ query }) => 'continue' in query && removeOne(), { times: 1 });
  reflector.start();
  await watching();
  expect(collection.size).toBe(599);
});

test('a server that was away is asked for what is new, not for all that is in its store', async () => {
  server.put(POOLS, pool('red', '10.1.0.0/16'));
  reflector.start();
  await watching();
  const { version } = server;
  clock.advance(2_000);
  server.say('garbage\n');
  await waits(375);
  server.fail(503, () => true, { times: 2 });
  clock.advance(375);
  await waits(750);
  clock.advance(750);
  await waits(1_500);
  clock.advance(1_500);
  await holds(() => reflector.report().lists === 2);
  expect(server.queries(POOLS).slice(2, 5)).toEqual(
    Array.from({ length: 3 }, () => ({ resourceVersion: `${version}`, resourceVersionMatch: 'NotOlderThan' })),
  );
});

test('a document on which we stumble is left out alone', async () => {
  const put = collection.put.bind(collection);
  collection.put = (document) => {
    if ((document as { metadata: { name: string } }).metadata.name === 'poison')
      throw new RangeError('a mistake of ours');
    return put(document);
  };
  reflector.start();
  await watching();
  for (const name of ['a', 'poison', 'b']) server.put(POOLS, pool(name, '10.1.0.0/16'));
  await becomes('a', 'b');
  expect(bugs).toEqual([new RangeError('a mistake of ours')]);
  expect(reflector.report()).toMatchObject({ synced: true, lists: 1, failuresInARow: 0 });
});

describe('a kind that the server does not have', () => {
  test('is as good as none of it, and looked for again, sooner at first', async () => {
    server.uninstall(POOLS);
    reflector.start();
    await holds(() => reflector.report().state === 'missing');
    expect(reflector.report()).toMatchObject({ synced: true, failuresInARow: 0 });
    const pauses: number[] = [];
    for (let look = 0; look < 11; look++) {
      await holds(() => clock.pending.length === 1 && server.queries(POOLS).length === look + 1);
      pauses.push(clock.pending[0]!);
      if (look === 10) server.install(POOLS);
      if (look === 10) server.put(POOLS, pool('red', '10.1.0.0/16'));
      clock.advance(clock.pending[0]!);
    }
    expect(pauses).toEqual([750, 1_500, 3_000, 6_000, 12_000, 24_000, 48_000, 96_000, 192_000, 225_000, 225_000]);
    await becomes('red');
    expect(reflector.report().state).toBe('watching');
  });

  test('is empty after it has been deleted, and followed when it comes back', async () => {
    server.put(POOLS, pool('red', '10.1.0.0/16'));
    reflector.start();
    await watching();
    clock.advance(2_000);
    server.uninstall(POOLS);
    await holds(() => reflector.report().state === 'missing');
    expect(names()).toEqual([]);
    server.install(POOLS);
    server.put(POOLS, pool('blue', '10.2.0.0/16'));
    await waits(750);
    clock.advance(750);
    await becomes('blue');
  });

  test.each([
    { there: 'nothing', known: false, doubt: 10_000 },
    { there: 'resources', known: true, doubt: 60_000 },
  ])('is doubted for $doubt ms with $there known, when not even its group is known', async ({ known, doubt }) => {
    if (known) {
      server.put(POOLS, pool('red', '10.1.0.0/16'));
      reflector.start();
      await watching();
    }
    server.fail(404, ({ path }) => path.startsWith('/apis/crd.projectcalico.org'));
    if (known) server.dropWatches();
    else reflector.start();
    await waits(375);
    const startedAt = clock.now();
    while (clock.now() - startedAt < doubt) {
      await holds(() => clock.pending.length === 1);
      expect(names()).toEqual(known ? ['red'] : []);
      const { failuresInARow } = reflector.report();
      clock.advance(clock.pending[0]!);
      await holds(() => reflector.report().failuresInARow !== failuresInARow || reflector.report().state === 'missing');
      if (clock.now() - startedAt < doubt) expect(reflector.report().state).not.toBe('missing');
    }
    await holds(() => reflector.report().state === 'missing');
    expect(names()).toEqual([]);
  });

  test('is believed to be there when the server says so in one place and denies it in another', async () => {
    server.put(POOLS, pool('red', '10.1.0.0/16'));
    server.fail(404, ({ path }) => path === POOLS, { times: 1 });
    reflector.start();
    await waits(375);
    expect(reflector.report()).toMatchObject({ state: 'failing', synced: false });
    clock.advance(375);
    await becomes('red');
  });
});

test('a resource that cannot be read keeps its last valid version through a new list', async () => {
  server.put(POOLS, pool('red', '10.1.0.0/16'));
  reflector.start();
  await watching();
  server.put(POOLS, pool('red', '10.1.0.1/16'));
  await holds(() => collection.problems.length === 1);
  reflector.restart();
  await holds(() => reflector.report().lists === 2);
  expect(names()).toEqual(['red']);
  expect(collection.problems).toMatchObject([{ kind: 'IPPool', name: 'red', path: 'spec.cidr' }]);
  server.remove(POOLS, pool('red', ''));
  await becomes();
  expect(collection.problems).toEqual([]);
});

test('one connection serves lists one after the other', async () => {
  server.hasCache = false;
  for (let i = 0; i < 1_201; i++) server.put(POOLS, pool(`p${i}`, `10.${i >> 8}.${i & 255}.0/24`));
  reflector.start();
  await watching();
  expect(new Set(server.requests.map(({ socket }) => socket)).size).toBe(1);
});

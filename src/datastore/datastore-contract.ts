// What every datastore driver promises, as tests. A driver's own test file calls `datastoreContract` with a harness that
// can bring about changes in its world; files, Kubernetes and etcd pass the same ones.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ResourceStore } from './store.ts';
import type { Datastore, DatastoreEvent } from './types.ts';

/** A resource as users write it. */
export interface RawResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly spec?: unknown;
}

/** A world with a datastore in it, empty at first. */
export interface DatastoreHarness {
  /** A new driver on this world; the contract stops it. */
  driver(): Datastore;
  /** Creates the resource, or replaces the one of its kind and name. */
  put(resource: RawResource): Promise<void>;
  remove(resource: RawResource): Promise<void>;
  dispose(): Promise<void>;
}

export interface Observed {
  readonly store: ResourceStore;
  readonly batches: readonly (readonly DatastoreEvent[])[];
  readonly driver: Datastore;
}

/** Starts a driver and collects what it delivers. */
export async function observe(driver: Datastore): Promise<Observed> {
  const store = new ResourceStore();
  const batches: (readonly DatastoreEvent[])[] = [];
  await driver.start((events) => {
    batches.push(events);
    store.apply(events);
  });
  return { store, batches, driver };
}

/** Waits until a condition holds; fails with what `shown` says when it does not in time. */
export async function eventually(holds: () => boolean, shown: () => unknown, within = 8_000): Promise<void> {
  const deadline = performance.now() + within;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`did not come true; now: ${JSON.stringify(shown(), null, 2)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function pool(name: string, spec: Readonly<Record<string, unknown>>, metadata: object = {}): RawResource {
  return { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name, ...metadata }, spec };
}

const RED = pool('red', { cidr: '10.1.0.0/16' });
const BLUE = pool('blue', { cidr: '10.2.0.0/16', ipipMode: 'Always' });
const BROKEN_RED = pool('red', { cidr: '10.1.0.1/16' });

export function datastoreContract(name: string, makeHarness: () => Promise<DatastoreHarness>): void {
  describe(`${name} keeps the contract of datastore drivers`, () => {
    let harness: DatastoreHarness;
    let running: Observed[];

    beforeEach(async () => {
      harness = await makeHarness();
      running = [];
    });

    afterEach(async () => {
      for (const { driver } of running) await driver.stop();
      await harness.dispose();
    });

    async function start(): Promise<Observed> {
      const observed = await observe(harness.driver());
      running.push(observed);
      return observed;
    }

    function pools({ store }: Observed): string[] {
      return store.list('IPPool').map(({ metadata, cidr, ipipMode }) => `${metadata.name} ${cidr} ${ipipMode}`);
    }

    function becomes(observed: Observed, expected: readonly string[]): Promise<void> {
      return eventually(
        () => JSON.stringify(pools(observed)) === JSON.stringify(expected),
        () => pools(observed),
      );
    }

    function hasProblems(observed: Observed, count: number): Promise<void> {
      const { store } = observed;
      return eventually(
        () => store.problems.length === count,
        () => store.problems,
      );
    }

    test('what exists is there, in sync, when start is done', async () => {
      await harness.put(RED);
      await harness.put(BLUE);
      const observed = await start();
      await eventually(
        () => observed.store.synced,
        () => observed.batches,
      );
      expect(pools(observed)).toEqual(['blue 10.2.0.0/16 Always', 'red 10.1.0.0/16 Never']);
      expect(observed.store.problems).toEqual([]);
      const events = observed.batches.flat();
      expect(events.findLastIndex(({ type }) => type === 'set')).toBeLessThan(
        events.findIndex((event) => event.type === 'synced' && event.synced),
      );
    });

    test('an empty datastore is in sync, too', async () => {
      const observed = await start();
      await eventually(
        () => observed.store.synced,
        () => observed.batches,
      );
      expect(pools(observed)).toEqual([]);
    });

    test('resources that appear, change and vanish are followed', async () => {
      const observed = await start();
      await harness.put(RED);
      await becomes(observed, ['red 10.1.0.0/16 Never']);
      await harness.put(BLUE);
      await becomes(observed, ['blue 10.2.0.0/16 Always', 'red 10.1.0.0/16 Never']);
      await harness.put(pool('red', { cidr: '10.3.0.0/16' }));
      await becomes(observed, ['blue 10.2.0.0/16 Always', 'red 10.3.0.0/16 Never']);
      await harness.remove(BLUE);
      await becomes(observed, ['red 10.3.0.0/16 Never']);
      expect(observed.store.synced).toBe(true);
    });

    test('a change that means nothing gives no event', async () => {
      await harness.put(RED);
      const observed = await start();
      await harness.put(pool('red', { cidr: '10.1.0.0/16', natOutgoing: true }, { resourceVersion: '77' }));
      await harness.put(BLUE);
      await becomes(observed, ['blue 10.2.0.0/16 Always', 'red 10.1.0.0/16 Never']);
      const sets = observed.batches.flat().filter((event) => event.type === 'set');
      expect(sets.map(({ resource }) => resource.metadata.name)).toEqual(['red', 'blue']);
    });

    test('a resource that becomes invalid keeps its last valid version and is reported until it is mended', async () => {
      await harness.put(RED);
      const observed = await start();
      await harness.put(BROKEN_RED);
      await hasProblems(observed, 1);
      expect(observed.store.problems[0]).toMatchObject({ kind: 'IPPool', name: 'red', path: 'spec.cidr' });
      expect(pools(observed)).toEqual(['red 10.1.0.0/16 Never']);
      await harness.put(pool('red', { cidr: '10.9.0.0/16' }));
      await becomes(observed, ['red 10.9.0.0/16 Never']);
      await hasProblems(observed, 0);
    });

    test('a resource that is invalid from the start does not stop the others', async () => {
      await harness.put(BROKEN_RED);
      await harness.put(BLUE);
      const observed = await start();
      await hasProblems(observed, 1);
      expect(pools(observed)).toEqual(['blue 10.2.0.0/16 Always']);
      await harness.remove(BROKEN_RED);
      await hasProblems(observed, 0);
      expect(pools(observed)).toEqual(['blue 10.2.0.0/16 Always']);
    });

    test('a resource that is removed while it is invalid is gone', async () => {
      await harness.put(RED);
      const observed = await start();
      await harness.put(BROKEN_RED);
      await hasProblems(observed, 1);
      await harness.remove(BROKEN_RED);
      await becomes(observed, []);
      await hasProblems(observed, 0);
    });

    test('a driver that is started later sees the same', async () => {
      const first = await start();
      for (const resource of [RED, BLUE, pool('red', { cidr: '10.4.0.0/16' }), pool('green', { cidr: 'fd00::/64' })]) {
        await harness.put(resource);
      }
      await harness.remove(BLUE);
      await becomes(first, ['green fd00::/64 Never', 'red 10.4.0.0/16 Never']);
      const second = await start();
      await becomes(second, pools(first));
      expect(second.store.list('IPPool')).toEqual(first.store.list('IPPool'));
    });

    test('nothing is delivered after stop, which can be called again', async () => {
      const observed = await start();
      await observed.driver.stop();
      const delivered = observed.batches.length;
      const other = await start();
      await harness.put(RED);
      await becomes(other, ['red 10.1.0.0/16 Never']);
      expect(observed.batches).toHaveLength(delivered);
      await observed.driver.stop();
    });
  });
}

import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, observe } from '../datastore-contract.ts';
import type { Datastore } from '../types.ts';
import { endpointStatus } from './endpoint-status.ts';

let parent: string;
let folder: string;
let driver: Datastore;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), `caracal-endpoints-${process.pid}-`));
  folder = join(parent, 'endpoint-status');
  driver = endpointStatus({ path: folder, settle: 5, recheck: 30 });
});

afterEach(async () => {
  await driver.stop();
  rmSync(parent, { recursive: true, force: true });
});

/** Felix makes the names from the endpoints; they have spaces and percent signs. */
const NAME = 'k8s default%2Frouter-1 eth0';

function endpoint(fields: object = {}): string {
  return JSON.stringify({
    ifaceName: 'cali1234567890a',
    mac: 'ee:ee:ee:ee:ee:ee',
    ipv4Nets: ['10.65.3.5/32', '10.65.3.6/32'],
    ipv6Nets: ['FD00:65::5/128'],
    bgpPeerName: 'workloads',
    ...fields,
  });
}

const PEER = {
  kind: 'WorkloadPeer',
  metadata: { name: NAME, labels: {}, annotations: {} },
  bgpPeerName: 'workloads',
  ipv4: '10.65.3.5',
  ipv6: 'fd00:65::5',
};

async function start() {
  const { store, batches } = await observe(driver);
  const becomes = (count: number, problems = 0) =>
    eventually(
      () => store.list('WorkloadPeer').length === count && store.problems.length === problems,
      () => [store.list('WorkloadPeer'), store.problems],
    );
  return { store, batches, becomes };
}

test('an endpoint with a BGPPeer is a workload peer by the first address of each family', async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, NAME), endpoint());
  writeFileSync(join(folder, 'other'), endpoint({ bgpPeerName: '' }));
  const { store, batches } = await start();
  expect(store.list('WorkloadPeer')).toStrictEqual([PEER]);
  expect([store.synced, store.problems]).toEqual([true, []]);
  expect(batches).toHaveLength(1);
});

test('a folder that is missing has no endpoints and is in sync; it may come later', async () => {
  const { store, becomes } = await start();
  expect([store.synced, store.list('WorkloadPeer'), store.problems]).toEqual([true, [], []]);
  mkdirSync(folder);
  writeFileSync(join(folder, NAME), endpoint({ ipv6Nets: null }));
  await becomes(1);
  rmSync(folder, { recursive: true });
  await becomes(0);
});

test('endpoints come, change and go', async () => {
  mkdirSync(folder);
  const { store, becomes } = await start();
  writeFileSync(join(folder, NAME), endpoint());
  await becomes(1);
  writeFileSync(join(folder, NAME), endpoint({ ipv4Nets: ['10.65.3.9/32'], ipv6Nets: [] }));
  await eventually(
    () => store.list('WorkloadPeer')[0]?.ipv4 === '10.65.3.9',
    () => store.list('WorkloadPeer'),
  );
  expect(store.list('WorkloadPeer')[0]).not.toHaveProperty('ipv6');
  writeFileSync(join(folder, NAME), endpoint({ bgpPeerName: '' }));
  await becomes(0);
  writeFileSync(join(folder, NAME), endpoint());
  await becomes(1);
  unlinkSync(join(folder, NAME));
  await becomes(0);
});

test('a file that cannot be read as JSON changes nothing until it can', async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, NAME), endpoint());
  const { store, becomes } = await start();
  writeFileSync(join(folder, NAME), endpoint().slice(0, 40));
  await becomes(1, 1);
  expect(store.list('WorkloadPeer')).toStrictEqual([PEER]);
  writeFileSync(join(folder, NAME), endpoint({ ipv4Nets: ['10.65.3.5'] }));
  await eventually(
    () => store.problems[0]?.path === 'ipv4Nets[0]',
    () => store.problems,
  );
  expect(store.list('WorkloadPeer')).toStrictEqual([PEER]);
  writeFileSync(join(folder, NAME), endpoint({ bgpPeerName: '' }));
  await becomes(0);
});

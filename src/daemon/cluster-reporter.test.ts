import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from '../datastore/kubernetes/api-error.ts';
import type { CalicoNodeStatus } from '../datastore/resources/types.ts';
import type { Fact } from '../speaker/index.ts';
import { statusReport } from '../status/report.ts';
import { environmentFixture, peerFixture, snapshotFixture } from '../status/snapshot.fixture.ts';
import type { RouteReport, RoutesQuery } from '../status/types.ts';
import { ClusterReporter, type ClusterReporterParts } from './cluster-reporter.ts';
import { makeLogger } from './log.ts';

interface Write {
  readonly path: string;
  readonly body: { readonly message?: string; readonly status?: { readonly routes?: { routesV4: object[] } } };
}

let writes: Write[];
let failure: ApiError | undefined;
let reporter: ClusterReporter;

const ROUTE: RouteReport = {
  ...{ type: 'FIB', destination: '10.65.1.0/26', gateway: '10.0.0.2', interface: 'eth0' },
  learnedFrom: { sourceType: 'NodeMesh', peerIP: '10.0.0.2', protocol: 'Mesh_10_0_0_2' },
  ...{ asPath: '', origin: 'IGP', communities: [] },
};

beforeEach(() => {
  vi.useFakeTimers();
  writes = [];
  failure = undefined;
});

afterEach(async () => {
  await reporter.stop();
  vi.useRealTimers();
});

function start(switches: Partial<ClusterReporterParts['options']> = {}): void {
  const send = async ({ path, write }: { path: string; write?: { body: Write['body'] } }) => {
    if (write !== undefined && failure !== undefined) throw failure;
    if (write !== undefined) writes.push({ path, body: write.body });
    return { metadata: { name: 'mine' } };
  };
  const api = { client: { send }, discovery: { chooseCalico: async () => 'crd.projectcalico.org/v1' } };
  const tables = { prefixes: 3, paths: 3, kernelRoutes: 0 };
  const snapshot = snapshotFixture({ peers: [peerFixture()], tables: { ipv4: tables, ipv6: { ...tables, paths: 0 } } });
  reporter = new ClusterReporter({
    api: api as unknown as ClusterReporterParts['api'],
    options: { kubernetesNode: 'node-1', nodeStatus: true, nodeEvents: true, ...switches },
    answers: {
      status: () => statusReport(snapshot, environmentFixture()),
      // Three pages.
      routes: ({ family, after = '0' }: RoutesQuery) =>
        family === 'ipv6'
          ? { family, routes: [] }
          : { family, routes: [ROUTE], ...(after === '2' ? {} : { next: `${Number(after) + 1}` }) },
    },
    logger: makeLogger('silent', 'node-1'),
  });
}

function down(reason: Extract<Fact, { type: 'peerDown' }>['reason'], wasEstablished = true): Fact {
  return { type: 'peerDown', peer: 'Mesh_10_0_0_2', address: '10.0.0.2', reason, wasEstablished };
}

const UP: Fact = {
  ...{ type: 'peerStateChanged', peer: 'Mesh_10_0_0_2', address: '10.0.0.2' },
  ...{ from: 'OpenConfirm', to: 'Established' },
};
const LOST = { type: 'connectionLost', text: 'hold timer expired' } as const;
const REQUEST: CalicoNodeStatus = {
  ...{ kind: 'CalicoNodeStatus', metadata: { name: 'mine', labels: {}, annotations: {} } },
  ...{ node: 'node-1', classes: ['Agent', 'BGP', 'Routes'], updatePeriodSeconds: 10 },
};

test('a session that is lost and comes back is told', async () => {
  start();
  reporter.tell(UP);
  reporter.tell(down(LOST));
  await vi.advanceTimersByTimeAsync(10_000);
  reporter.tell(UP);
  await vi.advanceTimersByTimeAsync(70_000);
  expect(writes.map(({ body }) => body.message)).toEqual([
    'BGP session Mesh_10_0_0_2 with 10.0.0.2 is down: hold timer expired',
    'BGP session Mesh_10_0_0_2 with 10.0.0.2 is back',
  ]);
});

test.each<[string, Fact]>([
  ['a session that the configuration ends', down({ type: 'stopped', text: 'configuration changed' })],
  ['an attempt that fails', down(LOST, false)],
])('%s is not told', async (_, fact) => {
  start();
  reporter.tell(UP);
  reporter.tell(fact);
  reporter.tell(UP);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(writes).toEqual([]);
});

test('objects that ask for it are filled with what the daemon answers, all pages of it', async () => {
  vi.useRealTimers();
  start();
  reporter.setRequests([REQUEST]);
  await expect.poll(() => writes, { timeout: 10_000 }).toHaveLength(1);
  const [{ path, body } = { path: '', body: {} }] = writes;
  expect(path).toBe('/apis/crd.projectcalico.org/v1/caliconodestatuses/mine/status');
  expect(body.status).toMatchObject({
    agent: { birdV4: { state: 'Ready', version: '0.1.0', routerID: '10.0.0.1' } },
    bgp: { numberEstablishedV4: 1, peersV4: [{ peerIP: '10.0.0.2', type: 'NodeMesh' }] },
  });
  expect(body.status?.routes?.routesV4).toHaveLength(3);
});

test('what cannot be written is a problem until it can be', async () => {
  start();
  failure = new ApiError('forbidden', 'this user may not create events');
  reporter.tell(down(LOST));
  await vi.advanceTimersByTimeAsync(10_000);
  const problem = { kind: 'Event', name: 'node-1', path: '', severity: 'warning' };
  expect(reporter.problems).toEqual([{ ...problem, text: 'cannot be written: this user may not create events' }]);
  failure = undefined;
  reporter.tell(UP);
  await vi.advanceTimersByTimeAsync(70_000);
  expect(reporter.problems).toEqual([]);
});

test('nothing is written where that is turned off', async () => {
  start({ nodeStatus: false, nodeEvents: false });
  reporter.setRequests([REQUEST]);
  reporter.tell(down(LOST));
  await vi.advanceTimersByTimeAsync(100_000);
  expect([writes, reporter.problems]).toEqual([[], []]);
});

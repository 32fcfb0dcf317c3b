// Etcd is played by the test, Kubernetes by a server that the test plays.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, type Observed, observe } from '../datastore-contract.ts';
import { FakeApiServer } from '../kubernetes/fake-api-server.fixture.ts';
import { kubernetesDatastore } from '../kubernetes/kubernetes.ts';
import { readResource } from '../resources/read-resource.ts';
import type { Datastore, DatastoreEvent } from '../types.ts';
import { etcdWithKubernetes } from './with-kubernetes.ts';

const SYNCED: DatastoreEvent = { type: 'synced', synced: true };

class PlayedEtcd implements Datastore {
  readonly #first: readonly DatastoreEvent[];
  tell: (events: readonly DatastoreEvent[]) => void = () => undefined;

  constructor(...first: readonly DatastoreEvent[]) {
    this.#first = first;
  }

  async start(deliver: (events: readonly DatastoreEvent[]) => void): Promise<void> {
    this.tell = deliver;
    deliver(this.#first);
  }

  async stop(): Promise<void> {
    this.tell = () => undefined;
  }

  contact() {
    return { server: '10.0.0.1:2379', watches: [] };
  }
}

function set(kind: string, name: string, spec: object): DatastoreEvent {
  const { resource } = readResource({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec });
  return { type: 'set', resource: resource! };
}

const PASSWORD = { secretKeyRef: { name: 'bgp', key: 'rack' } };
const PEER = set('BGPPeer', 'tor', { peerIP: '10.9.0.1', asNumber: 65001, password: PASSWORD });
const PLAIN_PEER = set('BGPPeer', 'tor', { peerIP: '10.9.0.1', asNumber: 65001 });
const RANGES = set('BGPConfiguration', 'default', { serviceClusterIPs: [{ cidr: '10.96.0.0/12' }] });
const SECRET = { metadata: { name: 'bgp', namespace: 'kube-system' }, data: { rack: 'c2VjcmV0' } };
const SERVICE = { metadata: { name: 'web', namespace: 'shop' }, spec: { type: 'ClusterIP', clusterIP: '10.96.0.9' } };

let server: FakeApiServer;
let running: Observed[];

beforeEach(async () => {
  server = await new FakeApiServer().listen();
  running = [];
});

afterEach(async () => {
  for (const { driver } of running) await driver.stop();
  await server.close();
});

async function start(
  etcd: Datastore,
  access: { apiEndpoint?: string } = { apiEndpoint: server.url },
): Promise<Observed> {
  const options = { secretNamespace: 'kube-system', advertisesServices: false };
  const kubernetes = kubernetesDatastore({
    ...{ node: 'node-1', access: { insecureSkipTlsVerify: false, ...access }, usePodCidr: false, ...options },
    surroundings: { env: {} },
  });
  const observed = await observe(etcdWithKubernetes(etcd, kubernetes, options));
  running.push(observed);
  return observed;
}

function namesOf({ store }: Observed) {
  const names = (kind: 'BGPPeer' | 'Secret' | 'Service') => store.list(kind).map(({ metadata }) => metadata.name);
  return { peers: names('BGPPeer'), secrets: names('Secret'), services: names('Service') };
}

test('what nothing refers to is not asked for', async () => {
  const observed = await start(new PlayedEtcd(PLAIN_PEER, SYNCED));
  expect(observed.store.synced).toBe(true);
  expect(server.requests).toEqual([]);
});

test('the store is in sync when what resources refer to is there, too', async () => {
  server.put('/api/v1/secrets', SECRET);
  server.put('/api/v1/services', SERVICE);
  const observed = await start(new PlayedEtcd(PEER, RANGES, SYNCED));
  expect(observed.store.synced).toBe(true);
  expect(namesOf(observed)).toEqual({ peers: ['tor'], secrets: ['bgp'], services: ['web'] });
  const events = observed.batches.flat();
  const inSync = events.findIndex((event) => event.type === 'synced' && event.synced);
  expect(events.findIndex((event) => event.type === 'set' && event.resource.kind === 'Secret')).toBeLessThan(inSync);
  expect(server.requests.filter(({ path }) => path.includes('projectcalico'))).toEqual([]);
});

test('what resources begin and cease to refer to comes and goes', async () => {
  server.put('/api/v1/secrets', SECRET);
  const etcd = new PlayedEtcd(PLAIN_PEER, SYNCED);
  const observed = await start(etcd);
  const has = (secrets: readonly string[]) =>
    eventually(
      () => JSON.stringify(namesOf(observed).secrets) === JSON.stringify(secrets),
      () => namesOf(observed),
    );
  etcd.tell([PEER]);
  await has(['bgp']);
  etcd.tell([{ type: 'removed', kind: 'BGPPeer', name: 'tor' }]);
  await has([]);
});

test('a loss of etcd is told, and what it says of itself is contact', async () => {
  const etcd = new PlayedEtcd(PEER, SYNCED);
  const observed = await start(etcd);
  etcd.tell([{ type: 'synced', synced: false, detail: 'gone' }]);
  expect([observed.store.synced, observed.store.detail]).toEqual([false, 'gone']);
  etcd.tell([SYNCED]);
  expect(observed.store.synced).toBe(true);
  expect(observed.driver.contact?.()).toMatchObject({
    server: '10.0.0.1:2379',
    watches: [{ name: 'secrets/kube-system/bgp' }],
  });
});

test('without any Kubernetes the rest works, and who refers to it is told', async () => {
  const etcd = new PlayedEtcd(PLAIN_PEER, SYNCED);
  const observed = await start(etcd, {});
  expect([observed.store.synced, observed.store.problems]).toEqual([true, []]);
  etcd.tell([PEER]);
  expect(observed.store.problems).toMatchObject([
    {
      kind: 'BGPConfiguration',
      severity: 'warning',
      text: expect.stringMatching(/^Services and Secrets are in Kubernetes: there is no way to the Kubernetes API/),
    },
  ]);
  etcd.tell([PLAIN_PEER]);
  expect(observed.store.problems).toEqual([]);
});

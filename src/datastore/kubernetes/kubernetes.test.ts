// The driver against a server that the tests play themselves.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { datastoreContract, eventually, type Observed, observe, type RawResource } from '../datastore-contract.ts';
import { type ApiWorld, apiServerContract, NODE } from './api-server-contract.ts';
import { CuttableProxy } from './cuttable-proxy.fixture.ts';
import type { SeenRequest } from './fake-api-objects.fixture.ts';
import { FakeApiServer } from './fake-api-server.fixture.ts';
import { HOSTNAME_HASH_LABEL, hostnameHash } from './hostname-label.ts';
import { type KubernetesDatastore, type KubernetesOptions, kubernetesDatastore } from './kubernetes.ts';

const PLURALS: Readonly<Record<string, string>> = {
  BGPConfiguration: 'bgpconfigurations',
  BGPPeer: 'bgppeers',
  BGPFilter: 'bgpfilters',
  IPPool: 'ippools',
  BlockAffinity: 'blockaffinities',
  FelixConfiguration: 'felixconfigurations',
  Node: 'nodes',
  Service: 'services',
  Secret: 'secrets',
};

/** Where a resource is, in whichever of Calico's groups the server has. */
function pathOf({ apiVersion, kind }: RawResource, calico = 'crd.projectcalico.org/v1'): string {
  const folder = apiVersion.includes('projectcalico.org') ? `/apis/${calico}` : '/api/v1';
  return `${folder}/${PLURALS[kind]}`;
}

async function fakeWorld(): Promise<ApiWorld & { server: FakeApiServer }> {
  const server = await new FakeApiServer().listen();
  server.uninstall('/apis/discovery.k8s.io/v1/endpointslices');
  const proxy = await new CuttableProxy(() => Number(new URL(server.url).port)).listen();
  const made = new Map<string, RawResource>();
  let token = 'first';
  let accepted = token;
  const isWrong = ({ headers }: SeenRequest) => headers.authorization !== `Bearer ${accepted}`;
  const secure = () => {
    const isStranger = ({ headers }: SeenRequest) => headers.authorization === 'Bearer nobody';
    const forbidden = 'ippools is forbidden: User "calico-node" cannot list resource "ippools" in API group ""';
    server.heal();
    server.fail(403, isStranger, { message: forbidden });
    server.fail(401, isWrong);
  };
  secure();
  const make = (options: Partial<KubernetesOptions>, given?: string) => {
    // An access whose token changes without being read from a file.
    const access = {
      apiEndpoint: `http://127.0.0.1:${proxy.port}`,
      insecureSkipTlsVerify: false,
      get token() {
        return given ?? token;
      },
    };
    return kubernetesDatastore({
      ...{ node: NODE, access, usePodCidr: false, secretNamespace: 'kube-system' },
      ...{ surroundings: { env: {} }, ...options },
    });
  };
  const world = {
    server,
    proxy,
    hasEndpointSlices: false,
    driver: (options = {}) => make(options),
    driverWithoutRights: () => make({}, 'nobody'),
    put: async (resource: RawResource) => {
      made.set(`${resource.kind} ${resource.metadata.name}`, resource);
      server.put(pathOf(resource), { ...resource, apiVersion: apiVersionOf(resource) });
    },
    remove: async (resource: RawResource) => server.remove(pathOf(resource), resource),
    clear: async () => {
      for (const resource of made.values()) await world.remove(resource);
      made.clear();
    },
    forgetHistory: async () => server.compact(),
    removeKind: async (plural: string) => server.uninstall(`/apis/crd.projectcalico.org/v1/${plural}`),
    installKind: async (plural: string) => server.install(`/apis/crd.projectcalico.org/v1/${plural}`),
    replaceToken: async () => {
      token = 'second';
      accepted = token;
      secure();
    },
    dispose: async () => {
      await proxy.close();
      await server.close();
    },
  };
  return world;
}

function apiVersionOf({ apiVersion }: RawResource): string {
  return apiVersion.includes('projectcalico.org') ? 'crd.projectcalico.org/v1' : apiVersion;
}

datastoreContract('the Kubernetes driver', fakeWorld);

apiServerContract('a server played by the test', fakeWorld, 10_000);

describe('the Kubernetes driver', () => {
  const V1 = '/apis/crd.projectcalico.org/v1';
  const V3 = '/apis/projectcalico.org/v3';
  let server: FakeApiServer;
  let bugs: unknown[];
  let running: KubernetesDatastore[];

  beforeEach(() => {
    bugs = [];
    running = [];
  });

  afterEach(async () => {
    for (const driver of running) await driver.stop();
    await server.close();
  });

  function driver(options: Partial<KubernetesOptions> = {}, apiGroup?: string): KubernetesDatastore {
    const access = { apiEndpoint: server.url, insecureSkipTlsVerify: false, ...(apiGroup && { apiGroup }) };
    const made = kubernetesDatastore({
      ...{ node: NODE, access, usePodCidr: false, secretNamespace: 'kube-system' },
      ...{ surroundings: { env: {} }, onBug: (error) => bugs.push(error), ...options },
    });
    running.push(made);
    return made;
  }

  function until({ store, batches }: Observed, holds: () => boolean): Promise<void> {
    return eventually(holds, () => ({ problems: store.problems, last: batches.slice(-3) }));
  }

  function pool(name: string) {
    return { metadata: { name }, spec: { cidr: '10.1.0.0/16' } };
  }

  describe('reads the API group that has the resources', () => {
    test.each([
      { has: ['v1'], forced: undefined, reads: V1 },
      { has: ['v3'], forced: undefined, reads: V3 },
      { has: ['v1', 'v3'], forced: undefined, reads: V1 },
      { has: ['v1', 'v3'], forced: 'projectcalico.org/v3', reads: V3 },
      { has: ['v1', 'v3'], forced: 'ProjectCalico.org/V3', reads: V3 },
      { has: ['v1', 'v3'], forced: 'crd.projectcalico.org/v1', reads: V1 },
      { has: ['v1', 'v3'], forced: 'something else', reads: V1 },
    ] as const)('of $has, with CALICO_API_GROUP $forced, $reads', async ({ has, forced, reads }) => {
      server = await new FakeApiServer(has).listen();
      for (const group of has) server.put(`${group === 'v1' ? V1 : V3}/ippools`, pool(group));
      const observed = await observe(driver({}, forced));
      expect(observed.store.synced).toBe(true);
      expect(observed.store.list('IPPool').map(({ metadata }) => metadata.name)).toEqual([reads === V1 ? 'v1' : 'v3']);
      expect(running[0]!.status().apiGroup).toBe(reads.replace('/apis/', ''));
      expect(server.requests.some(({ path }) => path === '/apis')).toBe(forced === undefined);
    });

    test('the classic one, where it may not ask', async () => {
      server = await new FakeApiServer(['v1', 'v3']).listen();
      server.fail(403, ({ path }) => path === '/apis');
      const observed = await observe(driver());
      expect(observed.store.synced).toBe(true);
      expect(running[0]!.status().apiGroup).toBe('crd.projectcalico.org/v1');
    });

    test('another one, when it turns out to be there instead', async () => {
      server = await new FakeApiServer(['v1']).listen();
      server.put(`${V1}/ippools`, pool('old'));
      let now = 0;
      const clock = { now: () => now, after: (delay: number, call: () => void) => timer(delay / 20, call) };
      const observed = await observe(driver({ clock }));
      const calico = ['bgpconfigurations', 'bgppeers', 'bgpfilters', 'ippools', 'blockaffinities'];
      const rest = ['felixconfigurations', 'caliconodestatuses'];
      for (const plural of [...calico, ...rest]) server.install(`${V3}/${plural}`);
      server.put(`${V3}/ippools`, pool('new'));
      now += 10_000;
      for (const plural of [...calico, ...rest]) server.uninstall(`${V1}/${plural}`);
      await until(observed, () => observed.store.get('IPPool', 'new') !== undefined);
      await until(observed, () => observed.store.synced && observed.store.problems.length === 0);
      expect(observed.store.list('IPPool').map(({ metadata }) => metadata.name)).toEqual(['new']);
      expect(running[0]!.status().watches.map(({ state }) => state)).not.toContain('missing');
    });
  });

  describe('with a server that is there', () => {
    beforeEach(async () => {
      server = await new FakeApiServer().listen();
    });

    test('watches few things, each of them once, and only metadata of Nodes', async () => {
      await observe(driver());
      const watched = () => server.requests.filter(({ query }) => query.watch === '1');
      await eventually(
        () => watched().length === 8,
        () => watched().map(({ path }) => path),
      );
      const plain = watched().map(({ path, query: { labelSelector, fieldSelector } }) =>
        [path.split('/').at(-1), labelSelector ?? fieldSelector ?? ''].join(' ').trim(),
      );
      expect(plain.sort()).toEqual([
        'bgpconfigurations',
        'bgpfilters',
        'bgppeers',
        `blockaffinities !${HOSTNAME_HASH_LABEL}`,
        `blockaffinities ${HOSTNAME_HASH_LABEL}=${hostnameHash(NODE)}`,
        'felixconfigurations',
        'ippools',
        'nodes',
      ]);
      const nodes = server.requests.filter(({ path }) => path === '/api/v1/nodes');
      expect(nodes.map(({ headers }) => headers.accept)).toEqual([
        'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
        'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
      ]);
    });

    test('says how every watch is doing', async () => {
      server.put(`${V1}/ippools`, pool('red'));
      await observe(driver());
      const { watches, ...rest } = running[0]!.status();
      expect(rest).toEqual({
        ...{ synced: true, server: server.url, apiGroup: 'crd.projectcalico.org/v1' },
        contactAge: expect.any(Number),
      });
      expect(watches.find(({ name }) => name === 'ippools')).toEqual({
        ...{ name: 'ippools', state: 'watching', resources: 1, lists: 1, failuresInARow: 0 },
        contactAge: expect.any(Number),
      });
    });

    test('goes on when its consumer throws', async () => {
      const seen: string[] = [];
      await driver().start((events) => {
        for (const event of events) if (event.type === 'set') seen.push(event.resource.metadata.name);
        if (seen.at(-1) === 'red') throw new Error('the consumer has failed');
      });
      server.put(`${V1}/ippools`, pool('red'));
      await eventually(
        () => bugs.length === 1,
        () => seen,
      );
      server.put(`${V1}/ippools`, pool('blue'));
      await eventually(
        () => seen.includes('blue'),
        () => seen,
      );
      expect(bugs).toEqual([new Error('the consumer has failed')]);
      expect(running[0]!.status().synced).toBe(true);
    });

    test('is in sync without a Secret that it may not read, and says so', async () => {
      const password = { secretKeyRef: { name: 'bgp', key: 'password' } };
      server.put(`${V1}/bgppeers`, { metadata: { name: 'p' }, spec: { peerIP: '192.0.2.1', asNumber: 1, password } });
      server.fail(403, ({ path }) => path.endsWith('/secrets'), { message: 'User "me" cannot' });
      const observed = await observe(driver());
      expect(observed.store.synced).toBe(true);
      expect(observed.store.problems).toEqual([
        {
          ...{ kind: 'Secret', name: 'kube-system/bgp', path: '' },
          text: 'me may not list secrets in namespace kube-system: its Role in namespace kube-system needs the rule {"apiGroups":[""],"resources":["secrets"],"verbs":["get","list","watch"]}',
        },
      ]);
      server.heal();
      server.put('/api/v1/secrets', { metadata: { name: 'bgp', namespace: 'kube-system' }, data: {} });
      await until(observed, () => observed.store.get('Secret', 'bgp', 'kube-system') !== undefined);
      await until(observed, () => observed.store.problems.length === 0);
    });

    test('waits for Services where they are needed from the start, and only complains where they are needed later', async () => {
      const spec = { serviceClusterIPs: [{ cidr: '10.96.0.0/16' }] };
      server.fail(403, ({ path }) => path === '/api/v1/services', { message: 'User "me" cannot' });
      const later = await observe(driver());
      expect(later.store.synced).toBe(true);
      server.put(`${V1}/bgpconfigurations`, { metadata: { name: 'default' }, spec });
      await until(later, () => later.store.problems.length > 0);
      expect(later.store.problems).toEqual([
        {
          ...{ kind: 'Service', name: 'services', path: '' },
          text: 'me may not list services: its ClusterRole needs the rule {"apiGroups":[""],"resources":["services"],"verbs":["get","list","watch"]}',
        },
      ]);
      expect(later.store.synced).toBe(true);
      const first = await observe(driver());
      expect([first.store.synced, first.store.problems]).toEqual([false, []]);
      expect(first.store.detail).toBe(later.store.problems[0]?.text);
      const told = await observe(driver({ advertisesServices: true }));
      expect(told.store.synced).toBe(false);
      server.heal();
      await until(first, () => first.store.synced);
      await until(later, () => later.store.problems.length === 0);
    });

    test('does not lose an affinity that gets or loses its label', async () => {
      const spec = { cidr: '10.9.0.0/26', node: NODE, state: 'confirmed', deleted: 'false' };
      const labels = { [HOSTNAME_HASH_LABEL]: hostnameHash(NODE) };
      const observed = await observe(driver());
      await until(observed, () => server.watching(`${V1}/blockaffinities`) === 2);
      const put = (withLabel: boolean, more: object = {}) =>
        server.put(`${V1}/blockaffinities`, {
          metadata: { name: 'a', ...(withLabel && { labels }) },
          spec: { ...spec, ...more },
        });
      const state = () => observed.store.get('BlockAffinity', 'a')?.state;
      put(false);
      await until(observed, () => state() === 'confirmed');
      put(true, { state: 'pendingDeletion' });
      await until(observed, () => state() === 'pendingDeletion');
      put(false, { state: 'confirmed' });
      await until(observed, () => state() === 'confirmed');
      server.remove(`${V1}/blockaffinities`, { metadata: { name: 'a' } });
      await until(observed, () => state() === undefined);
    });

    test('takes an affinity that is given to another node for gone', async () => {
      const spec = { cidr: '10.9.0.0/26', node: NODE, state: 'confirmed', deleted: 'false' };
      server.put(`${V1}/blockaffinities`, { metadata: { name: 'a' }, spec });
      const observed = await observe(driver());
      expect(observed.store.list('BlockAffinity')).toHaveLength(1);
      server.put(`${V1}/blockaffinities`, { metadata: { name: 'a' }, spec: { ...spec, node: 'other' } });
      await until(observed, () => observed.store.list('BlockAffinity').length === 0);
    });

    test('can be stopped before it is in sync', async () => {
      server.fail(500);
      const started = driver();
      const delivered: unknown[] = [];
      const starting = started.start((events) => delivered.push(events));
      await started.stop();
      await starting;
      expect(delivered.length).toBeLessThanOrEqual(1);
    });
  });

  test('starts without a server, says so, and is in sync when there is one', async () => {
    server = await new FakeApiServer().listen();
    server.put(`${V1}/ippools`, pool('red'));
    await server.close();
    const observed = await observe(driver());
    expect([observed.store.synced, observed.store.detail]).toEqual([
      false,
      `${new URL(server.url).host} refuses connections`,
    ]);
    await server.listen();
    await until(observed, () => observed.store.synced);
    expect(observed.store.list('IPPool')).toHaveLength(1);
  });

  test('does not start where nothing says how to reach the API', async () => {
    server = await new FakeApiServer().listen();
    const lost = driver({ access: { insecureSkipTlsVerify: false } });
    await expect(lost.start(() => undefined)).rejects.toMatchObject({ name: 'DatastoreError', retryable: false });
  });
});

function timer(delay: number, call: () => void): () => void {
  const handle = setTimeout(call, delay);
  return () => clearTimeout(handle);
}

// The driver against a real API server. Skipped, with the reason, where there is none.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DatastoreHarness, datastoreContract, observe, type RawResource } from '../datastore-contract.ts';
import { systemClock } from '../files/clock.ts';
import { ApiResources, CALICO } from './api-resources.fixture.ts';
import { type ApiWorld, apiServerContract, NODE } from './api-server-contract.ts';
import { CuttableProxy } from './cuttable-proxy.fixture.ts';
import { type KubernetesOptions, kubernetesDatastore } from './kubernetes.ts';
import { NodeEventWriter } from './node-events.ts';
import { NodeStatusWriter } from './node-status.ts';
import { CRDS, RealApiServer, START_TIMEOUT, whyNoApiServer } from './real-api-server.fixture.ts';

const reason = whyNoApiServer();
function driver(kubeconfig: string, more: Partial<KubernetesOptions> & { apiEndpoint?: string } = {}) {
  const { apiEndpoint, ...options } = more;
  const access = { kubeconfig, insecureSkipTlsVerify: false, ...(apiEndpoint && { apiEndpoint }) };
  return kubernetesDatastore({
    ...{ node: NODE, access, usePodCidr: false, secretNamespace: 'kube-system' },
    ...{ surroundings: { env: {} }, ...options },
  });
}

async function realWorld(server: RealApiServer): Promise<ApiWorld> {
  const { port } = server.url;
  const proxy = await new CuttableProxy(() => Number(port)).listen();
  const apiEndpoint = `https://127.0.0.1:${proxy.port}`;
  const resources = new ApiResources(server, CALICO.v1);
  const definitions = new Map<string, Record<string, unknown>>();
  const tokenFile = join(server.folder, 'token');
  const kubeconfig = join(server.folder, 'kubeconfig-token-file');
  const endpointSlices = await server.send('GET', '/apis/discovery.k8s.io/v1');
  writeFileSync(tokenFile, server.token);
  writeFileSync(kubeconfig, withTokenFile(server));
  return {
    proxy,
    hasEndpointSlices: endpointSlices.status === 200,
    driver: (options = {}) => driver(kubeconfig, { apiEndpoint, ...options }),
    driverWithoutRights: () => driver(server.kubeconfigWithoutRights, { apiEndpoint }),
    put: (resource) => resources.put(resource),
    remove: (resource) => resources.remove(resource),
    clear: () => resources.clear(),
    forgetHistory: async () => {
      await server.kill();
      await server.restart();
    },
    removeKind: async (plural) => {
      const path = `${CRDS}/${plural}.crd.projectcalico.org`;
      const { body } = await server.send('GET', path);
      const { name } = body.metadata as { name: string };
      definitions.set(plural, { ...body, metadata: { name }, status: undefined });
      await server.send('DELETE', path);
    },
    installKind: async (plural) => {
      await server.posts(CRDS, definitions.get(plural)!);
      await server.serves('v1', plural);
    },
    replaceToken: async () => {
      writeFileSync(tokenFile, server.replaceToken());
      await server.kill();
      await server.restart();
    },
    dispose: () => proxy.close(),
  };
}

/** What each answers as soon as all of them answer something. */
async function eventuallyAll(...ask: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
  const deadline = performance.now() + 8_000;
  for (;;) {
    const answers = await Promise.all(ask.map((one) => one()));
    if (!answers.includes(undefined)) return answers;
    if (performance.now() > deadline) throw new Error(`did not come true: ${JSON.stringify(answers)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function withTokenFile(server: RealApiServer): string {
  const cluster = `{server: "${server.url.href}", certificate-authority: certs/apiserver.crt}`;
  return [
    'apiVersion: v1',
    'kind: Config',
    `clusters: [{name: test, cluster: ${cluster}}]`,
    'users: [{name: user, user: {tokenFile: token}}]',
    'contexts: [{name: test, context: {cluster: test, user: user}}]',
    'current-context: test',
  ].join('\n');
}

describe.skipIf(reason !== undefined)(`a real API server${reason === undefined ? '' : ` [skipped: ${reason}]`}`, () => {
  for (const api of ['v1', 'v3'] as const) {
    describe(`with ${CALICO[api]}`, () => {
      let server: RealApiServer;

      beforeAll(async () => {
        server = await RealApiServer.start(api);
      }, START_TIMEOUT);

      afterAll(() => server.stop(), START_TIMEOUT);

      datastoreContract('the Kubernetes driver', async (): Promise<DatastoreHarness> => {
        const resources = new ApiResources(server, CALICO[api]);
        return {
          driver: () => driver(server.kubeconfig),
          put: (resource) => resources.put(resource),
          remove: (resource) => resources.remove(resource),
          dispose: () => resources.clear(),
        };
      });

      test('fills CalicoNodeStatus objects of this node, and writes Events on it', async () => {
        const resources = new ApiResources(server, CALICO[api]);
        const statusOf = (name: string, node: string): RawResource => ({
          apiVersion: 'projectcalico.org/v3',
          kind: 'CalicoNodeStatus',
          metadata: { name },
          spec: { node, classes: ['Agent', 'BGP', 'Routes'], updatePeriodSeconds: 10 },
        });
        await resources.put(statusOf('mine', NODE));
        await resources.put(statusOf('another', 'node-2'));
        const datastore = driver(server.kubeconfig, { nodeStatus: true });
        const { store } = await observe(datastore);
        expect(store.list('CalicoNodeStatus').map(({ metadata }) => metadata.name)).toEqual(['mine']);
        const said: string[] = [];
        const common = {
          ...{ api: datastore.api, clock: systemClock, random: Math.random, wallClock: Date.now },
          ...{
            report: (complaint: object) => said.push(JSON.stringify(complaint)),
            onBug: (error: unknown) => said.push(String(error)),
          },
        };
        const time = '2026-04-05T11:00:00.123Z';
        const writer = new NodeStatusWriter({
          ...common,
          source: {
            agent: () => ({ state: 'Ready', version: '0.1.0', routerID: '10.0.0.1', lastBootTime: time }),
            bgp: () => ({
              ...{ numberEstablishedV4: 1, numberNotEstablishedV4: 0 },
              ...{ numberEstablishedV6: 0, numberNotEstablishedV6: 0 },
              peersV4: [{ peerIP: '10.0.0.2', type: 'Static', state: 'Established', since: time }],
              peersV6: [],
            }),
            routes: () => ({ routes: [], total: 0 }),
          },
        });
        const events = new NodeEventWriter({ ...common, random: () => 0, kubernetesNode: NODE });
        writer.setRequests(store.list('CalicoNodeStatus'));
        events.sessionDown({ name: 'Mesh_10_0_0_2', address: '10.0.0.2' }, 'hold timer expired');
        const path = `/apis/${CALICO[api]}/caliconodestatuses`;
        const [mine, another, written] = await eventuallyAll(
          async () => (await server.send('GET', `${path}/mine`)).body.status,
          async () => (await server.send('GET', `${path}/another`)).body,
          async () => {
            const { body } = await server.send('GET', '/api/v1/namespaces/default/events');
            return (body.items as { reason: string }[]).find(({ reason }) => reason === 'BGPSessionDown');
          },
        );
        await events.stop();
        await writer.stop();
        await datastore.stop();
        await resources.clear();
        const bird = { state: 'Ready', version: '0.1.0', routerID: '10.0.0.1', lastBootTime: '2026-04-05 11:00:00' };
        expect(mine).toMatchObject({
          agent: { birdV4: bird, birdV6: bird },
          bgp: { peersV4: [{ peerIP: '10.0.0.2', state: 'Established', since: '2026-04-05 11:00:00' }] },
          routes: { routesV4: [], routesV6: [] },
        });
        expect(another).not.toHaveProperty('status');
        expect(written).toMatchObject({
          type: 'Warning',
          message: 'BGP session Mesh_10_0_0_2 with 10.0.0.2 is down: hold timer expired',
          involvedObject: { kind: 'Node', name: NODE },
        });
        expect(said).toEqual([]);
      });

      if (api === 'v1') apiServerContract('a real API server', () => realWorld(server), START_TIMEOUT);
    });
  }
});

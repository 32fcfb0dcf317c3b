// The driver against a real API server. Skipped, with the reason, where there is none.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { type DatastoreHarness, datastoreContract, type RawResource } from '../datastore-contract.ts';
import { type ApiWorld, apiServerContract, NODE } from './api-server-contract.ts';
import { CuttableProxy } from './cuttable-proxy.fixture.ts';
import { type KubernetesOptions, kubernetesDatastore } from './kubernetes.ts';
import { CRDS, RealApiServer, START_TIMEOUT, whyNoApiServer } from './real-api-server.fixture.ts';

const reason = whyNoApiServer();
const CALICO = { v1: 'crd.projectcalico.org/v1', v3: 'projectcalico.org/v3' };

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

/** Resources as users write them, on the server. */
class Resources {
  readonly #server: RealApiServer;
  readonly #calico: string;
  readonly #made = new Map<string, RawResource>();

  constructor(server: RealApiServer, calico: string) {
    this.#server = server;
    this.#calico = calico;
  }

  async put(resource: RawResource): Promise<void> {
    const { resourceVersion: _ours, ...metadata } = resource.metadata;
    const folder = this.#folder(resource);
    const path = `${folder}/${metadata.name}`;
    const apiVersion = resource.apiVersion.includes('projectcalico.org') ? this.#calico : resource.apiVersion;
    const there = await this.#server.send('GET', path);
    const { resourceVersion } = (there.body.metadata ?? {}) as { resourceVersion?: string };
    const isNew = there.status === 404;
    const body = { ...resource, apiVersion, metadata: isNew ? metadata : { ...metadata, resourceVersion } };
    const answer = await this.#server.send(isNew ? 'POST' : 'PUT', isNew ? folder : path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    this.#made.set(path, resource);
  }

  async remove(resource: RawResource): Promise<void> {
    await this.#server.send('DELETE', `${this.#folder(resource)}/${resource.metadata.name}`);
  }

  async clear(): Promise<void> {
    for (const path of this.#made.keys()) await this.#server.send('DELETE', path);
    this.#made.clear();
  }

  #folder({ apiVersion, kind, metadata: { namespace } }: RawResource): string {
    if (apiVersion.includes('projectcalico.org')) return `/apis/${this.#calico}/${PLURALS[kind]}`;
    return typeof namespace === 'string'
      ? `/api/v1/namespaces/${namespace}/${PLURALS[kind]}`
      : `/api/v1/${PLURALS[kind]}`;
  }
}

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
  const resources = new Resources(server, CALICO.v1);
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
        const resources = new Resources(server, CALICO[api]);
        return {
          driver: () => driver(server.kubeconfig),
          put: (resource) => resources.put(resource),
          remove: (resource) => resources.remove(resource),
          dispose: () => resources.clear(),
        };
      });

      if (api === 'v1') apiServerContract('a real API server', () => realWorld(server), START_TIMEOUT);
    });
  }
});

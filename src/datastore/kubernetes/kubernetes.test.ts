// The driver against a server that the tests play themselves.

import { datastoreContract, type RawResource } from '../datastore-contract.ts';
import { type ApiWorld, apiServerContract, NODE } from './api-server-contract.ts';
import { CuttableProxy } from './cuttable-proxy.fixture.ts';
import { FakeApiServer, type SeenRequest } from './fake-api-server.fixture.ts';
import { type KubernetesOptions, kubernetesDatastore } from './kubernetes.ts';

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

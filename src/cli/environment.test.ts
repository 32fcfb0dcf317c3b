import { expect, test } from 'vitest';
import { nodenameFile, runOptions } from './environment.ts';
import type { DatastoreOptions, Environment, RunFlags, RunOptions } from './types.ts';

const SOCKET = { type: 'unix', path: '/var/run/caracal/caracal.sock' } as const;
const KUBERNETES: DatastoreOptions = {
  type: 'kubernetes',
  access: { insecureSkipTlsVerify: false },
  usePodCidr: false,
};
const DEFAULTS: RunOptions = {
  node: 'host',
  nodeNameSource: 'host name',
  datastore: KUBERNETES,
  kernel: 'linux',
  control: {},
  http: [SOCKET],
  logLevel: 'info',
  guard: 'warn',
  guardTime: 300,
  nodeStatus: true,
  nodeEvents: true,
  drain: 'keep',
  metrics: 'summary',
  check: false,
  kubernetesNode: 'host',
  secretNamespace: 'kube-system',
  endpointStatusPath: '/var/run/calico/endpoint-status',
  networkingBackend: 'bird',
};

function optionsOf(env: Environment, flags: Partial<RunFlags> = {}, nodename?: string, hostname = 'Host') {
  return runOptions({ http: [], check: false, ...flags }, { env, hostname, nodename });
}

const CASES: readonly [string, Environment, Partial<RunFlags>, Partial<RunOptions>][] = [
  ['nothing given', {}, {}, {}],
  [
    'calico-node in a pod',
    {
      NODENAME: ' node-1\n',
      DATASTORE_TYPE: 'kubernetes',
      CALICO_ROUTER_ID: 'hash',
      CALICO_ADVERTISE_CLUSTER_IPS: '10.96.0.0/12',
      CALICO_K8S_NODE_REF: 'node-1.example',
      CALICO_ENDPOINT_STATUS_PATH_PREFIX: '/run/c',
      CALICO_NETWORKING_BACKEND: 'bird',
      NAMESPACE: 'calico-system',
      BGP_LOGSEVERITYSCREEN: 'Warning',
      CARACAL_HTTP: '127.0.0.1:9180',
    },
    {},
    {
      node: 'node-1',
      nodeNameSource: 'NODENAME',
      routerId: 'hash',
      advertiseClusterIPs: '10.96.0.0/12',
      kubernetesNode: 'node-1.example',
      endpointStatusPath: '/run/c/endpoint-status',
      secretNamespace: 'calico-system',
      logLevel: 'warn',
      http: [{ type: 'tcp', address: '127.0.0.1', port: 9180 }],
    },
  ],
  [
    'flags win',
    { NODENAME: 'a', DATASTORE_TYPE: 'kubernetes', BGP_LOGSEVERITYSCREEN: 'fatal', CARACAL_HTTP: 'unix:/a' },
    { node: 'b', datastore: 'files', resources: '/r', logLevel: 'trace', http: [{ type: 'unix', path: '/b' }] },
    {
      node: 'b',
      nodeNameSource: '--node',
      kubernetesNode: 'b',
      datastore: { type: 'files', path: '/r' },
      logLevel: 'trace',
      http: [{ type: 'unix', path: '/b' }],
    },
  ],
  [
    'resources alone mean files',
    { DATASTORE_TYPE: 'kubernetes' },
    { resources: '/r' },
    { datastore: { type: 'files', path: '/r' } },
  ],
  ['resources from the environment', { CARACAL_RESOURCES: '/r' }, {}, { datastore: { type: 'files', path: '/r' } }],
  ['empty variables are unset', { NODENAME: ' ', DATASTORE_TYPE: '', NAMESPACE: '' }, {}, {}],
  ['an unknown log level is ignored', { BGP_LOGSEVERITYSCREEN: 'loud' }, {}, {}],
  [
    'what is written to the cluster, and how a node is drained',
    { CARACAL_NODE_STATUS: 'off', CARACAL_NODE_EVENTS: 'off', CARACAL_DRAIN: 'withdraw' },
    {},
    { nodeStatus: false, nodeEvents: false, drain: 'withdraw' },
  ],
  [
    'the same, said otherwise by options',
    { CARACAL_NODE_STATUS: 'off', CARACAL_NODE_EVENTS: 'on', CARACAL_DRAIN: 'withdraw' },
    { nodeStatus: 'on', nodeEvents: 'off', drain: 'lower' },
    { nodeStatus: true, nodeEvents: false, drain: 'lower' },
  ],
  ['a guard that holds', { CARACAL_GUARD: 'hold', CARACAL_GUARD_TIME: '90s' }, {}, { guard: 'hold', guardTime: 90 }],
  [
    'the guard of the command line',
    { CARACAL_GUARD: 'hold', CARACAL_GUARD_TIME: '90s' },
    { guard: 'warn', guardTime: 3 },
    { guard: 'warn', guardTime: 3 },
  ],
  ['series for all peers', { CARACAL_METRICS: 'per-peer' }, {}, { metrics: 'per-peer' }],
  ['the metrics of the command line', { CARACAL_METRICS: 'per-peer' }, { metrics: 'summary' }, { metrics: 'summary' }],
  ['no BGP with vxlan', { CALICO_NETWORKING_BACKEND: 'vxlan' }, {}, { networkingBackend: 'vxlan', kernel: 'none' }],
  ['no BGP in the old form', { CALICO_NETWORKING: 'false' }, {}, { networkingBackend: 'none', kernel: 'none' }],
  [
    'table, protocol and tunnel of the kernel',
    {},
    { kernelTable: 100, kernelProtocol: 200, kernelAudit: 0, manageTunnel: true },
    { kernelTable: 100, kernelProtocol: 200, kernelAudit: 0, manageTunnel: true },
  ],
  [
    'control sockets',
    {},
    { control: '/run/bird.ctl', control6: '/run/bird6.ctl' },
    { control: { ipv4: '/run/bird.ctl', ipv6: '/run/bird6.ctl' } },
  ],
  ['a stop for good', {}, { final: true }, { final: true }],
  ['listen and kernel', {}, { listen: { port: 1790 }, kernel: 'none' }, { listen: { port: 1790 }, kernel: 'none' }],
];

test.each(CASES)('run options: %s', (_name, env, flags, expected) => {
  expect(optionsOf(env, flags)).toEqual({ ...DEFAULTS, ...expected });
});

test.each([
  [{ NODENAME: 'a', HOSTNAME: 'B' }, 'c\n', 'a', 'NODENAME'],
  [{ HOSTNAME: 'B' }, 'C\n', 'C', 'nodename file'],
  [{ HOSTNAME: 'B' }, ' \n', 'b', 'HOSTNAME'],
  [{}, undefined, 'host', 'host name'],
])('the node of %j with file %j is %s', (env, nodename, node, nodeNameSource) => {
  expect(optionsOf(env, {}, nodename)).toMatchObject({ node, nodeNameSource });
});

const DATASTORES: readonly [string, Environment, DatastoreOptions][] = [
  [
    'Kubernetes with everything, the CALICO_ form first',
    {
      CALICO_DATASTORE_TYPE: 'kubernetes',
      DATASTORE_TYPE: 'etcdv3',
      KUBECONFIG: '/k',
      K8S_API_ENDPOINT: 'https://a:6443',
      K8S_KEY_FILE: '/key',
      K8S_CERT_FILE: '/cert',
      K8S_CA_FILE: '/ca',
      K8S_API_TOKEN: 'token',
      K8S_CURRENT_CONTEXT: 'context',
      K8S_INSECURE_SKIP_TLS_VERIFY: 'TRUE',
      USE_POD_CIDR: '1',
      CALICO_API_GROUP: 'projectcalico.org/v3',
    },
    {
      type: 'kubernetes',
      access: {
        kubeconfig: '/k',
        apiEndpoint: 'https://a:6443',
        keyFile: '/key',
        certFile: '/cert',
        caFile: '/ca',
        token: 'token',
        context: 'context',
        apiGroup: 'projectcalico.org/v3',
        insecureSkipTlsVerify: true,
      },
      usePodCidr: true,
    },
  ],
  [
    'etcd because endpoints are given',
    {
      ETCD_ENDPOINTS: 'https://a:2379, https://b:2379,',
      ETCD_USERNAME: 'user',
      ETCD_PASSWORD: 'secret',
      ETCD_KEY_FILE: '/key',
      ETCD_CERT_FILE: '/cert',
      ETCD_CA_CERT_FILE: '/ca',
    },
    {
      type: 'etcdv3',
      etcd: {
        endpoints: ['https://a:2379', 'https://b:2379'],
        credentials: { username: 'user', password: 'secret' },
        keyFile: '/key',
        certFile: '/cert',
        caFile: '/ca',
      },
      access: { insecureSkipTlsVerify: false },
    },
  ],
  [
    'etcd by DNS, a user without password is none',
    { DATASTORE_TYPE: 'etcdv3', ETCD_DISCOVERY_SRV: 'example.org', ETCD_USERNAME: 'user' },
    {
      type: 'etcdv3',
      etcd: { endpoints: [], discoverySrv: 'example.org' },
      access: { insecureSkipTlsVerify: false },
    },
  ],
];

test.each(DATASTORES)('datastore: %s', (_name, env, datastore) => {
  expect(optionsOf(env)).toEqual({ ...DEFAULTS, datastore });
});

const MISTAKES: readonly [string, Environment, Partial<RunFlags>, string][] = [
  ['a bad name', { NODENAME: '../x' }, {}, '"../x" (NODENAME) is not the name of a node'],
  ['an unknown switch', { CARACAL_NODE_STATUS: 'no' }, {}, 'CARACAL_NODE_STATUS no is unknown, there are on, off'],
  [
    'an unknown way to drain',
    { CARACAL_DRAIN: 'x' },
    {},
    'CARACAL_DRAIN x is unknown, there are withdraw, lower, keep',
  ],
  ['an unknown guard', { CARACAL_GUARD: 'on' }, {}, 'CARACAL_GUARD on is unknown, there are warn, hold'],
  [
    'an unknown kind of metrics',
    { CARACAL_METRICS: 'all' },
    {},
    'CARACAL_METRICS all is unknown, there are summary, per-peer',
  ],
  ['an odd time', { CARACAL_GUARD_TIME: 'x' }, {}, 'CARACAL_GUARD_TIME: "x" is no time such as 90s, 5m or 1h'],
  ['files without a place', {}, { datastore: 'files' }, 'the datastore files needs a folder or file: --resources PATH'],
  [
    'resources for another datastore',
    {},
    { datastore: 'etcdv3', resources: '/r' },
    '--resources goes with --datastore files, not with etcdv3',
  ],
  [
    'an unknown datastore',
    { DATASTORE_TYPE: 'etcdv2' },
    {},
    'DATASTORE_TYPE etcdv2 is unknown, there are files, kubernetes, etcdv3; did you mean etcdv3?',
  ],
  [
    'etcd without endpoints',
    { DATASTORE_TYPE: 'etcdv3' },
    {},
    'the datastore etcdv3 needs ETCD_ENDPOINTS or ETCD_DISCOVERY_SRV',
  ],
  [
    'etcd found in two ways',
    { ETCD_ENDPOINTS: 'http://a:2379', ETCD_DISCOVERY_SRV: 'a' },
    {},
    'ETCD_ENDPOINTS and ETCD_DISCOVERY_SRV exclude each other',
  ],
  ['a boolean that is none', { USE_POD_CIDR: 'yes' }, {}, 'USE_POD_CIDR is "yes", which is neither true nor false'],
  ['a bad place for status', { CARACAL_HTTP: 'unix:' }, {}, 'CARACAL_HTTP: "unix:" needs an absolute path after unix:'],
];

test.each(MISTAKES)('run options are refused: %s', (_name, env, flags, text) => {
  expect(optionsOf(env, flags)).toEqual({ type: 'usageError', text });
});

test('a host without any name has to be told one', () => {
  expect(optionsOf({}, {}, undefined, '')).toEqual({
    type: 'usageError',
    text: 'the name of this node is missing: give --node NAME or set NODENAME',
  });
});

test('the nodename file can be elsewhere', () => {
  expect(nodenameFile({})).toBe('/var/lib/calico/nodename');
  expect(nodenameFile({ CALICO_NODENAME_FILE: '/n' })).toBe('/n');
});

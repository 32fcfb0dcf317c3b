import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDocuments } from '../files/documents.ts';
import { readResource, readResources } from './read-resource.ts';
import type { Metadata, Resource } from './types.ts';

const SAMPLE = new URL('../samples/cluster.yaml', import.meta.url);

function plain(name: string, namespace?: string): Metadata {
  return { name, ...(namespace === undefined ? {} : { namespace }), labels: {}, annotations: {} };
}

/** A resource from its spec as YAML. */
function read(kind: string, spec: string, { name = 'x', apiVersion = 'projectcalico.org/v3' } = {}) {
  return readResource({ apiVersion, kind, metadata: { name }, spec: parse(spec) });
}

test('a resource of every kind, as the tools print it', () => {
  const documents = readDocuments('cluster.yaml', readFileSync(SAMPLE, 'utf8'));
  if (!documents.ok) throw new Error(documents.problem.text);
  expect(documents.results.flatMap(({ problems }) => problems)).toEqual([]);
  const large = { type: 'large', value: [63400, 300, 100] };
  const expected: unknown[] = [
    {
      kind: 'BGPConfiguration',
      metadata: plain('default'),
      logSeverityScreen: 'Info',
      nodeToNodeMeshEnabled: true,
      asNumber: 64512,
      serviceClusterIPs: ['10.96.0.0/12', 'fd00:10:96::/112'],
      serviceExternalIPs: ['104.244.42.129/32', '172.217.3.0/24'],
      serviceLoadBalancerIPs: ['198.51.100.7/32'],
      communities: [{ name: 'bgp-large-community', value: large }],
      prefixAdvertisements: [
        { cidr: '172.218.4.0/26', communities: [large, { type: 'standard', value: 63400 * 65536 + 120 }] },
      ],
      listenPort: 178,
      nodeMeshPassword: { name: 'bgp-secrets', key: 'mesh-password' },
      nodeMeshMaxRestartTime: 120,
      bindMode: 'NodeIP',
      ignoredInterfaces: ['br-*'],
      programClusterRoutes: 'EnabledIPIPOnly',
    },
    { kind: 'BGPConfiguration', metadata: plain('node.node-1'), listenPort: 1790, logSeverityScreen: 'Debug' },
    {
      kind: 'BGPPeer',
      metadata: plain('rack1-tor'),
      nodeSelector: "rack == 'rack-1'",
      peerIP: { address: '192.168.1.99', port: 1179 },
      asNumber: 65001,
      localASNumber: 65100,
      numAllowedLocalASNumbers: 1,
      password: { name: 'bgp-secrets', key: 'tor-password' },
      sourceAddress: 'UseNodeIP',
      maxRestartTime: 90,
      keepaliveTime: 20,
      ttlSecurity: 2,
      reachableBy: '192.168.1.1',
      nextHopMode: 'Keep',
      filters: ['from-tor'],
    },
    {
      kind: 'BGPPeer',
      metadata: plain('to-reflectors'),
      nodeSelector: '!has(route-reflector)',
      peerSelector: 'has(route-reflector)',
    },
    {
      kind: 'BGPPeer',
      metadata: plain('workloads'),
      asNumber: 64600,
      localWorkloadSelector: 'role == "router"',
      reversePeering: 'Manual',
    },
    {
      kind: 'BGPFilter',
      metadata: plain('from-tor'),
      exportV4: [
        {
          action: 'Accept',
          cidr: '77.0.0.0/16',
          matchOperator: 'In',
          prefixLength: { min: 24, max: 26 },
          source: 'RemotePeers',
        },
        { action: 'Reject', interface: '*.calico', peerType: 'eBGP' },
      ],
      importV4: [
        {
          action: 'Accept',
          community: { type: 'standard', value: 65000 * 65536 + 42 },
          asPathPrefix: [65001, 65002],
          priority: 1024,
          operations: [
            { type: 'addCommunity', value: { type: 'large', value: [64512, 1, 2] } },
            { type: 'prependASPath', asns: [65000, 65009] },
            { type: 'setPriority', value: 512 },
          ],
        },
        { action: 'Reject' },
      ],
      exportV6: [],
      importV6: [{ action: 'Reject', cidr: '9000::/64', matchOperator: 'NotEqual' }],
    },
    {
      kind: 'IPPool',
      metadata: plain('default-ipv4-ippool'),
      cidr: '10.65.0.0/16',
      ipipMode: 'CrossSubnet',
      vxlanMode: 'Never',
      disableBGPExport: false,
      disabled: false,
    },
    {
      kind: 'IPPool',
      metadata: plain('private-ipv6'),
      cidr: 'fd00:10:65::/64',
      ipipMode: 'Never',
      vxlanMode: 'Never',
      disableBGPExport: true,
      disabled: true,
    },
    {
      kind: 'Node',
      metadata: {
        name: 'node-1',
        labels: { 'kubernetes.io/hostname': 'node-1', rack: 'rack-1' },
        annotations: { 'projectcalico.org/kube-labels': '{"kubernetes.io/hostname":"node-1"}' },
      },
      bgp: {
        ipv4: { address: '192.168.1.11', network: '192.168.1.0/24' },
        ipv6: { address: 'fd00:192:168:1::11', network: 'fd00:192:168:1::/64' },
        asNumber: 64513,
        routeReflectorClusterID: 0xf4000001,
      },
      tunnelAddress: '10.65.3.1',
      wireguardIPv4: '10.65.3.2',
      podCIDRs: ['10.244.0.0/24'],
    },
    {
      kind: 'BlockAffinity',
      metadata: plain('node-1-10-65-3-0-26'),
      cidr: '10.65.3.0/26',
      node: 'node-1',
      state: 'confirmed',
      type: 'host',
    },
    {
      kind: 'CalicoNodeStatus',
      metadata: plain('my-caliconodestatus-1'),
      node: 'node-1',
      classes: ['Agent', 'BGP', 'Routes'],
      updatePeriodSeconds: 10,
    },
    {
      kind: 'Service',
      metadata: { ...plain('web', 'shop'), labels: { app: 'web' } },
      type: 'LoadBalancer',
      clusterIP: '10.96.12.7',
      clusterIPs: ['10.96.12.7', 'fd00:10:96::c07'],
      externalIPs: ['172.217.3.5'],
      loadBalancerIP: '198.51.100.7',
      loadBalancerIngressIPs: ['198.51.100.7'],
      externalTrafficPolicy: 'Local',
      ipFamilies: ['ipv4', 'ipv6'],
    },
    {
      kind: 'EndpointSlice',
      metadata: { ...plain('web-abc12', 'shop'), labels: { 'kubernetes.io/service-name': 'web' } },
      serviceName: 'web',
      addressType: 'IPv4',
      endpoints: [{ ready: true, nodeName: 'node-1' }, { ready: false }],
    },
    {
      kind: 'Secret',
      metadata: plain('bgp-secrets', 'kube-system'),
      data: { 'mesh-password': 's3cr3t', 'tor-password': 't0r"quoted"' },
    },
    {
      kind: 'RouteReflector',
      metadata: plain('reflector-1'),
      routerId: 0xc0a80105,
      asNumber: 64512,
      clusterID: 0xf4000009,
      listenPort: 179,
      listenAddresses: ['192.168.1.5'],
      peers: [
        { address: '192.168.1.11', client: true, passive: false, families: ['ipv4'], addPath: false },
        {
          name: 'edge',
          address: 'fd00:192:168:1::99',
          port: 1790,
          asNumber: 65010,
          client: false,
          passive: true,
          families: ['ipv4', 'ipv6'],
          password: { name: 'bgp-secrets', key: 'tor-password' },
          holdTime: 90,
          addPath: true,
        },
      ],
    },
    { kind: 'FelixConfiguration', metadata: plain('default') },
  ];
  expect(documents.results.flatMap(({ resource }) => (resource === undefined ? [] : [resource]))).toStrictEqual(
    expected,
  );
});

describe('kinds and API versions', () => {
  const said = (kind: string, apiVersion: string) =>
    readResource({ kind, apiVersion, metadata: { name: 'x' } }).problems.map(({ path, text }) => `${path} ${text}`);

  test.each([
    ['GlobalNetworkPolicy', 'crd.projectcalico.org/v1'],
    ['IPAMBlock', 'crd.projectcalico.org/v1'],
    ['Pod', 'v1'],
    ['ServiceAccount', 'v1'],
    ['Endpoints', 'v1'],
    ['Deployment', 'apps/v1'],
    ['Service', 'serving.knative.dev/v1'],
    ['BGPPeer', 'metallb.io/v1beta1'],
    ['Installation', 'operator.tigera.io/v1'],
  ])('%s of %s is foreign and not mentioned', (kind, apiVersion) => {
    expect(readResource({ kind, apiVersion, metadata: { name: 'x' } })).toEqual({ problems: [] });
  });

  test.each([
    ['BGPPeers', 'projectcalico.org/v3', 'kind "BGPPeers" is not a known kind; did you mean BGPPeer?'],
    ['bgpPeer', 'crd.projectcalico.org/v1', 'kind "bgpPeer" is not a known kind; did you mean BGPPeer?'],
    ['IpPool', 'projectcalico.org/v3', 'kind "IpPool" is not a known kind; did you mean IPPool?'],
    ['node', 'v1', 'kind "node" is not a known kind; did you mean Node?'],
    ['Reflector', 'caracal.io/v1', 'kind "Reflector" is not a known kind'],
    [
      'BGPPeer',
      'v3',
      'apiVersion "v3" is not known for BGPPeer; it is projectcalico.org/v3 or crd.projectcalico.org/v1',
    ],
    [
      'BGPPeer',
      'projectcalico.og/v3',
      'apiVersion "projectcalico.og/v3" is not known for BGPPeer; it is projectcalico.org/v3 or crd.projectcalico.org/v1',
    ],
    [
      'EndpointSlice',
      'discovery.k8s.io/v1beta1',
      'apiVersion "discovery.k8s.io/v1beta1" is not known for EndpointSlice; it is discovery.k8s.io/v1',
    ],
    ['Service', 'projectcalico.org/v3', 'apiVersion "projectcalico.org/v3" is not known for Service; it is v1'],
  ])('%s of %s is a mistake', (kind, apiVersion, text) => {
    expect(said(kind, apiVersion)).toEqual([text]);
  });

  test.each([
    ['text', 'oops', ' a resource is a mapping with apiVersion, kind and metadata, not text'],
    ['a list', [1], ' a resource is a mapping with apiVersion, kind and metadata, not a list'],
    ['no kind', { apiVersion: 'v1' }, 'kind is required'],
    ['no apiVersion', { kind: 'BGPPeer' }, 'apiVersion is required'],
    ['a kind that is no text', { kind: 7, apiVersion: 'v1' }, 'kind must be text'],
    ['a list without a list', { kind: 'List', apiVersion: 'v1', items: 'x' }, 'items must be a list'],
    ['no metadata', { kind: 'BGPPeer', apiVersion: 'projectcalico.org/v3' }, 'metadata.name is required'],
    [
      'a bad name',
      { kind: 'BGPPeer', apiVersion: 'projectcalico.org/v3', metadata: { name: 'Rack_1' } },
      'metadata.name "Rack_1" is not a resource name: lower-case letters, digits, "-" and ".", at most 253',
    ],
  ])('a document that is %s', (_what, document, text) => {
    expect(readResources(document).flatMap(({ problems }) => problems.map((p) => `${p.path} ${p.text}`))).toEqual([
      text,
    ]);
  });

  test('items of a typed list need not repeat their kind', () => {
    const items = [{ metadata: { name: 'a' }, spec: { podCIDRs: ['10.0.0.0/24'] } }];
    expect(readResources({ kind: 'NodeList', apiVersion: 'v1', items })).toEqual([
      { resource: { kind: 'Node', metadata: plain('a'), podCIDRs: ['10.0.0.0/24'] }, problems: [] },
    ]);
    expect(readResources({ kind: 'List', apiVersion: 'v1', items: null })).toEqual([]);
  });

  test('one bad item of a list does not stop the others, and its path begins at the item', () => {
    const item = (name: string, cidr: string) => ({ metadata: { name }, spec: { cidr } });
    const results = readResources({
      kind: 'IPPoolList',
      apiVersion: 'projectcalico.org/v3',
      items: [item('a', 'x'), item('b', '10.0.0.0/16')],
    });
    expect(results.map(({ resource }) => resource?.metadata.name)).toEqual([undefined, 'b']);
    expect(results[0]?.problems.map(({ path }) => path)).toEqual(['spec.cidr']);
    expect(results[0]?.refused).toEqual({ kind: 'IPPool', name: 'a' });
  });
});

describe('metadata', () => {
  test('of classic CRDs is completed from the annotation in which libcalico keeps it', () => {
    const kept = { labels: { a: 'inner', b: 'inner' }, annotations: { note: 'x' }, uid: 'u' };
    const { resource, problems } = readResource({
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'IPPool',
      metadata: {
        name: 'pool',
        annotations: { 'projectcalico.org/metadata': JSON.stringify(kept), 'projectcalico.org/x': 'y' },
        labels: { a: 'outer', c: 'outer' },
      },
      spec: { cidr: '10.0.0.0/16' },
    });
    expect(problems).toEqual([]);
    expect(resource?.metadata).toEqual({
      name: 'pool',
      labels: { a: 'inner', b: 'inner', c: 'outer' },
      annotations: { 'projectcalico.org/x': 'y', note: 'x' },
    });
  });

  test('that is broken in the annotation does not cost the resource', () => {
    const { resource, problems } = readResource({
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'IPPool',
      metadata: { name: 'pool', annotations: { 'projectcalico.org/metadata': '{' } },
      spec: { cidr: '10.0.0.0/16' },
    });
    expect(resource?.metadata).toEqual(plain('pool'));
    expect(problems.map(({ path, text }) => [path, text])).toEqual([
      ['metadata.annotations["projectcalico.org/metadata"]', '"{" is not a JSON object; it is ignored'],
    ]);
  });
});

test('a field that Calico does not know is named, because it is probably misspelt', () => {
  const { resource, problems } = read('BGPPeer', '{peerIP: 10.0.0.1, asNumber: 65000, nodeSelecter: all()}');
  expect(resource?.kind).toBe('BGPPeer');
  expect(problems).toEqual([
    {
      kind: 'BGPPeer',
      name: 'x',
      path: 'spec.nodeSelecter',
      text: 'is not a known field; it has no effect',
      severity: 'warning',
    },
  ]);
});

test('reading the same resource again gives an equal value', () => {
  const once = (): Resource | undefined => read('IPPool', '{cidr: 10.0.0.0/16, ipipMode: Always}').resource;
  expect(once()).toStrictEqual(once());
});

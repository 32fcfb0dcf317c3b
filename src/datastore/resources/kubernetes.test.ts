// Kubernetes' own kinds: Node with Calico's annotations, Service, EndpointSlice, Secret.

import { describe, expect, test } from 'vitest';
import { type ReadOptions, readResource, readResources } from './read-resource.ts';

function read(document: object, options?: ReadOptions): { resource: unknown; said: string[] } {
  const { resource, problems } = readResource({ apiVersion: 'v1', ...document }, options);
  return { resource, said: problems.map(({ path, text }) => `${path} ${text}`) };
}

describe('a Kubernetes Node', () => {
  const annotations = {
    'projectcalico.org/IPv4Address': '172.16.101.96/24',
    'projectcalico.org/IPv6Address': 'fd00:172::96/64',
    'projectcalico.org/ASNumber': '1.10',
    'projectcalico.org/RouteReflectorClusterID': '245.0.0.1',
    'projectcalico.org/IPv4IPIPTunnelAddr': '10.65.1.0',
    'projectcalico.org/IPv4WireguardInterfaceAddr': '10.65.1.1',
    'projectcalico.org/IPv6WireguardInterfaceAddr': 'fd00:65::1',
    'projectcalico.org/labels': '{"rack": "calico", "only": "calico"}',
    'projectcalico.org/annotations': '{"note": "x"}',
    'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
  };
  const labels = { 'kubernetes.io/hostname': 'n1', rack: 'kubernetes' };
  const bgp = {
    ipv4: { address: '172.16.101.96', network: '172.16.101.0/24' },
    ipv6: { address: 'fd00:172::96', network: 'fd00:172::/64' },
    asNumber: 65546,
    routeReflectorClusterID: 0xf5000001,
  };
  const metadata = {
    name: 'n1',
    labels: { rack: 'kubernetes', only: 'calico', 'kubernetes.io/hostname': 'n1' },
    annotations: { note: 'x' },
  };

  test('is a Calico Node by its annotations, and Kubernetes labels lie over those of Calico', () => {
    const document = {
      kind: 'Node',
      metadata: { name: 'n1', labels, annotations },
      spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24', 'fd00:244:1::/64'], unschedulable: true },
      status: {
        conditions: [
          { type: 'MemoryPressure', status: 'False', lastHeartbeatTime: '2025-03-04T10:00:00Z' },
          { type: 'Ready', status: 'True', lastHeartbeatTime: '2025-03-04T10:00:00Z' },
        ],
        images: [{ names: ['a'] }],
      },
    };
    expect(read(document)).toStrictEqual({
      resource: {
        kind: 'Node',
        metadata,
        bgp,
        tunnelAddress: '10.65.1.0',
        wireguardIPv4: '10.65.1.1',
        wireguardIPv6: 'fd00:65::1',
        podCIDRs: ['10.244.1.0/24', 'fd00:244:1::/64'],
        ready: true,
        unschedulable: true,
      },
      said: [],
    });
  });

  test('can be read from its metadata alone', () => {
    const document = {
      apiVersion: 'meta.k8s.io/v1',
      kind: 'PartialObjectMetadata',
      metadata: { name: 'n1', labels, annotations },
    };
    expect(read(document)).toStrictEqual({
      resource: {
        kind: 'Node',
        metadata,
        bgp,
        tunnelAddress: '10.65.1.0',
        wireguardIPv4: '10.65.1.1',
        wireguardIPv6: 'fd00:65::1',
        podCIDRs: [],
      },
      said: [],
    });
    const items = [{ metadata: { name: 'n1' } }];
    const list = readResources({ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadataList', items });
    expect(list.map(({ resource }) => resource?.kind)).toEqual(['Node']);
  });

  test('without annotations takes no part in BGP', () => {
    const plain = { name: 'n1', labels: {}, annotations: {} };
    expect(read({ kind: 'Node', metadata: { name: 'n1' } })).toStrictEqual({
      resource: { kind: 'Node', metadata: plain, podCIDRs: [] },
      said: [],
    });
  });

  test('loses only what is wrong about it', () => {
    const wrong = {
      'projectcalico.org/IPv4Address': '172.16.101.300/24',
      'projectcalico.org/IPv6Address': 'fd00:172::96',
      'projectcalico.org/ASNumber': 'many',
      'projectcalico.org/RouteReflectorClusterID': '245.0.0.1/32',
      'projectcalico.org/labels': '["x"]',
    };
    const path = (name: string) => `metadata.annotations["projectcalico.org/${name}"]`;
    const document = {
      kind: 'Node',
      metadata: { name: 'n1', annotations: wrong },
      status: { conditions: [{ type: 'Ready', status: 'Unknown' }] },
    };
    expect(read(document)).toStrictEqual({
      resource: {
        kind: 'Node',
        metadata: { name: 'n1', labels: {}, annotations: {} },
        bgp: { ipv6: { address: 'fd00:172::96', network: 'fd00:172::96/128' } },
        podCIDRs: [],
        ready: false,
      },
      said: [
        `${path('labels')} "[\\"x\\"]" is not a JSON object; it is ignored`,
        `${path('IPv4Address')} "172.16.101.300/24" is not an IPv4 address, with or without a length; it is ignored`,
        `${path('ASNumber')} must be an AS number from 0 to 4294967295, not "many"; it is ignored`,
        `${path('RouteReflectorClusterID')} "245.0.0.1/32" is not four numbers such as "10.0.0.1" (without a length); it is ignored`,
      ],
    });
  });

  test.each([
    ['with a WireGuard key', { 'projectcalico.org/WireguardPublicKey': 'k' }, { wireguardIPv4: '10.244.1.1' }],
    ['without one', { 'projectcalico.org/IPv4WireguardInterfaceAddr': '10.65.1.1' }, {}],
  ])('whose pods live in pod CIDRs, %s', (_what, own, expected) => {
    const document = {
      kind: 'Node',
      metadata: { name: 'n1', annotations: own },
      spec: { podCIDRs: ['fd00::/64', '10.244.1.0/24'] },
    };
    expect(read(document, { usePodCIDR: true })).toStrictEqual({
      resource: {
        kind: 'Node',
        metadata: { name: 'n1', labels: {}, annotations: {} },
        tunnelAddress: '10.244.1.1',
        ...expected,
        podCIDRs: ['fd00::/64', '10.244.1.0/24'],
      },
      said: [],
    });
  });
});

test('a Calico Node loses only what is wrong about it', () => {
  const document = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'Node',
    metadata: { name: 'n1' },
    spec: {
      bgp: { ipv4Address: '10.0.0.1/24', ipv6Address: 'x', asNumber: 0, routeReflectorClusterID: '', router: 1 },
      wireguard: { interfaceIPv4Address: '' },
    },
  };
  expect(read(document)).toStrictEqual({
    resource: {
      kind: 'Node',
      metadata: { name: 'n1', labels: {}, annotations: {} },
      bgp: { ipv4: { address: '10.0.0.1', network: '10.0.0.0/24' } },
      podCIDRs: [],
    },
    said: [
      'spec.bgp.ipv6Address "x" is not an IPv6 address, with or without a length; it is ignored',
      'spec.bgp.asNumber AS number 0 is reserved (RFC 7607); it is ignored',
      'spec.bgp.router is not a known field; it has no effect',
    ],
  });
});

describe('a Service', () => {
  const service = (spec: object, status?: object) =>
    read({ kind: 'Service', metadata: { name: 'web', annotations: { note: 'x' } }, spec, status });
  const nothing = {
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', labels: {}, annotations: {} },
    clusterIPs: [],
    externalIPs: [],
    loadBalancerIngressIPs: [],
    ipFamilies: [],
  };

  test.each<[what: string, spec: object, expected: object]>([
    ['empty', {}, { type: 'ClusterIP' }],
    [
      'with one cluster IP gets the defaults of an API server',
      { type: 'NodePort', clusterIP: 'FD00:96::1' },
      {
        type: 'NodePort',
        clusterIP: 'fd00:96::1',
        clusterIPs: ['fd00:96::1'],
        ipFamilies: ['ipv6'],
        externalTrafficPolicy: 'Cluster',
      },
    ],
    [
      'that is headless',
      { clusterIP: 'None', clusterIPs: ['None'] },
      { type: 'ClusterIP', clusterIP: 'None', clusterIPs: [] },
    ],
    ['of a name elsewhere', { type: 'ExternalName', externalName: 'x.org' }, { type: 'ExternalName' }],
    [
      'with a policy',
      { type: 'LoadBalancer', externalTrafficPolicy: 'Local', loadBalancerIP: '' },
      { type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
    ],
  ])('%s', (_what, spec, expected) => {
    expect(service(spec)).toStrictEqual({ resource: { ...nothing, ...expected }, said: [] });
  });

  test('loses only the addresses that are none', () => {
    const status = { loadBalancer: { ingress: [{ ip: '' }, { ip: 'x' }, { ip: '1.2.3.4' }, { hostname: 'h' }] } };
    expect(service({ externalIPs: ['1.1.1.1', 'web.example.org'] }, status)).toStrictEqual({
      resource: {
        ...nothing,
        type: 'ClusterIP',
        externalIPs: ['1.1.1.1'],
        loadBalancerIngressIPs: ['1.2.3.4'],
      },
      said: [
        'spec.externalIPs[1] "web.example.org" is not an IP address; it is ignored',
        'status.loadBalancer.ingress[1].ip "x" is not an IP address; it is ignored',
      ],
    });
  });
});

test('an EndpointSlice of no service, with nothing in it', () => {
  const document = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'e',
      namespace: 'shop',
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': 't' },
    },
    addressType: 'FQDN',
    endpoints: null,
  };
  expect(read(document)).toStrictEqual({
    resource: {
      kind: 'EndpointSlice',
      metadata: { name: 'e', namespace: 'shop', labels: {}, annotations: {} },
      addressType: 'FQDN',
      endpoints: [],
    },
    said: [],
  });
});

describe('a Secret', () => {
  const secret = (fields: object) =>
    read({ kind: 'Secret', metadata: { name: 's', namespace: 'kube-system' }, ...fields });
  const metadata = { name: 's', namespace: 'kube-system', labels: {}, annotations: {} };

  test('is decoded, and stringData lies over data', () => {
    const fields = { data: { a: 'cGFzcw==', b: 'c8OkbHo=\n', c: '' }, stringData: { a: 'newer' } };
    expect(secret(fields)).toStrictEqual({
      resource: { kind: 'Secret', metadata, data: { a: 'newer', b: 'sälz', c: '' } },
      said: [],
    });
  });

  test('loses values that are no base64, which are not shown', () => {
    expect(secret({ data: { a: 'hunter2!', b: 'cGFzcw', c: 7 } })).toStrictEqual({
      resource: { kind: 'Secret', metadata, data: {} },
      said: [
        'data.a is not base64; it is ignored',
        'data.b is not base64; it is ignored',
        'data.c is not text; it is ignored',
      ],
    });
  });
});

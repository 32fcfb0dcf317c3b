// Which Service addresses a node advertises, and which ranges it keeps out of its kernel.

import { describe, expect, test } from 'vitest';
import {
  configuration,
  exported,
  intentOf,
  node,
  OWN,
  peerOf,
  pool,
  programmed,
  routesOf,
  THREE_NODES,
} from './support.ts';

interface ServiceText {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly policy?: string;
  readonly externalIPs?: readonly string[];
  readonly loadBalancerIP?: string;
  readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
  readonly clusterIPs?: readonly string[];
  readonly ipFamilies?: readonly string[];
}

function service(name: string, text: ServiceText): string {
  const { policy, ingress, type = 'LoadBalancer', ...spec } = text;
  return `---\n${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { type, externalTrafficPolicy: policy, ...spec },
    status: ingress === undefined ? {} : { loadBalancer: { ingress } },
  })}\n`;
}

/** Endpoints as `node` or `node:not-ready`. */
function slice(serviceName: string, suffix: string, endpoints: readonly string[], addressType = 'IPv4'): string {
  return `---\n${JSON.stringify({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${serviceName}-${suffix}`, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType,
    endpoints: endpoints.map((text) => {
      const [nodeName, state] = text.split(':');
      return { addresses: [], nodeName, conditions: state === undefined ? {} : { ready: state === 'ready' } };
    }),
  })}\n`;
}

const RANGES = {
  serviceClusterIPs: [{ cidr: '10.101.0.0/16' }, {}, { cidr: 'fd00:96::/112' }],
  serviceLoadBalancerIPs: [{ cidr: '80.15.0.0/24' }, {}],
};

/** One service on this node by its second slice, one elsewhere, one of IPv6 with a slice of IPv4 only, one of IPv6. */
const SERVICES = [
  service('web', { policy: 'Local', clusterIP: '10.101.0.101' }),
  slice('web', 'abc', ['beta']),
  slice('web', 'def', [OWN]),
  service('api', { policy: 'Local', clusterIP: '10.101.0.102' }),
  slice('api', 'abc', ['beta']),
  service('mail', { policy: 'Local', clusterIP: 'fd00:96::25' }),
  slice('mail', 'abc', [OWN]),
  service('news', { policy: 'Local', clusterIP: 'fd00:96::28' }),
  slice('news', 'abc', [OWN], 'IPv6'),
].join('');

const POOL = pool('one', '10.66.0.0/16', { ipipMode: 'Always' });
const EXCLUDED = THREE_NODES.replace(
  '"labels":{}',
  '"labels":{"node.kubernetes.io/exclude-from-external-load-balancers":"true"}',
);

const isTold = (intent: ReturnType<typeof intentOf>, prefix: string) =>
  exported(intent, prefix.includes(':') ? 'Mesh_fd65__3' : 'Mesh_10_65_0_3', { prefix }) !== 'rejected';

describe('the cases', () => {
  test('row 15: ranges, and single addresses of services with an endpoint here in a family of theirs', () => {
    const intent = intentOf([configuration(RANGES), THREE_NODES, POOL, SERVICES]);
    expect(routesOf(intent)).toEqual([
      '10.101.0.0/16 blackhole',
      '10.101.0.101/32 blackhole',
      '80.15.0.0/24 blackhole',
      'fd00:96::/112 blackhole',
      'fd00:96::28/128 blackhole',
    ]);
    expect(intent.localRoutes.map(({ origin }) => origin)).toEqual([
      'BGPConfiguration default serviceClusterIPs',
      'Service default/web',
      'BGPConfiguration default serviceLoadBalancerIPs',
      'BGPConfiguration default serviceClusterIPs',
      'Service default/news',
    ]);
    for (const prefix of ['10.101.0.0/16', '10.101.0.101/32', '80.15.0.0/24', 'fd00:96::/112', 'fd00:96::28/128']) {
      expect([prefix, isTold(intent, prefix)]).toEqual([prefix, true]);
      expect(programmed(intent, { prefix, source: 'static' })).toBe('rejected');
    }
    expect(programmed(intent, { prefix: '80.15.1.0/24' })).not.toBe('rejected');
  });

  test('row 16: without ranges all of it is gone', () => {
    const intent = intentOf([THREE_NODES, POOL, SERVICES]);
    expect(routesOf(intent)).toEqual([]);
    expect(isTold(intent, '10.101.0.101/32')).toBe(false);
    expect(programmed(intent, { prefix: '10.101.0.0/16' })).not.toBe('rejected');
  });

  test('row 17: an excluded node advertises nothing and keeps the ranges out of its kernel', () => {
    const intent = intentOf([configuration(RANGES), EXCLUDED, POOL, SERVICES]);
    expect(routesOf(intent)).toEqual([]);
    expect([isTold(intent, '10.101.0.0/16'), isTold(intent, '80.15.0.0/24')]).toEqual([false, false]);
    expect(programmed(intent, { prefix: '10.101.0.0/16' })).toBe('rejected');
    expect(programmed(intent, { prefix: '80.15.0.0/24' })).toBe('rejected');
  });

  test('row 18: without ranges an excluded node is like any other', () => {
    const intent = intentOf([EXCLUDED, POOL, SERVICES]);
    expect(programmed(intent, { prefix: '10.101.0.0/16' })).not.toBe('rejected');
  });

  test.each(['', 'false', 'yes'])('the exclusion label with the value %j excludes nothing', (value) => {
    const intent = intentOf([configuration(RANGES), EXCLUDED.replace('"true"', JSON.stringify(value))]);
    expect(routesOf(intent)).toHaveLength(3);
  });

  test('row 19: a node without addresses has no sessions, but its routes, and no pool rules in its kernel', () => {
    const own = node(OWN, {}) + node('beta', { ipv4: '10.65.0.3/24', ipv6: 'fd65::3/64' });
    const intent = intentOf([configuration(RANGES), own, POOL, SERVICES], { routerId: '10.10.10.10' });
    expect([...intent.peers]).toEqual([]);
    expect(routesOf(intent)).toHaveLength(5);
    expect(programmed(intent, { prefix: '10.66.1.0/26' })).not.toBe('rejected');
    expect(programmed(intent, { prefix: '10.101.0.0/16' })).toBe('rejected');
    expect([intent.bgpIdentifier, intent.problems]).toEqual([0x0a0a0a0a, []]);
  });
});

describe('single addresses', () => {
  const routesWith = (spec: object, ...services: string[]) =>
    routesOf(intentOf([configuration(spec), THREE_NODES, ...services]));
  const ALL = { serviceClusterIPs: [{ cidr: '10.101.0.0/16' }] };
  const CLUSTER = '10.101.0.0/16 blackhole';
  const WEB = '10.101.0.101/32 blackhole';
  const web = (text: ServiceText = {}) => service('web', { clusterIP: '10.101.0.101', policy: 'Local', ...text });

  test.each([
    ['ready is not said', [OWN], true],
    ['ready', [`${OWN}:ready`], true],
    ['not ready', [`${OWN}:not-ready`], false],
    ['on another node', ['beta'], false],
    ['without a node', [''], false],
    ['one of several', ['beta', `${OWN}:not-ready`, OWN], true],
    ['none', [], false],
  ])('an endpoint counts where it is here and not unready: %s', (_case, endpoints, told) => {
    expect(routesWith(ALL, web(), slice('web', 'a', endpoints))).toEqual(told ? [CLUSTER, WEB] : [CLUSTER]);
  });

  test('a service whose last local endpoint goes, or whose last slice goes, is withdrawn', () => {
    expect(routesWith(ALL, web(), slice('web', 'a', [OWN]), slice('web', 'b', ['beta']))).toEqual([CLUSTER, WEB]);
    expect(routesWith(ALL, web(), slice('web', 'b', ['beta']))).toEqual([CLUSTER]);
    expect(routesWith(ALL, web())).toEqual([CLUSTER]);
  });

  test.each<[string, ServiceText]>([
    ['a headless service', { clusterIP: 'None', type: 'ClusterIP' }],
    ['a service without cluster IP', { clusterIP: '' }],
    ['an ExternalName', { type: 'ExternalName' }],
    ['traffic policy Cluster', { policy: 'Cluster' }],
  ])('not for %s', (_case, text) => {
    expect(routesWith(ALL, web(text), slice('web', 'a', [OWN]))).toEqual([CLUSTER]);
  });

  test('the Kubernetes name of the node may differ from Calico’s', () => {
    const intent = intentOf([configuration(ALL), THREE_NODES, web(), slice('web', 'a', ['k8s-alpha'])], {
      kubernetesNodeName: 'k8s-alpha',
    });
    expect(routesOf(intent)).toEqual([CLUSTER, WEB]);
  });

  test('a dual-stack service with an endpoint in one family is told in both', () => {
    const dual = web({ clusterIPs: ['10.101.0.101', 'fd00:96::101'], ipFamilies: ['IPv4', 'IPv6'] });
    expect(routesWith(ALL, dual, slice('web', 'a', [OWN]))).toEqual([CLUSTER, WEB, 'fd00:96::101/128 blackhole']);
  });

  test('external and balancer addresses only inside their ranges; names are passed over', () => {
    const spec = { serviceExternalIPs: [{ cidr: '192.0.2.0/24' }], serviceLoadBalancerIPs: [{ cidr: '80.15.0.0/24' }] };
    const text = web({
      externalIPs: ['192.0.2.7', '198.51.100.7'],
      ingress: [{ ip: '80.15.0.9' }, { ip: '80.16.0.9' }, { hostname: 'lb.example' }],
    });
    expect(routesWith(spec, text, slice('web', 'a', [OWN]))).toEqual([
      '192.0.2.0/24 blackhole',
      '192.0.2.7/32 blackhole',
      '80.15.0.0/24 blackhole',
      '80.15.0.9/32 blackhole',
    ]);
  });

  test('a single address in the ranges is advertised from every node for policy Cluster', () => {
    const spec = { serviceExternalIPs: [{ cidr: '192.0.2.7/32' }], serviceLoadBalancerIPs: [{ cidr: '80.15.0.9/32' }] };
    const byIngress = web({ policy: 'Cluster', ingress: [{ ip: '80.15.0.9' }] });
    const byRequest = web({ policy: 'Cluster', loadBalancerIP: '80.15.0.9' });
    const byExternal = web({ policy: 'Cluster', externalIPs: ['192.0.2.7'], type: 'NodePort' });
    const elsewhere = slice('web', 'a', ['beta']);
    expect(routesWith(spec, byIngress, elsewhere)).toEqual(['80.15.0.9/32 blackhole']);
    expect(routesWith(spec, byRequest, elsewhere)).toEqual([]);
    expect(routesWith(spec, byExternal, elsewhere)).toEqual(['192.0.2.7/32 blackhole']);
    expect(routesWith(spec, byIngress)).toEqual([]);
  });

  test('aggregation off: no balancer range, every service with a ready endpoint anywhere, nothing kept out of the kernel', () => {
    const spec = { serviceLoadBalancerIPs: [{ cidr: '80.15.0.0/24' }], serviceLoadBalancerAggregation: 'Disabled' };
    const text = web({ policy: 'Cluster', ingress: [{ ip: '80.15.0.9' }] });
    expect(routesWith(spec, text, slice('web', 'a', ['beta']))).toEqual(['80.15.0.9/32 blackhole']);
    expect(routesWith(spec, text, slice('web', 'a', ['beta:not-ready']))).toEqual([]);
    const intent = intentOf([configuration(spec), THREE_NODES, text, slice('web', 'a', ['beta'])]);
    expect(programmed(intent, { prefix: '80.15.0.9/32', source: 'static' })).not.toBe('rejected');
    expect(programmed(intent, { prefix: '80.15.0.8/32' })).not.toBe('rejected');
  });

  test('an address wanted twice stays until the last one goes', () => {
    const shared = (name: string) => service(name, { clusterIP: '10.101.0.101', policy: 'Local' });
    const both = [shared('web'), slice('web', 'a', [OWN]), shared('web-two'), slice('web-two', 'a', [OWN])];
    expect(routesWith(ALL, ...both)).toEqual([CLUSTER, WEB]);
    expect(routesWith(ALL, ...both.slice(2))).toEqual([CLUSTER, WEB]);
  });

  test('CALICO_ADVERTISE_CLUSTER_IPS takes the place of the configured cluster ranges', () => {
    const intent = intentOf([configuration(ALL), THREE_NODES], { advertiseClusterIps: '10.102.0.0/16' });
    expect(routesOf(intent)).toEqual(['10.102.0.0/16 blackhole']);
  });
});

describe('reflectors', () => {
  const spec = { ...RANGES, serviceExternalIPs: [{ cidr: '192.0.2.7/32' }], nodeToNodeMeshEnabled: false };
  const peering = `---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: clients}
spec: {peerSelector: 'all()'}
`;
  const reflector = node(OWN, {
    ipv4: '10.65.0.2/24',
    clusterId: '10.0.0.1',
    labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' },
  });

  test('an excluded reflector passes on balancer and external addresses, but not cluster addresses', () => {
    const intent = intentOf([configuration(spec), reflector, node('beta', { ipv4: '10.65.0.3/24' }), peering]);
    expect(peerOf(intent, 'Global_10_65_0_3').routeReflectorClient).toBe(true);
    const isPassedOn = (prefix: string) =>
      exported(intent, 'Global_10_65_0_3', { prefix, source: 'bgp', localPref: 100 }) !== 'rejected';
    expect(['80.15.0.9/32', '192.0.2.7/32', '10.101.0.101/32'].map(isPassedOn)).toEqual([true, true, false]);
  });
});

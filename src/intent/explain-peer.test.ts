import { expect, test } from 'vitest';
import { block, configuration, node, pool, resource, resourcesOf, secret, viewOf } from '../../test/calico/support.ts';
import { computeIntent } from './compute.ts';
import { explainOptions, policySteps } from './explain-peer.ts';

const peer = (spec: object, name = 'tor') => resource('BGPPeer', name, spec);
const NODES = node('alpha', { ipv4: '10.0.0.5/24' }) + node('beta', { ipv4: '10.0.0.3/24', as: 64600 });
const MESH_OFF = configuration({ nodeToNodeMeshEnabled: false, asNumber: 64700 });

/** `option=value because`, of the options asked for. */
function reasons(texts: readonly string[], name: string, wanted: readonly string[], own = 'alpha'): readonly string[] {
  const view = viewOf(resourcesOf(...texts));
  const intent = computeIntent(view, { node: own });
  const found = explainOptions(view, { node: own }, intent.peers.get(name)!);
  return found
    .filter(({ option }) => wanted.includes(option))
    .map((row) => `${row.option}=${row.value} ${row.because}`);
}

test('a mesh session: AS of the node, source address, who dials', () => {
  const wanted = ['asNumber', 'localASNumber', 'port', 'sourceAddress', 'passive', 'password', 'routeReflectorClient'];
  expect(reasons([NODES], 'Mesh_10_0_0_3', wanted)).toEqual([
    'asNumber=64600 asNumber of Node beta',
    'localASNumber=64512 the AS of a cluster without asNumber',
    'port=179 the default',
    'sourceAddress=10.0.0.5 of the mesh it is always the address of the node',
    'passive=no of two nodes the one whose address comes later as text dials; 10.0.0.5 comes after 10.0.0.3',
    'password=none none is asked for',
    'routeReflectorClient=no this node is no route reflector (no routeReflectorClusterID)',
  ]);
  expect(reasons([NODES], 'Mesh_10_0_0_5', ['passive'], 'beta')).toEqual([
    'passive=yes of two nodes the one whose address comes later as text dials; 10.0.0.3 comes before 10.0.0.5',
  ]);
});

const TOR = { node: 'alpha', peerIP: '192.0.2.1', asNumber: 65001 };
const PASSWORD = { password: { secretKeyRef: { name: 'bgp', key: 'tor' } } };

test.each<[string, object, readonly string[]]>([
  ['asNumber', {}, ['asNumber=65001 asNumber of BGPPeer tor']],
  ['localASNumber', { localASNumber: 65009 }, ['localASNumber=65009 localASNumber of BGPPeer tor']],
  ['localASNumber', {}, ['localASNumber=64700 asNumber of BGPConfiguration default']],
  [
    'sourceAddress',
    { sourceAddress: 'None' },
    ['sourceAddress=chosen by the system sourceAddress of BGPPeer tor is None'],
  ],
  ['passive', {}, ['passive=no both ends dial']],
  [
    'password',
    PASSWORD,
    ['password=none password of BGPPeer tor asks for key tor of Secret bgp, which cannot be used'],
  ],
  ['ttlSecurity', { ttlSecurity: 1 }, ['ttlSecurity=1 ttlSecurity of BGPPeer tor']],
  ['ttlSecurity', {}, []],
  ['keepaliveTime', { keepaliveTime: '10s' }, ['keepaliveTime=10 s keepaliveTime of BGPPeer tor']],
  ['maxRestartTime', { maxRestartTime: '10s' }, ['maxRestartTime=10 s maxRestartTime of BGPPeer tor']],
  ['nextHopMode', { nextHopMode: 'Self' }, ['nextHopMode=self nextHopMode of BGPPeer tor']],
  ['nextHopMode', { keepOriginalNextHop: true }, ['nextHopMode=keep keepOriginalNextHop of BGPPeer tor']],
  [
    'numAllowedLocalASNumbers',
    { numAllowedLocalASNumbers: 2 },
    ['numAllowedLocalASNumbers=2 numAllowedLocalASNumbers of BGPPeer tor'],
  ],
])('%s of a BGPPeer with %j', (option, spec, expected) => {
  expect(reasons([NODES, MESH_OFF, peer({ ...TOR, ...spec })], 'Node_192_0_2_1', [option])).toEqual(expected);
});

test('a password that is set is named by its Secret, never shown', () => {
  const texts = [NODES, MESH_OFF, peer({ ...TOR, ...PASSWORD }), secret('bgp', { tor: 'hush' })];
  expect(reasons(texts, 'Node_192_0_2_1', ['password'])).toEqual([
    'password=set password of BGPPeer tor: key tor of Secret bgp',
  ]);
});

test.each<[string, readonly string[], string, string]>([
  ['in peerIP', [peer({ ...TOR, peerIP: '192.0.2.1:1790' })], 'Node_192_0_2_1_port_1790', 'peerIP of BGPPeer tor'],
  [
    'for the remote node',
    [peer({ peerSelector: 'all()' }), configuration({ listenPort: 1790 }, 'node.beta')],
    'Node_10_0_0_3_port_1790',
    'listenPort of BGPConfiguration node.beta',
  ],
])('a port is given %s', (_, texts, name, because) => {
  const rename = name.replace('Node_10_0_0_3', 'Global_10_0_0_3');
  expect(reasons([NODES, MESH_OFF, ...texts], rename, ['port'])).toEqual([`port=1790 ${because}`]);
});

test.each<[string, string, string | undefined, string]>([
  ['the same cluster', '244.0.0.1', '244.0.0.1', 'no the peer is a reflector of the same cluster 244.0.0.1'],
  [
    'another cluster',
    '244.0.0.1',
    '244.0.0.2',
    'yes this node is a reflector of cluster 244.0.0.1, and the peer is in its AS',
  ],
  [
    'no cluster',
    '244.0.0.1',
    undefined,
    'yes this node is a reflector of cluster 244.0.0.1, and the peer is in its AS',
  ],
])('whether a peer of %s is a client', (_, own, others, expected) => {
  const nodes =
    node('alpha', { ipv4: '10.0.0.5/24', clusterId: own }) +
    node('beta', { ipv4: '10.0.0.3/24', ...(others === undefined ? {} : { clusterId: others }) });
  const texts = [nodes, MESH_OFF, peer({ nodeSelector: 'all()', peerSelector: 'all()' })];
  expect(reasons(texts, 'Node_10_0_0_3', ['routeReflectorClient'])).toEqual([`routeReflectorClient=${expected}`]);
});

test('options of a stand-alone reflector come from its resource', () => {
  const spec = {
    routerId: '192.0.2.9',
    asNumber: 64512,
    peers: [{ address: '10.0.0.3', client: true, passive: true }],
  };
  const text = `---\n${JSON.stringify({ apiVersion: 'caracal.io/v1', kind: 'RouteReflector', metadata: { name: 'alpha' }, spec })}\n`;
  expect(reasons([text], 'Static_10_0_0_3', ['asNumber', 'passive', 'routeReflectorClient', 'holdTime'])).toEqual([
    'asNumber=64512 asNumber of RouteReflector alpha',
    'passive=yes peers[].passive of RouteReflector alpha',
    'routeReflectorClient=yes peers[].client of RouteReflector alpha',
    'holdTime=240 s the default',
  ]);
});

test('the steps of a policy stand in their order with the resources in them', () => {
  const filter = resource('BGPFilter', 'lab', { exportV4: [{ action: 'Reject' }, { action: 'Accept' }] });
  const texts = [NODES, MESH_OFF, peer({ ...TOR, filters: ['lab'] }), filter];
  const more = [pool('open', '10.66.0.0/16'), pool('shut', '10.67.0.0/16', { disableBGPExport: true })];
  const view = viewOf(resourcesOf(...texts, ...more, block('10.66.1.0/26')));
  const { exportPolicy } = computeIntent(view, { node: 'alpha' }).peers.get('Node_192_0_2_1')!;
  expect(policySteps(exportPolicy)).toEqual([
    { step: 'priority', resources: [] },
    { step: 'BGPFilters', resources: ['BGPFilter lab'] },
    { step: 'pools without BGP export', resources: ['IPPool shut'] },
    { step: 'tunnel routes', resources: [] },
    { step: 'BPF routes', resources: [] },
    { step: 'own blocks', resources: [] },
    { step: 'pools', resources: ['IPPool open'] },
  ]);
});

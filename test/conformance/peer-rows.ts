// Rows of Calico's list of cases about meshes, peers and services, by number and name.

import { COMMUNITY } from 'node-bgp';
import {
  AS,
  announcement,
  birdSession,
  block,
  community,
  configuration,
  documents,
  external,
  type Name,
  neighbour,
  node,
  OUTSIDE,
  OWN,
  type Row,
  resource,
  service,
  THROUGH_GATEWAY,
  through,
  WITHOUT_MESH,
} from './situation.ts';

export const PEER_ROWS: readonly Row[] = [
  {
    name: '1 mesh/bgp-export: a pool that is not told, with a block of ours in it',
    resources: documents(
      node('node-1'),
      resource('IPPool', 'private', '{ cidr: 10.66.0.0/16, disableBGPExport: true }'),
      block('10.66.1.0/26'),
    ),
    bird: `protocol static blocks_hidden { ipv4; route 10.66.1.0/26 blackhole; }
      ${birdSession('node-1', { exporting: 'if net ~ 10.66.0.0/16 then reject;' })}`,
    neighbours: [neighbour('node-1')],
    kernelRoutes: ['10.66.1.4/32 dev cali1 proto 80 scope link metric 512'],
    told: { 'node-1': OWN },
  },
  {
    name: '2 mesh/ipip-always: routes of the tunnel stay here, and nothing is passed on inside the AS',
    resources: documents(node('node-1'), node('node-2')),
    bird: birdSession('node-1') + birdSession('node-2'),
    neighbours: [
      neighbour('node-1', { announce: [announcement('node-1', ['10.65.1.0/26'])] }),
      neighbour('node-2', { announce: [announcement('node-2', ['10.65.2.0/26'])] }),
    ],
    kernelRoutes: ['10.65.32.0/20 via 10.192.255.254 dev eth0 proto static metric 1024'],
    told: { 'node-1': [...OWN, THROUGH_GATEWAY], 'node-2': [...OWN, THROUGH_GATEWAY] },
  },
  {
    name: '7 mesh/communities: named, literal and large ones, by prefix',
    resources: documents(
      node('node-1'),
      configuration(`
  communities: [{ name: large, value: "100:555:107" }, { name: plain, value: "100:6532" }]
  prefixAdvertisements:
    - { cidr: 10.65.0.0/26, communities: [large, plain, "5663:12"] }
    - { cidr: 10.65.0.0/16, communities: [plain, "65000:1"] }`),
    ),
    bird: birdSession('node-1', {
      exporting: `set_priority(); no_tunnels();
        if net ~ 10.65.0.0/26 then { bgp_large_community.add((100, 555, 107)); bgp_community.add((5663, 12)); }
        if net ~ 10.65.0.0/16 then { bgp_community.add((100, 6532)); bgp_community.add((65000, 1)); }`,
    }),
    neighbours: [neighbour('node-1')],
    told: { 'node-1': OWN },
  },
  {
    name: '8 mesh/communities: those of the node take the place of the global ones',
    resources: documents(
      node('node-1'),
      configuration('{ prefixAdvertisements: [{ cidr: 10.65.0.0/16, communities: ["100:1"] }] }'),
      resource(
        'BGPConfiguration',
        'node.node-0',
        '{ prefixAdvertisements: [{ cidr: 10.65.9.0/24, communities: ["100:2"] }] }',
      ),
    ),
    bird: birdSession('node-1', { exporting: 'if net ~ 10.65.9.0/24 then bgp_community.add((100, 2));' }),
    neighbours: [neighbour('node-1')],
    told: { 'node-1': OWN },
  },
  {
    name: '9 mesh in IPv6',
    resources: documents(node('node-1')),
    bird: birdSession('node-1-ipv6'),
    neighbours: [neighbour('node-1-ipv6')],
    kernelRoutes: [
      'fd00:65::5/128 dev cali1 proto 80 metric 1024',
      'fd00:65::6/128 dev cali1 proto 80 metric 512',
      'fd00:65::9:9/128 dev cali1 proto 80 metric 1024',
      'fd00:77::/64 dev cali1 proto 80 metric 1024',
    ],
    told: { 'node-1-ipv6': ['fd00:65::/122', 'fd00:65::6/128', 'fd00:65::9:9/128'] },
  },
  {
    name: '15 mesh/static-routes: service ranges, and an address with an endpoint on this node',
    resources: documents(
      node('node-1'),
      configuration(
        '{ serviceClusterIPs: [{ cidr: 10.101.0.0/16 }], serviceLoadBalancerIPs: [{ cidr: 80.15.0.0/24 }] }',
      ),
      service('here', '10.101.0.101', 'node-0'),
      service('elsewhere', '10.101.0.102', 'node-1'),
    ),
    bird: `protocol static services {
        ipv4;
        route 10.101.0.0/16 blackhole;
        route 10.101.0.101/32 blackhole;
        route 80.15.0.0/24 blackhole;
      }
      ${birdSession('node-1', { exporting: 'set_priority(); if net ~ [ 10.101.0.0/16+, 80.15.0.0/24+ ] then accept;' })}`,
    neighbours: [neighbour('node-1')],
    told: { 'node-1': [...OWN, '10.101.0.0/16', '10.101.0.101/32', '80.15.0.0/24'] },
  },
  {
    name: '27 explicit_peering/route_reflector: clients and an external peer, every path to those who take them',
    resources: documents(
      WITHOUT_MESH,
      node('node-1'),
      node('node-2'),
      resource('BGPPeer', 'clients', `{ nodeSelector: "!has(reflector)", peerSelector: has(reflector) }`),
      external('tor'),
    ),
    ownNode: resource(
      'Node',
      'node-0',
      '{ bgp: { ipv4Address: 10.192.0.2/16, routeReflectorClusterID: 10.0.0.1 } }',
      ', labels: { reflector: "true" }',
    ),
    bird: ['node-1', 'node-2']
      .map((name) =>
        birdSession(name as Name, { options: 'rr client; rr cluster id 10.0.0.1;', channel: 'add paths on;' }),
      )
      .concat(birdSession('tor', { channel: 'add paths on;' }))
      .join(''),
    neighbours: [
      neighbour('node-1', {
        addPath: true,
        announce: [
          announcement('node-1', ['10.65.1.0/26', '10.65.64.0/24']),
          announcement('node-1', ['10.65.7.7/32'], { localPref: 2_147_483_135, communities: [community(65000, 9)] }),
        ],
      }),
      neighbour('node-2', {
        addPath: true,
        announce: [
          announcement('node-2', ['10.65.2.0/26', '10.65.64.0/24', '192.0.2.0/24']),
          announcement('node-2', ['10.65.65.0/24'], { communities: [COMMUNITY.NO_EXPORT] }),
          announcement('node-2', ['10.65.66.0/24'], { originatorId: 7, clusterList: [8, 9] }),
          announcement('node-2', ['10.65.67.0/24'], { originatorId: 7, clusterList: [0x0a000001] }),
        ],
      }),
      neighbour('tor', { announce: [announcement('tor', ['10.65.64.0/24', '10.65.68.0/24'])] }),
    ],
    told: {
      'node-1': [...OWN, '10.65.2.0/26', '10.65.64.0/24', '10.65.65.0/24', '10.65.66.0/24', '10.65.68.0/24'],
      'node-2': [...OWN, '10.65.1.0/26', '10.65.64.0/24', '10.65.68.0/24', '10.65.7.7/32'],
      tor: [...OUTSIDE, '10.65.1.0/26', '10.65.2.0/26', '10.65.64.0/24', '10.65.66.0/24', '10.65.7.7/32'],
    },
  },
  {
    name: '29 explicit_peering/keepnexthop: towards one of two external peers',
    resources: documents(node('node-1'), external('tor', ', keepOriginalNextHop: true'), external('rack')),
    bird: birdSession('node-1') + birdSession('tor', { channel: 'next hop keep;' }) + birdSession('rack'),
    neighbours: [
      neighbour('node-1', { announce: [announcement('node-1', ['10.65.1.0/26'])] }),
      neighbour('tor'),
      neighbour('rack'),
    ],
    told: { 'node-1': OWN, tor: [...OUTSIDE, '10.65.1.0/26'], rack: [...OUTSIDE, '10.65.1.0/26'] },
  },
  {
    name: '31 explicit_peering/local-as: another AS towards one peer, and own AS numbers that it may send',
    resources: documents(
      node('node-1'),
      external('tor', ', localASNumber: 65100, numAllowedLocalASNumbers: 1'),
      external('rack'),
    ),
    bird:
      birdSession('node-1') +
      birdSession('tor', { localAs: 65100, options: 'allow local as 1;' }) +
      birdSession('rack'),
    neighbours: [
      neighbour('node-1'),
      neighbour('tor', {
        ourAs: 65100,
        announce: [
          announcement('tor', ['10.65.40.0/24'], through(65100)),
          announcement('tor', ['10.65.41.0/24'], through(65100, 65100)),
          announcement('tor', ['10.65.42.0/24'], through(AS)),
        ],
      }),
      neighbour('rack', { announce: [announcement('rack', ['10.65.43.0/24'], through(AS))] }),
    ],
    told: {
      'node-1': [...OWN, '10.65.40.0/24', '10.65.42.0/24'],
      tor: OUTSIDE,
      rack: [...OUTSIDE, '10.65.40.0/24', '10.65.42.0/24'],
    },
  },
  {
    name: '41 next_hop_mode/global_peers: Self inside the AS, Keep outside',
    resources: documents(
      WITHOUT_MESH,
      resource('BGPPeer', 'node-1', '{ peerIP: 10.192.0.3, asNumber: 64512, nextHopMode: Self }'),
      external('tor', ', nextHopMode: Keep'),
      external('rack'),
    ),
    bird:
      birdSession('node-1', { channel: 'next hop self;' }) +
      birdSession('tor', { channel: 'next hop keep;' }) +
      birdSession('rack'),
    neighbours: [
      neighbour('node-1'),
      neighbour('tor', { announce: [announcement('tor', ['10.65.40.0/24'])] }),
      neighbour('rack', { announce: [announcement('rack', ['10.65.41.0/24'])] }),
    ],
    told: {
      'node-1': [...OWN, '10.65.40.0/24', '10.65.41.0/24'],
      tor: [...OUTSIDE, '10.65.41.0/24'],
      rack: [...OUTSIDE, '10.65.40.0/24'],
    },
  },
  {
    name: '53 cluster_routes/enabled: who programs IPIP himself tells routes of the tunnel',
    resources: documents(node('node-1'), configuration('{ programClusterRoutes: Enabled }')),
    bird: birdSession('node-1', { exporting: 'to_outside();' }),
    neighbours: [neighbour('node-1')],
    told: { 'node-1': OUTSIDE },
  },
];

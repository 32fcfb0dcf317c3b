// Rows of Calico's list of cases about BGPFilters and priorities, by number and name.

import {
  announcement,
  BLOCK,
  BORROWED,
  birdSession,
  community,
  configuration,
  documents,
  external,
  filter,
  MOVING,
  neighbour,
  node,
  OUTSIDE,
  OWN,
  type Row,
  resource,
  TUNNELLED,
  through,
  WITHOUT_MESH,
} from './situation.ts';

export const FILTER_ROWS: readonly Row[] = [
  {
    name: '61 bgpfilter/node_mesh/priority: another normal priority',
    resources: documents(node('node-1'), configuration('{ ipv4NormalRoutePriority: 600 }')),
    bird: birdSession('node-1', {
      exporting: `if !defined(krt_metric) then bgp_local_pref = 2147483047; else set_priority();
        no_tunnels();
        if net = 10.65.0.0/26 then accept;
        if net ~ 10.65.0.0/26 then { if route_metric() < 600 then accept; reject; }
        if net ~ 10.65.0.0/16 then accept;
        reject;`,
    }),
    neighbours: [neighbour('node-1')],
    told: { 'node-1': OWN },
  },
  {
    name: '64 bgpfilter/match_operators: Equal, NotEqual, In, NotIn, and lengths',
    resources: documents(
      external('tor', ', filters: [first, second]'),
      filter(
        'first',
        `
  exportV4:
    - { cidr: 10.65.0.0/26, matchOperator: Equal, action: Reject }
    - { cidr: 172.16.0.0/12, matchOperator: In, action: Accept }
    - { cidr: 10.65.9.0/24, matchOperator: In, prefixLength: { min: 28, max: 32 }, action: Reject }
  importV4:
    - { cidr: 10.65.40.0/24, matchOperator: NotEqual, action: Reject }`,
      ),
      filter('second', '{ exportV4: [{ cidr: 10.0.0.0/8, matchOperator: NotIn, action: Reject }] }'),
      node('node-1'),
    ),
    bird:
      birdSession('node-1') +
      birdSession('tor', {
        exporting: `if net = 10.65.0.0/26 then reject;
          if net ~ [ 172.16.0.0/12+ ] then accept;
          if net ~ [ 10.65.9.0/24{28,32} ] then reject;
          if net !~ [ 10.0.0.0/8+ ] then reject;`,
        importing: 'if net != 10.65.40.0/24 then reject;',
      }),
    neighbours: [
      neighbour('node-1'),
      neighbour('tor', { announce: [announcement('tor', ['10.65.40.0/24', '10.65.41.0/24'])] }),
    ],
    told: { 'node-1': [...OWN, '10.65.40.0/24'], tor: [MOVING, TUNNELLED, '172.20.0.0/16'] },
  },
  {
    name: '65 and 66 bgpfilter/match_source, match_interface',
    resources: documents(
      external('tor', ', filters: [sources]'),
      external('rack'),
      filter(
        'sources',
        `
  exportV4:
    - { source: RemotePeers, action: Reject }
    - { interface: "cali*", cidr: 10.65.9.9/32, matchOperator: NotIn, action: Reject }
    - { interface: "eth*", action: Accept }`,
      ),
    ),
    bird:
      birdSession('tor', {
        exporting: `if source = RTS_BGP then reject;
          if ifname ~ "cali*" && net !~ [ 10.65.9.9/32+ ] then reject;
          if ifname ~ "eth*" then { set_priority(); accept; }`,
      }) + birdSession('rack'),
    neighbours: [
      neighbour('tor'),
      neighbour('rack', { announce: [announcement('rack', ['10.65.40.0/24', '203.0.113.0/24'])] }),
    ],
    told: { tor: [BLOCK, TUNNELLED, BORROWED, '10.192.0.0/16', '172.20.0.0/16'], rack: OUTSIDE },
  },
  {
    name: '74 and 75 bgpfilter/communities_and_operations, large_community',
    resources: documents(
      WITHOUT_MESH,
      node('node-1'),
      resource('BGPPeer', 'node-1', '{ peerIP: 10.192.0.3, asNumber: 64512, filters: [operations] }'),
      external('tor', ', filters: [marked]'),
      filter(
        'operations',
        `
  exportV4:
    - communities: { values: ["65000:7"] }
      action: Accept
      operations:
        - addCommunity: { value: "65000:8" }
        - prependASPath: { prefix: [65010, 65011] }
        - setPriority: { value: 256 }
    - communities: { values: ["100:555:107"] }
      action: Accept
      operations: [{ addCommunity: { value: "100:1:4294967295" } }, { addCommunity: { value: "100:555:107" } }]`,
      ),
      filter('marked', '{ importV4: [{ communities: { values: ["65000:6"] }, action: Reject }] }'),
    ),
    bird:
      birdSession('node-1', {
        exporting: `if (65000, 7) ~ bgp_community then {
            bgp_community.add((65000, 8));
            bgp_path.prepend(65011);
            bgp_path.prepend(65010);
            bgp_local_pref = 2147483391;
            accept;
          }
          if (100, 555, 107) ~ bgp_large_community then { bgp_large_community.add((100, 1, 4294967295)); accept; }`,
      }) + birdSession('tor', { importing: 'if (65000, 6) ~ bgp_community then reject;' }),
    neighbours: [
      neighbour('node-1'),
      neighbour('tor', {
        announce: [
          announcement('tor', ['10.65.40.0/24'], { communities: [community(65000, 6)] }),
          announcement('tor', ['10.65.41.0/24', '203.0.113.0/24'], { communities: [community(65000, 7)] }),
          announcement('tor', ['10.65.42.0/24'], { largeCommunities: [[100, 555, 107]] }),
        ],
      }),
    ],
    told: { 'node-1': [...OWN, '10.65.41.0/24', '10.65.42.0/24', '203.0.113.0/24'], tor: OUTSIDE },
  },
  {
    name: '76 and 77 bgpfilter/peer_type, as_path_and_priority: the first rule that fits',
    resources: documents(
      WITHOUT_MESH,
      node('node-1'),
      resource('BGPPeer', 'node-1', '{ peerIP: 10.192.0.3, asNumber: 64512, filters: [paths] }'),
      external('tor', ', filters: [paths]'),
      filter(
        'paths',
        `
  importV4: [{ peerType: iBGP, action: Reject }]
  exportV4:
    - { peerType: eBGP, priority: 512, action: Reject }
    - { peerType: iBGP, asPathPrefix: [65001, 65020], action: Reject }
    - peerType: iBGP
      asPathPrefix: [65001]
      action: Accept
      operations: [{ prependASPath: { prefix: [65030] } }]
    - { peerType: iBGP, priority: 512, action: Accept, operations: [{ setPriority: { value: 300 } }] }`,
      ),
    ),
    bird:
      birdSession('node-1', {
        importing: 'reject;',
        exporting: `set_priority();
          if bgp_path ~ [= 65001 65020 * =] then reject;
          if bgp_path ~ [= 65001 * =] then { bgp_path.prepend(65030); accept; }
          if bgp_local_pref = 2147483135 then { bgp_local_pref = 2147483347; accept; }`,
      }) + birdSession('tor', { exporting: 'set_priority(); if bgp_local_pref = 2147483135 then reject;' }),
    neighbours: [
      neighbour('node-1', { announce: [announcement('node-1', ['10.65.1.0/26'])] }),
      neighbour('tor', {
        announce: [
          announcement('tor', ['10.65.40.0/24'], through(65020, 65021)),
          announcement('tor', ['10.65.41.0/24', '203.0.113.0/24'], through(65021)),
        ],
      }),
    ],
    told: {
      'node-1': [...OWN, '10.65.41.0/24', '203.0.113.0/24'],
      tor: OUTSIDE.filter((prefix) => prefix !== MOVING),
    },
  },
  {
    name: '78 bgpfilter/kubevirt_live_migration: a priority goes outside as a community and comes back',
    resources: documents(
      node('node-1'),
      external('tor', ', filters: [migration]'),
      external('rack', ', filters: [migration]'),
      filter(
        'migration',
        `
  exportV4:
    - { priority: 512, action: Accept, operations: [{ addCommunity: { value: "65000:512" } }] }
  importV4:
    - { communities: { values: ["65000:512"] }, action: Accept, operations: [{ setPriority: { value: 512 } }] }`,
      ),
    ),
    bird:
      birdSession('node-1') +
      (['tor', 'rack'] as const)
        .map((name) =>
          birdSession(name, {
            importing: 'if (65000, 512) ~ bgp_community then { bgp_local_pref = 2147483135; accept; }',
            exporting: `set_priority();
              if bgp_local_pref = 2147483135 then { bgp_community.add((65000, 512)); accept; }`,
          }),
        )
        .join(''),
    neighbours: [
      neighbour('node-1'),
      neighbour('tor', {
        announce: [
          announcement('tor', ['10.65.40.1/32'], { communities: [community(65000, 512)] }),
          announcement('tor', ['10.65.40.2/32']),
        ],
      }),
      neighbour('rack'),
    ],
    told: {
      'node-1': [...OWN, '10.65.40.1/32', '10.65.40.2/32'],
      tor: OUTSIDE,
      rack: [...OUTSIDE, '10.65.40.1/32', '10.65.40.2/32'],
    },
  },
];

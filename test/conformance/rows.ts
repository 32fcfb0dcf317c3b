// Situations in which BIRD with a hand-written configuration and Caracal with Calico's resources have to say the same:
// rows of Calico's own list of cases, each in both languages, with the prefixes that every neighbour has to get.

import { type Attributes, COMMUNITY, type Family, peerConfig } from 'node-bgp';
import type { AnnouncedAttributes } from 'node-bgp/tcp';
import type { Neighbour } from './recorder.ts';
import { ROUTER } from './side-by-side.ts';

export interface Row {
  readonly name: string;
  /** Calico's resources besides those of every row. */
  readonly resources: string;
  /** BIRD's configuration behind that of every row. */
  readonly bird: string;
  /** The own Node, where it is a special one. */
  readonly ownNode?: string;
  readonly neighbours: readonly Neighbour[];
  readonly kernelRoutes?: readonly string[];
  /** Neighbour -> the prefixes that it gets. */
  readonly told: Readonly<Record<string, readonly string[]>>;
}

const AS = 64512;
export const ADDRESSES = {
  'node-1': '10.192.0.3',
  'node-2': '10.192.0.4',
  tor: '10.192.0.98',
  rack: '10.192.0.99',
  'node-1-ipv6': 'fd5f::3',
} as const;
type Name = keyof typeof ADDRESSES;
const REMOTE_AS: Readonly<Record<Name, number>> = {
  'node-1': AS,
  'node-2': AS,
  tor: 65001,
  rack: 65002,
  'node-1-ipv6': AS,
};

// --- what every row has

export const RESOURCES = `
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: { name: pods }
spec: { cidr: 10.65.0.0/16 }
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: { name: pods-ipv6 }
spec: { cidr: "fd00:65::/64" }
---
${block('10.65.0.0/26')}
---
${block('fd00:65::/122')}
`;

/** A workload, one that moves here, an address of another node's block, another node's block by tunnel, the world. */
export const KERNEL_ROUTES = [
  '10.65.0.5/32 dev cali1 proto 80 scope link metric 1024',
  '10.65.0.6/32 dev cali1 proto 80 scope link metric 512',
  '10.65.9.9/32 dev cali1 proto 80 scope link metric 1024',
  '10.65.8.0/26 dev tunl0 proto 80 scope link metric 1024',
  '172.20.0.0/16 via 10.192.255.254 dev eth0 proto static metric 1024',
];
const BLOCK = '10.65.0.0/26';
const MOVING = '10.65.0.6/32';
const BORROWED = '10.65.9.9/32';
const TUNNELLED = '10.65.8.0/26';
const THROUGH_GATEWAY = '10.65.32.0/20';
const OWN = [BLOCK, MOVING, BORROWED];
const OUTSIDE = [...OWN, TUNNELLED];

export const BIRD = `
log stderr { error, fatal, bug };
router id 10.192.0.2;
protocol device { }
protocol direct { ipv4; ipv6; interface -"cali*", "*"; }
protocol kernel { learn; persist; ipv4 { import all; export none; }; }
protocol kernel { learn; persist; ipv6 { import all; export none; }; }
protocol static blocks4 { ipv4; route 10.65.0.0/26 blackhole; }
protocol static blocks6 { ipv6; route fd00:65::/122 blackhole; }

function route_metric() {
  if source = RTS_BGP then return 2147483647 - bgp_local_pref;
  if defined(krt_metric) then return krt_metric;
  return 1024;
}
function set_priority() { if source != RTS_BGP then bgp_local_pref = 2147483647 - route_metric(); }
function no_tunnels() { if ifname = "tunl0" || ifname ~ "*.cali" || ifname ~ "*.calico" then reject; }
function blocks_and_pools() {
  if net.type = NET_IP4 then {
    if net = 10.65.0.0/26 then accept;
    if net ~ 10.65.0.0/26 then { if route_metric() < 1024 then accept; reject; }
    if net ~ 10.65.0.0/16 then accept;
    reject;
  }
  if net = fd00:65::/122 then accept;
  if net ~ fd00:65::/122 then { if route_metric() < 1024 then accept; reject; }
  if net ~ fd00:65::/64 then accept;
  reject;
}
function to_inside() { set_priority(); no_tunnels(); blocks_and_pools(); }
function to_outside() { set_priority(); blocks_and_pools(); }
`;

// --- the parts that rows are made of

function block(cidr: string): string {
  const name = `node-0-${cidr.replaceAll(/[.:/]+/g, '-')}`;
  return resource('BlockAffinity', name, `{ cidr: "${cidr}", node: node-0, state: confirmed }`);
}

function resource(kind: string, name: string, spec: string, metadata = ''): string {
  return `apiVersion: projectcalico.org/v3
kind: ${kind}
metadata: { name: ${name}${metadata} }
spec: ${spec}`;
}

const documents = (...texts: readonly string[]): string => texts.map((text) => `---\n${text}\n`).join('');

const node = (name: 'node-1' | 'node-2', more = '') =>
  resource(
    'Node',
    name,
    name === 'node-1'
      ? `{ bgp: { ipv4Address: 10.192.0.3/16, ipv6Address: "fd5f::3/64"${more} } }`
      : `{ bgp: { ipv4Address: 10.192.0.4/16${more} } }`,
  );
const configuration = (spec: string) => resource('BGPConfiguration', 'default', spec);
const WITHOUT_MESH = configuration('{ nodeToNodeMeshEnabled: false }');
const external = (name: 'tor' | 'rack', more = '') =>
  resource('BGPPeer', name, `{ peerIP: ${ADDRESSES[name]}, asNumber: ${REMOTE_AS[name]}${more} }`);
const filter = (name: string, spec: string) => resource('BGPFilter', name, spec);

interface BirdSession {
  readonly localAs?: number;
  readonly options?: string;
  readonly channel?: string;
  readonly importing?: string;
  readonly exporting?: string;
}

function birdSession(name: Name, session: BirdSession = {}): string {
  const isInside = REMOTE_AS[name] === AS;
  const { localAs = AS, options = '', channel = '', importing = '', exporting = '' } = session;
  const family = familyOf(name);
  return `
protocol bgp ${name.replaceAll('-', '_')} {
  local ${ROUTER[family]} as ${localAs};
  neighbor ${ADDRESSES[name]} as ${REMOTE_AS[name]};
  multihop;
  passive;
  ${options}
  ${family} {
    ${channel}
    import filter { ${importing} if bgp_local_pref > 2147482623 then preference = 200; accept; };
    export filter { ${exporting} ${isInside ? 'to_inside' : 'to_outside'}(); };
  };
}`;
}

interface Options {
  readonly announce?: Neighbour['announce'];
  /** The AS that it believes us in. */
  readonly ourAs?: number;
  readonly addPath?: boolean;
}

function neighbour(name: Name, { announce = [], ourAs = AS, addPath = false }: Options = {}): Neighbour {
  const families = [familyOf(name)];
  return {
    name,
    address: ADDRESSES[name],
    router: ROUTER[familyOf(name)],
    config: peerConfig({
      localAs: REMOTE_AS[name],
      remoteAs: ourAs,
      bgpIdentifier: 0x0ac00000 + Object.keys(ADDRESSES).indexOf(name) + 3,
      families,
      connectRetryTime: 1,
      idleHoldTime: 1,
      maxIdleHoldTime: 1,
      addPath: addPath ? { send: families, receive: families } : { send: [], receive: [] },
    }),
    announce,
  };
}

function announcement(name: Name, prefixes: readonly string[], more: Partial<Attributes> = {}) {
  const asPath: Attributes['asPath'] =
    REMOTE_AS[name] === AS ? [] : [{ type: 'sequence', asns: [REMOTE_AS[name], ...pathOf(more)] }];
  const { asPath: _, ...rest } = more;
  const attributes: AnnouncedAttributes = { origin: 0, asPath, nextHop: ADDRESSES[name], ...rest };
  return { prefixes, attributes: REMOTE_AS[name] === AS ? { localPref: 2_147_482_623, ...attributes } : attributes };
}

const pathOf = ({ asPath = [] }: Partial<Attributes>) => asPath.flatMap(({ asns }) => asns);

function familyOf(name: Name): Family {
  return ADDRESSES[name].includes(':') ? 'ipv6' : 'ipv4';
}

const community = (high: number, low: number) => high * 65_536 + low;
const through = (...asns: number[]): Partial<Attributes> => ({ asPath: [{ type: 'sequence', asns }] });

export const OWN_NODE = resource(
  'Node',
  'node-0',
  '{ bgp: { ipv4Address: 10.192.0.2/16, ipv6Address: "fd5f::2/64" } }',
);

// --- the rows, by their numbers and names in Calico's list

export const ROWS: readonly Row[] = [
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

function service(name: string, clusterIP: string, endpointNode: string): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec: { type: NodePort, clusterIP: ${clusterIP}, clusterIPs: [${clusterIP}], ipFamilies: [IPv4], externalTrafficPolicy: Local }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: default, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
endpoints: [{ addresses: [10.65.0.5], conditions: { ready: true }, nodeName: ${endpointNode} }]`;
}

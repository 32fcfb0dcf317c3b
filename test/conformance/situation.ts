// What situations are made of, in both languages: the common half of Calico's resources and of BIRD's configuration, and
// the pieces from which rows build theirs.

import { type Attributes, type Family, peerConfig } from 'node-bgp';
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

export const AS = 64512;
export const ADDRESSES = {
  'node-1': '10.192.0.3',
  'node-2': '10.192.0.4',
  tor: '10.192.0.98',
  rack: '10.192.0.99',
  'node-1-ipv6': 'fd5f::3',
} as const;
export type Name = keyof typeof ADDRESSES;
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
export const BLOCK = '10.65.0.0/26';
export const MOVING = '10.65.0.6/32';
export const BORROWED = '10.65.9.9/32';
export const TUNNELLED = '10.65.8.0/26';
export const THROUGH_GATEWAY = '10.65.32.0/20';
export const OWN = [BLOCK, MOVING, BORROWED];
export const OUTSIDE = [...OWN, TUNNELLED];

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

export function block(cidr: string): string {
  const name = `node-0-${cidr.replaceAll(/[.:/]+/g, '-')}`;
  return resource('BlockAffinity', name, `{ cidr: "${cidr}", node: node-0, state: confirmed }`);
}

export function resource(kind: string, name: string, spec: string, metadata = ''): string {
  return `apiVersion: projectcalico.org/v3
kind: ${kind}
metadata: { name: ${name}${metadata} }
spec: ${spec}`;
}

export const documents = (...texts: readonly string[]): string => texts.map((text) => `---\n${text}\n`).join('');

export const node = (name: 'node-1' | 'node-2', more = '') =>
  resource(
    'Node',
    name,
    name === 'node-1'
      ? `{ bgp: { ipv4Address: 10.192.0.3/16, ipv6Address: "fd5f::3/64"${more} } }`
      : `{ bgp: { ipv4Address: 10.192.0.4/16${more} } }`,
  );
export const configuration = (spec: string) => resource('BGPConfiguration', 'default', spec);
export const WITHOUT_MESH = configuration('{ nodeToNodeMeshEnabled: false }');
export const external = (name: 'tor' | 'rack', more = '') =>
  resource('BGPPeer', name, `{ peerIP: ${ADDRESSES[name]}, asNumber: ${REMOTE_AS[name]}${more} }`);
export const filter = (name: string, spec: string) => resource('BGPFilter', name, spec);

interface BirdSession {
  readonly localAs?: number;
  readonly options?: string;
  readonly channel?: string;
  readonly importing?: string;
  readonly exporting?: string;
}

export function birdSession(name: Name, session: BirdSession = {}): string {
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

export function neighbour(name: Name, { announce = [], ourAs = AS, addPath = false }: Options = {}): Neighbour {
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

export function announcement(name: Name, prefixes: readonly string[], more: Partial<Attributes> = {}) {
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

export const community = (high: number, low: number) => high * 65_536 + low;
export const through = (...asns: number[]): Partial<Attributes> => ({ asPath: [{ type: 'sequence', asns }] });

export const OWN_NODE = resource(
  'Node',
  'node-0',
  '{ bgp: { ipv4Address: 10.192.0.2/16, ipv6Address: "fd5f::2/64" } }',
);

export function service(name: string, clusterIP: string, endpointNode: string): string {
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

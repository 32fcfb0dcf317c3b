// A node's configuration in the shape that confd gives it: a main file, one with the own blocks, one with the pools and
// what is told to whom. Written here for the two address families; IPIP pools are without the tunnel, which only Calico's
// own build of BIRD knows.

import { type Attributes, type Family, type PeerConfig, peerConfig } from 'node-bgp';
import type { AnnouncedAttributes } from 'node-bgp/tcp';
import type { Neighbour } from '../../conformance/recorder.ts';
import { ROUTER } from '../../conformance/side-by-side.ts';

export const AS = 64512;

/** What the two families call the same things. */
export interface Words {
  readonly family: Family;
  readonly router: string;
  readonly pool: string;
  readonly block: string;
  /** Addresses of workloads: in the own block, in the own block but moving here, in a block of others. */
  readonly workload: string;
  readonly moving: string;
  readonly borrowed: string;
  /** A workload in the block of node 1. */
  readonly visitor: string;
  /** A block that a tunnel leads to. */
  readonly tunnelled: string;
  /** A pool that nobody outside is told of, and the own block in it. */
  readonly hiddenPool: string;
  readonly hiddenBlock: string;
  readonly services: string;
  /** Where the neighbours are. */
  readonly link: string;
  /** What the kernel knows by somebody else. */
  readonly world: string;
  readonly anywhere: string;
  /** Addresses: behind a gateway that the kernel knows, and where only somebody else's default route leads. */
  readonly behind: string;
  readonly nowhere: string;
  /** Bits of an address. */
  readonly bits: number;
  /** The block of another node. */
  readonly blockOf: (node: number) => string;
  /** Somewhere outside the cluster. */
  readonly outside: (number: number) => string;
  readonly host: (number: number) => string;
}

export const WORDS: Readonly<Record<Family, Words>> = {
  ipv4: {
    family: 'ipv4',
    router: ROUTER.ipv4,
    pool: '10.65.0.0/16',
    block: '10.65.0.0/26',
    workload: '10.65.0.5/32',
    moving: '10.65.0.6/32',
    borrowed: '10.65.9.9/32',
    visitor: '10.65.1.7/32',
    tunnelled: '10.65.8.0/26',
    hiddenPool: '10.66.0.0/16',
    hiddenBlock: '10.66.1.0/26',
    services: '10.96.0.0/16',
    link: '10.192.0.0/16',
    world: '172.20.0.0/16',
    anywhere: '0.0.0.0/0',
    behind: '172.20.0.9',
    nowhere: '198.51.100.9',
    bits: 32,
    blockOf: (node) => `10.65.${node}.0/26`,
    outside: (number) => `172.30.${number}.0/24`,
    host: (number) => `10.192.0.${number}`,
  },
  ipv6: {
    family: 'ipv6',
    router: ROUTER.ipv6,
    pool: 'fd00:65::/64',
    block: 'fd00:65::/122',
    workload: 'fd00:65::5/128',
    moving: 'fd00:65::6/128',
    borrowed: 'fd00:65::909/128',
    visitor: 'fd00:65::1:7/128',
    tunnelled: 'fd00:65::800/122',
    hiddenPool: 'fd00:66::/64',
    hiddenBlock: 'fd00:66::100/122',
    services: 'fd00:96::/112',
    link: 'fd5f::/64',
    world: 'fd00:20::/48',
    anywhere: '::/0',
    behind: 'fd00:20::9',
    nowhere: 'fd00:51::9',
    bits: 128,
    blockOf: (node) => `fd00:65::${node}:0/122`,
    outside: (number) => `fd00:30:${number}::/48`,
    host: (number) => `fd5f::${number}`,
  },
};

/** Prefixes by what they are called in both families: `block`, `node 1`, `outside 2`. */
export function namesOf(words: Words): ReadonlyMap<string, string> {
  const {
    blockOf,
    outside,
    host: _,
    family: __,
    router: ___,
    bits: ____,
    behind: _____,
    nowhere: ______,
    ...prefixes
  } = words;
  const numbers = Array.from({ length: 60 }, (_, i) => i + 1);
  return new Map([
    ...numbers.map((number) => [blockOf(number), `node ${number}`] as const),
    ...numbers.map((number) => [outside(number), `outside ${number}`] as const),
    ...Object.entries(prefixes).map(([name, prefix]) => [prefix, name] as const),
  ]);
}

/** Hosts that neighbours may be. */
const HOSTS = Array.from({ length: 30 }, (_, i) => i + 10);
export const HOST_ADDRESSES = HOSTS.flatMap((host) => [WORDS.ipv4.host(host), WORDS.ipv6.host(host)]);

/** Felix's routes: workloads of usual and of raised priority, a borrowed address, a tunnel; and somebody else's. */
export const KERNEL_ROUTES = Object.values(WORDS).flatMap(
  ({ workload, moving, borrowed, tunnelled, world, family }) => {
    const gateway = family === 'ipv4' ? '10.192.0.39' : 'fd5f::39';
    return [
      `${workload} dev cali1 proto 80 metric 1024`,
      `${moving} dev cali1 proto 80 metric 512`,
      `${borrowed} dev cali1 proto 80 metric 1024`,
      `${tunnelled} dev tunl0 proto 80 metric 1024`,
      `${world} via ${gateway} dev eth0 proto static metric 1024`,
    ];
  },
);

export interface Peer {
  readonly name: string;
  /** Of its address; each peer of a situation has its own. */
  readonly host: number;
  /** Absent: the own. */
  readonly as?: number;
  /** Of the protocol. */
  readonly options?: string;
  /** Commands before what all sessions have. */
  readonly importing?: string;
  readonly exporting?: string;
  readonly announce?: readonly Announcement[];
  readonly config?: Partial<PeerConfig>;
  /** The AS that it believes us in. */
  readonly ourAs?: number;
  readonly port?: number;
}

export interface Announcement {
  readonly prefixes: readonly string[];
  readonly attributes: AnnouncedAttributes;
}

export interface Node {
  readonly peers: readonly Peer[];
  /** Options of all sessions. */
  readonly session?: string;
  /** Settings of the main file. */
  readonly settings?: string;
  /** More routes of the static protocol. */
  readonly statics?: string;
  /** Commands of the kernel's filter before it accepts. */
  readonly kernel?: string;
  readonly kernelOptions?: string;
  /** More functions, filters, protocols. */
  readonly more?: string;
}

/** The three files of a daemon. */
export function nodeFiles(words: Words, node: Node): Readonly<Record<string, string>> {
  const name = words.family === 'ipv4' ? 'bird' : 'bird6';
  return {
    [`${name}.cfg`]: mainFile(name, words, node),
    [`${name}_aggr.cfg`]: blocksFile(words, node),
    [`${name}_ipam.cfg`]: poolsFile(words, node),
  };
}

function mainFile(name: string, words: Words, node: Node): string {
  const { settings = '', session = '', kernelOptions = 'merge paths on;', more = '', peers } = node;
  return `# ${name} of a node
include "${name}_aggr.cfg";
include "${name}_ipam.cfg";

router id ${ROUTER.ipv4};
${settings}

protocol kernel {
  learn;              # routes of Felix and of others
  persist;
  scan time 1;
  import all;
  export filter calico_kernel_programming;
  graceful restart;
  ${kernelOptions}
}

protocol device {
  debug { states };
  scan time 1;
}

protocol direct {
  debug { states };
  interface -"cali*", -"kube-ipvs*", "*";
}

template bgp bgp_template {
  debug { states };
  description "Connection to BGP peer";
  local as ${AS};
  multihop;
  gateway recursive;
  import all;
  export all;
  source address ${words.router};
  graceful restart;
  connect delay time 2;
  connect retry time 5;
  error wait time 5,30;
  ${session}
}
${more}
${peers.map((peer) => sessionText(words, peer)).join('\n')}`;
}

function sessionText({ family, host }: Words, peer: Peer): string {
  const { name, as = AS, options = '', importing = '', exporting = '' } = peer;
  const version = family === 'ipv4' ? 'V4' : 'V6';
  return `
# For peer ${name}
function 'bgp_${name}_importFilter${version}'() {
  ${importing}
}
protocol bgp Node_${name} from bgp_template {
  neighbor ${host(peer.host)} as ${as};
  passive on;
  ${options}
  import filter {
    'bgp_${name}_importFilter${version}'();
    if ( defined(bgp_local_pref) && bgp_local_pref > 2147482623 ) then preference = 200;
    accept;
  };
  export filter {
    ${exporting}
    calico_export_to_bgp_peers(${as === AS});
    reject;
  };
}`;
}

function blocksFile({ block, hiddenBlock }: Words, { statics = '' }: Node): string {
  return `# The own blocks
protocol static {
  route ${block} blackhole;
  route ${hiddenBlock} blackhole;
  ${statics}
}

function calico_aggr () {
  # A block is told as a whole; from inside it only what has another priority.
  if ( net = ${block} ) then { accept; }
  if ( net ~ ${block} ) then {
    if ( defined(krt_metric) && krt_metric < 1024 ) then { accept; }
    if ( source ~ [ RTS_BGP ] && bgp_local_pref > 2147482623 ) then { accept; }
    reject;
  }
}
`;
}

function poolsFile({ pool, hiddenPool, services }: Words, { kernel = '' }: Node): string {
  return `# Pools, and who is told what
function route_priority_to_local_pref () {
  if ( source != RTS_BGP ) then {
    if ( defined(krt_metric) ) then { bgp_local_pref = 2147483647 - krt_metric; }
    else { bgp_local_pref = 2147483647 - 1024; }
  }
}

function calico_export_to_bgp_peers (bool internal_peer) {
  if ( internal_peer ) then {
    route_priority_to_local_pref();
    if ( ifname ~ "tunl*" || ifname ~ "*.calico" ) then { reject; }
  }
  if ( net ~ ${hiddenPool} ) then { reject; }
  calico_aggr();
  if ( net ~ ${services} ) then { accept; }
  if ( net ~ ${pool} ) then { accept; }
  if ( source = RTS_BGP ) then { accept; }
  reject;
}

filter calico_kernel_programming {
  ${kernel}
  accept;
}
`;
}

/** The same peer as what stands at the other end. */
export function neighbourOf(words: Words, peer: Peer): Neighbour {
  const { family, router, host } = words;
  const { name, as = AS, ourAs = AS, announce = [], config = {}, port } = peer;
  return {
    name: `${name} ${family}`,
    address: host(peer.host),
    router,
    ...(port === undefined ? {} : { port }),
    tellsSession: true,
    config: peerConfig({
      localAs: as,
      remoteAs: ourAs,
      bgpIdentifier: 0x0ac00000 + peer.host,
      families: [family],
      connectRetryTime: 1,
      idleHoldTime: 1,
      maxIdleHoldTime: 1,
      addPath: { send: [], receive: [] },
      ...config,
    }),
    announce,
  };
}

/** What a peer announces by itself, of its own AS or of one beyond; more attributes take the place of these. */
export function announcement(
  words: Words,
  { host, as = AS }: Pick<Peer, 'host' | 'as'>,
  prefixes: readonly string[],
  more: Partial<Attributes> & { readonly through?: readonly number[] } = {},
): Announcement {
  const { through = [], ...attributes } = more;
  const path = as === AS ? through : [as, ...through];
  const base: AnnouncedAttributes = {
    origin: 0,
    asPath: path.length === 0 ? [] : [{ type: 'sequence', asns: path }],
    nextHop: words.host(host),
  };
  const inside = as === AS ? { ...base, localPref: 2_147_482_623 } : base;
  return { prefixes, attributes: { ...inside, ...attributes } };
}

export const community = (high: number, low: number) => high * 65_536 + low;

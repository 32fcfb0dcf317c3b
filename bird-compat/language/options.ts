// Which options there are, one row each: the words that name it and what follows them. The mechanics are in
// protocols.ts, what an option means is for intent.

import {
  ADDRESS,
  BFD_NEIGHBOR,
  CEASE,
  DESTINATION,
  EXPRESSION,
  FILTER,
  FLAG,
  flagOr,
  flags,
  IDENTIFIER,
  INTERFACES,
  LIMIT,
  LISTEN,
  LOCAL,
  LOG_FLAGS,
  LOG_TARGET,
  MERGE_LIMIT,
  NEIGHBOR,
  OPTIONAL_EXPRESSION,
  oneOf,
  type ParseArgument,
  PREFIX,
  PRIMARY,
  SYMBOL,
  TEXT,
  TIME,
  TIME_FORMAT,
  TIMES,
  VRF,
} from './arguments.ts';
import type { Dialect } from './dialect.ts';

export interface Row {
  readonly words: readonly string[];
  readonly arguments: readonly ParseArgument[];
  /** A block of these options may follow, or take the place of the arguments. */
  readonly block?: readonly Row[];
}

const row = (words: string, ...parse: readonly ParseArgument[]): Row => ({ words: words.split(' '), arguments: parse });
const block = (words: string, rows: readonly Row[], ...parse: readonly ParseArgument[]): Row => ({
  ...row(words, ...parse),
  block: rows,
});

const DEBUG = flags('states', 'routes', 'filters', 'interfaces', 'events', 'packets');
const MRT = flags('states', 'messages');

/** What a protocol of BIRD 1.6, or a channel of BIRD 2, does with routes. */
const ROUTES: readonly Row[] = [
  row('preference', EXPRESSION),
  row('import', FILTER),
  row('export', FILTER),
  row('receive limit', LIMIT),
  row('import limit', LIMIT),
  row('export limit', LIMIT),
  row('import keep filtered', FLAG),
  row('table', SYMBOL),
];

const COMMON: readonly Row[] = [
  row('disabled', FLAG),
  row('debug', DEBUG),
  row('mrtdump', MRT),
  row('vrf', VRF),
  row('router id', IDENTIFIER),
  row('description', TEXT),
];

const CHANNEL: readonly Row[] = [...ROUTES, row('debug', DEBUG), row('rpki reload', FLAG)];

const BGP_CHANNEL: readonly Row[] = [
  ...CHANNEL,
  row('next hop self', flagOr('ebgp', 'ibgp')),
  row('next hop keep', flagOr('ebgp', 'ibgp')),
  row('next hop address', ADDRESS),
  row('missing lladdr', oneOf('self', 'drop', 'ignore')),
  row('gateway', oneOf('direct', 'recursive')),
  row('igp table', SYMBOL),
  row('import table', FLAG),
  row('export table', FLAG),
  row('add paths', flagOr('rx', 'tx')),
  row('graceful restart', FLAG),
  row('long lived graceful restart', FLAG),
  row('long lived stale time', EXPRESSION),
  row('secondary', FLAG),
  row('validate', FLAG),
  row('mandatory', FLAG),
  row('extended next hop', FLAG),
  row('aigp', flagOr('originate')),
  row('cost', EXPRESSION),
];

/** Families and their kinds of routes; only unicast of the first two is done, the others are named to be refused. */
export const CHANNEL_NAMES = [
  ...['ipv4', 'ipv6', 'ipv4 multicast', 'ipv6 multicast', 'ipv4 mpls', 'ipv6 mpls', 'ipv6 sadr', 'mpls'],
  ...['vpn4', 'vpn6', 'vpn4 mpls', 'vpn6 mpls', 'vpn4 multicast', 'vpn6 multicast', 'flow4', 'flow6'],
];

const channels = (rows: readonly Row[]) => CHANNEL_NAMES.map((name) => block(name, rows));

/** The same words in both languages. */
const BGP: readonly Row[] = [
  row('local', LOCAL),
  row('neighbor', NEIGHBOR),
  row('interface', TEXT),
  row('source address', ADDRESS),
  row('direct'),
  row('multihop', OPTIONAL_EXPRESSION),
  row('ttl security', FLAG),
  row('rr client', FLAG),
  row('rr cluster id', IDENTIFIER),
  row('rs client', FLAG),
  row('hold time', EXPRESSION),
  row('startup hold time', EXPRESSION),
  row('keepalive time', EXPRESSION),
  row('connect delay time', EXPRESSION),
  row('connect retry time', EXPRESSION),
  row('start delay time', EXPRESSION),
  row('error wait time', TIMES),
  row('error forget time', EXPRESSION),
  row('disable after error', FLAG),
  row('disable after cease', CEASE),
  row('passive', FLAG),
  row('path metric', FLAG),
  row('med metric', FLAG),
  row('igp metric', FLAG),
  row('prefer older', FLAG),
  row('deterministic med', FLAG),
  row('default bgp_med', EXPRESSION),
  row('default bgp_local_pref', EXPRESSION),
  row('allow bgp_local_pref', FLAG),
  row('allow local as', OPTIONAL_EXPRESSION),
  row('enable route refresh', FLAG),
  row('enable as4', FLAG),
  row('enable extended messages', FLAG),
  row('capabilities', FLAG),
  row('interpret communities', FLAG),
  row('graceful restart', flagOr('aware')),
  row('graceful restart time', EXPRESSION),
  row('long lived graceful restart', flagOr('aware')),
  row('long lived stale time', EXPRESSION),
  row('password', TEXT),
  row('setkey', FLAG),
  row('check link', FLAG),
];

const BFD_SESSION: readonly Row[] = [
  row('interval', TIME),
  row('min rx interval', TIME),
  row('min tx interval', TIME),
  row('idle tx interval', TIME),
  row('multiplier', EXPRESSION),
  row('passive', FLAG),
  row('authentication', oneOf('none', 'simple')),
  row('authentication keyed md5'),
  row('authentication keyed sha1'),
  row('authentication meticulous keyed md5'),
  row('authentication meticulous keyed sha1'),
  row('password', TEXT),
];

const BGP1: readonly Row[] = [
  ...BGP,
  row('next hop', oneOf('self', 'keep')),
  row('missing lladdr', oneOf('self', 'drop', 'ignore')),
  row('gateway', oneOf('direct', 'recursive')),
  row('igp table', SYMBOL),
  row('secondary', FLAG),
  row('add paths', flagOr('rx', 'tx')),
  row('advertise ipv4', FLAG),
  row('route limit', EXPRESSION),
  row('bfd', flagOr('graceful')),
];

const BGP2: readonly Row[] = [
  ...BGP,
  block('bfd', BFD_SESSION, flagOr('graceful')),
  row('min hold time', EXPRESSION),
  row('min keepalive time', EXPRESSION),
  row('send hold time', EXPRESSION),
  row('strict bind', FLAG),
  row('free bind', FLAG),
  row('onlink', FLAG),
  row('dynamic name', TEXT),
  row('dynamic name digits', EXPRESSION),
  row('local role', oneOf('peer', 'provider', 'customer', 'rs_server', 'rs_client')),
  row('require roles', FLAG),
  row('confederation', EXPRESSION),
  row('confederation member', FLAG),
  row('enforce first as', FLAG),
  row('allow as sets', FLAG),
  row('advertise hostname', FLAG),
  ...channels(BGP_CHANNEL),
];

const KERNEL: readonly Row[] = [
  row('persist', FLAG),
  row('scan time', EXPRESSION),
  row('learn', FLAG),
  row('graceful restart', FLAG),
  row('merge paths', FLAG, MERGE_LIMIT),
  row('kernel table', EXPRESSION),
  row('metric', EXPRESSION),
];

const DIRECT: readonly Row[] = [row('interface', INTERFACES), row('check link', FLAG)];
const STATIC: readonly Row[] = [row('route', PREFIX, DESTINATION), row('check link', FLAG), row('igp table', SYMBOL)];

const BFD: readonly Row[] = [
  block('interface', BFD_SESSION, INTERFACES),
  block('multihop', BFD_SESSION),
  row('neighbor', BFD_NEIGHBOR),
  row('strict bind', FLAG),
];

const SETTINGS: readonly Row[] = [
  row('router id', IDENTIFIER),
  row('router id from', INTERFACES),
  row('graceful restart wait', EXPRESSION),
  row('log', LOG_TARGET, LOG_FLAGS),
  row('debug protocols', DEBUG),
  row('debug commands', EXPRESSION),
  row('debug latency', FLAG),
  row('debug latency limit', TIME),
  row('watchdog warning', TIME),
  row('watchdog timeout', TIME),
  row('mrtdump', TEXT),
  row('mrtdump protocols', MRT),
  ...['route', 'protocol', 'base', 'log'].map((what) => row(`timeformat ${what}`, TIME_FORMAT)),
];

type Rows = Readonly<Record<string, readonly Row[]>>;

const PROTOCOLS: Readonly<Record<Dialect['bird'], Rows>> = {
  1: {
    bgp: [...COMMON, ...ROUTES, ...BGP1],
    kernel: [...COMMON, ...ROUTES, ...KERNEL, row('device routes', FLAG)],
    device: [...COMMON, ...ROUTES, row('scan time', EXPRESSION), row('primary', PRIMARY)],
    direct: [...COMMON, ...ROUTES, ...DIRECT],
    static: [...COMMON, ...ROUTES, ...STATIC],
    pipe: [...COMMON, ...ROUTES, row('peer table', SYMBOL), row('mode', oneOf('transparent', 'opaque'))],
    bfd: [...COMMON, ...ROUTES, ...BFD],
  },
  2: {
    bgp: [...COMMON, ...BGP2],
    kernel: [...COMMON, ...KERNEL, row('netlink rx buffer', EXPRESSION), ...channels(CHANNEL)],
    device: [...COMMON, row('scan time', EXPRESSION), block('interface', [row('preferred', ADDRESS)], INTERFACES)],
    direct: [...COMMON, ...DIRECT, ...channels(CHANNEL)],
    static: [...COMMON, ...STATIC, ...channels(CHANNEL)],
    pipe: [...COMMON, ...CHANNEL, row('peer table', SYMBOL), row('max generation', EXPRESSION)],
    bfd: [...COMMON, ...BFD, row('accept', FLAG)],
  },
};

const SETTINGS_OF: Readonly<Record<Dialect['bird'], readonly Row[]>> = {
  1: [...SETTINGS, row('listen bgp', LISTEN)],
  2: [...SETTINGS, row('hostname', TEXT)],
};

/** Undefined for a kind of protocol that is not read here. */
export function optionsOf(kind: string, dialect: Dialect): readonly Row[] | undefined {
  return PROTOCOLS[dialect.bird][kind];
}

export function settingsOf(dialect: Dialect): readonly Row[] {
  return SETTINGS_OF[dialect.bird];
}

// RouteReflector (caracal.io/v1): a speaker outside the cluster, with all it needs in one object.

import { type Family, familyOf, isLinkLocal } from 'node-bgp/ip';
import { defined, type Field, type Read } from './reader.ts';
import type {
  Metadata,
  ReflectorBfd,
  ReflectorLimit,
  ReflectorLimits,
  ReflectorPeer,
  ReflectorRange,
  ReflectorSession,
  RouteReflector,
} from './types.ts';
import {
  address,
  asn,
  flag,
  integer,
  list,
  longLivedStaleTime,
  oneOf,
  password,
  port,
  prefix,
  routerId,
  text,
} from './values.ts';

const DEFAULT_PORT = 179;
const UINT32_MAX = 0xffffffff;
/** Of a range: more peers than that at a time are more than a machine should be trusted with unseen. */
const MOST_PEERS = 100_000;
const MOST_DIGITS = 10;
/** RFC 5082: as many as a TTL counts. */
const MOST_HOPS = 254;

export function readRouteReflector(metadata: Metadata, document: Field): RouteReflector | undefined {
  const spec = document.at('spec');
  const id = spec.need('routerId', routerId);
  const asNumber = spec.need('asNumber', asn);
  const rest = defined({
    clusterID: spec.read('clusterID', routerId),
    listenPort: spec.read('listenPort', port) ?? DEFAULT_PORT,
    listenAddresses: spec.read('listenAddresses', list(address)) ?? [],
    requireFilters: spec.read('requireFilters', ifTrue),
    gracefulShutdown: spec.read('gracefulShutdown', ifTrue),
    peers:
      spec.read(
        'peers',
        list((field) => readPeer(field, asNumber)),
      ) ?? [],
    listenRanges: spec.read(
      'listenRanges',
      list((field) => readRange(field, asNumber)),
    ),
  });
  refuseTwins(spec.at('peers'), rest.peers);
  spec.warnOfUnknown();
  if (id === undefined || asNumber === undefined) return undefined;
  return { kind: 'RouteReflector', metadata, routerId: id, asNumber, ...rest };
}

function readPeer(field: Field, ownAs: number | undefined): ReflectorPeer | undefined {
  const remote = field.need('address', address);
  const peer = defined({
    interface: field.read('interface', text),
    port: field.read('port', port),
    passive: field.read('passive', flag) ?? false,
    ...readSession(field, ownAs, remote === undefined ? undefined : familyOf(remote)),
  });
  if (remote !== undefined && isLinkLocal(remote) && peer.interface === undefined) {
    field.at('interface').refuse('is required: a link-local address is known on its link only');
  }
  if (remote !== undefined && !isLinkLocal(remote) && peer.interface !== undefined) {
    field.at('interface').ignore('is for link-local addresses; the routing table says where others are');
  }
  field.warnOfUnknown();
  return remote === undefined ? undefined : { ...peer, address: remote };
}

function readRange(field: Field, ownAs: number | undefined): ReflectorRange | undefined {
  const range = field.need('range', prefix);
  const peers = defined({
    limit: field.read('limit', integer(1, MOST_PEERS)),
    namePrefix: field.read('namePrefix', text),
    digits: field.read('digits', integer(0, MOST_DIGITS)),
    ...readSession(field, ownAs, range === undefined ? undefined : familyOf(range)),
  });
  field.warnOfUnknown();
  return range === undefined ? undefined : { ...peers, range };
}

/** Unless told otherwise a peer of the own AS is a client, and a session carries the family that it runs over. */
function readSession(field: Field, ownAs: number | undefined, family: Family | undefined): ReflectorSession {
  const asNumber = field.read('asNumber', asn);
  const external = field.read('external', ifTrue);
  const isInternal = external === undefined && (asNumber === undefined || asNumber === ownAs);
  const session = defined({
    name: field.read('name', text),
    asNumber,
    external,
    client: field.read('client', flag) ?? isInternal,
    families:
      field.read('families', list(oneOf(['ipv4', 'ipv6']), { min: 1 })) ?? (family === undefined ? [] : [family]),
    password: field.read('password', password),
    holdTime: field.read('holdTime', holdTime),
    addPath: field.read('addPath', flag) ?? false,
    filters: field.read('filters', list(text)),
    limits: field.read('limits', limits),
    role: field.read('role', oneOf(['provider', 'customer', 'peer', 'routeServer', 'routeServerClient'])),
    requireRole: field.read('requireRole', ifTrue),
    extendedMessages: field.read('extendedMessages', ifTrue),
    extendedNextHop: field.read('extendedNextHop', ifTrue),
    gracefulShutdown: field.read('gracefulShutdown', ifTrue),
    longLivedStaleTime: field.read('longLivedStaleTime', longLivedStaleTime),
    bfd: field.read('bfd', bfd),
    ttlSecurity: field.read('ttlSecurity', integer(1, MOST_HOPS)),
  });
  if (session.client && !isInternal) field.at('client').refuse('only a peer of the own AS can be a client (RFC 4456)');
  if (external && asNumber !== undefined) field.at('external').refuse('means any AS; give it or asNumber, not both');
  if (session.role !== undefined && isInternal) {
    field.at('role').refuse('is between autonomous systems (RFC 9234), and the peer is in the own one');
  }
  if (session.requireRole && session.role === undefined) {
    field.at('requireRole').refuse('needs a role of our own to tell');
  }
  return session;
}

/** A switch that is off unless it is on. */
const ifTrue: Read<true> = (field) => (flag(field) === true ? true : undefined);

const limits: Read<ReflectorLimits> = (field) => {
  const read = defined({
    receive: field.read('receive', limit),
    import: field.read('import', limit),
    export: field.read('export', limit),
  });
  field.warnOfUnknown();
  return read;
};

const limit: Read<ReflectorLimit> = (field) => {
  const count = field.need('count', integer(0, UINT32_MAX));
  const rest = defined({
    action: field.read('action', oneOf(['warn', 'block', 'restart', 'disable'])) ?? ('restart' as const),
    restartTime: field.read('restartTime', integer(1, 0xffff)),
  });
  field.warnOfUnknown();
  return count === undefined ? undefined : { count, ...rest };
};

/** RFC 4271 4.2: 0, or at least 3. */
const holdTime: Read<number> = (field) => {
  const seconds = integer(0, 0xffff)(field);
  return seconds === 1 || seconds === 2
    ? field.refuse('must be 0 (off) or at least 3 seconds (RFC 4271 4.2)')
    : seconds;
};

/** Every 300 ms, three of which may be missing: what routers do by themselves. */
const bfd: Read<ReflectorBfd> = (field) => {
  const settings = {
    multihop: field.read('multihop', flag) ?? false,
    intervalMilliseconds: field.read('intervalMilliseconds', integer(10, 60_000)) ?? 300,
    multiplier: field.read('multiplier', integer(1, 255)) ?? 3,
  };
  field.warnOfUnknown();
  return settings;
};

function refuseTwins(field: Field, peers: readonly ReflectorPeer[]): void {
  const seen = new Set<string>();
  for (const peer of peers) {
    const zone = peer.interface === undefined ? '' : `%${peer.interface}`;
    const key = `${peer.address}${zone} port ${peer.port ?? DEFAULT_PORT}`;
    if (seen.has(key)) field.refuse(`${key} is given twice`);
    seen.add(key);
  }
}

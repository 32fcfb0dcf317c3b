// RouteReflector (caracal.io/v1): a speaker outside the cluster, with all it needs in one object.

import { familyOf } from 'node-bgp/ip';
import { defined, type Field, type Read } from './reader.ts';
import type { Metadata, ReflectorBfd, RouteReflector } from './types.ts';
import { address, asn, flag, integer, list, oneOf, password, port, routerId, text } from './values.ts';

type ReflectorPeer = RouteReflector['peers'][number];

const DEFAULT_PORT = 179;

export function readRouteReflector(metadata: Metadata, document: Field): RouteReflector | undefined {
  const spec = document.at('spec');
  const id = spec.need('routerId', routerId);
  const asNumber = spec.need('asNumber', asn);
  const rest = defined({
    clusterID: spec.read('clusterID', routerId),
    listenPort: spec.read('listenPort', port) ?? DEFAULT_PORT,
    listenAddresses: spec.read('listenAddresses', list(address)) ?? [],
    peers:
      spec.read(
        'peers',
        list((field) => readPeer(field, asNumber)),
      ) ?? [],
  });
  refuseTwins(spec.at('peers'), rest.peers);
  spec.warnOfUnknown();
  if (id === undefined || asNumber === undefined) return undefined;
  return { kind: 'RouteReflector', metadata, routerId: id, asNumber, ...rest };
}

/** Unless told otherwise a peer of the own AS is a client, and a session carries the family that it runs over. */
function readPeer(field: Field, ownAs: number | undefined): ReflectorPeer | undefined {
  const remote = field.need('address', address);
  const asNumber = field.read('asNumber', asn);
  const isInternal = asNumber === undefined || asNumber === ownAs;
  const peer = defined({
    name: field.read('name', text),
    port: field.read('port', port),
    asNumber,
    client: field.read('client', flag) ?? isInternal,
    passive: field.read('passive', flag) ?? false,
    families: field.read('families', list(oneOf(['ipv4', 'ipv6']), { min: 1 })),
    password: field.read('password', password),
    holdTime: field.read('holdTime', holdTime),
    addPath: field.read('addPath', flag) ?? false,
    bfd: field.read('bfd', bfd),
  });
  if (peer.client && !isInternal) field.at('client').refuse('only a peer of the own AS can be a client (RFC 4456)');
  field.warnOfUnknown();
  if (remote === undefined) return undefined;
  return { ...peer, address: remote, families: peer.families ?? [familyOf(remote)] };
}

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
    const key = `${peer.address} port ${peer.port ?? DEFAULT_PORT}`;
    if (seen.has(key)) field.refuse(`${key} is given twice`);
    seen.add(key);
  }
}

// Configurations as lists of protocols: of a configuration of BIRD what is in it, of Calico's resources what confd's
// templates would have written for BIRD.

import { type Family, familyOf } from 'node-bgp';
import type { Intent, PeerIntent, RouteLimits } from '../../../src/intent/types.ts';
import type { Policy } from '../../../src/policy/index.ts';
import type { BirdConfiguration, Channel, Protocol, ProtocolKind, StaticRoute } from '../../intent/index.ts';
import { isMultihop } from '../../intent/index.ts';
import type { BgpDescription, ChannelDescription, ProtocolDescription } from './parts.ts';

/** BIRD's preference of the routes of a protocol against those of others. */
const PREFERENCES: Readonly<Record<ProtocolKind, number>> = {
  bgp: 100,
  kernel: 10,
  device: 240,
  direct: 240,
  static: 200,
  pipe: 70,
  bfd: 0,
};

/** Neither configurations nor Intents change: a thousand protocols are described once, not once for each. */
const KNOWN = new WeakMap<readonly Protocol[] | Intent, Map<string, readonly ProtocolDescription[]>>();

function remembered(
  of: readonly Protocol[] | Intent,
  key: string,
  make: () => readonly ProtocolDescription[],
): readonly ProtocolDescription[] {
  const known = KNOWN.get(of) ?? new Map<string, readonly ProtocolDescription[]>();
  KNOWN.set(of, known);
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}

export function describeConfiguration({ protocols }: BirdConfiguration): readonly ProtocolDescription[] {
  return remembered(protocols, '', () => describeProtocols(protocols));
}

function describeProtocols(protocols: readonly Protocol[]): readonly ProtocolDescription[] {
  return protocols.map((protocol) => ({
    kind: protocol.kind,
    name: protocol.name,
    description: protocol.description,
    ...(protocol.routerId === undefined ? {} : { routerId: protocol.routerId }),
    channels: Array.from(protocol.channels.values(), (channel) => describeChannel(protocol.kind, channel)),
    ...(protocol.kind === 'bgp' ? { bgp: describeBgp(protocol) } : {}),
    ...(protocol.kind === 'static' ? { routes: protocol.routes } : {}),
    ...(protocol.peerTable === undefined ? {} : { peerTable: protocol.peerTable }),
  }));
}

function describeChannel(kind: ProtocolKind, channel: Channel): ChannelDescription {
  return {
    family: channel.family,
    ...(channel.table === undefined ? {} : { table: channel.table }),
    preference: channel.preference ?? PREFERENCES[kind],
    importFilter: channel.importPolicy.name,
    exportFilter: channel.exportPolicy.name,
    limits: channel.limits,
    keepFiltered: channel.keepFiltered,
  };
}

function describeBgp({ bgp }: Protocol): BgpDescription {
  const localAs = bgp.localAs ?? 0;
  return {
    ...(bgp.neighbor === undefined ? {} : { address: bgp.neighbor }),
    ...(bgp.range === undefined ? {} : { range: bgp.range }),
    remoteAs: bgp.remoteKind === 'internal' ? localAs : (bgp.remoteAs ?? 0),
    localAs,
    isPassive: bgp.isPassive || bgp.range !== undefined,
    isMultihop: isMultihop(bgp),
  };
}

/**
 * What Calico's BIRD of a family has: sessions of the family in the order of its configuration, and its own protocols. The
 * one for static routes is there as long as there are any, or it is among those that are `disabled`.
 */
export function describeIntent(
  intent: Intent,
  family: Family,
  disabled: ReadonlySet<string> = new Set(),
): readonly ProtocolDescription[] {
  const isStaticOff = disabled.has('static1');
  return remembered(intent, `${family} ${isStaticOff}`, () => describeResources(intent, family, isStaticOff));
}

function describeResources(intent: Intent, family: Family, isStaticOff: boolean): readonly ProtocolDescription[] {
  const routes = intent.localRoutes
    .filter(({ prefix }) => prefix.includes(':') === (family === 'ipv6'))
    .map(
      ({ prefix, type, gateway }): StaticRoute => ({
        prefix,
        type,
        ...(gateway === undefined ? {} : { gateway }),
        place: { file: '', line: 1, column: 0 },
      }),
    );
  const local = (kind: 'static' | 'kernel' | 'device' | 'direct', exportFilter = 'REJECT'): ProtocolDescription => ({
    kind,
    name: `${kind}1`,
    description: '',
    channels: [describe(family, PREFERENCES[kind], 'ACCEPT', exportFilter)],
    ...(kind === 'static' ? { routes } : {}),
  });
  // Each of the two BIRDs has the sessions between addresses of its family.
  const sessions = [...intent.peers.values()].filter(({ address }) => familyOf(address) === family);
  return [
    ...(routes.length === 0 && !isStaticOff ? [] : [local('static')]),
    local('kernel', filterName(intent.kernel[family].policy)),
    local('device'),
    local('direct'),
    ...sessions.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)).map((peer) => describePeer(peer, family)),
  ];
}

const KINDS: readonly PeerIntent['kind'][] = ['mesh', 'global', 'node', 'localWorkload', 'static'];

function describePeer(peer: PeerIntent, family: Family): ProtocolDescription {
  const { name, description, preference, limits = {} } = peer;
  const [importFilter, exportFilter] = [filterName(peer.importPolicy), filterName(peer.exportPolicy)];
  return {
    kind: 'bgp',
    name,
    description,
    channels: [describe(family, preference ?? PREFERENCES.bgp, importFilter, exportFilter, limits)],
    bgp: {
      address: peer.address,
      remoteAs: peer.remoteAs,
      localAs: peer.localAs,
      isPassive: peer.passive,
      isMultihop: peer.direct !== true,
    },
  };
}

function describe(
  family: Family,
  preference: number,
  importFilter: string,
  exportFilter: string,
  limits: RouteLimits = {},
): ChannelDescription {
  return { family, preference, importFilter, exportFilter, limits, keepFiltered: false };
}

/** Calico writes the filters of sessions where they are used. */
function filterName(policy: Policy): string {
  if (policy.body.length > 0) return '(unnamed)';
  return policy.default === 'accept' ? 'ACCEPT' : 'REJECT';
}

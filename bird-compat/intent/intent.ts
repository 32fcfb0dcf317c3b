// A configuration as the Intent that the router carries out. Protocols that are switched off are not in it; what Caracal
// cannot do with the others is in its problems.

import type { Address, Asn, Family, RouterId } from 'node-bgp';
import type { Intent, KernelIntent, ListenIntent, PeerIntent, PeerRange } from '../../src/intent/types.ts';
import { type Policy, policy } from '../../src/policy/index.ts';
import { REJECT, type Remark } from '../filters/index.ts';
import { placeText } from '../language/index.ts';
import { bfdIntentOf } from './bfd.ts';
import type { BirdConfiguration, Channel, Protocol, ProtocolKind } from './configuration.ts';
import { disagreements, mainChannels, peerOf, peerRangeOf } from './peers.ts';
import { localRoutes } from './static-routes.ts';

export interface BirdIntentOptions {
  /** Name of the node, for status. */
  readonly node: string;
  /** Where the configuration gives none: BIRD takes the lowest of the machine's own addresses. */
  readonly routerId?: RouterId;
  /** Whether a protocol runs; default: as the configuration says. `enable` and `disable` of a control socket differ. */
  readonly isEnabled?: (protocol: Protocol) => boolean;
}

export function birdIntent(configuration: BirdConfiguration, options: BirdIntentOptions): Intent {
  const { isEnabled = (protocol) => !protocol.isDisabled } = options;
  const running = configuration.protocols.filter(isEnabled);
  const remarks: Remark[] = [...configuration.remarks];
  const leftOut: Remark[] = [];
  const sessions = bgpProtocols(running, leftOut);
  const clusterId = sessions.find(({ bgp }) => bgp.clusterId !== undefined && bgp.isClient)?.bgp.clusterId;
  tellDifferences(configuration, sessions, remarks);
  const { unit } = configuration;
  const details = (session: Protocol) => ({ unit, clusterId, bfd: bfdIntentOf(session, running) });
  const peers = sessions.filter(({ bgp }) => bgp.range === undefined).map((each) => peerOf(each, details(each)));
  const ranges = sessions.filter(({ bgp }) => bgp.range !== undefined).map((each) => peerRangeOf(each, details(each)));
  const routes = localRoutes(
    ofKind(running, 'static'),
    (remark) => remarks.push(remark),
    (problem) => leftOut.push(problem),
  );
  const kernel = { ipv4: kernelIntent(running, 'ipv4'), ipv6: kernelIntent(running, 'ipv6') };
  tellTables(running, remarks);
  const routerId = configuration.routerId ?? options.routerId;
  if (routerId === undefined) {
    leftOut.push({
      place: startPlace(configuration),
      text: 'Cannot determine router ID, please configure it manually',
    });
  }
  return {
    node: options.node,
    localAs: firstAs(sessions),
    bgpIdentifier: routerId ?? 0,
    ...(clusterId === undefined ? {} : { clusterId }),
    addresses: ownAddresses(peers),
    listen: listenSockets(configuration, sessions),
    peers: new Map(byName(peers).map((peer) => [peer.name, peer])),
    ...(ranges.length === 0 ? {} : { peerRanges: byName(ranges) }),
    localRoutes: routes,
    kernel,
    logLevel: 'info',
    problems: [
      ...leftOut.map((remark) => problem(remark)),
      ...remarks.map((remark) => ({ ...problem(remark), severity: 'warning' as const })),
    ],
  };
}

/** A daemon writes into one table of the kernel. */
function tellTables(running: readonly Protocol[], remarks: Remark[]): void {
  const [first, ...others] = ofKind(running, 'kernel').filter((each) => mainChannels(each).length > 0);
  for (const { name, place, kernel } of others) {
    if (kernel.table === first!.kernel.table) continue;
    const text = `${name}: its routes go into the kernel table of ${first!.name}, there is one for both`;
    remarks.push({ place, text });
  }
}

function ofKind(protocols: readonly Protocol[], kind: ProtocolKind): readonly Protocol[] {
  return protocols.filter((protocol) => protocol.kind === kind);
}

function byName<T extends PeerIntent | PeerRange>(named: readonly T[]): readonly T[] {
  return [...named].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function startPlace({ file }: BirdConfiguration): Remark['place'] {
  return { file, line: 1, column: 0 };
}

function problem({ place, text }: Remark): Intent['problems'][number] {
  return { kind: 'File', name: place.file, path: '', text, place: placeText(place) };
}

/** BGP protocols with a channel in a main table. Others are told, as are pipes: there is one table for each family. */
function bgpProtocols(running: readonly Protocol[], leftOut: Remark[]): readonly Protocol[] {
  for (const { kind, name, channels, place } of running) {
    if (kind === 'pipe')
      leftOut.push({ place, text: `${name}: Caracal has one table for each family, pipes lead nowhere` });
    if (kind === 'bgp' && channels.size === 0)
      leftOut.push({ place, text: `${name}: no channel, so there is nothing to do` });
    for (const { table } of kind === 'pipe' ? [] : channels.values()) {
      if (table === undefined) continue;
      leftOut.push({
        place,
        text: `${name}: Caracal has one table for each family, what concerns ${table} is left out`,
      });
    }
  }
  return ofKind(running, 'bgp').filter((protocol) => mainChannels(protocol).length > 0);
}

function tellDifferences(configuration: BirdConfiguration, sessions: readonly Protocol[], remarks: Remark[]): void {
  const hasBfd = configuration.protocols.some(({ kind }) => kind === 'bfd');
  for (const protocol of sessions) {
    const { name, routerId, place } = protocol;
    if (routerId !== undefined && routerId !== configuration.routerId) {
      remarks.push({ place, text: `${name}: its own router id has no effect, there is one for all sessions` });
    }
    if (protocol.bgp.bfd !== 'off' && !hasBfd) {
      remarks.push({ place, text: `${name}: bfd has no effect without a protocol bfd` });
    }
    for (const what of disagreements(protocol)) {
      remarks.push({ place, text: `${name}: ${what} of its first channel is used for all` });
    }
  }
}

function firstAs(sessions: readonly Protocol[]): Asn {
  return sessions[0]?.bgp.localAs ?? 0;
}

/** The first source address of each family. */
function ownAddresses(peers: readonly PeerIntent[]): Intent['addresses'] {
  const first = (isIpv6: boolean): Address | undefined =>
    peers.find(({ localAddress }) => localAddress?.includes(':') === isIpv6)?.localAddress;
  const [ipv4, ipv6] = [first(false), first(true)];
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

const ANY: Readonly<Record<Family, Address>> = { ipv4: '0.0.0.0', ipv6: '::' };

/** From the first session on. A daemon of BIRD 1.6 listens for its family only; BIRD 2 for each local port. */
function listenSockets(configuration: BirdConfiguration, sessions: readonly Protocol[]): readonly ListenIntent[] {
  const { dialect, listen } = configuration;
  if (sessions.length === 0) return [];
  if (dialect.bird === 1) return [{ address: listen.address ?? ANY[dialect.family], port: listen.port }];
  const sockets = new Map<string, ListenIntent>();
  for (const { bgp } of sessions) {
    const port = bgp.localPort ?? listen.port;
    const socket = bgp.strictBind && bgp.localAddress !== undefined ? { address: bgp.localAddress, port } : { port };
    sockets.set(JSON.stringify(socket), socket);
  }
  return [...sockets.values()];
}

/** Without a kernel protocol nothing is programmed and nothing learned, without a direct one networks are not routes. */
function kernelIntent(running: readonly Protocol[], family: Family): KernelIntent {
  const direct = ofKind(running, 'direct').find((protocol) => hasChannel(protocol, family));
  const directInterfaces = direct === undefined ? [] : (direct.interfaces ?? ['*']);
  const kernel = ofKind(running, 'kernel').find((protocol) => hasChannel(protocol, family));
  const channel = kernel?.channels.get(family);
  if (kernel === undefined || channel === undefined) {
    return { policy: policy('kernel', 'reject', []), directInterfaces, maxPaths: 1, importPolicy: REJECT };
  }
  const { learn, maxPaths, table, metric, persist } = kernel.kernel;
  return {
    policy: channel.exportPolicy,
    directInterfaces,
    maxPaths,
    ...learned(channel, learn),
    ...(table === undefined ? {} : { table }),
    ...(metric === undefined || metric === 0 ? {} : { metric }),
    ...(persist ? {} : { persist: false }),
  };
}

function hasChannel({ channels }: Protocol, family: Family): boolean {
  const channel = channels.get(family);
  return channel !== undefined && channel.table === undefined;
}

/** Absent where all is learned, as usual. */
function learned({ importPolicy }: Channel, learn: boolean): { importPolicy?: Policy } {
  if (!learn) return { importPolicy: REJECT };
  return importPolicy.name === 'ACCEPT' ? {} : { importPolicy };
}

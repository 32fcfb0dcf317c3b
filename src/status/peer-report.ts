// One peer as status tells it: Calico's words for its type and state, and above all INFO, the state with its reason.

import type { Family, Negotiated } from 'node-bgp';
import { formatRouterId } from 'node-bgp';
import type { PeerKind } from '../intent/types.ts';
import type { LimitReading, PeerSnapshot } from '../speaker/types.ts';
import { bfdInfo } from './bfd-report.ts';
import { capabilityText } from './capabilities.ts';
import { passwordInfo } from './password-info.ts';
import { peerRole } from './role.ts';
import { durationText, timestamp } from './time.ts';
import type { BfdSessionStatus, LimitReport, Md5Drops, NegotiatedReport, PeerReport, PeerType } from './types.ts';

const PEER_TYPE: Readonly<Record<PeerKind, PeerType>> = {
  mesh: 'NodeMesh',
  node: 'NodePeer',
  global: 'GlobalPeer',
  localWorkload: 'LocalWorkload',
  static: 'Static',
};

export const FAMILY_NAME: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** What others than the router know of a peer. */
export interface PeerSurroundings {
  readonly bfd?: BfdSessionStatus;
  readonly md5Drops?: Md5Drops;
  readonly halfOpen?: boolean;
}

export function peerReport(peer: PeerSnapshot, now: number, around: PeerSurroundings = {}): PeerReport {
  const { bfd } = around;
  const { lastError, retryAt, negotiated, endpoints } = peer;
  return {
    peerIP: peer.address,
    type: PEER_TYPE[peer.kind],
    role: peerRole(peer),
    state: peer.state,
    since: timestamp(peer.since),
    name: peer.name,
    info: peerInfo(peer, now, around),
    port: peer.port,
    asNumber: peer.remoteAs,
    localASNumber: peer.localAs,
    ...(peer.localAddress !== undefined && { sourceAddress: peer.localAddress }),
    families: peer.families,
    passive: peer.passive,
    ...(peer.hasPassword && { password: true }),
    ...(around.halfOpen && { halfOpen: true }),
    ...(peer.absent !== undefined && { absent: peer.absent }),
    routeReflectorClient: peer.routeReflectorClient,
    ...(peer.description !== '' && { description: peer.description }),
    origin: peer.origin,
    ...(lastError && { lastError: { ...lastError, at: timestamp(lastError.at) } }),
    ...(retryAt !== undefined && { retryAt: timestamp(retryAt) }),
    ...(endpoints && {
      connection: {
        local: endpointText(endpoints.local, endpoints.localPort),
        remote: endpointText(endpoints.remote, endpoints.remotePort),
      },
    }),
    ...(negotiated && { negotiated: negotiatedReport(negotiated) }),
    ...(bfd && { bfd: bfd.state }),
    ...(peer.sendQueue && { sendQueue: { octets: peer.sendQueue.octets, since: timestamp(peer.sendQueue.since) } }),
    counters: peer.counters,
    ...(peer.limits && { limits: peer.limits.map(limitReport) }),
  };
}

function limitReport({ kind, family, limit: { count, action }, count: routes, isExceeded }: LimitReading): LimitReport {
  return { kind, family, limit: count, action, routes, exceeded: isExceeded };
}

/**
 * The state and why it is what it is: `Established`, `Active: connection refused by 10.0.0.3:179, retry in 4 s`.
 * A state that is not Established never stands alone.
 */
export function peerInfo(peer: PeerSnapshot, now: number, { bfd, md5Drops, halfOpen }: PeerSurroundings = {}): string {
  if (peer.state === 'Established')
    return [establishedInfo(peer), ...queueInfo(peer, now), ...(bfd ? [bfdInfo(bfd)] : [])].join(', ');

  const expected = expectation(peer);
  const oneWay = halfOpen ? `${peer.address} connects, but does not hear the answer` : undefined;
  const reason = joined(peer.lastError?.text ?? expected, passwordInfo(peer, md5Drops) ?? oneWay);
  const parts = [peer.absent, reason, ...outlook(peer, now)].filter((part) => part !== undefined);
  return `${peer.state}: ${parts.join(', ')}`;
}

function joined(reason: string | undefined, more: string | undefined): string | undefined {
  return reason === undefined || more === undefined ? (reason ?? more) : `${reason}; ${more}`;
}

/** A session that does not carry what it was made for, or carries too much, is a reason to look twice. */
function establishedInfo({ families, negotiated, limits = [] }: PeerSnapshot): string {
  const missing = negotiated ? families.filter((family) => !negotiated.families.includes(family)) : [];
  const names = missing.map((family) => FAMILY_NAME[family]).join(' and ');
  const without = missing.length === 0 ? [] : [`without ${names} (not offered by the peer)`];
  return ['Established', ...without, ...limits.filter(({ isExceeded }) => isExceeded).map(limitInfo)].join(', ');
}

/** Milliseconds: who takes longer to read is slow, or does not read at all. */
const SLOW_READER = 10_000;

function queueInfo({ sendQueue }: PeerSnapshot, now: number): readonly string[] {
  if (sendQueue === undefined || now - sendQueue.since < SLOW_READER) return [];
  return [`does not read: ${sendQueue.octets} octets have waited for ${durationText(now - sendQueue.since)}`];
}

const KIND_TEXT = { receive: 'received', import: 'imported', export: 'sent' } as const;

function limitInfo({ kind, family, limit: { count, action } }: LimitReading): string {
  const more = `more than ${count} ${FAMILY_NAME[family]} routes ${KIND_TEXT[kind]}`;
  return action === 'block' ? `${more} (further ones are left out)` : more;
}

/** What comes next; only where the reason does not say so already. */
function outlook(peer: PeerSnapshot, now: number): readonly string[] {
  return [...attempt(peer, now), ...keeping(peer, now)];
}

/** A peer that may only be restarting is not missed yet. */
function keeping({ kept, counters }: PeerSnapshot, now: number): readonly string[] {
  if (kept === undefined || counters.received === 0) return [];
  const how = kept.isLastChoice ? 'kept as the last choice' : 'kept';
  return [`its routes are ${how} for ${durationText(Math.max(0, kept.until - now))}`];
}

function attempt(peer: PeerSnapshot, now: number): readonly string[] {
  if (peer.lastError && peer.passive && (peer.state === 'Active' || peer.state === 'Connect')) {
    return [`waiting for ${peer.address} to connect`];
  }
  if (peer.retryAt === undefined || peer.retryAt <= now) return [];
  return [`${peer.lastError ? 'retry' : 'starts'} in ${durationText(peer.retryAt - now)}`];
}

/** What a state waits for while nothing has gone wrong yet. */
function expectation(peer: PeerSnapshot): string | undefined {
  switch (peer.state) {
    case 'Idle':
      return peer.retryAt === undefined ? 'not started' : undefined;
    case 'Connect':
      return `no answer yet from ${endpointText(peer.address, peer.port)}`;
    case 'Active':
      return peer.passive ? `waiting for ${peer.address} to connect` : 'connects shortly';
    case 'OpenSent':
      return "waiting for the peer's OPEN";
    case 'OpenConfirm':
      return "waiting for the peer's KEEPALIVE";
    case 'Established':
      return undefined;
  }
}

export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function negotiatedReport({ remoteAs, remoteIdentifier, remoteCapabilities, ...rest }: Negotiated): NegotiatedReport {
  return {
    asNumber: remoteAs,
    routerID: formatRouterId(remoteIdentifier),
    ...rest,
    capabilities: remoteCapabilities.map(capabilityText),
  };
}

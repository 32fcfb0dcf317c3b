// Limits of the routes of a session: how its tables stand against them, and what is said and done when one is exceeded.
// What `block` keeps out is kept out by the RIB.

import { CEASE, type Family, type PeerInput, prefixLimitData, shutdownData } from 'node-bgp';
import type { RouteLimit, RouteLimits } from '../intent/types.ts';
import type { FamilyRouter } from './family-router.ts';
import type { PeerFamily, SpeakerPeer } from './peer.ts';
import { refreshRequests } from './refresh-requests.ts';
import type { Fact, LimitReading } from './types.ts';

type Families = Readonly<Record<Family, FamilyRouter>>;

const KINDS = ['receive', 'import', 'export'] as const;
const KIND_TEXT = { receive: 'received', import: 'imported', export: 'sent' } as const;
const FAMILY_TEXT = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;

/** Seconds: what BIRD waits after an error. */
const RESTART_TIME = 60;

export function readLimits({ intent: { limits = {} }, families }: SpeakerPeer, routers: Families): LimitReading[] {
  const readings: LimitReading[] = [];
  for (const [family, state] of families) {
    for (const kind of KINDS) {
      const limit = limits[kind];
      if (limit === undefined) continue;
      const { count, hasBlocked } = present(kind, state, routers[family]);
      readings.push({ kind, family, limit, count, isExceeded: count > limit.count || hasBlocked });
    }
  }
  return readings;
}

function present(kind: keyof RouteLimits, { source }: PeerFamily, { rib }: FamilyRouter) {
  if (kind === 'receive') return { count: source.received, hasBlocked: source.hasBlockedReceived };
  if (kind === 'import') return { count: source.accepted, hasBlocked: source.hasBlockedAccepted };
  const group = rib.groups.groupOf(source.id);
  return { count: group?.advertisedTo(source.id) ?? 0, hasBlocked: group?.hasBlocked ?? false };
}

/** Tells the RIB what to keep out of a table of this peer. */
export function applyBlocks({ limits = {} }: { readonly limits?: RouteLimits }, { source }: PeerFamily): void {
  source.receivesAtMost = blockedAt(limits.receive);
  source.acceptsAtMost = blockedAt(limits.import);
  source.hasBlockedReceived = false;
  source.hasBlockedAccepted = false;
}

function blockedAt(limit: RouteLimit | undefined): number {
  return limit?.action === 'block' ? limit.count : Number.POSITIVE_INFINITY;
}

/** Limits that were kept when this was last asked and are not any more. A table that got room again may be told of anew. */
function newlyExceeded(peer: SpeakerPeer, routers: Families): LimitReading[] {
  const news: LimitReading[] = [];
  for (const reading of readLimits(peer, routers)) {
    const key = `${reading.kind} ${reading.family}`;
    if (!reading.isExceeded || hasRoomAgain(reading, peer)) peer.exceededLimits.delete(key);
    else if (!peer.exceededLimits.has(key)) {
      peer.exceededLimits.add(key);
      news.push(reading);
    }
  }
  return news;
}

function hasRoomAgain({ kind, family, limit, count }: LimitReading, peer: SpeakerPeer): boolean {
  if (limit.action !== 'block' || count >= limit.count) return false;
  const { source } = peer.families.get(family)!;
  if (kind === 'receive') source.hasBlockedReceived = false;
  if (kind === 'import') source.hasBlockedAccepted = false;
  return true;
}

const ACTION_TEXT = {
  warn: '',
  block: '; further ones are left out',
  restart: '; the session is closed for a while',
  disable: '; the session is closed until the limit is another one',
} as const;

/** `more than 1000 IPv4 routes received; the session is closed for a while` */
function limitText({ kind, family, limit }: LimitReading): string {
  return `more than ${limit.count} ${FAMILY_TEXT[family]} routes ${KIND_TEXT[kind]}${ACTION_TEXT[limit.action]}`;
}

/** What it takes to carry a limit out. */
export interface Limited {
  readonly families: Families;
  run(peer: SpeakerPeer, input: PeerInput, now: number): void;
  write(peer: SpeakerPeer, bytes: Uint8Array): void;
  tell(fact: Fact): void;
}

/** Looks at the tables of a peer after they have changed. */
export function keepLimits(peer: SpeakerPeer, to: Limited, now: number): void {
  if (peer.session === undefined) return;
  for (const reading of newlyExceeded(peer, to.families)) {
    const { action } = reading.limit;
    to.tell({ type: 'routeLimitExceeded', peer: peer.intent.name, text: limitText(reading), action });
    if (action === 'warn' || action === 'block') continue;
    close(peer, reading, to, now);
    return;
  }
}

/** The session ends, and stays closed for a time or for good. */
function close(peer: SpeakerPeer, reading: LimitReading, to: Limited, now: number): void {
  const { kind, family, limit } = reading;
  const text = limitText(reading);
  const isForGood = limit.action === 'disable';
  peer.closedUntil = isForGood ? Number.POSITIVE_INFINITY : now + (limit.restartTime ?? RESTART_TIME) * 1000;
  if (kind === 'export') {
    // RFC 4486 4 is about what the peer sent; that it is sent too much is our affair.
    const subcode = isForGood ? CEASE.ADMINISTRATIVE_SHUTDOWN : CEASE.ADMINISTRATIVE_RESET;
    to.run(peer, { type: 'stop', subcode, text, data: shutdownData(text) }, now);
    return;
  }
  const subcode = CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED;
  to.run(peer, { type: 'stop', subcode, text, data: prefixLimitData(family, limit.count) }, now);
}

export function reopen(peer: SpeakerPeer, to: Limited, now: number): void {
  peer.closedUntil = undefined;
  if (peer.shutdown === undefined) to.run(peer, { type: 'start' }, now);
}

export function sameLimits(a: RouteLimits | undefined, b: RouteLimits | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The limits of a peer are others now: what it was closed for does not count any more, nor what was left out. */
export function applyLimits(peer: SpeakerPeer, to: Limited, now: number): void {
  peer.exceededLimits.clear();
  if (peer.closedUntil !== undefined) reopen(peer, to, now);
  const isMissing = [...peer.families.values()].some(({ source }) => source.hasBlockedReceived);
  // What import left out is stored; of what was not even received only the peer knows.
  if (isMissing) for (const bytes of refreshRequests(peer)) to.write(peer, bytes);
  keepLimits(peer, to, now);
}

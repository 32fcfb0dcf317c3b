// A session of the speaker as BIRD shows a protocol: its state, what both sides can, its timers and its routes.

import type { Address, Capability, Family, PeerConfig } from 'node-bgp';
import { familyOfAfi } from 'node-bgp';
import type { Speaker } from '../../../src/speaker/index.ts';
import type { SpeakerPeer } from '../../../src/speaker/peer.ts';
import type {
  BgpSessionView,
  BgpState,
  BgpView,
  CapabilityView,
  ChangeCounts,
  ChannelView,
  Countdown,
  LimitView,
  RouteChanges,
} from '../types.ts';
import { errorText } from './errors.ts';
import type { BgpDescription, ChannelDescription } from './parts.ts';

export function bgpView(
  peer: SpeakerPeer | undefined,
  description: BgpDescription,
  channels: readonly ChannelDescription[],
  now: number,
): BgpView {
  const { address = '0.0.0.0', range, remoteAs, localAs } = description;
  const configured = { address, remoteAs, localAs, ...(range === undefined ? {} : { range }) };
  if (peer === undefined || peer.shutdown !== undefined) {
    const lastError = peer?.lastError;
    const isPassive = range !== undefined && peer === undefined;
    return {
      ...configured,
      state: isPassive ? 'Passive' : 'Down',
      ...(lastError && { lastError: errorText(lastError) }),
    };
  }
  const { lastError, session } = peer;
  const stale = [...peer.families.values()].flatMap(({ staleUntil }) => staleUntil ?? []);
  return {
    ...configured,
    address: peer.intent.address,
    remoteAs: peer.remoteAs,
    state: stateOf(peer, description.isPassive),
    ...(lastError === undefined ? {} : { lastError: errorText(lastError) }),
    ...(session === undefined ? waits(peer, now) : {}),
    ...(session === undefined && stale.length > 0
      ? { neighborRestart: { left: secondsTo(Math.min(...stale), now) } }
      : {}),
    ...(session === undefined ? {} : { session: sessionView(peer, description, channels, now) }),
  };
}

function stateOf({ machine }: SpeakerPeer, isPassive: boolean): BgpState {
  const { state } = machine;
  return isPassive && (state === 'Idle' || state === 'Active') ? 'Passive' : state;
}

function secondsTo(at: number, now: number): number {
  return Math.max(0, (at - now) / 1000);
}

function waits({ machine, since }: SpeakerPeer, now: number): Pick<BgpView, 'errorWait' | 'connectDelay'> {
  const countdown = (at: number): Countdown => ({
    left: secondsTo(at, now),
    limit: Math.max(1, Math.round((at - since) / 1000)),
  });
  const [error, retry] = [machine.timers.get('idleHold'), machine.timers.get('connectRetry')];
  if (machine.state === 'Idle' && error !== undefined) return { errorWait: countdown(error) };
  return machine.state === 'Active' && retry !== undefined ? { connectDelay: countdown(retry) } : {};
}

function sessionView(
  peer: SpeakerPeer,
  description: BgpDescription,
  channels: readonly ChannelDescription[],
  now: number,
): BgpSessionView {
  const { negotiated, endpoints } = peer.session!;
  const { machine } = peer;
  const limit = channels[0]?.limits.import?.count;
  const routes = peer.families.get(channels[0]?.family ?? 'ipv4')?.source.received ?? 0;
  const timer = (name: 'hold' | 'keepalive', seconds: number): Countdown => {
    const at = machine.timers.get(name);
    return { left: at === undefined ? 0 : secondsTo(at, now), limit: seconds };
  };
  return {
    neighborId: negotiated.remoteIdentifier,
    neighborCapabilities: remoteCapabilities(negotiated.remoteCapabilities),
    localCapabilities: localCapabilities(machine.config),
    isInternal: negotiated.peerType === 'ibgp',
    isMultihop: description.isMultihop,
    isClient: peer.intent.routeReflectorClient,
    isServerClient: false,
    fourOctetAs: negotiated.fourOctetAs,
    addPath: { receive: negotiated.addPath.receive.length > 0, send: negotiated.addPath.send.length > 0 },
    extendedMessages: negotiated.maxMessageLength > 4096,
    localAddress: endpoints.local,
    ...(limit === undefined ? {} : { routeLimit: { routes, limit } }),
    hold: timer('hold', negotiated.holdTime),
    keepalive: timer('keepalive', negotiated.keepaliveTime),
  };
}

function remoteCapabilities(capabilities: readonly Capability[]): CapabilityView {
  const has = (type: Capability['type']) => capabilities.some((each) => each.type === type);
  const find = <T extends Capability['type']>(type: T) =>
    capabilities.find((each): each is Extract<Capability, { readonly type: T }> => each.type === type);
  const known = <T extends { readonly afi: number; readonly safi: number }>(list: readonly T[]) =>
    list.flatMap((each) => {
      const family = familyOfAfi(each.afi, each.safi);
      return family === undefined ? [] : [{ ...each, family }];
    });
  const restart = find('gracefulRestart');
  const longLived = find('longLivedGracefulRestart');
  const paths = known(find('addPath')?.families ?? []);
  const families = known(capabilities.flatMap((each) => (each.type === 'multiprotocol' ? [each] : [])));
  return {
    families: families.map(({ family }) => family),
    routeRefresh: has('routeRefresh'),
    enhancedRefresh: has('enhancedRouteRefresh'),
    extendedMessages: has('extendedMessage'),
    fourOctetAs: has('fourOctetAs'),
    ...(restart && {
      gracefulRestart: { time: restart.restartTime, restarted: restart.restarted, families: known(restart.families) },
    }),
    ...(longLived && {
      longLived: known(longLived.families).map(({ family, staleTime }) => ({ family, time: staleTime })),
    }),
    addPath: {
      receive: paths.filter(({ mode }) => mode !== 2).map(({ family }) => family),
      send: paths.filter(({ mode }) => mode !== 1).map(({ family }) => family),
    },
  };
}

function localCapabilities(config: PeerConfig): CapabilityView {
  const { families, gracefulRestart: restart, longLivedGracefulRestart: longLived } = config;
  return {
    families,
    routeRefresh: config.routeRefresh,
    enhancedRefresh: config.enhancedRouteRefresh,
    extendedMessages: config.extendedMessage,
    fourOctetAs: config.fourOctetAs,
    ...(restart && {
      gracefulRestart: {
        time: restart.restartTime,
        restarted: restart.restarted,
        families: (restart.families ?? families).map((family) => ({
          family,
          forwarding: restart.forwarding.includes(family),
        })),
      },
    }),
    ...(longLived && {
      longLived:
        longLived.staleTime === undefined ? [] : families.map((family) => ({ family, time: longLived.staleTime! })),
    }),
    addPath: config.addPath,
  };
}

// --- routes

export function sessionChannel(
  speaker: Speaker,
  peer: SpeakerPeer | undefined,
  description: ChannelDescription,
  table: string,
  preferred: (family: Family, source: number) => number,
): ChannelView {
  const { family, preference, importFilter, exportFilter, limits, keepFiltered } = description;
  const state = peer?.families.get(family);
  const source = peer?.session === undefined ? undefined : state?.source;
  const { groups } = speaker.families[family].rib;
  const group = source === undefined ? undefined : groups.groupOf(source.id);
  const [received, accepted] = [state?.source.received ?? 0, state?.source.accepted ?? 0];
  const exported = source === undefined ? 0 : (group?.advertisedTo(source.id) ?? 0);
  const member = source === undefined ? undefined : group?.members.get(source.id);
  const nextHop: Address | undefined = group?.options.target.localAddress;
  const counts = { receive: received, import: accepted, export: exported };
  return {
    family,
    table,
    state: peer?.session === undefined ? 'DOWN' : 'UP',
    preference,
    importFilter,
    exportFilter,
    limits: limitViews(limits, counts),
    ...(peer === undefined || peer.shutdown !== undefined
      ? {}
      : {
          routes: {
            imported: accepted,
            ...(keepFiltered ? { filtered: received - accepted } : {}),
            exported,
            preferred: state === undefined ? 0 : preferred(family, state.source.id),
          },
          changes: changesOf(
            state?.source.changes ?? NO_CHANGES,
            member === undefined ? NONE : member.changes(group!.changes),
          ),
        }),
    ...(nextHop === undefined ? {} : { nextHop }),
    igpTable: table,
  };
}

export const NO_CHANGES = { updates: 0, same: 0, filtered: 0, refused: 0, withdraws: 0, unknown: 0 };
const NONE = { updates: 0, withdraws: 0, filtered: 0 };

export function limitViews(
  limits: ChannelDescription['limits'],
  counts: Readonly<Record<LimitView['which'], number>>,
): readonly LimitView[] {
  return (['receive', 'import', 'export'] as const).flatMap((which) => {
    const limit = limits[which];
    return limit === undefined ? [] : [{ which, ...limit, isHit: counts[which] >= limit.count }];
  });
}

const ZERO: ChangeCounts = { received: 0, rejected: 0, filtered: 0, ignored: 0, accepted: 0 };

export function changesOf(incoming: Readonly<typeof NO_CHANGES>, outgoing: typeof NONE): RouteChanges {
  const { updates, same, filtered, refused, withdraws, unknown } = incoming;
  return {
    importUpdates: {
      received: updates,
      rejected: refused,
      filtered,
      ignored: same,
      accepted: updates - refused - filtered - same,
    },
    importWithdraws: { ...ZERO, received: withdraws, ignored: unknown, accepted: withdraws - unknown },
    exportUpdates: {
      ...ZERO,
      received: outgoing.updates + outgoing.filtered,
      filtered: outgoing.filtered,
      accepted: outgoing.updates,
    },
    exportWithdraws: { ...ZERO, received: outgoing.withdraws, accepted: outgoing.withdraws },
  };
}

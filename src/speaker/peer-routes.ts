// What sessions do to the tables: an established session becomes a source of the RIB and a member of an export group, for
// each family; its end undoes that, or keeps stale routes while the peer restarts (RFC 4724). Not here: state machines
// and connections (sessions.ts).

import {
  type Address,
  afiOf,
  type DownReason,
  encodeRouteRefresh,
  type Family,
  familyOfAfi,
  isLinkLocal,
  type Negotiated,
  REFRESH_SUBTYPE,
  type RouteRefreshMessage,
  type RouterId,
  SAFI,
  type UpdateMessage,
} from 'node-bgp';
import type { PeerIntent } from '../intent/types.ts';
import { type GroupOptions, ImportPolicy, type SourceInfo } from '../rib/index.ts';
import type { FamilyRouter } from './family-router.ts';
import { groupOptions } from './group-options.ts';
import { loopRules } from './loop-rules.ts';
import type { PeerFamily, Session, SpeakerPeer } from './peer.ts';
import { isSurvivable, keepingTimes } from './retention.ts';
import { applyBlocks } from './route-limits.ts';
import type { Fact } from './types.ts';

/** Milliseconds that a peer which came back after a restart has for its table (RFC 4724 4.2). */
const STALE_LIMIT = 120_000;
/** Milliseconds after which the table of a peer without graceful restart, who need not send End-of-RIB, counts as told. */
const UNMARKED_TABLE = 10_000;

/** BIRD's preference of BGP against other sources. */
const BGP_PREFERENCE = 100;

/** What the node is, as far as every session carries it. */
export interface RouterIdentity {
  readonly bgpIdentifier: RouterId;
  readonly clusterId: RouterId;
  readonly addresses: { readonly ipv4?: Address; readonly ipv6?: Address };
}

export class PeerRoutes {
  readonly #families: Readonly<Record<Family, FamilyRouter>>;
  readonly #tell: (fact: Fact) => void;
  identity: RouterIdentity = { bgpIdentifier: 0, clusterId: 0, addresses: {} };

  constructor(families: Readonly<Record<Family, FamilyRouter>>, tell: (fact: Fact) => void) {
    this.#families = families;
    this.#tell = tell;
  }

  // --- a session begins and ends

  /** `peer.session` was established. */
  begin(peer: SpeakerPeer, session: Session, now: number): void {
    const { negotiated } = session;
    for (const family of [...peer.families.keys()]) {
      if (!this.#keeps(peer, family, negotiated)) this.#retire(peer, family);
    }
    for (const family of negotiated.families) {
      const router = this.#families[family];
      const kept = peer.families.get(family);
      const source = kept?.source ?? router.rib.addSource(sourceInfo(peer, negotiated));
      peer.families.set(family, {
        source,
        importPolicy: this.#importPolicyOf(peer, router),
        staleUntil: kept === undefined ? undefined : now + STALE_LIMIT,
        longStaleTime: 0,
        longStaleUntil: kept?.longStaleUntil, // RFC 9494 4.2: runs on until the peer has told its table
        endOfRib: false,
        owedEndOfRib: false,
      });
      applyBlocks(peer.intent, peer.families.get(family)!);
      router.rib.groups.join(source.id, this.#groupOptions(peer, session, family));
    }
    peer.tableExpectedUntil = negotiated.gracefulRestart === undefined ? now + UNMARKED_TABLE : undefined;
  }

  /** Did the peer keep forwarding by the routes of the last session while it restarted? (RFC 4724 4.2, RFC 9494 4.2) */
  #keeps(peer: SpeakerPeer, family: Family, negotiated: Negotiated): boolean {
    const { source, longStaleUntil } = peer.families.get(family)!;
    const { gracefulRestart, longLivedGracefulRestart = [] } = negotiated;
    const offers = longStaleUntil === undefined ? (gracefulRestart?.families ?? []) : longLivedGracefulRestart;
    const offer = offers.find((entry) => entry.family === family);
    return offer?.forwarding === true && source.info.identifier === negotiated.remoteIdentifier;
  }

  /** The session is over. Where the peer may be restarting, its routes are kept. */
  end(peer: SpeakerPeer, { negotiated }: Session, reason: DownReason, now: number): void {
    peer.tableExpectedUntil = undefined;
    for (const [family, state] of [...peer.families]) {
      const { rib } = this.#families[family];
      rib.groups.leave(state.source.id);
      const keeps = isSurvivable(reason, negotiated) ? keepingTimes(negotiated, family) : undefined;
      if (keeps === undefined) {
        this.#retire(peer, family);
        continue;
      }
      // Those of an earlier restart that was not completed go, but for the long-lived ones, whose time goes on.
      if (state.longStaleUntil === undefined) rib.adjRibIn.removeAll(state.source, true);
      rib.adjRibIn.markStale(state.source);
      state.staleUntil = now + keeps.stale;
      state.longStaleTime = keeps.longStale;
    }
  }

  /** The peer is no peer any more. */
  forget(peer: SpeakerPeer): void {
    for (const family of [...peer.families.keys()]) this.#retire(peer, family);
  }

  #retire(peer: SpeakerPeer, family: Family): void {
    const { source } = peer.families.get(family)!;
    this.#families[family].rib.retireSource(source);
    peer.families.delete(family);
  }

  // --- time

  /** Milliseconds: when `expire` is due. */
  deadlineOf(peer: SpeakerPeer): number | undefined {
    let at = peer.tableExpectedUntil;
    for (const { staleUntil, longStaleUntil } of peer.families.values()) {
      if (staleUntil !== undefined && (at === undefined || staleUntil < at)) at = staleUntil;
      if (longStaleUntil !== undefined && (at === undefined || longStaleUntil < at)) at = longStaleUntil;
    }
    return at;
  }

  expire(peer: SpeakerPeer, now: number): void {
    for (const [family, state] of [...peer.families]) {
      const { staleUntil, longStaleUntil } = state;
      if (longStaleUntil !== undefined && longStaleUntil <= now) this.#endStale(peer, family);
      else if (staleUntil !== undefined && staleUntil <= now) this.#endRestartTime(peer, family, state, now);
    }
    if (peer.tableExpectedUntil !== undefined && peer.tableExpectedUntil <= now) {
      peer.tableExpectedUntil = undefined;
      peer.hasConverged = true;
    }
  }

  // --- messages

  update(peer: SpeakerPeer, message: UpdateMessage): void {
    peer.updatesIn++;
    for (let part: UpdateMessage | undefined = message; part !== undefined; part = part.following) {
      this.#apply(peer, part);
    }
  }

  #apply(peer: SpeakerPeer, { withdrawn, reached, set, fault, notes, endOfRib }: UpdateMessage): void {
    for (const [family, { source, importPolicy }] of peer.families) {
      const { rib } = this.#families[family];
      if (withdrawn.length > 0) rib.adjRibIn.withdraw(source, withdrawn);
      if (set !== undefined) rib.adjRibIn.announce(source, reached, set, importPolicy);
    }
    const { name } = peer.intent;
    if (fault !== undefined) this.#tell({ type: 'routesTreatedAsWithdrawn', peer: name, text: fault.text });
    for (const { text } of notes) this.#tell({ type: 'attributeDiscarded', peer: name, text });
    if (endOfRib !== undefined) this.#endOfRib(peer, endOfRib);
  }

  #endOfRib(peer: SpeakerPeer, family: Family): void {
    const state = peer.families.get(family);
    if (state === undefined) return;
    state.endOfRib = true;
    this.#endStale(peer, family);
    if ([...peer.families.values()].every(({ endOfRib }) => endOfRib)) peer.hasConverged = true;
  }

  /** The peer did not come back in its restart time, or has not told its table since. */
  #endRestartTime(peer: SpeakerPeer, family: Family, state: PeerFamily, now: number): void {
    if (peer.session !== undefined || state.longStaleTime === 0) {
      this.#endStale(peer, family);
      return;
    }
    state.staleUntil = undefined;
    state.longStaleUntil ??= now + state.longStaleTime;
    this.#families[family].rib.adjRibIn.markLongStale(state.source, state.importPolicy);
  }

  /** Routes that the restarted peer has not sent again go. */
  #endStale(peer: SpeakerPeer, family: Family): void {
    const state = peer.families.get(family);
    if (state === undefined || (state.staleUntil === undefined && state.longStaleUntil === undefined)) return;
    state.staleUntil = undefined;
    state.longStaleUntil = undefined;
    if (peer.session === undefined) this.#retire(peer, family);
    else this.#families[family].rib.adjRibIn.removeAll(state.source, true);
  }

  /** The peer asks for our table again, or tells its own again: what it has not told at the end of that is gone (RFC 7313 4). */
  routeRefresh(peer: SpeakerPeer, message: RouteRefreshMessage, now: number): void {
    const family = familyOfAfi(message.afi, message.safi);
    if (family === undefined) return;
    if (message.subtype === REFRESH_SUBTYPE.REQUEST) this.resend(peer, family);
    if (peer.session?.negotiated.enhancedRouteRefresh !== true) return;
    if (message.subtype === REFRESH_SUBTYPE.BEGIN) this.#beginTable(peer, family, now);
    else if (message.subtype === REFRESH_SUBTYPE.END) this.#endStale(peer, family);
  }

  /** Not while routes of an earlier session wait for their End-of-RIB: those are told of now as well. */
  #beginTable(peer: SpeakerPeer, family: Family, now: number): void {
    const state = peer.families.get(family);
    if (state === undefined || (state.staleUntil !== undefined && !state.endOfRib)) return;
    this.#families[family].rib.adjRibIn.markStale(state.source);
    state.staleUntil = now + STALE_LIMIT;
  }

  resend(peer: SpeakerPeer, family: Family): void {
    const state = peer.families.get(family);
    if (state === undefined) return;
    const mark = (subtype: number) =>
      peer.session?.negotiated.enhancedRouteRefresh === true
        ? encodeRouteRefresh({ type: 'routeRefresh', afi: afiOf(family), safi: SAFI.UNICAST, subtype })
        : undefined;
    const { groups } = this.#families[family].rib;
    groups.resend(state.source.id, mark(REFRESH_SUBTYPE.BEGIN), mark(REFRESH_SUBTYPE.END));
  }

  // --- changes of the intent

  /** Stored routes of these peers are judged again, and what they are sent is worked out anew; sessions do not notice. */
  refilter(peers: readonly SpeakerPeer[]): void {
    for (const router of Object.values(this.#families)) {
      const changes = new Map<number, GroupOptions>();
      for (const peer of peers) {
        const state = peer.families.get(router.family);
        if (state === undefined) continue;
        const { info } = state.source;
        const { routeReflectorClient, preference = BGP_PREFERENCE } = peer.intent;
        if (info.routeReflectorClient !== routeReflectorClient || info.preference !== preference) {
          router.rib.redescribe(state.source, { ...info, routeReflectorClient, preference });
        }
        applyBlocks(peer.intent, state);
        state.importPolicy = this.#importPolicyOf(peer, router);
        router.rib.adjRibIn.refilter(state.source, state.importPolicy);
        if (peer.session === undefined) continue;
        changes.set(state.source.id, this.#groupOptions(peer, peer.session, router.family));
      }
      if (changes.size > 0) router.rib.groups.change(changes);
    }
  }

  #groupOptions(peer: SpeakerPeer, session: Session, family: Family): GroupOptions {
    const options = groupOptions(peer, session, family, this.identity);
    const limit = peer.intent.limits?.export;
    if (limit?.action !== 'block') return options;
    return { ...options, routeLimit: { member: peer.families.get(family)!.source.id, count: limit.count } };
  }

  #importPolicyOf(peer: SpeakerPeer, router: FamilyRouter): ImportPolicy {
    const loops = loopRules(peer.intent, this.identity, peer.remoteAs);
    return new ImportPolicy(router.rib.tables, peer.intent.importPolicy, peer.policyPeer, loops);
  }
}

function sourceInfo(peer: SpeakerPeer, negotiated: Negotiated): SourceInfo {
  return {
    kind: 'bgp',
    protocol: peer.intent.name,
    preference: peer.intent.preference ?? BGP_PREFERENCE,
    peer: peer.policyPeer,
    ...interfaceOf(peer.intent),
    identifier: negotiated.remoteIdentifier,
    routeReflectorClient: peer.intent.routeReflectorClient,
  };
}

/** A link-local next hop is on the link of the session, where that is between such addresses. */
function interfaceOf({ address, interface: device }: PeerIntent): { readonly interface?: string } {
  return device === undefined || !isLinkLocal(address) ? {} : { interface: device };
}

// Sessions: runs the state machines of all peers and carries out what they ask for. An established session becomes a
// source of the RIB and a member of an export group, for each family; its end undoes that, or keeps stale routes while
// the peer restarts (RFC 4724).

import {
  type Address,
  afiOf,
  CEASE,
  type DownReason,
  encodeRouteRefresh,
  type Family,
  familyOfAfi,
  type Negotiated,
  needsNewSession,
  type PeerInput,
  type PeerOutput,
  REFRESH_SUBTYPE,
  type RouteRefreshMessage,
  type RouterId,
  SAFI,
  type UpdateMessage,
} from 'node-bgp';
import type { PeerIntent } from '../intent/index.ts';
import { ImportPolicy, type LoopRules } from '../rib/index.ts';
import { assertNever } from './assert-never.ts';
import type { Connections } from './connections.ts';
import type { FamilyRouter } from './family-router.ts';
import { groupOptions } from './group-options.ts';
import { type Session, SpeakerPeer } from './peer.ts';
import { sessionConfig } from './session-config.ts';
import type { SpeakerOptions } from './speaker.ts';
import type { Effect, Fact } from './types.ts';

/** Octets that may wait in a socket: enough for large writes, little enough to be forgotten with a dead peer. */
const WINDOW = 256 * 1024;

/** What the node is, as far as every session carries it. */
export interface RouterIdentity {
  readonly bgpIdentifier: RouterId;
  readonly clusterId: RouterId;
  readonly addresses: { readonly ipv4?: Address; readonly ipv6?: Address };
}

export interface SessionsOutlet {
  effect(effect: Effect): void;
  deadline(peer: SpeakerPeer, at: number | undefined): void;
}

export class Sessions {
  readonly #options: SpeakerOptions;
  readonly #families: Readonly<Record<Family, FamilyRouter>>;
  readonly #connections: Connections;
  readonly #outlet: SessionsOutlet;
  readonly #peers = new Map<string, SpeakerPeer>();
  readonly #byAddress = new Map<Address, SpeakerPeer[]>();
  identity: RouterIdentity = { bgpIdentifier: 0, clusterId: 0, addresses: {} };

  constructor(
    options: SpeakerOptions,
    families: Readonly<Record<Family, FamilyRouter>>,
    connections: Connections,
    outlet: SessionsOutlet,
  ) {
    this.#options = options;
    this.#families = families;
    this.#connections = connections;
    this.#outlet = outlet;
  }

  // --- peers

  all(): Iterable<SpeakerPeer> {
    return this.#peers.values();
  }

  get(name: string): SpeakerPeer | undefined {
    return this.#peers.get(name);
  }

  /** Who an incoming connection belongs to: of several peers with one address the first by name. */
  peerAt(address: Address): SpeakerPeer | undefined {
    return this.#byAddress.get(address)?.[0];
  }

  add(intent: PeerIntent, now: number): void {
    const dependencies = {
      nextConnection: this.#options.nextConnection,
      random: this.#options.random,
      attributeSource: this.#families.ipv4.rib.tables.attributes.source,
    };
    const peer = new SpeakerPeer(intent, this.#configOf(intent), dependencies, now);
    this.#peers.set(intent.name, peer);
    const sharing = [...(this.#byAddress.get(intent.address) ?? []), peer];
    this.#byAddress.set(
      intent.address,
      sharing.sort((a, b) => (a.intent.name < b.intent.name ? -1 : 1)),
    );
    this.run(peer, { type: 'start' }, now);
  }

  /** The session is closed with this Cease, and everything of the peer goes. */
  remove(name: string, subcode: number, text: string, now: number): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    this.run(peer, { type: 'stop', subcode, text }, now);
    this.#forgetRoutes(peer);
    this.#outlet.deadline(peer, undefined);
    this.#peers.delete(name);
    const rest = this.#byAddress.get(peer.intent.address)!.filter((other) => other !== peer);
    if (rest.length > 0) this.#byAddress.set(peer.intent.address, rest);
    else this.#byAddress.delete(peer.intent.address);
  }

  restart(intent: PeerIntent, now: number): void {
    this.remove(intent.name, CEASE.OTHER_CONFIGURATION_CHANGE, '', now);
    this.add(intent, now);
  }

  /** New values for a running session. Policies are applied by `refilter`. */
  update(intent: PeerIntent, now: number): void {
    const peer = this.#peers.get(intent.name)!;
    const config = this.#configOf(intent);
    peer.intent = intent;
    if (!needsNewSession(peer.machine.config, config)) this.run(peer, { type: 'reconfigure', config }, now);
  }

  /** Stored routes of these peers are judged again, and what they are sent is worked out anew; sessions do not notice. */
  refilter(names: Iterable<string>): void {
    const peers = [...names].map((name) => this.#peers.get(name)!);
    for (const router of Object.values(this.#families)) {
      const changes = new Map();
      for (const peer of peers) {
        const state = peer.families.get(router.family);
        if (state === undefined) continue;
        state.importPolicy = this.#importPolicyOf(peer, router);
        router.rib.refilter(state.source, state.importPolicy);
        if (peer.session === undefined) continue;
        changes.set(state.source.id, groupOptions(peer, peer.session, router.family, this.identity));
      }
      if (changes.size > 0) router.rib.groups.change(changes);
    }
  }

  stopAll(subcode: number, text: string | undefined, now: number): void {
    for (const peer of this.#peers.values()) {
      this.run(peer, { type: 'stop', subcode, ...(text === undefined ? {} : { text }) }, now);
    }
  }

  /** Every peer has told its whole table at least once. */
  allConverged(): boolean {
    for (const peer of this.#peers.values()) if (!peer.hasConverged) return false;
    return true;
  }

  // --- state machines

  run(peer: SpeakerPeer, input: PeerInput, now: number): void {
    for (const output of peer.machine.handle(input, now)) this.#carryOut(peer, output, now);
    this.#outlet.deadline(peer, this.#deadlineOf(peer));
  }

  tick(peer: SpeakerPeer, now: number): void {
    for (const [family, state] of peer.families) {
      if (state.staleUntil !== undefined && state.staleUntil <= now) this.#endStale(peer, family);
    }
    this.run(peer, { type: 'tick' }, now);
  }

  #deadlineOf(peer: SpeakerPeer): number | undefined {
    let at = peer.machine.nextDeadline();
    for (const { staleUntil } of peer.families.values()) {
      if (staleUntil !== undefined && (at === undefined || staleUntil < at)) at = staleUntil;
    }
    return at;
  }

  #carryOut(peer: SpeakerPeer, output: PeerOutput, now: number): void {
    switch (output.type) {
      case 'connect':
        this.#dial(peer, output.connection);
        return;
      case 'close':
        this.#connections.remove(output.connection);
        this.#outlet.effect({ type: 'close', connection: output.connection });
        return;
      case 'send':
        this.#write(peer, output.connection, output.bytes, now);
        return;
      case 'stateChanged':
        peer.since = now;
        this.#tell({ type: 'peerStateChanged', ...named(peer), from: output.from, to: output.to });
        return;
      case 'established':
        this.#established(peer, output.connection, output.negotiated);
        return;
      case 'update':
        this.#update(peer, output.message);
        return;
      case 'routeRefresh':
        this.#routeRefresh(peer, output.message);
        return;
      case 'down':
        this.#down(peer, output.reason, output.wasEstablished, now);
        return;
      default:
        assertNever(output);
    }
  }

  #dial(peer: SpeakerPeer, connection: number): void {
    const { address, port, localAddress, password, ttlSecurity } = peer.intent;
    this.#connections.add(connection, peer, undefined);
    this.#outlet.effect({
      type: 'dial',
      connection,
      remote: address,
      port,
      ...(localAddress === undefined ? {} : { local: localAddress }),
      ...(password === undefined ? {} : { password }),
      ...(ttlSecurity === undefined ? {} : { ttlSecurity }),
    });
  }

  #established(peer: SpeakerPeer, connection: number, negotiated: Negotiated): void {
    const endpoints = this.#connections.get(connection)!.endpoints!;
    const session: Session = { connection, endpoints, negotiated };
    peer.session = session;
    for (const family of negotiated.families) {
      const router = this.#families[family];
      const kept = this.#keptSource(peer, family, negotiated);
      const source = kept ?? router.rib.addSource(sourceInfo(peer, negotiated));
      const staleUntil = kept === undefined ? undefined : peer.families.get(family)!.staleUntil;
      peer.families.set(family, {
        source,
        importPolicy: this.#importPolicyOf(peer, router),
        staleUntil,
        endOfRib: false,
      });
      router.rib.groups.join(source.id, groupOptions(peer, session, family, this.identity));
    }
  }

  /** The source of the last session, if the peer kept forwarding while it restarted; otherwise its stale routes go now. */
  #keptSource(peer: SpeakerPeer, family: Family, negotiated: Negotiated) {
    const before = peer.families.get(family);
    if (before === undefined) return undefined;
    const offered = negotiated.gracefulRestart?.families.find((entry) => entry.family === family);
    const sameRouter = before.source.info.identifier === negotiated.remoteIdentifier;
    const sameKind = before.source.info.routeReflectorClient === peer.intent.routeReflectorClient;
    if (offered?.forwarding === true && sameRouter && sameKind) return before.source;
    this.#families[family].rib.retireSource(before.source);
    return undefined;
  }

  #importPolicyOf(peer: SpeakerPeer, router: FamilyRouter): ImportPolicy {
    const { localAs, allowedLocalAs, importPolicy } = peer.intent;
    const loops: LoopRules = { ...this.identity, localAs, allowedLocalAs };
    return new ImportPolicy(router.rib.tables, importPolicy, peer.policyPeer, loops);
  }

  // --- routes

  #update(peer: SpeakerPeer, message: UpdateMessage): void {
    peer.updatesIn++;
    for (const [family, { source, importPolicy }] of peer.families) {
      const { rib } = this.#families[family];
      if (message.withdrawn.length > 0) rib.withdraw(source, message.withdrawn);
      if (message.set !== undefined) rib.announce(source, message.reached, message.set, importPolicy);
    }
    if (message.fault !== undefined) {
      this.#tell({ type: 'routesTreatedAsWithdrawn', peer: peer.intent.name, text: message.fault.text });
    }
    for (const note of message.notes)
      this.#tell({ type: 'attributeDiscarded', peer: peer.intent.name, text: note.text });
    if (message.endOfRib !== undefined) this.#endOfRib(peer, message.endOfRib);
  }

  #endOfRib(peer: SpeakerPeer, family: Family): void {
    const state = peer.families.get(family);
    if (state === undefined) return;
    state.endOfRib = true;
    this.#endStale(peer, family);
    if ([...peer.families.values()].every(({ endOfRib }) => endOfRib)) peer.hasConverged = true;
  }

  /** Routes that the restarted peer has not sent again go. */
  #endStale(peer: SpeakerPeer, family: Family): void {
    const state = peer.families.get(family)!;
    if (state.staleUntil === undefined) return;
    state.staleUntil = undefined;
    const { rib } = this.#families[family];
    if (peer.session !== undefined) {
      rib.removeAll(state.source, true);
      return;
    }
    rib.retireSource(state.source);
    peer.families.delete(family);
  }

  #routeRefresh(peer: SpeakerPeer, message: RouteRefreshMessage): void {
    const family = familyOfAfi(message.afi, message.safi);
    const state = family === undefined ? undefined : peer.families.get(family);
    if (family === undefined || state === undefined || message.subtype !== REFRESH_SUBTYPE.REQUEST) return;
    const mark = (subtype: number) =>
      peer.session?.negotiated.enhancedRouteRefresh === true
        ? encodeRouteRefresh({ type: 'routeRefresh', afi: afiOf(family), safi: SAFI.UNICAST, subtype })
        : undefined;
    const { groups } = this.#families[family].rib;
    groups.resend(state.source.id, mark(REFRESH_SUBTYPE.BEGIN), mark(REFRESH_SUBTYPE.END));
  }

  #down(peer: SpeakerPeer, reason: DownReason, wasEstablished: boolean, now: number): void {
    const before = peer.lastError?.text;
    peer.noteDown(reason, now);
    // An attempt that fails for the same reason as the last one is no news.
    if (wasEstablished || peer.lastError?.text !== before)
      this.#tell({ type: 'peerDown', ...named(peer), reason, wasEstablished });
    const { session } = peer;
    if (!wasEstablished || session === undefined) return;
    peer.session = undefined;
    peer.flaps++;
    const restarting = reason.type === 'connectionLost' ? session.negotiated.gracefulRestart : undefined;
    for (const [family, state] of [...peer.families]) {
      const { rib } = this.#families[family];
      rib.groups.leave(state.source.id);
      if (restarting?.families.some((entry) => entry.family === family)) {
        rib.removeAll(state.source, true); // stale since an earlier restart that was not completed
        rib.markStale(state.source);
        state.staleUntil = now + restarting.restartTime * 1000;
      } else {
        rib.retireSource(state.source);
        peer.families.delete(family);
      }
    }
  }

  #forgetRoutes(peer: SpeakerPeer): void {
    for (const [family, { source }] of peer.families) this.#families[family].rib.retireSource(source);
    peer.families.clear();
  }

  // --- output

  /** Every member of the family's groups takes what its socket has room for. */
  writeAll(family: Family, now: number): void {
    const { groups } = this.#families[family].rib;
    for (const peer of this.#peers.values()) {
      const { session } = peer;
      const source = session === undefined ? undefined : peer.families.get(family)?.source;
      if (session === undefined || source === undefined) continue;
      const member = groups.memberOf(source.id);
      const connection = this.#connections.get(session.connection);
      if (member === undefined || member.isUpToDate || connection === undefined) continue;
      const room = WINDOW - connection.waiting;
      if (room <= 0) continue;
      member.pull(room, (bytes, messages) => {
        peer.updatesOut += messages;
        this.#write(peer, session.connection, bytes, now);
      });
    }
  }

  #write(peer: SpeakerPeer, id: number, bytes: Uint8Array, now: number): void {
    peer.octetsOut += bytes.length;
    this.#outlet.effect({ type: 'write', connection: id, bytes });
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    const began = connection.waiting === 0;
    connection.waiting += bytes.length;
    // From here on the send hold timer runs (RFC 9687).
    if (began) this.run(peer, { type: 'sendProgress', connection: id, waiting: connection.waiting }, now);
  }

  #configOf(intent: PeerIntent) {
    return sessionConfig(intent, this.identity.bgpIdentifier, this.#options.restarted);
  }

  #tell(fact: Fact): void {
    this.#outlet.effect({ type: 'fact', fact });
  }
}

function named(peer: SpeakerPeer): { peer: string; address: Address } {
  return { peer: peer.intent.name, address: peer.intent.address };
}

function sourceInfo(peer: SpeakerPeer, negotiated: Negotiated) {
  return {
    kind: 'bgp' as const,
    protocol: peer.intent.name,
    preference: 100,
    peer: peer.policyPeer,
    identifier: negotiated.remoteIdentifier,
    routeReflectorClient: peer.intent.routeReflectorClient,
  };
}

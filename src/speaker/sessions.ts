// Sessions: runs the state machines of all peers and carries out what they ask for: dialling, writing, closing, telling.
// Not here: what sessions do to the tables (peer-routes.ts).

import { type Address, CEASE, type Endpoints, type Family, type PeerInput, type PeerOutput } from 'node-bgp';
import type { PeerIntent } from '../intent/index.ts';
import { type Administered, administer } from './administration.ts';
import { assertNever } from './assert-never.ts';
import { bfdWishOf } from './bfd.ts';
import type { Connections } from './connections.ts';
import type { FamilyRouter } from './family-router.ts';
import { type End, SpeakerPeer } from './peer.ts';
import { PeerDirectory } from './peer-directory.ts';
import { PeerRoutes, type RouterIdentity } from './peer-routes.ts';
import { farewell } from './retention.ts';
import { applyLimits, keepLimits, type Limited, reopen, sameLimits } from './route-limits.ts';
import { connectRetryTime, type SessionCircumstances, sessionConfig } from './session-config.ts';
import { SessionOutput } from './session-output.ts';
import type { SpeakerOptions } from './speaker.ts';
import type { Effect, Fact, PeerOrder } from './types.ts';

type Established = Extract<PeerOutput, { readonly type: 'established' }>;

export interface SessionsOutlet {
  effect(effect: Effect): void;
  deadline(peer: SpeakerPeer, at: number | undefined): void;
  /** Nobody is at the other end, and the peer waits for somebody to connect. */
  idle(peer: SpeakerPeer, now: number): void;
  /** May it be told that an attempt at a session with it failed? */
  mayTell(peer: SpeakerPeer, now: number): boolean;
}

export class Sessions {
  readonly #options: SpeakerOptions;
  readonly #families: Readonly<Record<Family, FamilyRouter>>;
  readonly #connections: Connections;
  readonly #outlet: SessionsOutlet;
  readonly #routes: PeerRoutes;
  readonly #output: SessionOutput;
  readonly #limited: Limited;
  readonly #peers = new PeerDirectory();
  /** Peers that are not waited for as long as they have no session, and why. */
  absent: ReadonlyMap<string, string> = new Map();
  /** Some may come back of whom nothing is known (listen ranges). */
  expectsGuests = false;
  /** Peers may have been told routes by an earlier process, and not all of them have come back yet (RFC 4724 4.1). */
  #isRestarting: boolean;

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
    this.#routes = new PeerRoutes(families, (fact) => this.#tell(fact));
    this.#output = new SessionOutput(families, connections, (effect) => outlet.effect(effect));
    this.#limited = {
      families,
      run: (...parts) => this.run(...parts),
      write: (to, bytes) => this.#output.write(to, to.session!.connection, bytes),
      tell: (fact) => this.#tell(fact),
    };
    this.#isRestarting = options.restarted || options.kernel === 'none';
  }

  set identity(identity: RouterIdentity) {
    this.#routes.identity = identity;
  }

  // --- peers

  all(): Iterable<SpeakerPeer> {
    return this.#peers.values();
  }

  get(name: string): SpeakerPeer | undefined {
    return this.#peers.get(name);
  }

  /** Who an incoming connection belongs to. */
  peerAt(endpoints: Endpoints): SpeakerPeer | undefined {
    return this.#peers.at(endpoints);
  }

  /** There is a peer at this address, be it switched off. */
  isTaken(endpoints: Endpoints): boolean {
    return this.#peers.isTaken(endpoints);
  }

  add(intent: PeerIntent, now: number, shutdown?: SpeakerPeer['shutdown']): void {
    const dependencies = {
      nextConnection: this.#options.nextConnection,
      random: this.#options.random,
      attributeSource: this.#families.ipv4.rib.tables.attributes.source,
    };
    const circumstances = this.#circumstancesOf(undefined);
    const peer = new SpeakerPeer(intent, this.#routes.identity.bgpIdentifier, circumstances, dependencies, now);
    this.#peers.add(peer);
    peer.shutdown = shutdown;
    if (shutdown === undefined) this.run(peer, { type: 'start' }, now);
    if (intent.bfd !== undefined) this.#watch(intent);
  }

  /** The session is closed with this Cease, and everything of the peer goes. */
  remove(name: string, subcode: number, text: string, now: number): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    this.run(peer, { type: 'stop', subcode, text }, now);
    this.#routes.forget(peer);
    this.#outlet.deadline(peer, undefined);
    this.#peers.remove(peer);
    if (peer.intent.bfd !== undefined) this.#outlet.effect({ type: 'bfd', peer: name });
  }

  /** What was switched off by hand stays so; what was forwarded goes on (F bit). */
  restart(intent: PeerIntent, now: number): void {
    const { shutdown, hadSession } = this.#peers.get(intent.name)!;
    this.remove(intent.name, CEASE.OTHER_CONFIGURATION_CHANGE, '', now);
    this.add(intent, now, shutdown);
    this.#peers.get(intent.name)!.hadSession = hadSession;
  }

  administer(name: string, order: PeerOrder, now: number): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    const to: Administered = {
      run: (...parts) => this.run(...parts),
      refilter: (names) => this.refilter(names),
      resend: (to, family) => this.#routes.resend(to, family),
      write: (to, bytes) => this.#output.write(to, to.session!.connection, bytes),
    };
    administer(peer, order, to, now);
  }

  /** New values for a running session; those of the OPEN count from the next one. Policies are applied by `refilter`. */
  update(intent: PeerIntent, now: number): void {
    const peer = this.#peers.get(intent.name)!;
    const hadBfd = peer.intent.bfd !== undefined;
    const { limits } = peer.intent;
    peer.intent = intent;
    if (!sameLimits(limits, intent.limits)) applyLimits(peer, this.#limited, now);
    if (hadBfd || intent.bfd !== undefined) this.#watch(intent);
    this.#reconfigure(peer, now);
  }

  /** Stored routes of these peers are judged again, and what they are sent is worked out anew; sessions do not notice. */
  refilter(names: readonly string[]): void {
    this.#routes.refilter(names.map((name) => this.#peers.get(name)!));
  }

  /** The process ends; `final`: not to come back. */
  stopAll(final: boolean, text: string | undefined, now: number): void {
    for (const peer of this.#peers.values()) {
      const isLasting = final || peer.intent.gracefulRestart === 'aware'; // the peer keeps nothing of ours then
      this.run(peer, farewell(peer.session?.negotiated, isLasting, text), now);
    }
  }

  /** Every peer that is waited for has told its whole table at least once. */
  allConverged(): boolean {
    for (const peer of this.#peers.values()) if (!peer.hasConverged && !this.#isAbsent(peer)) return false;
    return !this.expectsGuests;
  }

  #isAbsent(peer: SpeakerPeer): boolean {
    const isAway = peer.shutdown !== undefined || this.absent.has(peer.intent.name);
    return peer.session === undefined && isAway;
  }

  get isRestarting(): boolean {
    return this.#isRestarting;
  }

  /** The restart is over where all peers have told their tables; those that restart themselves are not waited for. */
  endRestart(): void {
    if (this.expectsGuests) return;
    for (const peer of this.#peers.values()) {
      const isRestartingToo = peer.session?.negotiated.gracefulRestart?.restarted === true;
      if (!peer.hasConverged && !isRestartingToo && !this.#isAbsent(peer)) return;
    }
    this.giveUpRestart();
  }

  giveUpRestart(): void {
    this.#isRestarting = false;
    for (const family of ['ipv4', 'ipv6'] as const) this.#writeAll(family);
  }

  #watch(intent: PeerIntent): void {
    const wish = bfdWishOf(intent);
    this.#outlet.effect({ type: 'bfd', peer: intent.name, ...(wish === undefined ? {} : { wish }) });
  }

  /** BFD no longer reaches the peer: its session is not waited for any longer (RFC 5882 4.1, RFC 9384). */
  bfdDown(name: string, text: string, now: number): void {
    const peer = this.#peers.get(name);
    if (peer?.session === undefined) return;
    if (peer.intent.bfd?.graceful !== true) {
      this.run(peer, { type: 'automaticStop', subcode: CEASE.BFD_DOWN, text }, now);
      return;
    }
    // As if TCP had noticed: that is what graceful restart is for (RFC 5882 4.3).
    const { connection } = peer.session;
    this.#connections.remove(connection);
    this.#outlet.effect({ type: 'close', connection });
    this.run(peer, { type: 'disconnected', connection, reason: text }, now);
  }

  // --- state machines

  run(peer: SpeakerPeer, input: PeerInput, now: number): void {
    const circumstances = this.#circumstancesOf(peer);
    if (!sameCircumstances(circumstances, peer.circumstances)) {
      peer.circumstances = circumstances;
      this.#reconfigure(peer, now);
    }
    for (const output of peer.machine.handle(input, now)) this.#carryOut(peer, output, now);
    this.#setDeadline(peer);
    if (input.type === 'bytes' && peer.intent.limits !== undefined) keepLimits(peer, this.#limited, now);
    peer.wasMet ||= peer.machine.connections.length > 0;
    if (peer.wasMet && peer.machine.state === 'Active' && peer.families.size === 0) this.#outlet.idle(peer, now);
  }

  tick(peer: SpeakerPeer, now: number): void {
    this.#routes.expire(peer, now);
    if (peer.closedUntil !== undefined && peer.closedUntil <= now) reopen(peer, this.#limited, now);
    this.run(peer, { type: 'tick' }, now);
  }

  #setDeadline(peer: SpeakerPeer): void {
    const { machine, closedUntil = Number.POSITIVE_INFINITY } = peer;
    const reopens = Number.isFinite(closedUntil) ? closedUntil : undefined;
    this.#outlet.deadline(peer, earliest(machine.nextDeadline(), this.#routes.deadlineOf(peer), reopens));
  }

  /** After routes were told: peers are told more only where their limits allow it. */
  keepExportLimits(now: number): void {
    for (const peer of this.#peers.values()) {
      if (peer.intent.limits?.export !== undefined) keepLimits(peer, this.#limited, now);
    }
  }

  #reconfigure(peer: SpeakerPeer, now: number): void {
    const config = sessionConfig(peer.intent, this.#routes.identity.bgpIdentifier, peer.circumstances);
    for (const output of peer.machine.handle({ type: 'reconfigure', config }, now)) this.#carryOut(peer, output, now);
    this.#setDeadline(peer);
  }

  #circumstancesOf(peer: SpeakerPeer | undefined): SessionCircumstances {
    // Who programs no kernel is not in the way of packets, whatever becomes of the process.
    const forwarding = this.#options.kernel === 'none' || this.#isRestarting || peer?.hadSession === true;
    return {
      restarted: this.#isRestarting,
      forwarding,
      connectRetryTime: connectRetryTime(peer?.failedAttempts ?? 0),
    };
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
        this.#output.write(peer, output.connection, output.bytes);
        return;
      case 'stateChanged':
        peer.since = now;
        peer.cameFrom = output.from;
        this.#tell({ type: 'peerStateChanged', ...named(peer), from: output.from, to: output.to });
        return;
      case 'established':
        this.#established(peer, output, now);
        return;
      case 'update':
        this.#routes.update(peer, output.message);
        return;
      case 'routeRefresh':
        this.#routes.routeRefresh(peer, output.message, now);
        return;
      case 'down':
        this.#down(peer, output, now);
        return;
      default:
        assertNever(output);
    }
  }

  #dial(peer: SpeakerPeer, connection: number): void {
    const { address, port, localAddress, password, ttlSecurity, interface: device } = peer.intent;
    this.#connections.add(connection, peer, undefined);
    this.#outlet.effect({
      type: 'dial',
      connection,
      remote: address,
      ...(device === undefined ? {} : { interface: device }),
      port,
      ...(localAddress === undefined ? {} : { local: localAddress }),
      ...(password === undefined ? {} : { password }),
      ...(ttlSecurity === undefined ? {} : { ttlSecurity }),
    });
  }

  #established(peer: SpeakerPeer, { connection, negotiated }: Established, now: number): void {
    const endpoints = this.#connections.get(connection)!.endpoints!;
    peer.session = { connection, endpoints, negotiated };
    peer.turnedAt = now;
    peer.failedAttempts = 0;
    peer.hadSession = true;
    peer.closedUntil = undefined;
    peer.exceededLimits.clear();
    this.#routes.begin(peer, peer.session, now);
  }

  #down(peer: SpeakerPeer, end: End, now: number): void {
    const { reason, wasEstablished } = end;
    const before = peer.lastError;
    peer.noteDown(end, now);
    const { lastError } = peer;
    // An attempt that fails for the same reason as the last one is no news.
    const isNews = lastError?.text !== before?.text && this.#outlet.mayTell(peer, now);
    if (wasEstablished || isNews) {
      const { help, message } = lastError === before ? {} : { ...lastError };
      const more = { ...(help === undefined ? {} : { help }), ...(message === undefined ? {} : { message }) };
      this.#tell({ type: 'peerDown', ...named(peer), reason, wasEstablished, ...more });
    }
    const { session } = peer;
    if (!wasEstablished || session === undefined) {
      peer.failedAttempts++;
      return;
    }
    peer.session = undefined;
    peer.turnedAt = now;
    peer.flaps++;
    this.#routes.end(peer, session, reason, now);
  }

  // --- output

  /** Every member of the family's groups takes what its socket has room for; where nobody has to be told anything, none is asked. */
  writeAll(family: Family): void {
    if (!this.#families[family].rib.groups.allUpToDate()) this.#writeAll(family);
  }

  #writeAll(family: Family): void {
    this.#output.writeAll(this.#peers.values(), family, this.#holdsEndOfRib());
  }

  /**
   * Who passes on routes of others, as reflector or between autonomous systems, does not know its table before those have
   * come back: what it told earlier must not be swept as long as that is so. Routes are told as they come.
   */
  #holdsEndOfRib(): boolean {
    if (!this.#isRestarting) return false;
    for (const { intent } of this.#peers.values()) {
      if (intent.routeReflectorClient || intent.localAs !== intent.remoteAs) return true;
    }
    return false;
  }

  #tell(fact: Fact): void {
    this.#outlet.effect({ type: 'fact', fact });
  }
}

function named(peer: SpeakerPeer): { peer: string; address: Address } {
  return { peer: peer.intent.name, address: peer.intent.address };
}

function sameCircumstances(a: SessionCircumstances, b: SessionCircumstances): boolean {
  return a.restarted === b.restarted && a.forwarding === b.forwarding && a.connectRetryTime === b.connectRetryTime;
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const set = times.filter((time) => time !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}

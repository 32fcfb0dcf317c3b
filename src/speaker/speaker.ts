// The router as one value. Inputs change its state and give effects; whole tables are worked off in portions by `work`.
// Here: who is who (connections, peers), and the order of things. What a session does is in sessions.ts, what an intent
// changes in apply-intent.ts, what the kernel sees in forwarding.ts.

import { CEASE, type ConnectionId, type Endpoints, type Family } from 'node-bgp';
import type { KernelWish } from '../fib/types.ts';
import type { Intent } from '../intent/index.ts';
import { AttributeTable } from '../rib/index.ts';
import { applyIntent, newProblems } from './apply-intent.ts';
import { assertNever } from './assert-never.ts';
import { Connections } from './connections.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { DynamicPeers } from './dynamic-peers.ts';
import { FamilyRouter } from './family-router.ts';
import type { SpeakerPeer } from './peer.ts';
import { Sessions } from './sessions.ts';
import { Strangers } from './strangers.ts';
import type { Effect, Input } from './types.ts';

export interface SpeakerOptions {
  readonly node: string;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Names connections; shared with whoever accepts them. */
  readonly nextConnection: () => ConnectionId;
  /** `none`: nothing is programmed and every next hop counts as reachable. */
  readonly kernel: 'linux' | 'none';
  /** Milliseconds: when the process began. */
  readonly startedAt: number;
  /** Kernel routes of an earlier run were found: peers are told that forwarding went on (RFC 4724 4.1). */
  readonly restarted: boolean;
  /** Milliseconds that kernel routes of an earlier run are kept for sessions that have not come back; default: two minutes. */
  readonly recoveryTime?: number;
  /** Prefixes worked off by one call of `work`; default: some milliseconds' worth. */
  readonly portion?: number;
}

/** As long as peers keep our routes, by default. */
export const RECOVERY_TIME = 120_000;

const RECOVERY = 'recovery';

export class Speaker {
  readonly options: SpeakerOptions;
  readonly families: Readonly<Record<Family, FamilyRouter>>;
  readonly connections = new Connections();
  readonly sessions: Sessions;
  intent: Intent | undefined;
  /** Kernel routes of an earlier run are kept until sessions have had time to come back. */
  isRecovering: boolean;
  #isShutDown = false;
  /** Milliseconds: of the last input. */
  #now = 0;
  /** Milliseconds: when nobody is waited for any longer; undefined before the first intent. */
  recoversUntil: number | undefined;
  readonly #deadlines = new DeadlineQueue<SpeakerPeer | typeof RECOVERY>();
  #effects: Effect[] = [];
  readonly #guests = new DynamicPeers();
  readonly strangers = new Strangers();

  constructor(options: SpeakerOptions) {
    this.options = options;
    this.isRecovering = options.restarted;
    const attributes = new AttributeTable();
    this.families = {
      ipv4: new FamilyRouter('ipv4', attributes, options.kernel, options.portion),
      ipv6: new FamilyRouter('ipv6', attributes, options.kernel, options.portion),
    };
    this.sessions = new Sessions(options, this.families, this.connections, {
      effect: this.#push,
      deadline: (peer, at) => this.#deadlines.set(peer, at),
      idle: (peer, now) => this.#leave(peer, now),
      mayTell: (peer, now) => !this.#guests.has(peer.intent.name) || this.strangers.mayTell(peer.intent.address, now),
    });
  }

  /** What is to be done now because of this; large tables are left to `work`. */
  handle(input: Input, now: number): Effect[] {
    this.#now = now;
    const { ipv4, ipv6 } = this.families;
    ipv4.rib.tables.paths.now = ipv6.rib.tables.paths.now = Math.floor(now / 1000);
    if (!this.#isShutDown) this.#react(input, now);
    return this.#takeEffects();
  }

  /** A portion of what earlier inputs left to do, and everything that peers can take of it. */
  work(): Effect[] {
    if (this.#isShutDown) return [];
    for (const router of [this.families.ipv4, this.families.ipv6]) {
      const wishes = router.work(() => this.sessions.writeAll(router.family));
      if (wishes.length > 0) this.#push({ type: 'program', wishes });
      if (wishes.some(isUnreachable)) this.#tellUnresolved(router);
    }
    this.sessions.keepExportLimits(this.#now);
    this.#tellFilterRemarks();
    this.#endRecovery();
    return this.#takeEffects();
  }

  /** Is there more for `work`? */
  get hasWork(): boolean {
    return !this.#isShutDown && (!this.families.ipv4.rib.isClean || !this.families.ipv6.rib.isClean);
  }

  /** Milliseconds: when a `tick` is due. */
  nextDeadline(): number | undefined {
    return this.#isShutDown ? undefined : this.#deadlines.next();
  }

  #react(input: Input, now: number): void {
    switch (input.type) {
      case 'intent':
        this.#setIntent(input.intent, now);
        return;
      case 'connected': {
        const connection = this.connections.get(input.connection);
        if (connection === undefined) {
          this.#push({ type: 'close', connection: input.connection }); // nobody waits for it any more
          return;
        }
        connection.endpoints = input.endpoints;
        this.sessions.run(connection.peer, input, now);
        return;
      }
      case 'accepted':
        this.#accept(input.connection, input.endpoints, now);
        return;
      case 'disconnected': {
        const connection = this.connections.get(input.connection);
        if (connection === undefined) return;
        this.connections.remove(input.connection);
        this.sessions.run(connection.peer, input, now);
        return;
      }
      case 'bytes':
        this.#receive(input.connection, input.chunk, now);
        return;
      case 'written':
        this.#progress(input.connection, input.bytes, now);
        return;
      case 'kernel':
        this.#kernelEvents(input.events);
        return;
      case 'absentPeers':
        this.sessions.absent = input.peers;
        return;
      case 'administer':
        this.sessions.administer(input.peer, input.order, now);
        return;
      case 'bfdDown':
        this.sessions.bfdDown(input.peer, input.text, now);
        return;
      case 'tick':
        this.#tick(now);
        return;
      case 'shutdown':
        this.sessions.stopAll(input.final === true, input.text, now);
        // Kernel routes stay, so nothing that the end of the sessions does to the tables is worked off.
        this.#isShutDown = true;
        return;
      default:
        assertNever(input);
    }
  }

  #setIntent(intent: Intent, now: number): void {
    const last = this.intent;
    const known = last?.nodeMissing === true ? undefined : last;
    if (intent.nodeMissing === true) {
      // Without its Node a speaker knows nothing: what it did before stays.
      this.intent = known === undefined ? intent : { ...known, problems: intent.problems };
    } else {
      if (known === undefined && this.sessions.isRestarting) {
        this.recoversUntil = now + (this.options.recoveryTime ?? RECOVERY_TIME);
        this.#deadlines.set(RECOVERY, this.recoversUntil);
      }
      this.intent = intent;
      const router = { sessions: this.sessions, families: this.families, effect: this.#push };
      applyIntent(router, known && this.#guests.withGuests(known), this.#guests.withGuests(intent), now);
      this.#dismissGuests(now);
    }
    for (const problem of newProblems(last, intent)) this.#push({ type: 'fact', fact: { type: 'problem', problem } });
  }

  #accept(id: ConnectionId, endpoints: Endpoints, now: number): void {
    const { sessions } = this;
    const peer = sessions.peerAt(endpoints) ?? (sessions.isTaken(endpoints) ? undefined : this.#admit(endpoints, now));
    if (peer === undefined) {
      this.#push({ type: 'close', connection: id });
      return;
    }
    this.connections.add(id, peer, endpoints);
    const { ttlSecurity } = peer.intent;
    this.#push({
      type: 'acceptOptions',
      connection: id,
      ...(ttlSecurity === undefined ? {} : { ttlSecurity }),
    });
    this.sessions.run(peer, { type: 'accepted', connection: id }, now);
  }

  /** A peer for whoever connects from a range; undefined: from none, or there is no room. */
  #admit(endpoints: Endpoints, now: number): SpeakerPeer | undefined {
    const { sessions } = this;
    const { remote } = endpoints;
    const admission = this.#guests.admit(this.intent, endpoints, (name) => sessions.get(name), now);
    if (admission.type === 'refused') {
      if (this.strangers.refuse(remote, admission.text, now)) {
        this.#push({ type: 'fact', fact: { type: 'connectionRefused', remote, text: admission.text } });
      }
      return undefined;
    }
    const { peer, instead } = admission;
    if (instead !== undefined) sessions.remove(instead, CEASE.CONNECTION_REJECTED, '', now);
    sessions.add(peer, now);
    return sessions.get(peer.name);
  }

  /** By a new intent they are not welcome any more, or their sessions ended: those may come again. */
  #dismissGuests(now: number): void {
    for (const name of this.#guests.names()) {
      const peer = this.sessions.get(name);
      if (peer === undefined) this.#guests.forget(name);
      else if (!peer.wasMet) this.#leave(peer, now);
    }
  }

  /** Nobody is at the other end of a peer any more: one that came from a range is gone. */
  #leave({ intent: { name } }: SpeakerPeer, now: number): void {
    if (!this.#guests.has(name)) return;
    this.#guests.forget(name);
    this.sessions.remove(name, CEASE.PEER_DE_CONFIGURED, '', now);
  }

  #receive(id: ConnectionId, chunk: Uint8Array, now: number): void {
    const connection = this.connections.get(id);
    if (connection === undefined) return;
    connection.peer.octetsIn += chunk.length;
    this.sessions.run(connection.peer, { type: 'bytes', connection: id, chunk }, now);
  }

  #progress(id: ConnectionId, octets: number, now: number): void {
    const connection = this.connections.get(id);
    if (connection === undefined) return;
    connection.waiting -= octets;
    // Where everything is taken at once, as nearly always, the session need not know.
    if (connection.waiting === 0 && connection.waitingSince === undefined) return;
    connection.waitingSince = connection.waiting === 0 ? undefined : (connection.waitingSince ?? now);
    this.sessions.run(connection.peer, { type: 'sendProgress', connection: id, waiting: connection.waiting }, now);
  }

  #kernelEvents(events: Extract<Input, { type: 'kernel' }>['events']): void {
    for (const router of [this.families.ipv4, this.families.ipv6]) {
      const wishes = router.kernelEvents(events);
      if (wishes.length === 0) continue;
      this.#push({ type: 'program', wishes });
      this.#tellUnresolved(router);
    }
  }

  #tellUnresolved({ forwarding }: FamilyRouter): void {
    for (const nextHop of forwarding.newlyUnresolved()) {
      this.#push({ type: 'fact', fact: { type: 'nextHopUnresolved', nextHop } });
    }
  }

  #tellFilterRemarks(): void {
    for (const { rib } of [this.families.ipv4, this.families.ipv6]) {
      for (const remark of rib.tables.filterRemarks.take(this.#now)) {
        this.#push({ type: 'fact', fact: { type: 'filterRemark', remark } });
      }
    }
  }

  #tick(now: number): void {
    for (const key of this.#deadlines.due(now)) {
      if (key === RECOVERY) this.#giveUpRecovery();
      else this.sessions.tick(key, now);
    }
  }

  /** Over as soon as every peer has told its whole table. */
  #endRecovery(): void {
    if (this.intent === undefined || this.intent.nodeMissing === true || this.hasWork) return;
    if (this.sessions.isRestarting) this.sessions.endRestart();
    if (this.isRecovering && this.sessions.allConverged()) this.#finishRecovery();
  }

  /** Those who have not come back until now are not waited for any longer. */
  #giveUpRecovery(): void {
    if (this.sessions.isRestarting) this.sessions.giveUpRestart();
    if (this.isRecovering) this.#finishRecovery();
  }

  #finishRecovery(): void {
    this.isRecovering = false;
    this.#push({ type: 'recovered' });
  }

  readonly #push = (effect: Effect): void => {
    this.#effects.push(effect);
  };

  #takeEffects(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}

function isUnreachable(wish: KernelWish): boolean {
  return wish.type === 'route' && wish.route.type === 'unreachable';
}

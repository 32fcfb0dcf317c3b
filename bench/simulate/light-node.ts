// A machine without a routing table, so that thousands fit into one process: real sessions, which announce its blocks, and
// a count of the prefixes that it is told, kept across restarts of the others as RFC 4724 demands. It decides nothing.

import {
  type Address,
  type AttributeOutcome,
  type ConnectionId,
  encodeEndOfRib,
  type Negotiated,
  type PeerConfig,
  type PeerOutput,
  type UpdateMessage,
} from 'node-bgp';
import {
  PeerSet,
  type PeerSetInput,
  type PeerSetOutput,
  type Process,
  peerSetWiring,
  type SimulatedNode,
} from 'node-bgp/simulator';
import { encodeAnnouncement } from 'node-bgp/tcp';
import type { PeerIntent } from '../../src/intent/index.ts';
import { connectRetryTime, type SessionCircumstances, sessionConfig } from '../../src/speaker/session-config.ts';
import { addressOf, nameOf, numberOf, ownPrefixes, prefixes, prefixOf, routerIdOf } from './cluster.ts';
import { type Range, Routes } from './holdings.ts';
import type { Machine, Traffic, World } from './machine.ts';
import { eachWord, MessageFilter, type UpdateReader } from './message-filter.ts';

/** Bits of the ways in which a prefix is known: one for each session, one for what a session has left behind, and ours. */
export const MOST_WAYS = 7;
const STALE_SHIFT = MOST_WAYS;
const OWN = 1 << (2 * MOST_WAYS);

/** What is told about attributes is not looked at. */
const UNREAD: AttributeOutcome = { verdict: 'ok', set: { attributes: { origin: 0, asPath: [] } }, notes: [] };
const SECOND = 1000;
const NEVER = Number.POSITIVE_INFINITY;

/** A session as the light machine has it. */
export interface LightPeer {
  readonly intent: PeerIntent;
  /** Bit of what it tells. */
  readonly way: number;
  /** What it may tell. */
  readonly range: Range;
}

interface Session extends LightPeer {
  negotiated: Negotiated | undefined;
  /** Milliseconds: what it has left behind goes then. */
  staleUntil: number;
  failedAttempts: number;
}

export class LightNode implements Machine, Process<PeerSetInput, PeerSetOutput> {
  readonly index: number;
  readonly name: string;
  readonly isWhole = false;
  sessions = 0;
  readonly #world: World;
  readonly #node: SimulatedNode<PeerSetInput, PeerSetOutput>;
  readonly #routes: Routes;
  readonly #peers = new Map<Address, Session>();
  readonly #filters = new Map<ConnectionId, MessageFilter>();
  #set: PeerSet;
  #circumstances: Omit<SessionCircumstances, 'connectRetryTime'> = { restarted: false, forwarding: false };
  #updatesIn = 0;
  #octetsIn = 0;
  #octetsOut = 0;

  constructor(world: World, index: number, peers: readonly LightPeer[]) {
    this.#world = world;
    this.index = index;
    this.name = nameOf(world.cluster, index);
    this.#routes = new Routes(world.holdings, prefixes(world.cluster));
    for (const peer of peers) {
      const session = { ...peer, negotiated: undefined, staleUntil: NEVER, failedAttempts: 0 };
      this.#peers.set(peer.intent.address, session);
    }
    this.#set = this.#newSet();
    this.#node = world.simulation.addNode({
      name: this.name,
      addresses: [addressOf(index)],
      process: this,
      wiring: this.#wiring(),
    });
    this.#node.kill();
  }

  // --- life

  start(): void {
    const restarted = this.#routes.count > 0;
    this.#circumstances = { restarted, forwarding: restarted };
    this.#set = this.#newSet();
    this.#node.boot(this);
    const [first, end] = ownPrefixes(this.#world.cluster, this.index);
    for (let number = first; number < end; number++) this.#routes.add(number, OWN);
    for (const peer of this.#peers.keys()) this.#node.input({ type: 'peer', peer, input: { type: 'start' } });
  }

  kill(): void {
    this.#node.kill();
    this.#filters.clear();
    for (const session of this.#peers.values()) this.#lose(session, NEVER);
  }

  powerOff(): void {
    this.#node.powerOff();
    this.#filters.clear();
    for (const session of this.#peers.values()) {
      this.#lose(session, NEVER);
      this.#routes.forget(stale(session), session.range);
    }
    this.#routes.forget(OWN, ownPrefixes(this.#world.cluster, this.index));
  }

  // --- what is counted

  traffic(): Traffic {
    return { updatesIn: this.#updatesIn, octetsIn: this.#octetsIn, octetsOut: this.#octetsOut };
  }

  takeWork(): undefined {
    return undefined;
  }

  // --- Process

  nextDeadline(): number | undefined {
    let next = this.#set.nextDeadline() ?? NEVER;
    for (const { staleUntil } of this.#peers.values()) next = Math.min(next, staleUntil);
    return next === NEVER ? undefined : next;
  }

  handle(input: PeerSetInput, now: number): readonly PeerSetOutput[] {
    for (const session of this.#peers.values()) if (session.staleUntil <= now) this.#sweep(session);
    return this.#set.handle(input, now);
  }

  // --- sessions

  #wiring() {
    const wiring = peerSetWiring(({ peer, output }) => this.#observe(this.#peers.get(peer)!, output));
    return {
      ...wiring,
      bytes: (connection: ConnectionId, chunk: Uint8Array) => {
        this.#octetsIn += chunk.length;
        return wiring.bytes(connection, this.#filterOf(connection).take(chunk));
      },
      disconnected: (connection: ConnectionId, reason: string) => {
        this.#filters.delete(connection);
        return wiring.disconnected(connection, reason);
      },
    };
  }

  #observe(session: Session, output: PeerOutput): void {
    switch (output.type) {
      case 'send':
        this.#octetsOut += output.bytes.length;
        return;
      case 'close':
        this.#filters.delete(output.connection);
        return;
      case 'established':
        this.#up(session, output.connection, output.negotiated);
        return;
      case 'update':
        this.#read(output.message, this.#readerOf(session, session.negotiated!));
        return;
      case 'down':
        if (output.wasEstablished) {
          const { gracefulRestart } = session.negotiated ?? {};
          this.#lose(session, this.#world.simulation.now + (gracefulRestart?.restartTime ?? 0) * SECOND);
          if (gracefulRestart === undefined) this.#sweep(session);
        } else {
          session.failedAttempts++;
          this.#reconfigure(session);
        }
        return;
    }
  }

  #up(session: Session, connection: number, negotiated: Negotiated): void {
    this.#count(1);
    session.negotiated = negotiated;
    session.failedAttempts = 0;
    this.#filterOf(connection).reader = this.#readerOf(session, negotiated);
    this.#reconfigure(session);
    // Whoever has forwarded nothing meanwhile has to tell everything first (RFC 4724 4.2).
    if (negotiated.gracefulRestart?.families.some(({ forwarding }) => forwarding) !== true) this.#sweep(session);
    const { cluster } = this.#world;
    const [first, end] = ownPrefixes(cluster, this.index);
    const own = Array.from({ length: end - first }, (_, i) => prefixOf(first + i));
    const attributes = { origin: 0, asPath: [], nextHop: addressOf(this.index), localPref: 100 } as const;
    for (const bytes of [encodeAnnouncement(negotiated, attributes, own), encodeEndOfRib('ipv4')]) {
      this.#octetsOut += bytes.length;
      this.#node.network.send(connection, bytes);
    }
  }

  #filterOf(connection: ConnectionId): MessageFilter {
    let filter = this.#filters.get(connection);
    if (filter === undefined) {
      filter = new MessageFilter();
      this.#filters.set(connection, filter);
    }
    return filter;
  }

  #readerOf(session: Session, { addPath }: Negotiated): UpdateReader {
    const both = session.way | stale(session);
    return {
      addPath: addPath.receive.includes('ipv4'),
      update: () => {
        this.#updatesIn++;
      },
      withdrawn: (word) => this.#routes.remove(numberOf(word), both),
      reached: (word) => this.#routes.add(numberOf(word), session.way),
      endOfRib: () => this.#sweep(session),
    };
  }

  #read({ withdrawn, reached, endOfRib }: UpdateMessage, reader: UpdateReader): void {
    reader.update();
    for (const { bytes, start, end, addPath } of withdrawn) eachWord(bytes, start, end, addPath, reader.withdrawn);
    for (const { bytes, start, end, addPath } of reached) eachWord(bytes, start, end, addPath, reader.reached);
    if (endOfRib !== undefined) reader.endOfRib();
  }

  /** @param staleUntil milliseconds: so long its routes are kept */
  #lose(session: Session, staleUntil: number): void {
    if (session.negotiated === undefined) return;
    this.#count(-1);
    session.negotiated = undefined;
    session.staleUntil = staleUntil;
    this.#routes.rename(session.way, stale(session), session.range);
  }

  /** What the session has left behind goes. */
  #sweep(session: Session): void {
    session.staleUntil = NEVER;
    this.#routes.forget(stale(session), session.range);
  }

  #count(difference: 1 | -1): void {
    this.sessions += difference;
    this.#world.ends.count += difference;
  }

  #newSet(): PeerSet {
    const { nextConnection, random } = this.#world.simulation;
    const set = new PeerSet({ nextConnection, random, attributeSource: () => UNREAD });
    for (const session of this.#peers.values()) {
      session.failedAttempts = 0;
      set.add(session.intent.address, this.#configOf(session));
    }
    return set;
  }

  #configOf({ intent, failedAttempts }: Session): PeerConfig {
    const circumstances = { ...this.#circumstances, connectRetryTime: connectRetryTime(failedAttempts) };
    return sessionConfig(intent, routerIdOf(this.index), circumstances);
  }

  #reconfigure(session: Session): void {
    const { address } = session.intent;
    const config = this.#configOf(session);
    if (this.#set.peers.get(address)!.config.connectRetryTime === config.connectRetryTime) return;
    this.#node.input({ type: 'peer', peer: address, input: { type: 'reconfigure', config } });
  }
}

/** The session with the peer of this intent, seen from the other end. */
export function mirrored(theirs: PeerIntent, address: Address): PeerIntent {
  return { ...theirs, address, remoteAs: theirs.localAs, localAs: theirs.remoteAs, passive: !theirs.passive };
}

function stale({ way }: LightPeer): number {
  return way << STALE_SHIFT;
}

// All BFD sessions of this machine as one value: makes and ends them as they are wanted, finds the session that a packet is
// for (RFC 5881 3, RFC 5883 3), and says what to send and what is new. Sockets and clocks are the worker's.

import type { Address } from 'node-bgp';
import { type BfdPacket, decodePacket } from './packet.ts';
import { BfdSession } from './session.ts';
import { type BfdReport, type BfdWish, sessionKey } from './types.ts';

/** Where a packet came in. */
export interface Arrival {
  readonly from: Address;
  readonly multihop: boolean;
  /** The own address and interface that the socket is bound to. */
  readonly local?: Address;
  readonly interface?: string;
}

export type BfdEffect =
  | { readonly type: 'send'; readonly key: string; readonly bytes: Uint8Array }
  | { readonly type: 'report'; readonly report: BfdReport }
  /** Nothing is sent or heard for it any more. */
  | { readonly type: 'gone'; readonly key: string };

interface Entry {
  readonly key: string;
  wish: BfdWish;
  readonly session: BfdSession;
  /** As it was reported last, as text. */
  reported: string;
  /** Milliseconds: no longer wanted, and so long the peer is told. */
  endsAt: number | undefined;
}

/** Milliseconds that a peer which was never heard is told of the end. */
const SHORTEST_FAREWELL = 1000;

export class BfdSessions {
  readonly #random: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #byDiscriminator = new Map<number, Entry>();
  readonly #byRemote = new Map<Address, Entry[]>();
  #effects: BfdEffect[] = [];

  /** @param random a number in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** All sessions that are wanted from now on, by key. */
  want(wishes: ReadonlyMap<string, BfdWish>, now: number): BfdEffect[] {
    for (const entry of this.#entries.values()) if (!wishes.has(entry.key)) this.#retire(entry, now);
    for (const wish of wishes.values()) this.#take(wish, now);
    return this.#settle(this.#entries.values());
  }

  /** A datagram; what is no BFD packet for one of the sessions is dropped. */
  receive(bytes: Uint8Array, arrival: Arrival, now: number): BfdEffect[] {
    const packet = decodePacket(bytes);
    const entry = packet && this.#find(packet, arrival);
    if (packet === undefined || entry === undefined) return [];
    entry.session.receive(packet, bytes, now);
    return this.#settle([entry]);
  }

  tick(now: number): BfdEffect[] {
    const due: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.endsAt !== undefined && entry.endsAt <= now) this.#forget(entry);
      else if ((entry.session.nextDeadline() ?? Number.POSITIVE_INFINITY) <= now) due.push(entry);
    }
    for (const { session } of due) session.tick(now);
    return this.#settle(due);
  }

  nextDeadline(): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const { session, endsAt = next } of this.#entries.values()) {
      next = Math.min(next, endsAt, session.nextDeadline() ?? next);
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  // --- coming and going

  #take(wish: BfdWish, now: number): void {
    const key = sessionKey(wish);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.wish = wish;
      known.endsAt = undefined;
      known.session.enable(now);
      known.session.configure(wish.settings, now);
      return;
    }
    const discriminator = this.#freeDiscriminator();
    const session = new BfdSession(wish.settings, { discriminator, random: this.#random }, now);
    const entry: Entry = { key, wish, session, reported: '', endsAt: undefined };
    this.#entries.set(key, entry);
    this.#byDiscriminator.set(discriminator, entry);
    this.#byRemote.set(wish.remote, [...(this.#byRemote.get(wish.remote) ?? []), entry]);
  }

  /** The peer is told that the end is intended, for as long as it would take to find out by itself (RFC 5880 6.8.16). */
  #retire(entry: Entry, now: number): void {
    if (entry.endsAt !== undefined) return;
    entry.endsAt = now + Math.max(SHORTEST_FAREWELL, entry.session.detectionTime);
    entry.session.disable(now);
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.key);
    this.#byDiscriminator.delete(entry.session.discriminator);
    const rest = this.#byRemote.get(entry.wish.remote)!.filter((other) => other !== entry);
    if (rest.length > 0) this.#byRemote.set(entry.wish.remote, rest);
    else this.#byRemote.delete(entry.wish.remote);
    this.#effects.push({ type: 'gone', key: entry.key });
  }

  /** At random, so that who is not on the way cannot guess it (RFC 5880 9). */
  #freeDiscriminator(): number {
    for (;;) {
      const candidate = Math.floor(this.#random() * 2 ** 32);
      if (candidate !== 0 && !this.#byDiscriminator.has(candidate)) return candidate;
    }
  }

  // --- whose packet

  #find({ yourDiscriminator }: BfdPacket, arrival: Arrival): Entry | undefined {
    if (yourDiscriminator !== 0) {
      const entry = this.#byDiscriminator.get(yourDiscriminator);
      return entry?.wish.settings.multihop === arrival.multihop ? entry : undefined;
    }
    const candidates = (this.#byRemote.get(arrival.from) ?? []).filter(
      ({ wish }) =>
        wish.settings.multihop === arrival.multihop &&
        agree(wish.local, arrival.local) &&
        agree(wish.interface, arrival.interface),
    );
    // The one that says exactly where it wants to be reached, before one that leaves it open.
    return candidates.find(({ wish }) => wish.local !== undefined && wish.local === arrival.local) ?? candidates[0];
  }

  // --- what is to be done

  #settle(entries: Iterable<Entry>): BfdEffect[] {
    for (const entry of entries) {
      for (const bytes of entry.session.takePackets()) this.#effects.push({ type: 'send', key: entry.key, bytes });
      if (entry.endsAt !== undefined) continue;
      const report = reportOf(entry);
      const text = JSON.stringify(report);
      if (text === entry.reported) continue;
      entry.reported = text;
      this.#effects.push({ type: 'report', report });
    }
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}

/** One of both leaves it open, or they are the same. */
function agree(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

function reportOf({ key, wish, session }: Entry): BfdReport {
  const { remote, local, interface: device, settings } = wish;
  return {
    key,
    remote,
    ...(local === undefined ? {} : { local }),
    ...(device === undefined ? {} : { interface: device }),
    multihop: settings.multihop,
    state: session.state,
    since: session.since,
    diagnostic: session.diagnostic,
    localDiscriminator: session.discriminator,
    remoteDiscriminator: session.remoteDiscriminator,
    remoteState: session.remoteState,
    transmitInterval: session.transmitInterval,
    detectionTime: session.detectionTime,
  };
}

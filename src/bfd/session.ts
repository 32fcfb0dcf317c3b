// One BFD session in asynchronous mode (RFC 5880 6.8): its state, its timers, and the packets it sends. A value turned by
// packets and time; sockets and the choice of the session for a packet are elsewhere. Neither echo nor demand mode of our
// own; a peer in demand mode is obeyed.

import type { BfdIntent } from '../intent/types.ts';
import { Authenticator } from './authentication.ts';
import { type BfdPacket, DIAGNOSTIC, encodePacket } from './packet.ts';
import type { BfdState } from './types.ts';

/** Milliseconds: a session that is not up sends no more often (RFC 5880 6.8.3). */
const SLOW = 1000;
/** RFC 5880 6.8.7: sent after 75 to 100 % of the interval; to 90 % where a single loss already counts. */
const JITTER = { least: 0.75, most: 1, mostOfOne: 0.9 } as const;

export interface SessionIdentity {
  readonly discriminator: number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** What the peer said in its last packet (`bfd.Remote...`). */
interface Remote {
  readonly state: BfdState;
  readonly discriminator: number;
  readonly minTransmit: number;
  readonly minReceive: number;
  readonly multiplier: number;
  readonly demand: boolean;
}

const UNKNOWN: Remote = {
  state: 'Down',
  discriminator: 0,
  minTransmit: 0,
  minReceive: 0.001,
  multiplier: 0,
  demand: false,
};

export class BfdSession {
  readonly discriminator: number;
  readonly #random: () => number;
  #settings: BfdIntent;
  #authenticator: Authenticator | undefined;
  #state: BfdState = 'Down';
  #since: number;
  #diagnostic: number = DIAGNOSTIC.NONE;
  #remote = UNKNOWN;
  /** We ask the peer to confirm our times (P bit). */
  #poll = false;
  /** The times that count until the peer has confirmed the ones we announce (RFC 5880 6.8.3). */
  #transmitInForce: number;
  #receiveInForce: number;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sendAt: number | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** From then on the peer's packets may have any number (RFC 5880 6.8.1, `bfd.AuthSeqKnown`). */
  #forgetSequenceAt = Number.POSITIVE_INFINITY;
  #outbox: Uint8Array[] = [];

  constructor(settings: BfdIntent, identity: SessionIdentity, now: number) {
    this.discriminator = identity.discriminator;
    this.#random = identity.random;
    this.#settings = settings;
    this.#since = now;
    this.#transmitInForce = this.#desiredTransmit;
    this.#receiveInForce = settings.minReceive;
    this.#authenticator = this.#newAuthenticator();
    this.#schedule(now);
  }

  get state(): BfdState {
    return this.#state;
  }

  get since(): number {
    return this.#since;
  }

  get diagnostic(): number {
    return this.#diagnostic;
  }

  get remoteState(): BfdState {
    return this.#remote.state;
  }

  get remoteDiscriminator(): number {
    return this.#remote.discriminator;
  }

  /** Milliseconds between two packets of ours, before jitter; 0: we do not send by ourselves. */
  get transmitInterval(): number {
    return this.#sendsBySelf ? Math.max(this.#transmitInForce, this.#remote.minReceive) : 0;
  }

  /** Milliseconds; 0: the peer is not known (RFC 5880 6.8.4). */
  get detectionTime(): number {
    const { multiplier, minTransmit, discriminator } = this.#remote;
    return discriminator === 0 ? 0 : multiplier * Math.max(this.#receiveInForce, minTransmit);
  }

  /** Packets to be sent, in order; they are handed out once. */
  takePackets(): readonly Uint8Array[] {
    const packets = this.#outbox;
    this.#outbox = [];
    return packets;
  }

  nextDeadline(): number | undefined {
    const silence = this.detectionTime === 0 ? undefined : this.#heardAt + this.detectionTime;
    return this.#sendAt === undefined || silence === undefined
      ? (this.#sendAt ?? silence)
      : Math.min(this.#sendAt, silence);
  }

  // --- what happens

  /** A packet for this session (RFC 5880 6.8.6, from the check of the A bit on). */
  receive(packet: BfdPacket, bytes: Uint8Array, now: number): void {
    if (now >= this.#forgetSequenceAt) this.#authenticator?.forget();
    if (!this.#isAuthentic(packet, bytes)) return;
    this.#heardAt = now;
    this.#forgetSequenceAt = Number.POSITIVE_INFINITY;
    this.#remote = {
      state: packet.state,
      discriminator: packet.myDiscriminator,
      minTransmit: packet.minTransmit,
      minReceive: packet.minReceive,
      multiplier: packet.multiplier,
      demand: packet.demand,
    };
    if (packet.final && this.#poll) this.#endPoll();
    if (this.#state === 'AdminDown') return;
    this.#follow(packet.state, now);
    if (packet.poll) this.#send({ final: true }, now);
    this.#schedule(now);
  }

  tick(now: number): void {
    if (this.detectionTime > 0 && now >= this.#heardAt + this.detectionTime) this.#missThePeer(now);
    if (this.#sendAt === undefined || now < this.#sendAt) return;
    this.#send({}, now);
    this.#schedule(now);
  }

  /** New times or keys for a running session; the session stays up. */
  configure(settings: BfdIntent, now: number): void {
    const before = this.#settings;
    this.#settings = settings;
    if (JSON.stringify(before.authentication) !== JSON.stringify(settings.authentication)) {
      this.#authenticator = this.#newAuthenticator();
    }
    this.#announceTimes();
    this.#schedule(now);
  }

  /** AdminDown, of which the peer is told at once (RFC 5880 6.8.16); `enable` undoes it. */
  disable(now: number): void {
    if (this.#state !== 'AdminDown') this.#enter('AdminDown', DIAGNOSTIC.ADMINISTRATIVELY_DOWN, now);
  }

  enable(now: number): void {
    if (this.#state === 'AdminDown') this.#enter('Down', DIAGNOSTIC.NONE, now);
  }

  // --- states (RFC 5880 6.2, 6.8.6)

  #follow(remote: BfdState, now: number): void {
    switch (remote) {
      case 'AdminDown':
        if (this.#state !== 'Down') this.#enter('Down', DIAGNOSTIC.NEIGHBOR_SIGNALED_DOWN, now);
        return;
      case 'Down':
        if (this.#state === 'Down') this.#enter('Init', this.#diagnostic, now);
        else if (this.#state === 'Up') this.#enter('Down', DIAGNOSTIC.NEIGHBOR_SIGNALED_DOWN, now);
        return;
      case 'Init':
        if (this.#state !== 'Up') this.#enter('Up', DIAGNOSTIC.NONE, now);
        return;
      case 'Up':
        if (this.#state === 'Init') this.#enter('Up', DIAGNOSTIC.NONE, now);
    }
  }

  #missThePeer(now: number): void {
    this.#forgetSequenceAt = now + this.detectionTime;
    // bfd.RemoteDiscr and all that was learned with it goes (RFC 5880 6.8.1).
    this.#remote = UNKNOWN;
    if (this.#state === 'Init' || this.#state === 'Up') this.#enter('Down', DIAGNOSTIC.DETECTION_TIME_EXPIRED, now);
    else this.#schedule(now);
  }

  #enter(state: BfdState, diagnostic: number, now: number): void {
    this.#state = state;
    this.#diagnostic = diagnostic;
    this.#since = now;
    this.#poll = false;
    this.#announceTimes();
    // What is different from the last packet is told at once (RFC 5880 6.8.7).
    if (!this.#isSilent) this.#send({}, now);
    this.#schedule(now);
  }

  // --- times (RFC 5880 6.8.2, 6.8.3)

  /** `bfd.DesiredMinTxInterval`. */
  get #desiredTransmit(): number {
    const { minTransmit, idleTransmit = SLOW } = this.#settings;
    return this.#state === 'Up' ? minTransmit : Math.max(SLOW, idleTransmit, minTransmit);
  }

  /** Sending more seldom, or expecting packets sooner, waits until the peer has confirmed that it knows. */
  #announceTimes(): void {
    const desired = this.#desiredTransmit;
    const required = this.#settings.minReceive;
    if (this.#state !== 'Up') {
      this.#transmitInForce = desired;
      this.#receiveInForce = required;
      return;
    }
    if (desired !== this.#transmitInForce || required !== this.#receiveInForce) this.#poll = true;
    this.#transmitInForce = Math.min(this.#transmitInForce, desired);
    this.#receiveInForce = Math.max(this.#receiveInForce, required);
  }

  #endPoll(): void {
    this.#poll = false;
    this.#transmitInForce = this.#desiredTransmit;
    this.#receiveInForce = this.#settings.minReceive;
  }

  /** A passive end waits for the first packet of the other (RFC 5880 6.1). */
  get #isSilent(): boolean {
    return this.#settings.passive === true && this.#remote.discriminator === 0;
  }

  get #sendsBySelf(): boolean {
    const { minReceive, demand, state } = this.#remote;
    if (this.#isSilent || minReceive === 0) return false;
    return this.#poll || !(demand && state === 'Up' && this.#state === 'Up');
  }

  #schedule(now: number): void {
    const interval = this.transmitInterval;
    if (interval === 0) {
      this.#sendAt = undefined;
      return;
    }
    const most = this.#settings.multiplier === 1 ? JITTER.mostOfOne : JITTER.most;
    const wait = interval * (JITTER.least + this.#random() * (most - JITTER.least));
    // Kept where it is in time: a peer that sends much must not put our packet off by a new throw of the dice each time.
    const planned = (this.#sendAt ?? Number.POSITIVE_INFINITY) - this.#sentAt;
    const isInTime = planned >= interval * JITTER.least && planned <= interval * most;
    this.#sendAt = Math.max(now, this.#sentAt + (isInTime ? planned : wait));
  }

  // --- packets

  #send({ final = false }: { readonly final?: boolean }, now: number): void {
    const packet: BfdPacket = {
      diagnostic: this.#diagnostic,
      state: this.#state,
      // RFC 5880 6.5: never both.
      poll: this.#poll && !final,
      final,
      demand: false,
      multiplier: this.#settings.multiplier,
      myDiscriminator: this.discriminator,
      yourDiscriminator: this.#remote.discriminator,
      minTransmit: this.#desiredTransmit,
      minReceive: this.#settings.minReceive,
      authentication: new Uint8Array(),
    };
    this.#outbox.push(this.#authenticator?.encode(packet) ?? encodePacket(packet));
    if (!final) this.#sentAt = now;
  }

  #newAuthenticator(): Authenticator | undefined {
    const { authentication } = this.#settings;
    return authentication && new Authenticator(authentication, Math.floor(this.#random() * 2 ** 32));
  }

  #isAuthentic(packet: BfdPacket, bytes: Uint8Array): boolean {
    const authenticator = this.#authenticator;
    if (authenticator === undefined) return packet.authentication.length === 0;
    return authenticator.accepts(bytes, packet, this.#settings.multiplier);
  }
}

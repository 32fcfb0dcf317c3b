// One iBGP speaker of the load generator: its session in the few states that a client needs, what it has been told, what
// it has to send, and how punctual the daemon's KEEPALIVEs are. It dials; it never listens.

import { decodeNotification, describeNotification, HEADER_LENGTH, KEEPALIVE, MESSAGE_TYPE } from 'node-bgp';
import { close } from '../../src/linux/libc.ts';
import { BROKEN, connectFrom, type Epoll, READABLE, receive, send, WRITABLE } from './epoll.ts';
import { openMessage } from './messages.ts';
import { type ClientPlan, NETWORK, type Plan, PORT, totalPrefixes } from './plan.ts';
import { Receiver } from './receiver.ts';

export type ClientState = 'idle' | 'connecting' | 'openSent' | 'established' | 'failed';

/** Octets before IN_BOX where the start of a message waits that was cut by the last read. */
const CARRY_ROOM = 65_536;
/** Shared by all clients: one of them is read at a time. */
const BOX = new Uint8Array(CARRY_ROOM + 262_144);
const IN_BOX = BOX.subarray(CARRY_ROOM);
/** Octets handed to the system at once. */
const LONGEST_SEND = 262_144;
const OPEN_HOLD_TIME = HEADER_LENGTH + 3;

export class Client {
  readonly plan: ClientPlan;
  readonly receiver: Receiver;
  /** Prefixes it holds when it has been told everything. */
  goal: number;
  state: ClientState = 'idle';
  /** Why the last connection ended. */
  failure = '';
  attempts = 0;
  /** What it sends as soon as it is Established. */
  greeting: Uint8Array | undefined;
  /** When it failed last; in milliseconds, as everywhere here. */
  failedAt = 0;
  /** Those after the one that answers the OPEN. */
  keepalives = 0;
  /** Reads that brought something. */
  reads = 0;
  /** Milliseconds that a KEEPALIVE came after it was due, at worst; negative: always early. */
  latest = Number.NEGATIVE_INFINITY;
  readonly #index: number;
  readonly #epoll: Epoll;
  readonly #open: Uint8Array;
  readonly #remote: string;
  readonly #offeredHoldTime: number;
  #fd = -1;
  #carry: Uint8Array | undefined;
  #outgoing: Uint8Array[] = [];
  #sentOfFirst = 0;
  /** Milliseconds; a third of the negotiated hold time, 0: no KEEPALIVEs. */
  #keepaliveTime = 0;
  #lastSent = 0;
  #lastHeard = 0;

  constructor(plan: Plan, own: ClientPlan, index: number, epoll: Epoll) {
    this.plan = own;
    this.#index = index;
    this.#epoll = epoll;
    this.#open = openMessage(plan, own);
    this.#offeredHoldTime = plan.holdTime;
    this.#remote = NETWORK[plan.family].daemon;
    const total = totalPrefixes(plan);
    const { family, addPath } = plan;
    this.receiver = new Receiver({ family, addPath, total, ownFirst: own.first, ownCount: own.count });
    this.goal = total - own.count;
  }

  get isDone(): boolean {
    return this.receiver.count === this.goal;
  }

  dial(): void {
    this.attempts++;
    this.receiver.clear();
    this.state = 'connecting';
    this.#fd = connectFrom(this.plan.address, this.#remote, PORT);
    this.#epoll.watch(this.#fd, this.#index, WRITABLE);
  }

  /** Bytes go out in order, as fast as the daemon takes them. */
  send(bytes: Uint8Array, now: number): void {
    this.#outgoing.push(bytes);
    this.#flush(now);
  }

  handle(events: number, now: number): void {
    if (this.state === 'connecting') {
      if ((events & BROKEN) !== 0) {
        this.#fail('the connection was refused or reset');
        return;
      }
      this.state = 'openSent';
      this.#epoll.watch(this.#fd, this.#index, READABLE);
      this.send(this.#open, now);
      return;
    }
    if ((events & (READABLE | BROKEN)) !== 0) this.#receive(now);
    if ((events & WRITABLE) !== 0 && this.#fd >= 0) this.#flush(now);
  }

  /** Sends a KEEPALIVE when it is time, and sees whether one is overdue. */
  tick(now: number): void {
    if (this.state !== 'established' || this.#keepaliveTime === 0) return;
    this.latest = Math.max(this.latest, now - this.#lastHeard - this.#keepaliveTime);
    if (now - this.#lastSent >= this.#keepaliveTime) this.send(KEEPALIVE, now);
  }

  #receive(now: number): void {
    const read = receive(this.#fd, IN_BOX);
    if (read === 0) return;
    if (read < 0) {
      this.#fail(this.failure || 'the connection was closed');
      return;
    }
    this.reads++;
    const carried = this.#carry?.length ?? 0;
    const start = CARRY_ROOM - carried;
    const end = CARRY_ROOM + read;
    if (this.#carry !== undefined) BOX.set(this.#carry, start);
    const stopped = this.receiver.read(BOX, start, end, this.#onMessage);
    if (stopped < 0) {
      this.#fail('octets that are no BGP');
      return;
    }
    this.#carry = stopped === end ? undefined : BOX.slice(stopped, end);
    if (stopped > start) this.#heard(now);
  }

  /** RFC 4271 4.4: KEEPALIVE or UPDATE, either starts the daemon's timer anew. */
  #heard(now: number): void {
    if (this.#keepaliveTime > 0 && this.#lastHeard > 0) {
      this.latest = Math.max(this.latest, now - this.#lastHeard - this.#keepaliveTime);
    }
    this.#lastHeard = now;
  }

  readonly #onMessage = (type: number, start: number, end: number): void => {
    if (type === MESSAGE_TYPE.OPEN) {
      const holdTime = (BOX[start + OPEN_HOLD_TIME]! << 8) | BOX[start + OPEN_HOLD_TIME + 1]!;
      this.#keepaliveTime = (Math.min(holdTime, this.#offeredHoldTime) * 1000) / 3;
      this.#outgoing.push(KEEPALIVE);
      this.#flush(performance.now());
    } else if (type === MESSAGE_TYPE.KEEPALIVE) {
      if (this.state === 'openSent') this.#onEstablished();
      else this.keepalives++;
    } else if (type === MESSAGE_TYPE.NOTIFICATION) {
      const decoded = decodeNotification(BOX.subarray(start + HEADER_LENGTH, end));
      if (!decoded.ok) this.failure = 'a malformed NOTIFICATION';
      else this.failure = describeNotification(decoded.value.code, decoded.value.subcode, decoded.value.data);
    }
  };

  #onEstablished(): void {
    this.state = 'established';
    if (this.greeting !== undefined) this.send(this.greeting, performance.now());
  }

  #flush(now: number): void {
    while (this.#outgoing.length > 0) {
      const first = this.#outgoing[0]!;
      const part = first.subarray(this.#sentOfFirst, this.#sentOfFirst + LONGEST_SEND);
      const sent = send(this.#fd, part);
      if (sent < 0) {
        this.#fail(this.failure || 'the connection broke while sending');
        return;
      }
      this.#lastSent = now;
      this.#sentOfFirst += sent;
      if (this.#sentOfFirst === first.length) {
        this.#outgoing.shift();
        this.#sentOfFirst = 0;
      }
      if (sent < part.length) break;
    }
    this.#epoll.watch(this.#fd, this.#index, this.#outgoing.length > 0 ? READABLE | WRITABLE : READABLE);
  }

  #fail(why: string): void {
    this.failure = why;
    this.state = 'failed';
    this.failedAt = performance.now();
    this.#epoll.forget(this.#fd);
    close(this.#fd);
    this.#fd = -1;
    this.#carry = undefined;
    this.#outgoing = [];
    this.#sentOfFirst = 0;
    this.#lastHeard = 0;
  }
}

// All clients of a run in one loop of one process: wait, read, write, count who is Established and who holds everything.
// The loop is synchronous, so that nothing but the work itself stands between a system call and the next.

import { Client } from './client.ts';
import { Epoll } from './epoll.ts';
import { announce } from './messages.ts';
import { clientPlans, type Plan } from './plan.ts';
import { Receiver } from './receiver.ts';

const TICK = 100;
/** After a failure a client waits so long; real routers wait 5 to 120 s. */
const RETRY = 1_000;
const DIALS_AT_ONCE = 32;

export class Rig {
  readonly clients: readonly Client[];
  readonly epoll = new Epoll();
  /** Clients that are Established. */
  established = 0;
  /** Clients that do not hold exactly what they are to hold. */
  incomplete = 0;
  /** When something came last. */
  lastEvent = 0;
  #nextTick = 0;

  constructor(plan: Plan) {
    warmUp(plan);
    this.clients = clientPlans(plan).map((own, index) => new Client(plan, own, index, this.epoll));
    this.recount();
  }

  get allEstablished(): boolean {
    return this.established === this.clients.length;
  }

  /** After goals have changed. */
  recount(): void {
    this.established = this.clients.filter(({ state }) => state === 'established').length;
    this.incomplete = this.clients.filter(({ isDone }) => !isDone).length;
  }

  /** Turns until the condition holds; false when it did not in time. */
  until(holds: () => boolean, milliseconds: number): boolean {
    const deadline = performance.now() + milliseconds;
    while (!holds()) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      this.#turn(Math.min(left, TICK));
    }
    return true;
  }

  /** Turns for so long, whatever happens. */
  run(milliseconds: number): void {
    const end = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0; left = end - performance.now()) this.#turn(Math.min(left, TICK));
  }

  /** True as soon as nothing has come for so long. */
  untilQuiet(quiet: number, milliseconds: number): boolean {
    this.lastEvent = performance.now();
    return this.until(() => performance.now() - this.lastEvent >= quiet, milliseconds);
  }

  /** Dials a few at a time: getting there is not what is measured. */
  establishAll(milliseconds: number): boolean {
    let next = 0;
    const dialMore = () => {
      while (next < this.clients.length && next - this.established < DIALS_AT_ONCE) this.clients[next++]!.dial();
      return this.allEstablished;
    };
    return this.until(dialMore, milliseconds);
  }

  #turn(milliseconds: number): void {
    const ready = this.epoll.wait(milliseconds);
    const now = performance.now();
    if (ready > 0) this.lastEvent = now;
    for (let event = 0; event < ready; event++) {
      this.#handle(this.clients[this.epoll.idOf(event)]!, this.epoll.eventsOf(event), now);
    }
    if (now >= this.#nextTick) this.#tick(now);
  }

  #handle(client: Client, events: number, now: number): void {
    const wasDone = client.isDone;
    const wasEstablished = client.state === 'established';
    client.handle(events, now);
    if (client.isDone !== wasDone) this.incomplete += wasDone ? 1 : -1;
    if ((client.state === 'established') !== wasEstablished) this.established += wasEstablished ? -1 : 1;
  }

  #tick(now: number): void {
    this.#nextTick = now + TICK;
    for (const client of this.clients) {
      if (client.state === 'failed' && now - client.failedAt >= RETRY) {
        client.dial();
        this.recount();
      } else {
        client.tick(now);
      }
    }
  }
}

/** What is measured is not how long V8 takes to compile the reader. */
function warmUp(plan: Plan): void {
  const small: Plan = { ...plan, pattern: 'fanOut', clients: 1, prefixes: 1_000 };
  const [own] = clientPlans(small);
  const bytes = announce(small, own!, 0, small.prefixes);
  const { family, addPath } = plan;
  for (let round = 0; round < 300; round++) {
    const receiver = new Receiver({ family, addPath, total: small.prefixes, ownFirst: 0, ownCount: 1 });
    receiver.read(bytes, 0, bytes.length, () => undefined);
  }
}

// Virtual time and a network in which processes meet: nodes with addresses, links with delays, connections that behave
// like TCP. The same seed gives the same run. Not here: what the processes are (see `Wiring`), real clocks and sockets.

import type { Address } from '../ip/index.ts';
import type { ConnectionId } from '../session/types.ts';
import { Agenda } from './agenda.ts';
import { Alarms } from './alarms.ts';
import { Link } from './link.ts';
import { SimulatedNode, type World } from './node.ts';
import { seededRandom } from './random.ts';
import type { NodeOptions } from './types.ts';

/** So many steps for each node without time passing mean that some process asks for the same tick for ever. */
const MAX_STEPS_AT_ONE_TIME = 100_000;

export class Simulation implements World {
  readonly random: () => number;
  readonly #agenda = new Agenda();
  readonly #alarms = new Alarms<SimulatedNode>();
  readonly #nodes = new Map<string, SimulatedNode>();
  readonly #addresses = new Map<Address, SimulatedNode>();
  readonly #links = new Map<string, Link>();
  readonly #delay: number;
  #now = 0;
  #connections = 0;
  #stepsNow = 0;

  /** @param options.delay milliseconds, one way, of every link until it is changed */
  constructor(options: { readonly seed?: number; readonly delay?: number } = {}) {
    this.random = seededRandom(options.seed ?? 1);
    this.#delay = options.delay ?? 1;
  }

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** Ids for all connections of the simulation; to be given to the processes (`PeerDependencies`). */
  readonly nextConnection = (): ConnectionId => ++this.#connections;

  addNode<I, O>(options: NodeOptions<I, O>): SimulatedNode<I, O> {
    if (this.#nodes.has(options.name)) throw new TypeError(`there is a node ${options.name} already`);
    const node = new SimulatedNode(this, options);
    this.#register(node as unknown as SimulatedNode);
    return node;
  }

  #register(node: SimulatedNode): void {
    this.#nodes.set(node.name, node);
    for (const address of node.addresses) if (!this.#addresses.has(address)) this.#addresses.set(address, node);
    this.deadlineChanged(node);
  }

  /** The link between two nodes; there is one between any two. */
  link(a: string, b: string): Link {
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new Link(this.#delay);
      this.#links.set(key, link);
    }
    return link;
  }

  /** The node that has the address. */
  nodeAt(address: Address): SimulatedNode | undefined {
    return this.#addresses.get(address);
  }

  deadlineChanged(node: SimulatedNode): void {
    this.#alarms.changed(node);
  }

  /** Does something at a time of the simulation (milliseconds). */
  at(time: number, action: () => void): void {
    this.#agenda.add(Math.max(time, this.#now), action);
  }

  /** Lets so many milliseconds pass. */
  run(milliseconds: number): void {
    const end = this.#now + milliseconds;
    while ((this.#nextTime() ?? Number.POSITIVE_INFINITY) <= end) this.#step();
    this.#now = end;
  }

  /**
   * Lets time pass until the condition holds.
   *
   * @throws Error where it does not within `limit` milliseconds
   */
  runUntil(condition: () => boolean, limit: number): void {
    const end = this.#now + limit;
    while (!condition()) {
      if ((this.#nextTime() ?? Number.POSITIVE_INFINITY) > end) {
        throw new Error(`the condition does not hold after ${limit} ms of simulated time`);
      }
      this.#step();
    }
  }

  #nextTime(): number | undefined {
    const event = this.#agenda.next();
    const deadline = this.#alarms.first()?.deadline;
    if (event === undefined || deadline === undefined) return event ?? deadline;
    return Math.min(event, Math.max(deadline, this.#now));
  }

  /** What arrives at a time is read before timers of that time expire: a loop that is late must not blame the peer. */
  #step(): void {
    const event = this.#agenda.next();
    const node = this.#alarms.first();
    if (event !== undefined && (node?.deadline === undefined || event <= node.deadline)) {
      this.#advance(event);
      this.#agenda.take()?.();
    } else if (node?.deadline !== undefined) {
      this.#advance(Math.max(node.deadline, this.#now));
      node.tick();
    }
  }

  #advance(to: number): void {
    this.#stepsNow = to > this.#now ? 0 : this.#stepsNow + 1;
    if (this.#stepsNow > MAX_STEPS_AT_ONE_TIME * this.#nodes.size)
      throw new Error(`time does not pass any more at ${this.#now} ms`);
    this.#now = to;
  }
}

// A machine with the router as it is: a Speaker with its Intent, paced like the daemon's loop (src/daemon/loop.ts), with the
// processor time that it takes, and a kernel that holds what it is told to.

import type { Process, SimulatedNode, Wiring } from 'node-bgp/simulator';
import { isSessionUp, SLICE } from '../../src/daemon/loop.ts';
import { Pace } from '../../src/daemon/pace.ts';
import type { KernelWish } from '../../src/fib/types.ts';
import { computeIntent } from '../../src/intent/index.ts';
import { type Effect, type Input, Speaker } from '../../src/speaker/index.ts';
import { addressOf, NETWORK, nameOf, prefixes } from './cluster.ts';
import { Routes } from './holdings.ts';
import type { Machine, Traffic, Work, World } from './machine.ts';

/** Ways in which a route is in the kernel: programmed by the process that runs, or by an earlier one. */
const OURS = 1;
const LEFTOVER = 2;
const NEVER = Number.POSITIVE_INFINITY;
const TICK: Input = { type: 'tick' };

export class WholeNode implements Machine, Process<Input, Effect> {
  readonly index: number;
  readonly name: string;
  readonly isWhole = true;
  sessions = 0;
  readonly #world: World;
  readonly #node: SimulatedNode<Input, Effect>;
  readonly #kernel: Routes;
  #speaker: Speaker | undefined;
  #pace = new Pace();
  /** Milliseconds of reading since peers were told something. */
  #unworked = 0;
  /** Peers may be to be told something. */
  #isWorkDue = false;
  /** Milliseconds: of the last turn, and what the next one has to pay for. */
  #cost = 0;
  #debt = 0;
  #work = { longestTurn: 0, total: 0 };
  /** Of the processes that ran before. */
  #past: Traffic = { updatesIn: 0, octetsIn: 0, octetsOut: 0 };

  constructor(world: World, index: number) {
    this.#world = world;
    this.index = index;
    this.name = nameOf(world.cluster, index);
    this.#kernel = new Routes(world.holdings, prefixes(world.cluster));
    this.#node = world.simulation.addNode({
      name: this.name,
      addresses: [addressOf(index)],
      process: this,
      wiring: this.#wiring(),
      cost: () => this.#cost,
    });
    this.#node.kill();
  }

  // --- life

  start(): void {
    const { simulation, store, cost } = this.#world;
    const restarted = this.#kernel.count > 0;
    this.#kernel.rename(OURS, LEFTOVER, this.#all);
    this.#speaker = new Speaker({
      node: this.name,
      random: simulation.random,
      nextConnection: simulation.nextConnection,
      kernel: 'linux',
      startedAt: simulation.now,
      restarted,
    });
    this.#pace = new Pace();
    this.#unworked = 0;
    this.#node.boot(this);
    const began = cost.clock();
    const intent = computeIntent(store, { node: this.name });
    this.#debt = cost.clock() - began;
    this.#node.input({ type: 'kernel', events: [kernelOf(this.index)] });
    this.#node.input({ type: 'intent', intent });
  }

  kill(): void {
    this.#node.kill();
    this.#die();
  }

  powerOff(): void {
    this.#node.powerOff();
    this.#die();
    this.#kernel.forget(OURS | LEFTOVER, this.#all);
  }

  #die(): void {
    this.#past = this.traffic();
    this.#speaker = undefined;
    this.#world.ends.count -= this.sessions;
    this.sessions = 0;
  }

  // --- what is counted

  traffic(): Traffic {
    let { updatesIn, octetsIn, octetsOut } = this.#past;
    for (const peer of this.#speaker?.sessions.all() ?? []) {
      updatesIn += peer.updatesIn;
      octetsIn += peer.octetsIn;
      octetsOut += peer.octetsOut;
    }
    return { updatesIn, octetsIn, octetsOut };
  }

  takeWork(): Work {
    const work = this.#work;
    this.#work = { longestTurn: 0, total: 0 };
    return work;
  }

  // --- Process

  nextDeadline(): number | undefined {
    const { now } = this.#world.simulation;
    const timer = this.#speaker?.nextDeadline() ?? NEVER;
    const work = this.#isWorkDue ? Math.max(now, this.#pace.workAt) : NEVER;
    const next = Math.min(timer, work);
    return next === NEVER ? undefined : next;
  }

  handle(input: Input, now: number): readonly Effect[] {
    const speaker = this.#speaker;
    if (speaker === undefined) return [];
    const { clock, systemCall, tidy } = this.#world.cost;
    tidy();
    const began = clock();
    const effects: Effect[] = [];
    if ((speaker.nextDeadline() ?? NEVER) <= now) append(effects, speaker.handle(TICK, now));
    if (input.type !== 'tick') append(effects, speaker.handle(input, now));
    const read = clock();
    this.#unworked += read - began;
    this.#isWorkDue = true;
    // What has come is read first, but not for longer than a slice.
    const works = (input.type === 'tick' || this.#unworked >= SLICE) && now >= this.#pace.workAt;
    if (works) this.#tell(speaker, effects, read + SLICE);
    if (effects.some(isSessionUp)) this.#pace.sessionUp(now);
    const spent = (works ? clock() : read) - began + this.#debt;
    this.#debt = 0;
    const writing = written(effects) * systemCall;
    if (works) this.#pace.told(now + spent, now + spent + writing);
    this.#charge(spent + writing + (input.type === 'bytes' ? systemCall : 0));
    return effects;
  }

  /** A slice of the tables is worked off. */
  #tell(speaker: Speaker, effects: Effect[], until: number): void {
    do append(effects, speaker.work());
    while (speaker.hasWork && this.#world.cost.clock() < until);
    this.#unworked = 0;
    this.#isWorkDue = speaker.hasWork;
  }

  #charge(cost: number): void {
    this.#cost = cost;
    this.#work.total += cost;
    this.#work.longestTurn = Math.max(this.#work.longestTurn, cost);
  }

  // --- world

  #wiring(): Wiring<Input, Effect> {
    return {
      tick: () => TICK,
      connected: (connection, endpoints) => ({ type: 'connected', connection, endpoints }),
      accepted: (connection, endpoints) => ({ type: 'accepted', connection, endpoints }),
      disconnected: (connection, reason) => ({ type: 'disconnected', connection, reason }),
      bytes: (connection, chunk) => ({ type: 'bytes', connection, chunk }),
      progress: (connection, taken) => (taken === 0 ? undefined : { type: 'written', connection, bytes: taken }),
      perform: (effect, network) => {
        switch (effect.type) {
          case 'dial':
            network.dial(effect.connection, effect.remote);
            return;
          case 'write':
            network.send(effect.connection, effect.bytes);
            return;
          case 'close':
            network.close(effect.connection);
            return;
          case 'listen':
            this.#node.listens = effect.sockets.length > 0;
            return;
          case 'program':
            for (const wish of effect.wishes) this.#program(wish);
            return;
          case 'recovered':
            this.#kernel.forget(LEFTOVER, this.#all);
            return;
          case 'fact':
            if (effect.fact.type === 'peerStateChanged') this.#count(effect.fact.from, effect.fact.to);
            return;
          case 'acceptOptions':
          case 'bfd':
            return;
        }
      },
    };
  }

  #count(from: string, to: string): void {
    const difference = (to === 'Established' ? 1 : 0) - (from === 'Established' ? 1 : 0);
    this.sessions += difference;
    this.#world.ends.count += difference;
  }

  #program(wish: KernelWish): void {
    const number = this.#world.numbers.get(wish.type === 'route' ? wish.route.prefix : wish.prefix);
    if (number === undefined) return;
    if (wish.type === 'route' && wish.route.type !== 'unreachable') {
      this.#kernel.add(number, OURS);
      this.#kernel.remove(number, LEFTOVER);
    } else {
      this.#kernel.remove(number, OURS | LEFTOVER);
    }
  }

  get #all(): readonly [number, number] {
    return [0, prefixes(this.#world.cluster)];
  }
}

/** One interface in everybody's network. */
function kernelOf(machine: number): Extract<Input, { type: 'kernel' }>['events'][number] {
  const address = {
    device: 'eth0',
    address: addressOf(machine),
    prefix: NETWORK,
    secondary: false,
    scope: 'global',
  } as const;
  return {
    type: 'snapshot',
    links: [{ device: 'eth0', index: 2, up: true, mtu: 1500 }],
    addresses: [address],
    learned: [],
  };
}

/** Connections that are written to: what one is told in a turn goes out in one call. */
function written(effects: readonly Effect[]): number {
  const connections = new Set<number>();
  for (const effect of effects) if (effect.type === 'write') connections.add(effect.connection);
  return connections.size;
}

function append(effects: Effect[], more: readonly Effect[]): void {
  for (const effect of more) effects.push(effect);
}

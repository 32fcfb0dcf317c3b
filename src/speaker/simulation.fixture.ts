// For tests of the router: a cluster of Speakers in simulated time and network. Resources come as YAML through the readers
// and the store, every node computes its Intent from them, and kernels are maps that outlive the processes.

import { type Address, type Family, familyOf, type Prefix } from 'node-bgp';
import { type Process, type SimulatedNode, Simulation, type Wiring } from 'node-bgp/simulator';
import type { NodeResource, ResourceKind, RouteReflector } from '../datastore/resources/types.ts';
import { ResourceStore } from '../datastore/store.ts';
import type { KernelEvent, KernelRoute, KernelWish } from '../fib/types.ts';
import { computeIntent, type IntentOptions } from '../intent/index.ts';
import {
  type Effect,
  type Fact,
  type Input,
  type PeerSnapshot,
  type RouteSnapshot,
  routePage,
  type Snapshot,
  Speaker,
  takeSnapshot,
} from './index.ts';
import { readAll } from './resources.fixture.ts';

export * from './resources.fixture.ts';

/** Milliseconds. */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

export interface LabOptions {
  readonly seed?: number;
  /** Milliseconds, one way, of every link. */
  readonly delay?: number;
  /** Nodes that program no kernel; stand-alone reflectors never do. */
  readonly withoutKernel?: readonly string[];
  readonly intent?: Omit<IntentOptions, 'node'>;
  /** Prefixes that routers work off at a time. */
  readonly portion?: number;
}

export interface ToldFact {
  /** Milliseconds. */
  readonly at: number;
  readonly fact: Fact;
}

type FactOf<T extends Fact['type']> = Extract<Fact, { readonly type: T }>;

/** All nodes of the resources given at the start, each with a router that is off until it is started. */
export class Lab {
  readonly simulation: Simulation;
  readonly store = new ResourceStore();
  readonly options: LabOptions;
  readonly #routers = new Map<string, Router>();

  constructor(resources: string, options: LabOptions = {}) {
    this.options = options;
    this.simulation = new Simulation(options);
    this.#put(resources);
    for (const node of this.store.list('Node')) this.#add(node.metadata.name, addressesOf(node));
    for (const reflector of this.store.list('RouteReflector'))
      this.#add(reflector.metadata.name, addressesOf(reflector));
  }

  get now(): number {
    return this.simulation.now;
  }

  get routers(): readonly Router[] {
    return [...this.#routers.values()];
  }

  router(name: string): Router {
    const router = this.#routers.get(name);
    if (router === undefined) throw new Error(`there is no router ${name}`);
    return router;
  }

  start(...names: readonly string[]): void {
    for (const router of names.length === 0 ? this.routers : names.map((name) => this.router(name))) router.start();
  }

  run(milliseconds: number): void {
    this.simulation.run(milliseconds);
  }

  runUntil(condition: () => boolean, limit: number): void {
    this.simulation.runUntil(condition, limit);
  }

  /** Lets time pass until every session of every running router is up. */
  converge(limit = 10 * SECOND): void {
    this.runUntil(() => this.isConverged(), limit);
    this.run(SECOND);
  }

  isConverged(): boolean {
    return this.routers
      .filter((router) => router.isRunning)
      .every((router) => router.peers().every(({ state }) => state === 'Established'));
  }

  /** Resources are written, as an operator would; every router has its new Intent at once. */
  apply(resources: string): void {
    this.#put(resources);
    this.tell();
  }

  remove(kind: ResourceKind, name: string): void {
    this.store.apply([{ type: 'removed', kind, name }]);
    this.tell();
  }

  tell(): void {
    for (const router of this.routers) router.tellIntent();
  }

  #put(resources: string): void {
    this.store.apply(readAll(resources).map((resource) => ({ type: 'set', resource })));
  }

  #add(name: string, addresses: readonly Address[]): void {
    const isReflector = this.store.get('RouteReflector', name) !== undefined;
    const kernel = isReflector || this.options.withoutKernel?.includes(name) === true ? 'none' : 'linux';
    this.#routers.set(name, new Router(this, name, addresses, kernel));
  }
}

/** One machine: its process while it runs, and its kernel. */
export class Router implements Process<Input, Effect> {
  readonly name: string;
  readonly addresses: readonly Address[];
  readonly node: SimulatedNode<Input, Effect>;
  readonly #lab: Lab;
  readonly #kernelType: 'linux' | 'none';
  #speaker: Speaker | undefined;
  /** Routes of ours in the kernel. */
  readonly kernel = new Map<Prefix, KernelRoute>();
  /** Found there when the process began, not wished for yet. */
  #leftovers = new Set<Prefix>();
  /** Of this machine, across restarts. */
  readonly facts: ToldFact[] = [];
  /** Of the process that runs now. */
  recoveredAt: number | undefined;
  listening: Extract<Effect, { type: 'listen' }> | undefined;
  readonly effects: Effect[] = [];

  constructor(lab: Lab, name: string, addresses: readonly Address[], kernel: 'linux' | 'none') {
    this.#lab = lab;
    this.name = name;
    this.addresses = addresses;
    this.#kernelType = kernel;
    this.node = lab.simulation.addNode({ name, addresses, process: this, wiring: this.#wiring() });
    this.node.kill();
  }

  get isRunning(): boolean {
    return this.#speaker !== undefined;
  }

  get speaker(): Speaker {
    if (this.#speaker === undefined) throw new Error(`${this.name} does not run`);
    return this.#speaker;
  }

  // --- life

  /** A new process: it reads its kernel, then the resources. */
  start(): void {
    this.boot();
    this.tellIntent();
  }

  /** A new process that has not heard of any resource yet. */
  boot(): void {
    const { simulation, options } = this.#lab;
    this.#speaker = new Speaker({
      node: this.name,
      random: simulation.random,
      nextConnection: simulation.nextConnection,
      kernel: this.#kernelType,
      startedAt: simulation.now,
      restarted: this.kernel.size > 0,
      ...(options.portion === undefined ? {} : { portion: options.portion }),
    });
    this.#leftovers = new Set(this.kernel.keys());
    this.recoveredAt = undefined;
    this.effects.length = 0;
    this.node.boot(this);
    this.input({ type: 'kernel', events: [snapshotOf(this.addresses)] });
  }

  /** The process dies; kernel and machine go on. */
  kill(): void {
    this.node.kill();
    this.#speaker = undefined;
  }

  /** The machine dies, and its kernel with it. */
  powerOff(): void {
    this.node.powerOff();
    this.#speaker = undefined;
    this.kernel.clear();
  }

  input(input: Input): void {
    this.node.input(input);
  }

  tellIntent(): void {
    if (!this.isRunning) return;
    const { store, options } = this.#lab;
    this.input({ type: 'intent', intent: computeIntent(store, { ...options.intent, node: this.name }) });
  }

  // --- Process

  handle(input: Input, now: number): readonly Effect[] {
    const { speaker } = this;
    const effects = [...speaker.handle(input, now)];
    do effects.push(...speaker.work());
    while (speaker.hasWork);
    return effects;
  }

  nextDeadline(): number | undefined {
    return this.speaker.nextDeadline();
  }

  // --- what it looks like

  /** By prefix: `via 10.0.0.2 dev eth0`, `blackhole`, `unreachable`; with `metric 7` where it is not the normal one. */
  routes(family?: Family): Record<Prefix, string> {
    const routes = [...this.kernel.values()].filter(
      ({ prefix }) => family === undefined || familyOf(prefix) === family,
    );
    return Object.fromEntries(
      routes.map((route): [string, string] => [route.prefix, textOf(route)]).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  snapshot(): Snapshot {
    return takeSnapshot(this.speaker);
  }

  peers(): readonly PeerSnapshot[] {
    return this.snapshot().peers;
  }

  peer(name: string): PeerSnapshot {
    const peer = this.peers().find((candidate) => candidate.name === name);
    if (peer === undefined) throw new Error(`${this.name} has no peer ${name}`);
    return peer;
  }

  /** All paths of a prefix, the best one first. */
  page(prefix: Prefix): readonly RouteSnapshot[] {
    return routePage(this.speaker, { family: familyOf(prefix), prefix, limit: 100 }).routes;
  }

  states(): Record<string, string> {
    return Object.fromEntries(this.peers().map(({ name, state }) => [name, state]));
  }

  factsOf<T extends Fact['type']>(type: T, since = 0): FactOf<T>[] {
    return this.facts.flatMap(({ at, fact }) => (at >= since && fact.type === type ? [fact as FactOf<T>] : []));
  }

  #wiring(): Wiring<Input, Effect> {
    return {
      tick: () => ({ type: 'tick' }),
      connected: (connection, endpoints) => ({ type: 'connected', connection, endpoints }),
      accepted: (connection, endpoints) => ({ type: 'accepted', connection, endpoints }),
      disconnected: (connection, reason) => ({ type: 'disconnected', connection, reason }),
      bytes: (connection, chunk) => ({ type: 'bytes', connection, chunk }),
      progress: (connection, taken) => (taken === 0 ? undefined : { type: 'written', connection, bytes: taken }),
      perform: (effect, network) => {
        this.effects.push(effect);
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
            this.listening = effect;
            this.node.listens = effect.sockets.length > 0;
            return;
          case 'program':
            for (const wish of effect.wishes) this.#program(wish);
            return;
          case 'recovered':
            this.recoveredAt = this.#lab.now;
            for (const prefix of this.#leftovers) this.kernel.delete(prefix);
            this.#leftovers.clear();
            return;
          case 'fact':
            this.facts.push({ at: this.#lab.now, fact: effect.fact });
            return;
          case 'acceptOptions':
            return;
        }
      },
    };
  }

  #program(wish: KernelWish): void {
    const prefix = wish.type === 'route' ? wish.route.prefix : wish.prefix;
    this.#leftovers.delete(prefix);
    if (wish.type === 'route') this.kernel.set(prefix, wish.route);
    else this.kernel.delete(prefix);
  }
}

/** One interface, eth0, with the machine's addresses in a /24 or /64. */
export function snapshotOf(addresses: readonly Address[]): KernelEvent {
  return {
    type: 'snapshot',
    links: [{ device: 'eth0', index: 2, up: true, mtu: 1500 }],
    addresses: addresses.map((address) => ({
      device: 'eth0',
      address,
      prefix: networkOf(address),
      secondary: false,
      scope: 'global',
    })),
    learned: [],
  };
}

function networkOf(address: Address): Prefix {
  if (familyOf(address) === 'ipv4') return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  return `${address.slice(0, address.lastIndexOf('::'))}::/64`;
}

/** None, and Calico's. */
const NORMAL_METRICS = [0, 1024];

function textOf({ type, nextHops, metric }: KernelRoute): string {
  const hops = nextHops.map(({ gateway, device, onlink }) =>
    [gateway === undefined ? '' : `via ${gateway} `, `dev ${device}`, onlink === true ? ' onlink' : ''].join(''),
  );
  return `${type === 'unicast' ? hops.join(' | ') : type}${NORMAL_METRICS.includes(metric) ? '' : ` metric ${metric}`}`;
}

function addressesOf(resource: NodeResource | RouteReflector): readonly Address[] {
  if (resource.kind === 'RouteReflector') return resource.listenAddresses;
  return [resource.bgp?.ipv4?.address, resource.bgp?.ipv6?.address].filter((address) => address !== undefined);
}

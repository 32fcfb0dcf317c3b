// All machines of a simulated cluster: made from its resources, some of them whole and the others light, and what is true of
// all together.

import type { Prefix } from 'node-bgp';
import { Simulation } from 'node-bgp/simulator';
import { ResourceStore } from '../../src/datastore/store.ts';
import { computeIntent, type PeerIntent } from '../../src/intent/index.ts';
import {
  addressOf,
  type Cluster,
  isReflector,
  machines,
  nameOf,
  ownPrefixes,
  prefixes,
  prefixOf,
  resourcesOf,
} from './cluster.ts';
import { Holdings, type Range } from './holdings.ts';
import { LightNode, type LightPeer, mirrored } from './light-node.ts';
import type { CostModel, Machine, World } from './machine.ts';
import { WholeNode } from './whole-node.ts';

export interface NetworkOptions {
  readonly cluster: Cluster;
  /** Nodes that are routers as they are; reflectors always are. */
  readonly whole: number;
  readonly seed: number;
  /** Milliseconds, one way, between any two machines. */
  readonly delay: number;
  readonly cost: CostModel;
}

export class Network {
  readonly cluster: Cluster;
  readonly simulation: Simulation;
  readonly holdings: Holdings;
  /** The nodes, the whole ones first, then the reflectors. */
  readonly machines: readonly Machine[];
  readonly #world: World;

  constructor({ cluster, whole, seed, delay, cost }: NetworkOptions) {
    this.cluster = cluster;
    const simulation = new Simulation({ seed, delay });
    const store = new ResourceStore();
    store.apply(resourcesOf(cluster).map((resource) => ({ type: 'set', resource })));
    const holdings = new Holdings(prefixes(cluster), () => simulation.now);
    const numbers = new Map<Prefix, number>();
    for (let number = 0; number < prefixes(cluster); number++) numbers.set(prefixOf(number), number);
    this.simulation = simulation;
    this.holdings = holdings;
    this.#world = { simulation, cluster, store, holdings, numbers, ends: { count: 0 }, cost };
    this.machines = this.#make(whole);
  }

  get nodes(): readonly Machine[] {
    return this.machines.slice(0, this.cluster.nodes);
  }

  get reflectors(): readonly Machine[] {
    return this.machines.slice(this.cluster.nodes);
  }

  /** Ends of sessions that are up. */
  get ends(): number {
    return this.#world.ends.count;
  }

  /** Ends of sessions where all machines run: a light node has none with another light one. */
  get allEnds(): number {
    return this.machines.reduce((sum, { index }) => sum + this.endsOf(index), 0);
  }

  /** Routes where everybody has everything that it is told of. */
  get allRoutes(): number {
    return this.machines.reduce((sum, { index }) => sum + this.routesOf(index), 0);
  }

  /** Sessions that a machine has in this simulation. */
  endsOf(machine: number): number {
    const all = machines(this.cluster) - 1;
    if (isReflector(this.cluster, machine)) return all;
    if (this.cluster.reflectors > 0) return this.cluster.reflectors;
    return this.machines[machine]!.isWhole ? all : this.#wholeNodes;
  }

  routesOf(machine: number): number {
    const { cluster } = this;
    if (cluster.reflectors > 0 || this.machines[machine]!.isWhole) return prefixes(cluster);
    return (this.#wholeNodes + 1) * cluster.blocks;
  }

  /** Machines that hold prefixes of this one, summed over its prefixes. */
  holdersOf(machine: number): number {
    const [first, end] = ownPrefixes(this.cluster, machine);
    let sum = 0;
    for (let number = first; number < end; number++) sum += this.holdings.holders(number);
    return sum;
  }

  get #wholeNodes(): number {
    return this.nodes.filter(({ isWhole }) => isWhole).length;
  }

  #make(whole: number): Machine[] {
    const { cluster } = this;
    const isWhole = (index: number) => isReflector(cluster, index) || index < whole;
    const indices = Array.from({ length: machines(cluster) }, (_, index) => index);
    const peers = whole < cluster.nodes ? this.#lightPeers(indices.filter(isWhole)) : new Map<number, LightPeer[]>();
    return indices.map((index) =>
      isWhole(index) ? new WholeNode(this.#world, index) : new LightNode(this.#world, index, peers.get(index) ?? []),
    );
  }

  /** What the whole machines' intents say of their sessions with light ones, from the other end. */
  #lightPeers(whole: readonly number[]): ReadonlyMap<number, LightPeer[]> {
    const { cluster, store } = this.#world;
    const machineAt = new Map(Array.from({ length: cluster.nodes }, (_, index) => [addressOf(index), index]));
    const peers = new Map<number, LightPeer[]>();
    for (const index of whole) {
      const intent = computeIntent(store, { node: nameOf(cluster, index) });
      const known = new Map<PeerIntent, LightPeer>();
      for (const theirs of intent.peers.values()) {
        const machine = machineAt.get(theirs.address);
        if (machine === undefined || whole.includes(machine)) continue;
        const peer = known.get(theirs) ?? { intent: mirrored(theirs, addressOf(index)), ...this.#told(index) };
        peers.set(machine, [...(peers.get(machine) ?? []), peer]);
      }
    }
    return peers;
  }

  /** Of reflectors each may tell everything; of nodes in a mesh each tells its own, so that all share one bit. */
  #told(index: number): { readonly way: number; readonly range: Range } {
    const { cluster } = this;
    if (isReflector(cluster, index)) return { way: 1 << (index - cluster.nodes), range: [0, prefixes(cluster)] };
    return { way: 1, range: ownPrefixes(cluster, index) };
  }
}

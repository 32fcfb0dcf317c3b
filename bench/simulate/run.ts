// One simulation from beginning to end: the network is made, everything happens to it, and it is taken apart to see what its
// routers weighed.

import { ResourceStore } from '../../src/datastore/store.ts';
import { type Cluster, resourcesOf } from './cluster.ts';
import { type EventFigures, Events } from './events.ts';
import { Garbage } from './garbage.ts';
import type { CostModel } from './machine.ts';
import { Network } from './network.ts';
import type { Task } from './options.ts';
import { processorTime } from './processor-time.ts';

/** Octets: objects and typed arrays, without the engine and its code. */
export interface MemoryFigures {
  /** A whole node's router. */
  readonly node: number;
  readonly reflector?: number;
  /** The resources of the cluster, which every node's process holds beside its router. */
  readonly resources: number;
}

export interface Result {
  readonly task: Task;
  /** Sessions of the cluster, and those that were simulated. */
  readonly sessions: number;
  readonly simulatedSessions: number;
  readonly events: readonly EventFigures[];
  readonly memory: MemoryFigures;
  /** Seconds of processor time that the simulation took. */
  readonly took: number;
}

/** Milliseconds of a system call that reads from or writes to a connection, with what the system does (bench/README.md). */
const SYSTEM_CALL = 0.007;

/** @param tell is told each event when it is over */
export function simulate(task: Task, tell: (figures: EventFigures) => void = () => {}): Result {
  const began = processorTime();
  const garbage = new Garbage();
  const { cluster } = task;
  const resources = weigh(garbage, () => storeOf(cluster));
  const network = new Network({ ...task, cost: costModel(task.cpu, garbage) });
  const events: EventFigures[] = [];
  for (const figures of new Events(network).all(task.restarts)) {
    events.push(figures);
    tell(figures);
  }
  return {
    task,
    sessions: sessionsOf(cluster),
    simulatedSessions: network.allEnds / 2,
    events,
    memory: { ...takeApart(network, garbage), resources },
    took: (processorTime() - began) / 1000,
  };
}

function costModel(cpu: number, { tidy }: Garbage): CostModel {
  if (cpu === 0) return { clock: () => 0, systemCall: 0, tidy: () => {} };
  return { clock: () => processorTime() * cpu, systemCall: SYSTEM_CALL * cpu, tidy };
}

function sessionsOf({ nodes, reflectors }: Cluster): number {
  if (reflectors === 0) return (nodes * (nodes - 1)) / 2;
  return nodes * reflectors + (reflectors * (reflectors - 1)) / 2;
}

function storeOf(cluster: Cluster): ResourceStore {
  const store = new ResourceStore();
  store.apply(resourcesOf(cluster).map((resource) => ({ type: 'set', resource })));
  return store;
}

/** Octets that something takes, seen when it goes. */
function weigh(garbage: Garbage, make: () => unknown): number {
  const before = garbage.used();
  const kept = [make()];
  const after = garbage.used();
  kept.length = 0;
  return after - before;
}

/** The routers go, one kind after the other. One reflector is off by now. */
function takeApart(network: Network, garbage: Garbage): Omit<MemoryFigures, 'resources'> {
  const reflectors = network.reflectors.filter(({ sessions }) => sessions > 0);
  const nodes = network.nodes.filter(({ isWhole }) => isWhole);
  const before = garbage.used();
  for (const reflector of reflectors) reflector.kill();
  const between = garbage.used();
  for (const node of nodes) node.kill();
  const after = garbage.used();
  const node = (between - after) / nodes.length;
  return reflectors.length === 0 ? { node } : { node, reflector: (before - between) / reflectors.length };
}

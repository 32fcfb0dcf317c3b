// What all simulated machines have in common: their life, and what is counted of them.

import type { Prefix } from 'node-bgp';
import type { Simulation } from 'node-bgp/simulator';
import type { ResourceStore } from '../../src/datastore/store.ts';
import type { Cluster } from './cluster.ts';
import type { Holdings } from './holdings.ts';

/** What machines share. */
export interface World {
  readonly simulation: Simulation;
  readonly cluster: Cluster;
  readonly store: ResourceStore;
  readonly holdings: Holdings;
  /** Prefix -> its number. */
  readonly numbers: ReadonlyMap<Prefix, number>;
  /** Ends of sessions that are up, on all machines. */
  readonly ends: { count: number };
  readonly cost: CostModel;
}

/** How long routers are at work, in milliseconds. */
export interface CostModel {
  /** A clock that runs while a router works, and only then has to be right. */
  readonly clock: () => number;
  /** Of each connection that is read from or written to in a turn: the system's part. */
  readonly systemCall: number;
  /** Called before each turn: for what is not to be charged to it. */
  readonly tidy: () => void;
}

/** Since the machine was made. */
export interface Traffic {
  readonly updatesIn: number;
  readonly octetsIn: number;
  readonly octetsOut: number;
}

export interface Work {
  /** Milliseconds. */
  readonly longestTurn: number;
  readonly total: number;
}

export interface Machine {
  readonly index: number;
  readonly name: string;
  /** It has a routing table; otherwise it has sessions, and counts what it is told. */
  readonly isWhole: boolean;
  /** Ends of sessions that are up. */
  readonly sessions: number;
  start(): void;
  /** The process dies and its connections are closed; the routes in the kernel stay. */
  kill(): void;
  /** The machine is off: nobody hears of it, and its routes are gone. */
  powerOff(): void;
  traffic(): Traffic;
  /** Of a whole one, since the last call. */
  takeWork(): Work | undefined;
}

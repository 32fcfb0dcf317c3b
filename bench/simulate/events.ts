// What happens to a simulated cluster, and what is measured of each event: when all sessions are as they have to be, when all
// routes are, what it took. Not here: how figures are shown.

import { median } from '../daemon/statistics.ts';
import { ownPrefixes } from './cluster.ts';
import type { Outage } from './holdings.ts';
import type { Machine, Traffic } from './machine.ts';
import type { Network } from './network.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** All nodes are started within this time. */
const START_SPREAD = SECOND;
/** A process that is restarted is away for so long. */
const RESTART_PAUSE = 2 * SECOND;
/** What is still under way when all is as it has to be, is waited for. */
const SETTLE = 2 * SECOND;
/** Hold time and restart time together, and some more. */
const LIMIT = 10 * MINUTE;

export type EventName =
  | 'start'
  | 'node killed'
  | 'node back'
  | 'node powered off'
  | 'reflector killed'
  | 'reflector back'
  | 'reflector powered off'
  | 'rolling restart';

export interface Spread {
  readonly total: number;
  readonly median: number;
  readonly worst: number;
  /** The busiest reflector. */
  readonly reflector?: number;
}

/** Milliseconds. */
export interface WorkFigures {
  readonly longestTurn: number;
  /** Processor time of the busiest one. */
  readonly total: number;
}

export interface EventFigures {
  readonly event: EventName;
  /** Milliseconds until all sessions are up, or until everybody has noticed that those of the lost one are not. */
  readonly sessions: number;
  /** Milliseconds until everybody has every route, or has none of the lost node's. */
  readonly routes: number;
  /** Received. */
  readonly updates: Spread;
  /** Sent and received by a machine, of all messages; in total each octet counts once. */
  readonly octets: Spread;
  readonly node: WorkFigures;
  readonly reflector?: WorkFigures;
  /** Routes that were missing on machines that run, of an event in which nobody's routes go. */
  readonly missing?: Outage;
  /** Of a rolling restart: how many processes were restarted. */
  readonly restarts?: number;
}

type Measured = Pick<EventFigures, 'sessions' | 'routes' | 'restarts' | 'missing'>;

export class Events {
  readonly #network: Network;
  readonly #full: { readonly ends: number; readonly routes: number };

  constructor(network: Network) {
    this.#network = network;
    this.#full = { ends: network.allEnds, routes: network.allRoutes };
  }

  /** All machines are started within a second. */
  start(): EventFigures {
    return this.#measure('start', () => {
      const { machines, simulation } = this.#network;
      for (const machine of machines) simulation.at(simulation.random() * START_SPREAD, () => machine.start());
      return this.#untilFull();
    });
  }

  /** All of them, one after the other, and a rolling restart of so many nodes and one reflector. */
  *all(restarts: number): Generator<EventFigures> {
    const { nodes, reflectors } = this.#network;
    const node = nodes.findLast(({ isWhole }) => isWhole)!;
    const reflector = reflectors.at(-1);
    yield this.start();
    yield* this.#loss(node, 'node');
    yield this.#powerOff(node, 'node');
    this.#return(node);
    this.#network.simulation.run(SETTLE);
    if (reflector !== undefined) yield* this.#loss(reflector, 'reflector');
    const step = Math.max(1, Math.floor(nodes.length / restarts));
    const restarted = nodes.filter((_, at) => at % step === 0).slice(0, restarts);
    yield this.rollingRestart([...restarted, ...reflectors.slice(-1)]);
    if (reflector !== undefined) yield this.#powerOff(reflector, 'reflector');
  }

  /** A machine's process dies, is away until all know, and comes back. */
  *#loss(machine: Machine, kind: 'node' | 'reflector'): Generator<EventFigures> {
    yield this.#measure(`${kind} killed`, () => this.#lose(machine, () => machine.kill()));
    yield this.#measure(`${kind} back`, () => this.#return(machine));
  }

  #powerOff(machine: Machine, kind: 'node' | 'reflector'): EventFigures {
    return this.#measure(`${kind} powered off`, () => this.#lose(machine, () => machine.powerOff()));
  }

  /** One process after the other is killed and started again. */
  rollingRestart(machines: readonly Machine[]): EventFigures {
    return this.#measure('rolling restart', () => {
      const { simulation, holdings } = this.#network;
      holdings.watch();
      const times: number[] = [];
      for (const machine of machines) {
        machine.kill();
        simulation.run(RESTART_PAUSE);
        times.push(this.#return(machine).routes);
        simulation.run(SECOND);
      }
      const missing = holdings.outage();
      return { sessions: median(times), routes: Math.max(...times), restarts: machines.length, missing };
    });
  }

  #return(machine: Machine): Measured {
    machine.start();
    return this.#untilFull();
  }

  #untilFull(): Measured {
    const { ends, routes } = this.#full;
    return this.#until(
      () => this.#network.ends === ends,
      () => this.#network.holdings.count === routes,
    );
  }

  #lose(machine: Machine, how: () => void): Measured {
    const network = this.#network;
    const { ends } = this.#full;
    const [first, end] = ownPrefixes(network.cluster, machine.index);
    how();
    const isNoticed = () => network.ends === ends - 2 * network.endsOf(machine.index);
    if (end > first) {
      // Where its kernel still runs, it is the only one that has its routes.
      return this.#until(isNoticed, () => network.holdersOf(machine.index) <= end - first);
    }
    network.holdings.watch();
    const figures = this.#until(isNoticed, () => true);
    // Nothing may be missing when those who kept its routes let them go.
    network.simulation.run(3 * MINUTE);
    return { ...figures, missing: network.holdings.outage() };
  }

  /** Milliseconds until the one, and until both. */
  #until(sessions: () => boolean, routes: () => boolean): Measured {
    const { simulation } = this.#network;
    const began = simulation.now;
    simulation.runUntil(sessions, LIMIT);
    const sessionsAt = simulation.now;
    simulation.runUntil(() => routes() && sessions(), LIMIT);
    return { sessions: sessionsAt - began, routes: simulation.now - began };
  }

  #measure(event: EventName, happen: () => Measured): EventFigures {
    const { machines, simulation } = this.#network;
    const before = machines.map((machine) => machine.traffic());
    for (const machine of machines) machine.takeWork();
    const measured = happen();
    simulation.run(SETTLE);
    const traffic = machines.map((machine, at) => difference(machine.traffic(), before[at]!));
    return { event, ...measured, ...this.#trafficFigures(traffic), ...this.#workFigures() };
  }

  #trafficFigures(traffic: readonly Traffic[]): Pick<EventFigures, 'updates' | 'octets'> {
    const { cluster, nodes } = this.#network;
    // In a mesh a light node has fewer sessions than a node has.
    const counts = (index: number) => cluster.reflectors > 0 || nodes[index]!.isWhole;
    const spread = (figure: (traffic: Traffic) => number, total: number): Spread => {
      const values = traffic.map(figure);
      const own = values.slice(0, cluster.nodes).filter((_, index) => counts(index));
      const reflecting = values.slice(cluster.nodes);
      const common = { total, median: median(own), worst: Math.max(...own) };
      return reflecting.length === 0 ? common : { ...common, reflector: Math.max(...reflecting) };
    };
    const sum = (figure: (traffic: Traffic) => number) => traffic.reduce((total, each) => total + figure(each), 0);
    return {
      updates: spread(
        ({ updatesIn }) => updatesIn,
        sum(({ updatesIn }) => updatesIn),
      ),
      octets: spread(
        ({ octetsIn, octetsOut }) => octetsIn + octetsOut,
        sum(({ octetsIn }) => octetsIn),
      ),
    };
  }

  #workFigures(): Pick<EventFigures, 'node' | 'reflector'> {
    const busiest = (machines: readonly Machine[]): WorkFigures => {
      const works = machines.flatMap((machine) => machine.takeWork() ?? []);
      return {
        longestTurn: Math.max(0, ...works.map(({ longestTurn }) => longestTurn)),
        total: Math.max(0, ...works.map(({ total }) => total)),
      };
    };
    const { nodes, reflectors } = this.#network;
    return { node: busiest(nodes), ...(reflectors.length === 0 ? {} : { reflector: busiest(reflectors) }) };
  }
}

function difference(after: Traffic, before: Traffic): Traffic {
  return {
    updatesIn: after.updatesIn - before.updatesIn,
    octetsIn: after.octetsIn - before.octetsIn,
    octetsOut: after.octetsOut - before.octetsOut,
  };
}

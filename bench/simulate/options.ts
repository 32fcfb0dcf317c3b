// The command line of the simulation.

import { parseArgs } from 'node:util';
import { type Cluster, MOST_PREFIXES } from './cluster.ts';
import { MOST_WAYS } from './light-node.ts';

export type Topology = 'mesh' | 'reflectors';

/** One simulation. */
export interface Task {
  readonly topology: Topology;
  readonly cluster: Cluster;
  /** Nodes with a routing table. */
  readonly whole: number;
  /** Nodes that are restarted one after the other. */
  readonly restarts: number;
  /** Milliseconds, one way. */
  readonly delay: number;
  /** By what processor time is multiplied; 0: work takes no time. */
  readonly cpu: number;
  readonly seed: number;
}

export interface Options {
  readonly tasks: readonly Task[];
  readonly json: boolean;
  readonly writeDocs: boolean;
}

export class UsageError extends Error {}

/** Up to so many nodes are all whole. */
const ALL_WHOLE = 200;
/** Of more nodes so many are whole: at most, at least, and that they have about so many sessions or routes together. */
const MOST_WHOLE = 100;
const FEWEST_WHOLE = 10;
const MESH_ENDS = 25_000;
const REFLECTED_ROUTES = 400_000;

export const USAGE = `npm run simulate -- [options]
  --nodes N             nodes of the cluster (default 1000)
  --reflectors N        machines beside them that reflect, 1 to ${MOST_WAYS} (default 3)
  --blocks N            blocks of a node (default 4)
  --topology NAME       mesh, reflectors, both (default both)
  --whole N             nodes with a routing table; the others have sessions and count what they are told
                        (default: all of up to ${ALL_WHOLE}, of more ${FEWEST_WHOLE} to ${MOST_WHOLE})
  --restarts N          nodes that are restarted one after the other (default 20)
  --delay MS            of every link, one way (default 0.5)
  --cpu FACTOR          by which processor time is multiplied; 0: work takes no time, and every run is the same (default 1)
  --seed N              (default 1)
  --json                figures as lines of JSON
  --write-docs          all sizes of docs/scale.md, whose tables and plots are written anew`;

/** Sizes in docs/scale.md. */
const DOCUMENTED: Readonly<Record<Topology, readonly number[]>> = {
  mesh: [50, 100, 200, 500],
  reflectors: [100, 500, 1000, 2000, 5000],
};
/** Throws UsageError. */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const wanted = values.topology;
  if (wanted !== 'mesh' && wanted !== 'reflectors' && wanted !== 'both') {
    throw new UsageError(`--topology is mesh, reflectors or both, not ${wanted}`);
  }
  const topologies: readonly Topology[] = wanted === 'both' ? ['mesh', 'reflectors'] : [wanted];
  const nodes = number('nodes', values.nodes, 2);
  const tasks = topologies.flatMap((topology) =>
    (values['write-docs'] ? DOCUMENTED[topology] : [nodes]).map((size) => taskOf(topology, size, values)),
  );
  return { tasks, json: values.json, writeDocs: values['write-docs'] };
}

type Values = ReturnType<typeof parse>;

function taskOf(topology: Topology, nodes: number, values: Values): Task {
  const blocks = number('blocks', values.blocks, 1);
  const reflectors = number('reflectors', values.reflectors, 1, MOST_WAYS);
  if (nodes * blocks > MOST_PREFIXES) {
    throw new UsageError(`${nodes} nodes with ${blocks} blocks are more than ${MOST_PREFIXES} prefixes`);
  }
  const cluster = { nodes, reflectors: topology === 'mesh' ? 0 : reflectors, blocks };
  const whole = values.whole === undefined ? usualWhole(cluster) : number('whole', values.whole, 1);
  return {
    topology,
    cluster,
    whole: Math.min(nodes, whole),
    restarts: Math.min(nodes, number('restarts', values.restarts, 1)),
    delay: fraction('delay', values.delay),
    cpu: fraction('cpu', values.cpu),
    seed: number('seed', values.seed, 1),
  };
}

function usualWhole({ nodes, reflectors, blocks }: Cluster): number {
  if (nodes <= ALL_WHOLE) return nodes;
  const affordable = reflectors === 0 ? MESH_ENDS / nodes : REFLECTED_ROUTES / (nodes * blocks);
  return Math.max(FEWEST_WHOLE, Math.min(MOST_WHOLE, Math.floor(affordable)));
}

function parse(args: readonly string[]) {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        nodes: text('1000'),
        reflectors: text('3'),
        blocks: text('4'),
        topology: text('both'),
        whole: { type: 'string' },
        restarts: text('20'),
        delay: text('0.5'),
        cpu: text('1'),
        seed: text('1'),
        json: flag,
        'write-docs': flag,
      },
    }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function number(name: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new UsageError(`--${name} is a whole number ${range}, not ${text}`);
}

function fraction(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new UsageError(`--${name} is a number from 0 on, not ${text}`);
  return value;
}

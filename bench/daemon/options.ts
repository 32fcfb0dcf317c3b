// The command line of a benchmark of the daemon: from words to workloads with their sizes.

import { parseArgs } from 'node:util';
import type { Family } from 'node-bgp';
import type { Plan } from './plan.ts';

export const WORKLOADS = ['reflector', 'feed', 'churn', 'herd', 'memory', 'restart'] as const;
export type Workload = (typeof WORKLOADS)[number];

export interface Options {
  readonly workload: Workload;
  /** Sizes to be run one after the other; none for `restart`, which has no clients. */
  readonly plans: readonly Plan[];
  readonly against: readonly string[];
  readonly runs: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly changes: number;
  /** Milliseconds that sessions stay, and are watched, after the work. */
  readonly rest: number;
  readonly program: string | undefined;
  readonly profile: boolean;
  readonly json: boolean;
}

export class UsageError extends Error {}

export const USAGE = `npm run bench -- WORKLOAD [options]
  reflector  iBGP clients of one reflector, each announces; until every client holds every prefix of the others
  feed       one eBGP router announces a large table; until the one other client holds it
  churn      one prefix goes and comes while all else rests; until all other clients know
  herd       all clients dial at the same moment; until all are Established and hold everything
  memory     the daemon's memory before and after a feed
  restart    from exec to listening, and the memory of an idle node
options
  --against NAMES     peers, by comma: bird2 (default), frr, gobgp, openbgpd, forwarder, none
  --clients N --prefixes M   one size of your own instead of the usual ones; each client announces M prefixes
  --runs N            runs of each daemon, in turn; the table has medians (default 5)
  --family ipv4|ipv6  (default ipv4)
  --add-path          sessions with ADD-PATH in both directions
  --hold-time S       what clients offer (default 9)
  --changes N         changes of churn (default 400)
  --rest S            sessions stay so long after the work (default 0, memory 3)
  --timeout S         for what is waited for (default 60)
  --program COMMAND   how Caracal is called, for instance dist/caracal
  --profile           Caracal alone, with --cpu-prof: prints the functions that took most of the measured time
  --json              every run as a line of JSON instead of the table`;

const SIZES: Readonly<Record<Workload, readonly (readonly [clients: number, prefixes: number])[]>> = {
  reflector: [
    [100, 100],
    [500, 20],
    [1000, 4],
  ],
  feed: [[2, 1_000_000]],
  churn: [
    [100, 100],
    [1000, 4],
  ],
  herd: [
    [1000, 4],
    [5000, 4],
  ],
  memory: [[2, 1_000_000]],
  restart: [],
};

/** Throws UsageError. */
export function readOptions(workload: Workload, args: readonly string[]): Options {
  const values = parse(args);
  const family = values.family as Family;
  if (family !== 'ipv4' && family !== 'ipv6') throw new UsageError(`--family is ipv4 or ipv6, not ${values.family}`);
  const isFeed = workload === 'feed' || workload === 'memory';
  const profile = values.profile === true;
  const plans = sizes(workload, isFeed, values.clients, values.prefixes).map(
    ([clients, prefixes]): Plan => ({
      pattern: isFeed ? 'feed' : 'fanOut',
      family,
      clients,
      prefixes,
      addPath: values['add-path'] === true,
      holdTime: number('hold-time', values['hold-time'], 0),
    }),
  );
  const against = values.against.split(',').filter((name) => name !== '' && name !== 'none');
  return {
    workload,
    plans,
    against: profile ? [] : against,
    runs: number('runs', values.runs ?? (profile ? '1' : '5'), 1),
    timeout: number('timeout', values.timeout, 1) * 1000,
    changes: number('changes', values.changes, 1),
    rest: number('rest', values.rest ?? (workload === 'memory' ? '3' : '0'), 0) * 1000,
    program: values.program,
    profile,
    json: values.json === true,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        against: { ...text, default: 'bird2' },
        clients: text,
        prefixes: text,
        runs: text,
        family: { ...text, default: 'ipv4' },
        'add-path': flag,
        'hold-time': { ...text, default: '9' },
        changes: { ...text, default: '400' },
        rest: text,
        timeout: { ...text, default: '60' },
        program: text,
        profile: flag,
        json: flag,
      },
    }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function sizes(workload: Workload, isFeed: boolean, clients: string | undefined, prefixes: string | undefined) {
  if (clients === undefined && prefixes === undefined) return SIZES[workload];
  const [usual] = SIZES[workload];
  if (usual === undefined) throw new UsageError(`${workload} has no clients`);
  if (isFeed && clients !== undefined) throw new UsageError('a feed has one sender and one receiver');
  return [
    [
      clients === undefined ? usual[0] : number('clients', clients, 2),
      prefixes === undefined ? usual[1] : number('prefixes', prefixes, 1),
    ] as const,
  ];
}

function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new UsageError(`--${name} is a whole number from ${least} on`);
  return value;
}

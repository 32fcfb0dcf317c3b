// Caracal, living from resources, replays what the real BIRD of calico-node did with the same cluster: the routes that each
// neighbour gets with all attributes, End-of-RIB, and the routes in the kernel. Runs where the recordings are at hand.

import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { missing } from '../requirements.ts';
import {
  cases,
  type ExportedPath,
  type ProtocolRecord,
  RECORDINGS,
  type Recording,
  recordOf,
  replay,
} from './replay.ts';

const LOCAL_PREF_OF_METRIC_0 = 2_147_483_647;
const NORMAL_PRIORITY = 1024;
/** Under way at a time: each is mostly waiting. */
const REPLAYS = 2;
/** Seconds. The recorder looks once; on a busy machine, and where no session says when it is done, that may be too early. */
const PATIENCE = [1, 12];
const TIMEOUT_MS = 150_000;

interface Adaptation {
  readonly why: string;
  readonly resources: (resources: string) => string;
  readonly record: (record: Recording) => Recording;
}

/** Cases whose recording says more than their resources, by case and family. Behaviour of Caracal's own is never here. */
const ADAPTATIONS: Readonly<Record<string, Adaptation>> = {
  'cluster_routes__enabled v4': {
    why: 'two mesh peers were written into the configuration by hand, without the step that makes LOCAL_PREF of the metric',
    resources: (resources) =>
      resources.replace('nodeToNodeMeshEnabled: false', 'nodeToNodeMeshEnabled: true') + FAR_NODE,
    record: withPriorityStep,
  },
};

const FAR_NODE = `
---
kind: Node
apiVersion: projectcalico.org/v3
metadata:
  name: kube-node-3
spec:
  bgp:
    ipv4Address: 10.193.0.4/16
`;

const runs = cases().flatMap((name) => ([4, 6] as const).map((family) => ({ name, family })));
const reason =
  missing('namespaces', 'ip', 'python3') ??
  (runs.length === 0
    ? `needs recordings; CARACAL_CONFORMANCE says where they are, and in ${RECORDINGS} are none`
    : undefined);

const title = `exports and programs what the recorded BIRD did${reason === undefined ? '' : ` [skipped: ${reason}]`}`;

describe.skipIf(reason !== undefined)(title, () => {
  const atOnce = limit(REPLAYS);

  test.concurrent.each(runs)('$name, IPv$family', { timeout: TIMEOUT_MS }, async ({ name, family }) => {
    const adaptation = ADAPTATIONS[`${name} v${family}`];
    const record = recordOf(name, family);
    const expected = essence(adaptation?.record(record) ?? record);
    let outcome: ReturnType<typeof essence> | undefined;
    for (const patience of PATIENCE) {
      outcome = essence(await atOnce(() => replay(name, family, patience, adaptation?.resources)));
      if (isDeepStrictEqual(outcome, expected)) break;
    }
    expect(outcome).toEqual(expected);
  });

  if (runs.length === 0) test('all cases', () => {});
});

/** Lets so many tasks run at a time, in the order in which they come. */
function limit(slots: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = slots;
  return async (task) => {
    if (free > 0) free--;
    else await new Promise<void>((start) => waiting.push(start));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

/** What counts of a recording. The order of kernel routes says nothing. */
function essence({ protocols, kernel }: Recording) {
  const sessions = Object.entries(protocols).map(([name, { state, end_of_rib, exported }]) => [
    name,
    { state, end_of_rib, exported },
  ]);
  const programmed = kernel.programmed.map((route) => JSON.stringify(route)).sort();
  return { sessions: Object.fromEntries(sessions), programmed };
}

/** The address of tunl0: inside an own block and of normal priority, once it has one. */
const TUNNEL_ADDRESS = '192.168.221.64/32';

/** The recording as it would be with the peers that Calico makes. */
function withPriorityStep(record: Recording): Recording {
  const metrics = new Map(record.harness.kernel_routes.map((route) => [route.split(' ')[0]!, metricOf(route)]));
  const corrected = (prefix: string, path: ExportedPath): ExportedPath => ({
    ...path,
    local_pref: LOCAL_PREF_OF_METRIC_0 - (metrics.get(prefix) ?? NORMAL_PRIORITY),
  });
  const protocol = (session: ProtocolRecord): ProtocolRecord => {
    const { [TUNNEL_ADDRESS]: _, ...told } = session.exported;
    return { ...session, exported: mapValues(told, (paths, prefix) => paths.map((path) => corrected(prefix, path))) };
  };
  return { ...record, protocols: mapValues(record.protocols, protocol) };
}

/** Of `10.0.0.1/32 dev cali0 proto 80 metric 1024`; without one the kernel has 0. */
function metricOf(route: string): number {
  return Number(/ metric (\d+)/.exec(route)?.[1] ?? 0);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}

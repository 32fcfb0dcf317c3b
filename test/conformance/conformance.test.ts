// Caracal, living from resources, replays what the real BIRD of calico-node did with the same cluster: the routes that each
// neighbour gets with all attributes, End-of-RIB, and the routes in the kernel. Runs where the recordings are at hand.

import { describe, expect, test } from 'vitest';
import {
  type ExportedPath,
  essence,
  limit,
  type ProtocolRecord,
  type Recording,
  reasonToSkip,
  recordOf,
  replayedUntil,
  replayResources,
  runs,
  TIMEOUT_MS,
} from './replay.ts';

const LOCAL_PREF_OF_METRIC_0 = 2_147_483_647;
const NORMAL_PRIORITY = 1024;
/** Under way at a time: each is mostly waiting. */
const REPLAYS = 2;

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

const reason = reasonToSkip();
const title = `exports and programs what the recorded BIRD did${reason === undefined ? '' : ` [skipped: ${reason}]`}`;

describe.skipIf(reason !== undefined)(title, () => {
  const atOnce = limit(REPLAYS);

  test.concurrent.each(runs)('$name, IPv$family', { timeout: TIMEOUT_MS }, async ({ name, family }) => {
    const adaptation = ADAPTATIONS[`${name} v${family}`];
    const record = recordOf(name, family);
    const expected = essence(adaptation?.record(record) ?? record);
    const play = (patience: number) => atOnce(() => replayResources(name, family, patience, adaptation?.resources));
    expect(await replayedUntil(expected, play)).toEqual(expected);
  });

  if (runs.length === 0) test('all cases', () => {});
});

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

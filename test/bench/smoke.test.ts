// The benchmark itself works: five clients of Caracal in namespaces of their own, and nothing is left afterwards.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { caracal, PEERS } from '../../bench/daemon/contenders.ts';
import { Network } from '../../bench/daemon/network.ts';
import type { Plan } from '../../bench/daemon/plan.ts';
import type { Task } from '../../bench/daemon/run-result.ts';
import { runTrial } from '../../bench/daemon/trial.ts';
import { existingNamespaces } from '../../topologies/commands.ts';
import { describeWith } from '../requirements.ts';

const PLAN: Plan = { pattern: 'fanOut', family: 'ipv4', clients: 5, prefixes: 5, addPath: false, holdTime: 9 };
const TASK: Omit<Task, 'plan' | 'processes'> = { workload: 'load', timeout: 20_000, changes: 4, rest: 0 };
const TIMEOUT = 60_000;

async function withNetwork<T>(use: (network: Network) => Promise<T>): Promise<T> {
  const network = await Network.build();
  try {
    return await use(network);
  } finally {
    await network.remove();
  }
}

describeWith(['namespaces', 'ip'], 'the benchmark of the daemon', () => {
  test.each([
    ['reflector with IPv6 and ADD-PATH', { ...PLAN, family: 'ipv6', addPath: true }, 'load'],
    ['feed', { ...PLAN, pattern: 'feed', clients: 2, prefixes: 100 }, 'load'],
    ['churn', PLAN, 'churn'],
    ['herd', PLAN, 'herd'],
  ] as const)(
    'every client gets every prefix of the others, once: %s',
    async (_, plan, workload) => {
      const result = await withNetwork((network) => runTrial(network, caracal({}), plan, { ...TASK, workload }));
      expect({ failure: result.failure, established: result.established }).toEqual({ established: plan.clients });
      expect(result.checks).toMatchObject({ echoed: 0, unheld: 0, foreign: 0, secondTries: 0 });
      expect(result.latencies?.length).toBe(workload === 'churn' ? TASK.changes : undefined);
      expect(result.daemon.after.resident).toBeGreaterThan(0);
      expect(
        [...existingNamespaces()].filter((namespace) => namespace.startsWith(`caracal-bench-${process.pid}-`)),
      ).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    'a peer that is no router at all is measured by the same means',
    async () => {
      const forwarder = PEERS.find(({ name }) => name === 'forwarder')!;
      const result = await withNetwork((network) => runTrial(network, forwarder, PLAN, TASK));
      expect({ failure: result.failure, established: result.established }).toEqual({ established: 5 });
    },
    TIMEOUT,
  );

  test('a word that it does not know is answered by how it is used', () => {
    const bench = new URL('../../bench/reflector.ts', import.meta.url).pathname;
    const call = () => execFileSync(process.execPath, [bench, '--clients', 'many'], { stdio: 'pipe' });
    expect(call).toThrow(/--clients is a whole number from 2 on/);
  });
});

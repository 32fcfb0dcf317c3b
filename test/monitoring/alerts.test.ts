// The alerts of deploy/kubernetes/monitoring against what real daemons say when something is wrong: promtool takes what was
// scraped as if it had stayed so for a quarter of an hour.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify, parse as yaml } from 'yaml';
import { waitFor } from '../../topologies/wait-for.ts';
import { describeWith, missing } from '../requirements.ts';
import { seriesOf } from './exposition.ts';
import { LoopbackCluster, type Member } from './loopback-cluster.ts';

const RULES = join(import.meta.dirname, '../../deploy/kubernetes/monitoring/prometheus-rule.yaml');
const TIMEOUT = 120_000;
const WAIT = 60_000;

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const groups: readonly { readonly rules: readonly Rule[] }[] = yaml(readFileSync(RULES, 'utf8')).spec.groups;

/** What fires when a scrape stays as it is, after a while (`15m`). */
type Firing = Readonly<Record<string, readonly string[]>>;

describeWith(['promtool'], 'the alerts', () => {
  let cluster: LoopbackCluster;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'caracal-alerts-'));
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups }));
    cluster = new LoopbackCluster();
    await cluster.start();
    await untilEstablished(3);
  }, TIMEOUT);

  afterAll(async () => {
    await cluster.end();
    rmSync(folder, { recursive: true });
  }, TIMEOUT);

  async function untilMetrics(name: string, holds: (text: string) => boolean): Promise<string> {
    let text = '';
    const isSo = async () => {
      text = (await cluster.ask(name, '/metrics')) ?? '';
      return holds(text);
    };
    expect(await waitFor(isSo, WAIT), `what ${name} says in the end: ${text}\n${cluster.said(name)}`).toBe(true);
    return text;
  }

  function untilEstablished(count: number): Promise<string> {
    const line = `bgp_peers{instance="node-1",status="Established",ip_version="IPv4"} ${count}\n`;
    return untilMetrics('node-1', (text) => text.includes(line));
  }

  /** promtool says what differs from the expectation; `expected` is by time: which alerts fire. */
  function expectFiring(metrics: string, expected: Firing): void {
    const input = seriesOf(metrics).map(({ name, labels, value }) => {
      const kept = labels.replace(/\binstance=/, 'exported_instance=');
      return {
        series: `${name}{${kept}${kept === '' ? '' : ','}instance="node-1",job="caracal"}`,
        values: `${value}x30`,
      };
    });
    const expr = 'count by (alertname) (ALERTS{alertstate="firing"})';
    const tests = Object.entries(expected).map(([eval_time, names]) => ({
      expr,
      eval_time,
      exp_samples: names.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
    }));
    const suite = {
      rule_files: ['rules.yaml'],
      tests: [{ interval: '1m', input_series: input, promql_expr_test: tests }],
    };
    writeFileSync(join(folder, 'suite.yaml'), stringify(suite));
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'suite.yaml'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect({ status, said: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
  }

  test('are rules that Prometheus takes', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', 'rules.yaml'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([status, stderr, stdout]).toEqual([0, '', expect.stringContaining('SUCCESS: 5 rules found')]);
  });

  test('are quiet while all is well', { timeout: TIMEOUT }, async () => {
    expectFiring(await untilEstablished(3), { '1m': [], '15m': [] });
  });

  // One after the other: what was stopped stays stopped.
  const losses: readonly [Member, number, Firing][] = [
    ['node-2', 2, { '4m': [], '6m': ['CaracalMeshIncomplete'] }],
    ['rack', 1, { '1m': [], '3m': ['CaracalSessionDown'], '15m': ['CaracalMeshIncomplete', 'CaracalSessionDown'] }],
  ];
  test.each(losses)('tell that %s is gone', { timeout: TIMEOUT }, async (member, left, expected) => {
    await cluster.stop(member);
    expectFiring(await untilEstablished(left), expected);
  });

  test('tell that no reflector is left', { timeout: TIMEOUT }, async () => {
    await cluster.stop('reflector');
    const metrics = await untilEstablished(0);
    // Two sessions of the same alert are one name, counted twice.
    const peers = seriesOf(metrics).filter(({ name, value }) => name === 'caracal_bgp_peer_up' && value === '0');
    expect(peers).toHaveLength(2);
    const withoutRack = metrics.split('\n').filter((line) => !/^caracal_bgp_peer_(up|info)\{.*127\.0\.0\.4/.test(line));
    expectFiring(withoutRack.join('\n'), {
      '30s': [],
      '90s': ['CaracalNoReflector'],
      '15m': ['CaracalMeshIncomplete', 'CaracalNoReflector', 'CaracalSessionDown'],
    });
  });

  test('tell that the datastore is not heard of', { timeout: TIMEOUT }, async () => {
    await cluster.stop('node-1');
    cluster.spawnDaemon('node-1', ['--datastore', 'kubernetes', '--kernel', 'none'], {
      K8S_API_ENDPOINT: 'http://127.0.0.1:1',
    });
    const metrics = await untilMetrics('node-1', (text) =>
      text.includes('caracal_datastore_synced{type="kubernetes"} 0'),
    );
    expectFiring(metrics, { '9m': [], '11m': ['CaracalDatastoreStale'] });
  });

  test.skipIf(missing('namespaces', 'ip'))('tell that the kernel differs', { timeout: TIMEOUT }, async () => {
    await cluster.stop('node-1');
    // A kernel of its own, in which somebody else has put a route in the place of the node's block.
    const prepare = 'ip link set lo up && ip route add blackhole 10.65.0.0/26 proto static && exec "$@"';
    cluster.run('node-1', [], ['unshare', '--net', 'sh', '-c', prepare, 'sh']);
    const metrics = await untilMetrics('node-1', (text) =>
      text.includes('caracal_kernel_routes_troubled{reason="conflict"} 1'),
    );
    const kernel = metrics.split('\n').filter((line) => !line.startsWith('caracal_bgp_peer'));
    expectFiring(kernel.join('\n'), { '4m': [], '6m': ['CaracalKernelDiffers'] });
  });
});

test('every alert says in its annotations what is the matter and what to do', () => {
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.filter(({ annotations }) => !annotations.summary || !annotations.description)).toEqual([]);
});

test('docs/metrics.md has every alert, and no other', () => {
  const document = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
  const documented = [...document.matchAll(/^\| `(Caracal\w+)`/gm)].map(([, name]) => name);
  expect(documented).toEqual(groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)));
});

// The dashboard and the alerts ask for metrics and labels that exist, in expressions that Prometheus understands.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify, parse as yaml } from 'yaml';
import { METRIC_ROWS } from '../../src/status/metrics/metrics.ts';
import { LATENESS } from '../../src/status/metrics/rows.ts';
import { describeWith } from '../requirements.ts';

const FOLDER = join(import.meta.dirname, '../../deploy/kubernetes/monitoring');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

const dashboard: {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: unknown }[] };
} = JSON.parse(read('dashboard.json'));
const panels: readonly (readonly [string, string])[] = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);
const alerts: readonly (readonly [string, string])[] = yaml(read('prometheus-rule.yaml')).spec.groups.flatMap(
  ({ rules }: { rules: { alert: string; expr: string }[] }) => rules.map(({ alert, expr }) => [alert, expr]),
);

/** What Prometheus itself adds to each series. */
const TARGET_LABELS = ['instance', 'job', 'le'];

const labelsOf = new Map<string, readonly string[]>([
  ...METRIC_ROWS.map(({ name, labels }) => [name, labels] as const),
  ...['bucket', 'sum', 'count'].map((end) => [`${LATENESS.name}_${end}`, LATENESS.labels] as const),
]);

/** Words of PromQL that stand where a metric could. */
const KEYWORDS = ['and', 'or', 'unless', 'bool', 'offset'];
const CLAUSE = /\b(?:by|on|group_left|group_right|without|ignoring)\s*\(([^)]*)\)/g;

test.each([...panels, ...alerts])('%s asks for what there is', (_title, expr) => {
  const metrics = metricsIn(expr);
  expect(metrics.length).toBeGreaterThan(0);
  for (const { name, labels } of metrics) {
    expect([...labelsOf.keys()]).toContain(name);
    expect([...labelsOf.get(name)!, ...TARGET_LABELS]).toEqual(expect.arrayContaining([...labels]));
  }
  const known = [...TARGET_LABELS, ...metrics.flatMap(({ name }) => labelsOf.get(name)!)];
  const grouped = [...expr.matchAll(CLAUSE)].flatMap(([, list = '']) => list.match(/\w+/g) ?? []);
  expect(known).toEqual(expect.arrayContaining(grouped));
});

/** The selectors of an expression: what is neither a function, nor a word of PromQL, nor in a clause about labels. */
function metricsIn(expr: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  const bare = expr
    .replace(/"[^"]*"/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(CLAUSE, '');
  const selectors = bare.matchAll(/\b([a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\{([^}]*)\})?/g);
  return [...selectors]
    .filter(([, name = '']) => !KEYWORDS.includes(name))
    .map(([, name = '', matchers = '']) => ({ name, labels: matchers.match(/\w+(?=\s*[=!])/g) ?? [] }));
}

test('every metric of the node is on a panel or in an alert, but for what is said elsewhere', () => {
  const text = [...panels, ...alerts].map(([, expr]) => expr).join('\n');
  const unused = [...METRIC_ROWS.map(({ name }) => name), `${LATENESS.name}_bucket`].filter(
    (name) => !new RegExp(`\\b${name}\\b`).test(text),
  );
  expect(unused.filter((name) => !name.startsWith('caracal_bgp_peer_') && !name.startsWith('bgp_'))).toEqual([
    'caracal_recovering',
    'caracal_reconfigured_timestamp_seconds',
    'caracal_datastore_watches',
    'caracal_datastore_last_event_timestamp_seconds',
    'process_start_time_seconds',
    'nodejs_heap_size_used_bytes',
    'nodejs_external_memory_bytes',
  ]);
});

test('panels have numbers of their own and do not lie on each other', () => {
  const { panels: all } = dashboard;
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  const overlapping = all.flatMap((a, index) =>
    all
      .slice(index + 1)
      .filter(({ gridPos: b }) => overlap(a.gridPos, b))
      .map((b) => `${a.title} and ${b.title}`),
  );
  expect(overlapping).toEqual([]);
});

function overlap(a: Panel['gridPos'], b: Panel['gridPos']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

describeWith(['promtool'], 'the expressions of the dashboard', () => {
  test('are PromQL', () => {
    const folder = mkdtempSync(join(tmpdir(), 'caracal-dashboard-'));
    const rules = panels.map(([, expr], index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.+'),
    }));
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups: [{ name: 'panels', rules }] }));
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', 'rules.yaml'], {
      cwd: folder,
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect([status, stderr]).toEqual([0, '']);
  });
});

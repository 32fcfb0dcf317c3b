// From results of runs to a table: a line for each daemon with the medians of its runs, and how Caracal stands to each
// peer. Pure.

import type { Workload } from './options.ts';
import type { Plan } from './plan.ts';
import type { RunResult } from './run-result.ts';
import { median, percentile } from './statistics.ts';
import type { IdleResult } from './trial.ts';

interface Column<R> {
  readonly title: string;
  readonly value: (result: R) => number;
  readonly unit: Unit;
  /** Less is better, and the quotient with a peer's value says something. */
  readonly compared?: boolean;
}

type Unit = 's' | 'ms' | 'MiB' | '%' | 'CPUs' | 'count';

const FORMAT: Readonly<Record<Unit, (value: number) => string>> = {
  s: (value) => `${(value / 1000).toFixed(3)} s`,
  ms: (value) => `${value.toFixed(value < 100 ? 2 : 0)} ms`,
  MiB: (value) => `${(value / 1024).toFixed(1)} MiB`,
  '%': (value) => `${(value * 100).toFixed(0)} %`,
  CPUs: (value) => value.toFixed(1),
  count: (value) => value.toFixed(0),
};

type RunColumn = Column<RunResult>;

const CONVERGED: RunColumn = { title: 'converged', value: (r) => r.converging, unit: 's', compared: true };
const CPU: RunColumn = { title: 'CPU', value: (r) => r.daemon.cpu, unit: 's', compared: true };
const RESIDENT: RunColumn = { title: 'resident', value: (r) => r.daemon.after.resident, unit: 'MiB', compared: true };
const HIGHEST: RunColumn = { title: 'highest', value: (r) => r.daemon.after.highest, unit: 'MiB' };
const COMMON: readonly RunColumn[] = [
  { title: 'generator CPU', value: (r) => r.generator.cpu, unit: 's' },
  { title: 'it waited', value: (r) => r.generator.waited, unit: '%' },
  { title: 'its reads', value: (r) => r.generator.reads, unit: 'count' },
  { title: 'others', value: (r) => r.others, unit: 'CPUs' },
  { title: 'repeated', value: (r) => r.checks.repeated, unit: 'count' },
  { title: 'KEEPALIVEs', value: (r) => r.keepalives.count, unit: 'count' },
  { title: 'late', value: (r) => Math.max(0, r.keepalives.latest), unit: 'ms' },
];
const ESTABLISHED: RunColumn = { title: 'all Established', value: (r) => r.establishing, unit: 's', compared: true };
const latency = (percent: number): RunColumn => ({
  title: `p${percent}`,
  value: (r) => percentile(r.latencies ?? [], percent),
  unit: 'ms',
  compared: true,
});

const COLUMNS: Readonly<Record<Exclude<Workload, 'restart'>, readonly RunColumn[]>> = {
  reflector: [CONVERGED, CPU, RESIDENT, HIGHEST, ...COMMON],
  feed: [CONVERGED, CPU, RESIDENT, HIGHEST, ...COMMON],
  churn: [latency(50), latency(99), latency(100), CPU, RESIDENT, ...COMMON],
  herd: [
    ESTABLISHED,
    CONVERGED,
    CPU,
    RESIDENT,
    HIGHEST,
    { title: 'second tries', value: (r) => r.checks.secondTries, unit: 'count' },
    ...COMMON,
  ],
  memory: [
    { title: 'resident before', value: (r) => r.daemon.before.resident, unit: 'MiB' },
    RESIDENT,
    {
      title: 'more',
      value: (r) => r.daemon.after.resident - r.daemon.before.resident,
      unit: 'MiB',
      compared: true,
    },
    { title: 'private', value: (r) => r.daemon.after.private, unit: 'MiB' },
    HIGHEST,
    CONVERGED,
    ...COMMON,
  ],
};

const IDLE_COLUMNS: readonly Column<IdleResult>[] = [
  { title: 'listening', value: (r) => r.listening, unit: 's', compared: true },
  { title: 'resident', value: (r) => r.memory.resident, unit: 'MiB', compared: true },
  { title: 'private', value: (r) => r.memory.private, unit: 'MiB', compared: true },
];

export interface Measured<R> {
  readonly name: string;
  readonly version: string;
  readonly results: readonly R[];
}

export function titleOf(workload: Workload, plan: Plan | undefined): string {
  if (plan === undefined) return `${workload}: an idle node`;
  const options = [plan.family, `hold time ${plan.holdTime} s`, ...(plan.addPath ? ['ADD-PATH'] : [])].join(', ');
  const size = plan.pattern === 'feed' ? '' : `${plan.clients.toLocaleString('en')} clients x `;
  return `${workload}: ${size}${plan.prefixes.toLocaleString('en')} prefixes, ${options}`;
}

export function runTable(workload: Exclude<Workload, 'restart'>, measured: readonly Measured<RunResult>[]): string {
  const good = measured.map((each) => ({ ...each, results: each.results.filter((r) => r.failure === undefined) }));
  const remarks = measured.flatMap(({ name, results }) => remarksOf(name, results));
  return [table(COLUMNS[workload], good), ...remarks].join('\n');
}

export function idleTable(measured: readonly Measured<IdleResult>[]): string {
  return table(IDLE_COLUMNS, measured);
}

function table<R>(columns: readonly Column<R>[], measured: readonly Measured<R>[]): string {
  const medians = measured.map(({ results }) => columns.map(({ value }) => median(results.map(value))));
  const rows = [
    ['', ...columns.map(({ title }) => title), 'runs'],
    ...measured.map(({ name, version, results }, row) => [
      `${name} ${version}`,
      ...columns.map(({ unit }, column) => formatted(medians[row]![column]!, FORMAT[unit])),
      `${results.length}`,
    ]),
  ];
  for (let peer = 1; peer < measured.length; peer++) {
    const ratio = (column: number) => medians[0]![column]! / medians[peer]![column]!;
    rows.push([
      `${measured[0]!.name} / ${measured[peer]!.name}`,
      ...columns.map(({ compared }, column) => (compared ? formatted(ratio(column), (value) => value.toFixed(3)) : '')),
      '',
    ]);
  }
  return markdown(rows);
}

function formatted(value: number, format: (value: number) => string): string {
  return Number.isFinite(value) ? format(value) : '-';
}

function markdown(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}

/** What no median shows: runs that failed, and things that must not happen. */
function remarksOf(name: string, results: readonly RunResult[]): readonly string[] {
  const remarks: string[] = [];
  for (const [index, { failure, remarks: told, checks }] of results.entries()) {
    const wrong = Object.entries({ echoed: checks.echoed, unheld: checks.unheld, foreign: checks.foreign })
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${count} prefixes ${what}`);
    const all = [failure, told, ...wrong].filter((text) => text !== undefined);
    if (all.length > 0) remarks.push(`${name}, run ${index + 1}: ${all.join('; ')}`);
  }
  return remarks;
}

// Figures of simulations as Markdown tables: for the terminal all events of one, for docs/scale.md one event of all. Pure.

import type { EventFigures, EventName } from './events.ts';
import type { Result } from './run.ts';

const MIB = 2 ** 20;

interface Column<T> {
  readonly title: string;
  readonly text: (value: T) => string;
}

type EventColumn = Column<EventFigures>;

/** What stands for a figure that there is none of. */
const NOTHING = '';

const TIMES: readonly EventColumn[] = [
  { title: 'sessions', text: ({ sessions }) => duration(sessions) },
  { title: 'routes', text: ({ routes }) => duration(routes) },
  { title: 'missing', text: ({ missing }) => (missing === undefined ? NOTHING : missingText(missing)) },
];

const MESSAGES: readonly EventColumn[] = [
  { title: 'UPDATEs', text: ({ updates }) => count(updates.total) },
  { title: 'a node', text: ({ updates }) => spread(updates, count) },
  { title: 'a reflector', text: ({ updates }) => optional(updates.reflector, count) },
];

const OCTETS: readonly EventColumn[] = [
  { title: 'octets', text: ({ octets }) => octetsText(octets.total) },
  { title: 'a node', text: ({ octets }) => spread(octets, octetsText) },
  { title: 'a reflector', text: ({ octets }) => optional(octets.reflector, octetsText) },
];

const WORK: readonly EventColumn[] = [
  { title: 'CPU of a node', text: ({ node }) => duration(node.total) },
  { title: 'its longest turn', text: ({ node }) => duration(node.longestTurn) },
  { title: 'CPU of a reflector', text: ({ reflector }) => optional(reflector?.total, duration) },
  { title: 'its longest turn', text: ({ reflector }) => optional(reflector?.longestTurn, duration) },
];

/** All of one simulation. */
export function resultText(result: Result): string {
  const { events, memory } = result;
  const byEvent = (columns: readonly EventColumn[]) => table([{ title: 'event', text: eventText }, ...columns], events);
  return [
    titleOf(result),
    byEvent(TIMES),
    byEvent(MESSAGES),
    byEvent(OCTETS),
    byEvent(WORK),
    `memory: ${[
      `a node ${mebibytes(memory.node)}`,
      ...(memory.reflector === undefined ? [] : [`a reflector ${mebibytes(memory.reflector)}`]),
      `the resources that each of their processes holds ${mebibytes(memory.resources)}`,
    ].join(', ')}; the engine and its code come on top`,
  ].join('\n\n');
}

function titleOf({ task, sessions, simulatedSessions, took }: Result): string {
  const { cluster, whole, cpu, delay } = task;
  const { nodes, reflectors, blocks } = cluster;
  const left = sessions - simulatedSessions;
  const size = `${count(nodes)} nodes x ${blocks} blocks`;
  const lines = [
    reflectors === 0 ? `mesh of ${size}` : `${size}, ${reflectors} reflectors`,
    left === 0
      ? `${count(sessions)} sessions`
      : `${count(sessions)} sessions, of which ${count(left)} between two nodes without a routing table are left out`,
    whole === nodes ? 'all nodes are whole' : `${whole} nodes are whole, ${count(nodes - whole)} have sessions only`,
    `links of ${delay} ms`,
    cpu === 0 ? 'work takes no time' : cpu === 1 ? 'processor time as measured' : `processor time times ${cpu}`,
    `simulated in ${took.toFixed(0)} s of processor time`,
  ];
  return lines.join('; ');
}

/** One event in clusters of several sizes. */
export function eventTable(event: EventName, results: readonly Result[]): string {
  const rows = results.flatMap((result) => {
    const figures = result.events.find((each) => each.event === event);
    return figures === undefined ? [] : [{ result, figures }];
  });
  type Row = (typeof rows)[number];
  const of = ({ title, text }: EventColumn): Column<Row> => ({ title, text: ({ figures }) => text(figures) });
  const named = (columns: readonly EventColumn[], what: string) =>
    columns.slice(1).map(({ title, text }) => of({ title: `${what} ${title}`, text }));
  const columns: readonly Column<Row>[] = [
    { title: 'cluster', text: ({ result }) => clusterText(result) },
    ...TIMES.map(of),
    ...named(MESSAGES, 'UPDATEs,'),
    ...named(OCTETS, 'octets,'),
    ...WORK.map(of),
  ];
  return table(
    columns.filter(({ text }) => rows.some((row) => text(row) !== NOTHING)),
    rows,
  );
}

export function memoryTable(results: readonly Result[]): string {
  const columns: readonly Column<Result>[] = [
    { title: 'cluster', text: clusterText },
    { title: 'sessions', text: ({ sessions }) => count(sessions) },
    { title: 'sessions of a node', text: ({ task: { cluster } }) => count(cluster.reflectors || cluster.nodes - 1) },
    { title: 'prefixes', text: ({ task: { cluster } }) => count(cluster.nodes * cluster.blocks) },
    { title: 'a node', text: ({ memory }) => mebibytes(memory.node) },
    { title: 'a reflector', text: ({ memory }) => optional(memory.reflector, mebibytes) },
    { title: 'resources', text: ({ memory }) => mebibytes(memory.resources) },
    { title: 'whole nodes', text: ({ task }) => count(task.whole) },
    { title: 'sessions simulated', text: ({ simulatedSessions }) => count(simulatedSessions) },
  ];
  return table(columns, results);
}

function clusterText({ task: { cluster } }: Result): string {
  return cluster.reflectors === 0 ? `mesh of ${count(cluster.nodes)}` : `${count(cluster.nodes)} with reflectors`;
}

function eventText({ event, restarts }: EventFigures): string {
  return restarts === undefined ? event : `${event} of ${restarts}`;
}

function missingText({ most, routeSeconds }: NonNullable<EventFigures['missing']>): string {
  return most === 0 ? 'none' : `${count(most)}; ${routeSeconds.toFixed(1)} route-seconds`;
}

function spread({ median, worst }: EventFigures['updates'], text: (value: number) => string): string {
  return text(median) === text(worst) ? text(median) : `${text(median)}, at most ${text(worst)}`;
}

function optional(value: number | undefined, text: (value: number) => string): string {
  return value === undefined ? NOTHING : text(value);
}

export function duration(milliseconds: number): string {
  if (milliseconds >= 10_000) return `${(milliseconds / 1000).toFixed(0)} s`;
  if (milliseconds >= 1_000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function octetsText(octets: number): string {
  if (octets < 10_000) return count(octets);
  if (octets < 10_000_000) return `${(octets / 1e3).toFixed(0)} kB`;
  return octets < 10e9 ? `${(octets / 1e6).toFixed(0)} MB` : `${(octets / 1e9).toFixed(1)} GB`;
}

export function mebibytes(octets: number): string {
  return `${(octets / MIB).toFixed(octets < 10 * MIB ? 1 : 0)} MiB`;
}

function table<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ text }) => text(row)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)].join('\n');
}

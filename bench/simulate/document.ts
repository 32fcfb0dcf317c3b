// docs/scale.md and its plots from the figures of all sizes: what stands between `<!-- NAME -->` and `<!-- end -->` is
// written anew, the rest of the text is written by people. Not here: files.

import type { EventName } from './events.ts';
import { type Plot, type Series, svg } from './plot.ts';
import type { Result } from './run.ts';
import { eventTable, memoryTable } from './table.ts';

const EVENTS: readonly EventName[] = [
  'start',
  'node killed',
  'node back',
  'node powered off',
  'reflector killed',
  'reflector back',
  'reflector powered off',
  'rolling restart',
];

/** Throws where the document lacks a place. */
export function fillDocument(text: string, results: readonly Result[]): string {
  let filled = replace(text, 'memory', memoryTable(results));
  for (const event of EVENTS) filled = replace(filled, event, eventTable(event, results));
  return filled;
}

function replace(text: string, name: string, content: string): string {
  const begin = `<!-- ${name} -->\n`;
  const at = text.indexOf(begin);
  const end = text.indexOf('<!-- end -->', at);
  if (at < 0 || end < 0)
    throw new Error(`docs/scale.md has no place for '${name}' (<!-- ${name} --> ... <!-- end -->)`);
  return `${text.slice(0, at + begin.length)}${content}\n${text.slice(end)}`;
}

/** File name -> picture. */
export function plots(results: readonly Result[]): ReadonlyMap<string, string> {
  return new Map(PLOTS.map(([name, plot]) => [`${name}.svg`, svg(plot(results))]));
}

const PLOTS: readonly (readonly [name: string, plot: (results: readonly Result[]) => Plot])[] = [
  [
    'convergence',
    (results) => ({
      title: 'A machine is back: until all is as it was',
      unit: 'nodes',
      text: (milliseconds) => inUnits(milliseconds, 1000, ['ms', 's']),
      series: perMachine(
        results,
        (result) => eventOf(result, 'node back')?.routes,
        (result) => eventOf(result, 'reflector back')?.routes,
      ),
    }),
  ],
  [
    'work',
    (results) => ({
      title: 'Processor time of one machine while all start',
      unit: 'nodes',
      text: (milliseconds) => inUnits(milliseconds, 1000, ['ms', 's']),
      series: perMachine(
        results,
        (result) => eventOf(result, 'start')?.node.total,
        (result) => eventOf(result, 'start')?.reflector?.total,
      ),
    }),
  ],
  [
    'octets',
    (results) => ({
      title: 'Octets through one machine while all start',
      unit: 'nodes',
      text: (octets) => inUnits(octets, 1000, ['', 'kB', 'MB', 'GB', 'TB']),
      series: perMachine(
        results,
        (result) => eventOf(result, 'start')?.octets.worst,
        (result) => eventOf(result, 'start')?.octets.reflector,
      ),
    }),
  ],
  [
    'memory',
    (results) => ({
      title: 'Memory of one router',
      unit: 'nodes',
      text: (mebibytes) => `${mebibytes} MiB`,
      series: perMachine(
        results,
        ({ memory }) => memory.node / MIB,
        ({ memory }) => memory.reflector && memory.reflector / MIB,
      ),
    }),
  ],
];

const MIB = 2 ** 20;

/** A power of ten in the largest unit that fits. */
function inUnits(value: number, step: number, units: readonly string[]): string {
  const largest = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(value) / Math.log10(step) + 1e-9)));
  return `${Number((value / step ** largest).toPrecision(3))} ${units[largest]}`;
}

type Value = (result: Result) => number | undefined;

function perMachine(results: readonly Result[], node: Value, reflector: Value): Series[] {
  return [
    line(results, 'mesh', 'node in a mesh', node),
    line(results, 'reflectors', 'node with reflectors', node),
    line(results, 'reflectors', 'reflector', reflector),
  ];
}

function line(results: readonly Result[], topology: Result['task']['topology'], name: string, value: Value): Series {
  const points = results
    .filter(({ task }) => task.topology === topology)
    .flatMap((result) => {
      const y = value(result);
      return y === undefined ? [] : [[result.task.cluster.nodes, y] as const];
    });
  return { name, points };
}

function eventOf({ events }: Result, name: EventName) {
  return events.find(({ event }) => event === name);
}

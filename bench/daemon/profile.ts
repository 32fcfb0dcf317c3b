// Which functions and which rooms took the processor during a part of a process's life, from the .cpuprofile that Node
// wrote.

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOME } from '../../topologies/daemons.ts';

/** Microseconds on the system's monotonic clock, as in the profile. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
}

const SHOWN = 40;
const NOT_WORK = ['(idle)', '(root)'];

export function hottestFunctions(file: string, window: Window): string {
  const profile: CpuProfile = JSON.parse(readFileSync(file, 'utf8'));
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const stacks = stacksOf(profile.nodes);
  const inclusive = new Map<string, number>();
  const functions = new Map<string, number>();
  const rooms = new Map<string, number>();
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    at += profile.timeDeltas[index]!;
    const frame = frames.get(id)!;
    if (at < window.from || at > window.to || NOT_WORK.includes(frame.functionName)) return;
    // A sample holds until the next one.
    const time = profile.timeDeltas[index + 1] ?? 0;
    add(functions, nameOf(frame), time);
    add(rooms, roomOf(frame), time);
    for (const name of stacks.get(id)!) add(inclusive, name, time);
  });
  const total = [...rooms.values()].reduce((sum, time) => sum + time, 0);
  return [
    'rooms',
    ...ranking(rooms, total),
    'functions',
    ...ranking(functions, total),
    'functions with what they call',
    ...ranking(inclusive, total),
  ].join('\n');
}

/** By node: the names on its stack, each once. */
function stacksOf(nodes: readonly ProfileNode[]): ReadonlyMap<number, ReadonlySet<string>> {
  const stacks = new Map<number, ReadonlySet<string>>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const visit = (node: ProfileNode, above: ReadonlySet<string>) => {
    const stack = new Set(above).add(nameOf(node.callFrame));
    stacks.set(node.id, stack);
    for (const child of node.children ?? []) visit(byId.get(child)!, stack);
  };
  if (nodes[0] !== undefined) visit(nodes[0], new Set());
  return stacks;
}

function add(times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time);
}

function ranking(times: ReadonlyMap<string, number>, total: number): readonly string[] {
  const hottest = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  return [['all', total] as const, ...hottest].map(([name, time]) => {
    const share = ((100 * time) / total).toFixed(1);
    return `${(time / 1000).toFixed(1).padStart(9)} ms ${share.padStart(5)} %  ${name}`;
  });
}

function nameOf(frame: CallFrame): string {
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  return frame.url === '' ? name : `${name} ${placeOf(frame)}:${frame.lineNumber + 1}`;
}

/** `src/rib`, `node:net`; code of Node and V8 that is no JavaScript by its own name. */
function roomOf(frame: CallFrame): string {
  if (frame.url === '') return frame.functionName;
  const place = placeOf(frame);
  return place.startsWith('node:') ? 'Node, in JavaScript' : place.split('/').slice(0, 2).join('/');
}

function placeOf({ url }: CallFrame): string {
  return url.startsWith('file:') ? relative(HOME, fileURLToPath(url)) : url;
}

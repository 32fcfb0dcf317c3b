// Which functions took the processor during a part of a process's life, from the .cpuprofile that Node wrote.

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOME } from '../../topologies/daemons.ts';

/** Microseconds on the system's monotonic clock, as in the profile. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
}

const SHOWN = 25;
const NOT_WORK = ['(idle)', '(root)'];

export function hottestFunctions(file: string, window: Window): string {
  const profile: CpuProfile = JSON.parse(readFileSync(file, 'utf8'));
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    at += profile.timeDeltas[index]!;
    if (at < window.from || at > window.to) return;
    // A sample holds until the next one.
    const name = names.get(id)!;
    times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas[index + 1] ?? 0));
  });
  for (const name of NOT_WORK) times.delete(name);
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const hottest = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  const lines = hottest.map(
    ([name, time]) =>
      `${(time / 1000).toFixed(1).padStart(9)} ms ${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}`,
  );
  return [`${(total / 1000).toFixed(1).padStart(9)} ms of work`, ...lines].join('\n');
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url.startsWith('file:') ? relative(HOME, fileURLToPath(url)) : url;
  return `${name} ${path}:${lineNumber + 1}`;
}

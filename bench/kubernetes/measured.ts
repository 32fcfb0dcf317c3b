// What a reader of a large cluster has cost this process.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds of rest of which the CPU time is taken. */
const REST = 10_000;

export interface Reading {
  readonly reader: string;
  readonly firstListsMs: number;
  readonly firstIntentMs?: number;
  readonly resources: number;
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly peakRssMiB: number;
  readonly cpuMs: number;
  readonly restCpuPercent: number;
}

function bytes(count: number): number {
  return Math.round(count / 2 ** 20);
}

function cpu(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return Math.round((user + system) / 1_000);
}

export async function measured(
  reader: string,
  resources: number,
  times: { firstListsMs: number; firstIntentMs?: number },
): Promise<Reading> {
  const cpuMs = cpu();
  const before = process.cpuUsage();
  await sleep(REST);
  const restCpuPercent = Math.round((cpu(before) / REST) * 1_000) / 10;
  const { rss } = process.memoryUsage();
  globalThis.gc?.();
  const { heapUsed } = process.memoryUsage();
  const peakRssMiB = Math.round(process.resourceUsage().maxRSS / 1_024);
  return {
    ...{ reader, ...times, resources, heapMiB: bytes(heapUsed), rssMiB: bytes(rss), peakRssMiB },
    ...{ cpuMs, restCpuPercent },
  };
}

/** Milliseconds since this process began. */
export function sinceStart(): number {
  return Math.round(performance.now());
}

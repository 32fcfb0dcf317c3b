// What tests of labs have in common: a lab of their own for each file, routes as `ip` prints them, pings.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { waitUntilConverged } from '../../topologies/convergence.ts';
import { HOME } from '../../topologies/daemons.ts';
import { type IpRoute, Lab } from '../../topologies/lab.ts';
import { waitFor } from '../../topologies/wait-for.ts';

/** What a lab of three to six nodes may take on a busy machine; it needs a second or two. */
export const LAB_TIMEOUT_MS = 60_000;

const ROUTES_MS = 8_000;

/** Builds `topologies/NAME.yaml` before the tests of a file and takes it down after them. */
export function useTopology(name: string, prepare: (lab: Lab) => void = () => {}): () => Lab {
  let lab: Lab | undefined;
  beforeAll(async () => {
    lab = await Lab.build(join(HOME, `topologies/${name}.yaml`), { id: `${name}-${process.pid}` });
    prepare(lab);
    lab.startAll();
    await waitUntilConverged(lab);
  }, LAB_TIMEOUT_MS);
  afterAll(async () => {
    await lab?.down();
  }, LAB_TIMEOUT_MS);
  return () => {
    if (lab === undefined) throw new Error(`the lab ${name} is not up`);
    return lab;
  };
}

/** Edits the resources from which a machine lives, as a person would: the file is replaced as a whole. */
export function editResources(lab: Lab, machine: string, edit: (text: string) => string): void {
  const file = join(lab.paths(machine).resources, 'resources.yaml');
  const before = readFileSync(file, 'utf8');
  const after = edit(before);
  if (after === before) throw new Error(`the edit changes nothing in ${file}`);
  writeFileSync(file, after);
}

/** Waits until the kernel holds exactly these routes of Caracal's, and shows the difference when it does not. */
export async function expectKernelRoutes(lab: Lab, machine: string, expected: readonly string[]): Promise<void> {
  const wanted = [...expected].sort();
  let actual: readonly string[] = [];
  const isAsWanted = async () => {
    actual = (await lab.kernelRoutes(machine)).map(formatRoute).sort();
    return JSON.stringify(actual) === JSON.stringify(wanted);
  };
  await waitFor(isAsWanted, ROUTES_MS);
  expect(actual).toEqual(wanted);
}

/** `10.65.0.64/26 via 192.0.2.2 dev eth0 metric 1024`, `blackhole 10.65.0.0/26`; link-local gateways, which nobody chooses, are `fe80::`. */
export function formatRoute(route: IpRoute): string {
  if (route.type !== undefined && route.type !== 'unicast') return `${route.type} ${route.dst}`;
  const hops = route.nexthops ?? [{ gateway: route.gateway, dev: route.dev }];
  const vias = hops.map(({ gateway, dev }) => `${gateway === undefined ? '' : `via ${gateway} `}dev ${dev}`).sort();
  return `${route.dst} ${vias.join(' ')} metric ${route.metric ?? 0}`.replaceAll(/via fe80::\S+/g, 'via fe80::');
}

/** One packet that comes back, from a pod or machine to an address. */
export async function expectPing(lab: Lab, from: string, to: string): Promise<void> {
  const { status, stdout, stderr } = await lab.run(from, ['ping', '-n', '-c', '1', '-i', '0.5', '-w', '10', to]);
  expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
}

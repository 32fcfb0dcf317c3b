// Clusters in which everything happens at random, for some minutes and for hours of their time.
//
// CARACAL_SIMULATION_RUNS runs so many seeds (CARACAL_SIMULATION_SEED the first of them) instead of the few of a usual test,
// CARACAL_SIMULATION_HOURS lets twenty routers live so long (npm run soak -- simulated).

import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import { mesh, RandomCluster, reflected, type Topology } from './random-cluster.fixture.ts';
import { MINUTE } from './simulation.fixture.ts';

const RUNS = Number(env.CARACAL_SIMULATION_RUNS ?? 2);
const FIRST_SEED = Number(env.CARACAL_SIMULATION_SEED ?? 1);
const HOURS = Number(env.CARACAL_SIMULATION_HOURS ?? 0.5);
const HOUR = 60 * MINUTE;
const STEPS = 25;
const SMALL = 8;
const LARGE = 20;
/** Milliseconds of ours for an hour of theirs, on a machine that does a lot besides. */
const PATIENCE = 2 * MINUTE;

const seeds = Array.from({ length: RUNS }, (_, i) => FIRST_SEED + i);

function round(run: RandomCluster): void {
  for (let step = 0; step < STEPS; step++) run.step();
  run.settle(false);
  run.check();
  run.settle(true);
  run.check();
}

function begin(topology: Topology, seed: number): RandomCluster {
  const run = new RandomCluster(topology, seed);
  run.lab.start();
  run.settle(true);
  run.check();
  return run;
}

describe.each([
  ['a mesh', mesh(SMALL)],
  ['clients of two reflectors', reflected(SMALL)],
])('%s', (_, topology) => {
  it.each(seeds)(
    'is as the resources say whenever it has been quiet, seed %i',
    (seed) => {
      const run = begin(topology, seed);
      for (let rounds = 0; rounds < 3; rounds++) round(run);
    },
    2 * MINUTE,
  );
});

describe.each([
  ['a mesh of twenty', mesh(LARGE)],
  ['twenty with two reflectors', reflected(LARGE)],
])('%s', (name, topology) => {
  it(`is as the resources say whenever it has been quiet, for ${HOURS} hours`, {
    timeout: 2 * MINUTE + HOURS * PATIENCE,
  }, () => {
    const run = begin(topology, FIRST_SEED);
    let rounds = 0;
    for (; run.lab.now < HOURS * HOUR; rounds++) round(run);
    expect(rounds).toBeGreaterThan(0);
    if (env.CARACAL_SIMULATION_HOURS !== undefined) console.log(`${name}: ${rounds} times quiet, ${run.summary()}`);
  });
});

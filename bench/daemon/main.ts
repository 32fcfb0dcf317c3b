// `npm run bench -- reflector` and its siblings: builds the network, runs Caracal and its peers in turn, prints a table.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../../topologies/lab-file.ts';
import { rerunWithPrivileges } from '../../topologies/privileges.ts';
import { type Contender, caracal, PEERS } from './contenders.ts';
import { Network } from './network.ts';
import { type Options, readOptions, USAGE, UsageError, type Workload } from './options.ts';
import type { Plan } from './plan.ts';
import { hottestFunctions } from './profile.ts';
import { idleTable, type Measured, runTable, titleOf } from './report.ts';
import type { RunResult, Task } from './run-result.ts';
import { killAll, runIdle, runTrial, TrialError } from './trial.ts';

type Installed = Contender & { readonly installed: string };

/** Exit code. */
export async function benchmark(workload: Workload, args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(workload, args);
    return (await rerunWithPrivileges()) ?? (await runBenchmark(options));
  } catch (error) {
    if (error instanceof UsageError) return fail(`${error.message}\n${USAGE}`, 2);
    if (error instanceof LabError || error instanceof TrialError) return fail(error.message, 1);
    throw error;
  }
}

async function runBenchmark(options: Options): Promise<number> {
  const profiles = options.profile ? mkdtempSync(join(tmpdir(), 'caracal-bench-profiles-')) : undefined;
  const contenders = await installed(options, profiles);
  say(`# ${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, load ${loadavg()[0]!.toFixed(1)}`);
  const network = await Network.build();
  const onSignal = () => {
    killAll();
    network.remove().finally(() => process.exit(130));
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    if (options.workload === 'restart') await measureIdle(options, network, contenders);
    for (const plan of options.plans) await measure(options, network, contenders, plan, profiles);
  } finally {
    killAll();
    await network.remove();
    if (profiles !== undefined) rmSync(profiles, { recursive: true, force: true });
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
  return 0;
}

/** Caracal first; peers that are not there are named and left out. */
async function installed(options: Options, profiles: string | undefined): Promise<readonly Installed[]> {
  const peers = options.against.map((name) => {
    const peer = PEERS.find((candidate) => candidate.name === name);
    if (peer === undefined)
      throw new UsageError(`no peer ${name}; there are ${PEERS.map((each) => each.name).join(', ')}`);
    return peer;
  });
  const wanted = [caracal({ program: options.program, profiles }), ...peers];
  const found: Installed[] = [];
  for (const contender of wanted) {
    const version = await contender.version();
    if (version !== undefined) found.push({ ...contender, installed: version });
    else console.error(`left out: ${contender.name} is not installed (Debian package ${contender.package})`);
  }
  return found;
}

async function measure(
  options: Options,
  network: Network,
  contenders: readonly Installed[],
  plan: Plan,
  profiles: string | undefined,
): Promise<void> {
  const { workload, timeout, changes, rest } = options;
  const task: Omit<Task, 'plan' | 'processes'> = {
    workload: workload === 'churn' || workload === 'herd' ? workload : 'load',
    timeout,
    changes,
    rest,
  };
  say(`\n${titleOf(workload, plan)}\n`);
  const measured = await inTurn(options, contenders, async (contender) => {
    const result = await runTrial(network, contender, plan, task);
    if (profiles !== undefined) printProfile(profiles, result);
    return result;
  });
  if (!options.json) say(runTable(workload as Exclude<Workload, 'restart'>, measured));
}

async function measureIdle(options: Options, network: Network, contenders: readonly Installed[]): Promise<void> {
  say(`\n${titleOf('restart', undefined)}\n`);
  const measured = await inTurn(options, contenders, (contender) => runIdle(network, contender));
  if (!options.json) say(idleTable(measured));
}

/** Caracal, peer, peer, Caracal, peer, peer ...: whatever else the machine does hits all of them alike. */
async function inTurn<R>(
  options: Options,
  contenders: readonly Installed[],
  run: (contender: Installed) => Promise<R>,
): Promise<readonly Measured<R>[]> {
  const results = contenders.map((): R[] => []);
  for (let round = 0; round < options.runs; round++) {
    for (const [index, contender] of contenders.entries()) {
      const result = await run(contender);
      results[index]!.push(result);
      if (options.json) say(JSON.stringify({ daemon: contender.name, ...result }));
    }
  }
  return contenders.map(({ name, installed }, index) => ({ name, version: installed, results: results[index]! }));
}

function printProfile(folder: string, { window }: RunResult): void {
  for (const file of readdirSync(folder)) {
    say(hottestFunctions(join(folder, file), window));
    rmSync(join(folder, file));
  }
}

function say(text: string): void {
  console.log(text);
}

function fail(text: string, code: number): number {
  console.error(text);
  return code;
}

// The command line: parses, dispatches, and turns what comes back into text and an exit code. The daemon and the labs
// are given from outside, because this room may not look into theirs.

import { hostname } from 'node:os';
import { parseArguments } from './arguments.ts';
import { writeBundle } from './bundle.ts';
import { type DatastoreConfig, readDatastoreConfig } from './datastore-config.ts';
import { httpOf } from './environment.ts';
import { showEvents } from './events.ts';
import { type ExplainFiles, showExplanation } from './explain.ts';
import { helpText } from './help.ts';
import type { Outputs } from './output.ts';
import { type MakePlan, PLAN_EXIT, showPlan } from './plan.ts';
import { type Release, releaseText } from './release.ts';
import { prepareRun } from './run.ts';
import { showStatus, watchStatus } from './status.ts';
import type { Command, Environment, LabCommand, MigrateRequest, RunOptions, UsageError } from './types.ts';

export interface CliDependencies extends Partial<Outputs> {
  /** Runs the daemon until it ends; gives the exit code. */
  readonly run: (options: RunOptions) => Promise<number>;
  readonly explain: ExplainFiles;
  readonly plan: MakePlan;
  /** Prints what a configuration of BIRD means; gives the exit code. */
  readonly migrate: (request: MigrateRequest, outputs: Outputs) => Promise<number>;
  /** Builds, shows or removes a lab; gives the exit code. */
  readonly lab: (command: LabCommand) => Promise<number>;
  readonly release: Release;
  /** Ends `--watch`. */
  readonly signal?: AbortSignal;
}

/** What the shell gives, without the program's own name; the result is the exit code. */
export type Main = (argv: readonly string[], env: Environment) => Promise<number>;

export const EXIT_USAGE = 2;

export function createCli(dependencies: CliDependencies): Main {
  const { stdout = process.stdout, stderr = process.stderr } = dependencies;
  return async (argv, env) => {
    const command = parseArguments(argv);
    const result =
      command.type === 'usageError' ? command : await dispatch(command, env, dependencies, { stdout, stderr });
    if (typeof result === 'number') return result;
    stderr.write(`caracal: ${result.text}\n`);
    return argv[0] === 'plan' ? PLAN_EXIT.error : EXIT_USAGE;
  };
}

async function dispatch(
  command: Command,
  env: Environment,
  { run, explain, plan, migrate, lab, release, signal = new AbortController().signal }: CliDependencies,
  outputs: Outputs,
): Promise<number | UsageError> {
  switch (command.type) {
    case 'run': {
      const config = await readDatastoreConfig(command.flags, env);
      if (isUsageError(config)) return config;
      const options = prepareRun(command.flags, env, hostname(), config);
      return 'type' in options ? options : run(options);
    }
    case 'status': {
      const endpoint = httpOf(command.http, env);
      if (endpoint.type === 'usageError') return endpoint;
      const options = { endpoint, json: command.json };
      return command.watch ? watchStatus(options, outputs.stdout, signal) : showStatus(options, outputs);
    }
    case 'cluster':
      return (await import('./cluster.ts')).showCluster(command, env, outputs);
    case 'explain':
      return showExplanation(command, env, explain, outputs);
    case 'events':
      return showEvents(command, env, outputs);
    case 'bundle':
      return writeBundle(command, env, release, outputs);
    case 'plan':
      return showPlan(command, env, plan, outputs);
    case 'migrate': {
      const { type: _, node = hostname(), ...request } = command;
      return migrate({ ...request, node }, outputs);
    }
    case 'lab':
      return lab(command.lab);
    case 'version':
      outputs.stdout.write(releaseText(release, command.json));
      return 0;
    case 'help':
      outputs.stdout.write(helpText(command.command));
      return 0;
  }
}

function isUsageError(value: DatastoreConfig | UsageError | undefined): value is UsageError {
  return value?.type === 'usageError';
}

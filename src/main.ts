// The program `caracal`: the command line, with the daemon and the labs behind it.

import { dirname } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { createCli } from './cli/main.ts';
import { ownCommit } from './cli/release.ts';
import type { LabCommand, RunOptions } from './cli/types.ts';

const release = { version: packageJson.version, commit: ownCommit(dirname(import.meta.dirname)) };
const interrupted = new AbortController();

const cli = createCli({
  release,
  signal: interrupted.signal,
  // Loaded when asked for: `caracal status` need not wait for the daemon's parts.
  run: async (options: RunOptions) => {
    const { runDaemon } = await import('./daemon/run.ts');
    return runDaemon(options, release, async (sockets) =>
      (await import('../bird-compat/program/calico-controls.ts')).openCalicoControls(sockets),
    );
  },
  explain: async (options, query) => (await import('./daemon/explain-files.ts')).explainFiles(options, query),
  plan: async (request) => (await import('./daemon/plan.ts')).makePlan(request),
  migrate: async (request, outputs) =>
    (await import('../bird-compat/migrate-command.ts')).runMigrateCommand(request, outputs),
  lab: async (command: LabCommand) => (await import('../topologies/lab-command.ts')).runLabCommand(command),
});

// `caracal status | head` closes the pipe early; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await cli(process.argv.slice(2), process.env);

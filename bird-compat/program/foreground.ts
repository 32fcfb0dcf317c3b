// A daemon in this process: from what only root may do to a running router, from signals to what they mean, from the end to
// an exit code.

import { appendFileSync } from 'node:fs';
import { now } from '../../src/daemon/clock.ts';
import type { Account } from '../../src/linux/privileges.ts';
import { dropPrivileges } from '../../src/linux/privileges.ts';
import { ControlServer, RouterTarget } from '../control/index.ts';
import { reasonOf } from '../files.ts';
import type { BirdConfiguration } from '../index.ts';
import { accountOf } from './accounts.ts';
import type { BirdArguments } from './arguments.ts';
import { BirdDaemon } from './daemon.ts';
import { BirdLog } from './log.ts';
import { PidFile } from './pid-file.ts';
import { readAtStart } from './reading.ts';

/** Rejects where it does not get so far, with an error that is a sentence. */
export async function runInForeground(options: BirdArguments, version: string): Promise<number> {
  const owner = accountOf(options);
  const log = new BirdLog(options.mode === 'debug' || options.debugFile !== undefined, now);
  const control = new ControlServer({
    path: options.socket,
    owner,
    onError: (error) => log.write('bug', `A command was not answered: ${String(error)}`),
  });
  log.echo = (logClass, text) => control.log(logClass, text);
  const pidFile = await begin(options, owner, control);
  try {
    const configuration = readAtStart(options);
    log.use(configuration);
    acceptedConfiguration();
    pidFile?.write(process.pid);
    return await serve(options, { version, configuration, log, control });
  } finally {
    await control.stop();
    pidFile?.remove();
    log.close();
  }
}

/** Makes what only root may make, and goes on as somebody else. */
async function begin({ pidFile }: BirdArguments, owner: Account, control: ControlServer): Promise<PidFile | undefined> {
  await control.open();
  try {
    dropPrivileges(owner);
    return pidFile === undefined ? undefined : new PidFile(pidFile);
  } catch (error) {
    await control.stop();
    throw error;
  }
}

interface Services {
  readonly version: string;
  readonly configuration: BirdConfiguration;
  readonly log: BirdLog;
  readonly control: ControlServer;
}

async function serve(options: BirdArguments, services: Services): Promise<number> {
  const end = Promise.withResolvers<{ readonly final: boolean; readonly problem?: string }>();
  const { family, file, recover } = options;
  const daemon = new BirdDaemon({ ...services, family, file, recover, onEnd: (how) => end.resolve(how) });
  process.on('SIGHUP', () => daemon.reconfigure());
  process.on('SIGTERM', () => end.resolve({ final: true }));
  process.on('SIGUSR1', () => dump(options, daemon.dump()));
  await daemon.start();
  services.control.serve(new RouterTarget(daemon.controlParts()));
  const { final, problem } = await end.promise;
  await daemon.stop(final);
  services.log.write('fatal', 'Shutdown completed');
  if (problem === undefined) return 0;
  process.stderr.write(`bird: ${problem}\n`);
  return 1;
}

function dump({ mode, debugFile }: BirdArguments, text: string): void {
  try {
    if (debugFile !== undefined) appendFileSync(debugFile, text);
    else if (mode === 'debug') process.stderr.write(text);
  } catch (error) {
    process.stderr.write(`bird: Unable to open debug file ${debugFile}: ${reasonOf(error)}\n`);
  }
}

/** Whoever started us in the background may go. */
function acceptedConfiguration(): void {
  process.send?.('accepted');
  if (process.connected) process.disconnect();
}

// The programs `bird` and `bird6`: from the command line to a running daemon, from signals to what they mean, from the end
// to an exit code. Every message for people begins with `bird: `, also those of `bird6`.

import { appendFileSync, existsSync } from 'node:fs';
import { now } from '../../src/daemon/clock.ts';
import { LinuxError } from '../../src/linux/libc.ts';
import { dropPrivileges } from '../../src/linux/privileges.ts';
import { ControlServer, ControlSocketError, RouterTarget } from '../control/index.ts';
import { diskFiles, reasonOf } from '../files.ts';
import {
  type BirdConfiguration,
  BirdError,
  type LanguageOptions,
  readBirdConfiguration,
  UnreadableFile,
} from '../index.ts';
import { accountOf, UnknownAccount } from './accounts.ts';
import { type BirdArguments, type ProgramName, parseBirdArguments } from './arguments.ts';
import { BirdDaemon } from './daemon.ts';
import { BirdLog } from './log.ts';
import { PidFile, PidFileError } from './pid-file.ts';
import { NoRouterId } from './router-id.ts';

/** What ends the start with a sentence. */
const SENTENCES = [BirdError, ControlSocketError, LinuxError, NoRouterId, PidFileError, UnknownAccount];

/** Runs until the end; gives the exit code. */
export async function runBird(name: ProgramName, argv: readonly string[], version: string): Promise<number> {
  const parsed = parseBirdArguments(name, argv, { version, exists: existsSync });
  if ('text' in parsed) {
    process.stderr.write(parsed.text);
    return parsed.code;
  }
  try {
    if (parsed.mode === 'parse') return check(parsed);
    if (parsed.mode === 'background' && process.send === undefined) {
      const { runInBackground } = await import('./background.ts');
      return await runInBackground();
    }
    return await run(parsed, version);
  } catch (error) {
    if (!SENTENCES.some((kind) => error instanceof kind)) throw error;
    // A file that is not there has no line.
    return fail(error instanceof UnreadableFile ? error.text : (error as Error).message);
  }
}

/** Says what has no effect, and nothing where all is good. */
function check(options: BirdArguments): number {
  accountOf(options);
  const configuration = readBirdConfiguration(options.file, diskFiles, languageOf(options));
  BirdLog.check(configuration);
  return 0;
}

async function run(options: BirdArguments, version: string): Promise<number> {
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
    const configuration = readBirdConfiguration(options.file, diskFiles, languageOf(options));
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
async function begin(
  { pidFile }: BirdArguments,
  owner: ReturnType<typeof accountOf>,
  control: ControlServer,
): Promise<PidFile | undefined> {
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
  const signals = { SIGHUP: () => daemon.reconfigure(), SIGTERM: () => end.resolve({ final: true }) };
  for (const [signal, handle] of Object.entries(signals)) process.on(signal, handle);
  process.on('SIGUSR1', () => dump(options, daemon.dump()));
  await daemon.start();
  services.control.serve(new RouterTarget(daemon.controlParts()));
  const { final, problem } = await end.promise;
  await daemon.stop(final);
  services.log.write('fatal', 'Shutdown completed');
  return problem === undefined ? 0 : fail(problem);
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

function languageOf({ family, bird }: BirdArguments): LanguageOptions {
  return bird === undefined ? { family } : { family, bird };
}

function fail(text: string): number {
  process.stderr.write(`bird: ${text}\n`);
  return 1;
}

// The programs `bird` and `bird6`: what the command line asks for, from a look at the configuration to a daemon. Every message
// for people begins with `bird: `, also those of `bird6`.

import { existsSync } from 'node:fs';
import { LinuxError } from '../../src/linux/libc.ts';
import { ControlSocketError } from '../control/server.ts';
import { BirdError, UnreadableFile } from '../index.ts';
import { accountOf, UnknownAccount } from './accounts.ts';
import { type BirdArguments, type ProgramName, parseBirdArguments } from './arguments.ts';
import { PidFileError } from './pid-file.ts';
import { readAtStart } from './reading.ts';
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
    return await obey(parsed, version);
  } catch (error) {
    if (!SENTENCES.some((kind) => error instanceof kind)) throw error;
    // A file that is not there has no line.
    process.stderr.write(`bird: ${error instanceof UnreadableFile ? error.text : (error as Error).message}\n`);
    return 1;
  }
}

/** Loads what it needs only: confd checks configurations often. */
async function obey(options: BirdArguments, version: string): Promise<number> {
  if (options.mode === 'parse') {
    accountOf(options);
    readAtStart(options);
    return 0;
  }
  if (options.mode === 'background' && process.send === undefined) {
    const { runInBackground } = await import('./background.ts');
    return runInBackground();
  }
  const { runInForeground } = await import('./foreground.ts');
  return runInForeground(options, version);
}

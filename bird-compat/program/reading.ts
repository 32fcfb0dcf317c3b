// A configuration from disk, as a daemon begins with it, and as `configure` and SIGHUP read it again.

import { diskFiles } from '../files.ts';
import {
  type BirdConfiguration,
  BirdError,
  type LanguageOptions,
  readBirdConfiguration,
  UnreadableFile,
} from '../index.ts';
import type { BirdArguments } from './arguments.ts';
import { BirdLog } from './log.ts';

/** Throws BirdError. */
export function readAtStart({ file, family, bird }: BirdArguments): BirdConfiguration {
  return read(file, bird === undefined ? { family } : { family, bird });
}

/** The configuration, or what is wrong with it. */
export function readAgain(
  file: string,
  language: LanguageOptions,
): { readonly configuration: BirdConfiguration } | { readonly problem: string } {
  try {
    return { configuration: read(file, language) };
  } catch (error) {
    if (!(error instanceof BirdError)) throw error;
    return { problem: error instanceof UnreadableFile ? `${file}: ${error.problem}` : error.message };
  }
}

/** Where a log goes is looked at, too: a file that cannot be opened is a mistake. */
function read(file: string, language: LanguageOptions): BirdConfiguration {
  const configuration = readBirdConfiguration(file, diskFiles, language);
  BirdLog.check(configuration);
  return configuration;
}

// A configuration from disk, or what is wrong with it, as `configure` and SIGHUP tell it.

import { diskFiles } from '../files.ts';
import {
  type BirdConfiguration,
  BirdError,
  type LanguageOptions,
  readBirdConfiguration,
  UnreadableFile,
} from '../index.ts';
import { BirdLog } from './log.ts';

/** Where a log goes is looked at, too: a file that cannot be opened is a mistake. */
export function readFile(
  file: string,
  language: LanguageOptions,
): { readonly configuration: BirdConfiguration } | { readonly problem: string } {
  try {
    const configuration = readBirdConfiguration(file, diskFiles, language);
    BirdLog.check(configuration);
    return { configuration };
  } catch (error) {
    if (!(error instanceof BirdError)) throw error;
    return { problem: error instanceof UnreadableFile ? `${file}: ${error.problem}` : error.message };
  }
}

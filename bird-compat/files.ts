// The files of a configuration on disk.

import { globSync, readFileSync, statSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import type { ConfigurationFiles } from './language/index.ts';

export const diskFiles: ConfigurationFiles = {
  read: (path) => {
    try {
      return { text: readFileSync(path, 'utf8') };
    } catch (error) {
      if (!(error instanceof Error) || !('errno' in error)) throw error;
      return { problem: reasonOf(error as NodeJS.ErrnoException) };
    }
  },
  match: (pattern) =>
    globSync(pattern)
      .filter((path) => !statSync(path).isDirectory())
      .sort(),
};

/** As the C library says it, which begins with a capital letter. */
function reasonOf({ errno = 0 }: NodeJS.ErrnoException): string {
  const text = getSystemErrorMessage(errno);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// The files of a configuration on disk.

import { globSync, readFileSync, statSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import type { ConfigurationFiles } from './language/index.ts';

export const diskFiles: ConfigurationFiles = {
  read: (path) => {
    try {
      return { text: readFileSync(path, 'utf8') };
    } catch (error) {
      return { problem: reasonOf(error) };
    }
  },
  match: (pattern) =>
    globSync(pattern)
      .filter((path) => !statSync(path).isDirectory())
      .sort(),
};

/** Why the system refused, as the C library says it, which begins with a capital letter. Throws what is no such error. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
  const text = getSystemErrorMessage(error.errno);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// `caracal run` as far as the command line goes: puts the options together, looks at what can be seen from here, and
// hands over to the daemon.

import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { isErrorWithCode } from '../status/errors.ts';
import type { DatastoreConfig } from './datastore-config.ts';
import { nodenameFile, runOptions } from './environment.ts';
import { usageError } from './flags.ts';
import type { Environment, RunFlags, RunOptions, UsageError } from './types.ts';

export function prepareRun(
  flags: RunFlags,
  env: Environment,
  hostname: string,
  config?: DatastoreConfig,
): RunOptions | UsageError {
  const nodename = readNodename(nodenameFile(env));
  const options = runOptions(flags, { env, hostname, nodename, ...(config && { config }) });
  if ('type' in options) return options;
  const { datastore } = options;
  const problem = datastore.type === 'files' ? unreadable(datastore.path) : undefined;
  return problem === undefined ? options : usageError(`cannot read the resources in ${problem}`);
}

/** What to tell when the datastore holds no Node of this name. */
export function missingNodeText({ node, nodeNameSource }: Pick<RunOptions, 'node' | 'nodeNameSource'>): string {
  const hint =
    nodeNameSource === '--node' ? '' : ` (the name comes from: ${nodeNameSource}; --node NAME gives another)`;
  return `there is no Node ${node} among the resources${hint}`;
}

function readNodename(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // Most machines have no such file, and who may not read it has other ways to name the node.
    if (isErrorWithCode(error) && ['ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR'].includes(error.code)) return undefined;
    throw error;
  }
}

/** A sentence's end that says why, or undefined where the path can be read. */
function unreadable(path: string): string | undefined {
  try {
    const { R_OK, X_OK } = constants;
    accessSync(path, statSync(path).isDirectory() ? R_OK | X_OK : R_OK);
    return undefined;
  } catch (error) {
    if (!isErrorWithCode(error)) throw error;
    return `${path}: ${REASON[error.code] ?? error.code}`;
  }
}

const REASON: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EACCES: 'permission denied',
  ELOOP: 'too many symbolic links',
};

// `caracal run --check`: reads everything once, says what is wrong with it, and changes nothing.

import { missingNodeText } from '../cli/run.ts';
import type { RunOptions } from '../cli/types.ts';
import { DatastoreError } from '../datastore/errors.ts';
import { problemText } from '../status/text.ts';
import { readFolder } from './folder.ts';
import { intentOptions } from './options.ts';

/** Returns the exit code: 0 without problems, 1 with, 2 where nothing could be read. */
export async function checkResources(options: RunOptions): Promise<number> {
  if (options.datastore.type !== 'files') {
    process.stderr.write('caracal: --check reads files; give their folder with --resources\n');
    return 2;
  }
  try {
    const { intent, problems, count } = await readFolder(options.datastore.path, intentOptions(options));
    const all = [...problems, ...intent.problems];
    for (const problem of all) process.stdout.write(`${problemText(problem)}\n`);
    if (intent.nodeMissing === true) {
      process.stderr.write(`caracal: ${missingNodeText(options)}\n`);
      return 2;
    }
    if (all.length > 0) return 1;
    process.stdout.write(`${count} resources, no problems; ${intent.peers.size} peers\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof DatastoreError)) throw error;
    process.stderr.write(`caracal: ${error.message}\n`);
    return 2;
  }
}

// A folder of resources read once, and the Intent of a node that follows from it: for commands that work on files alone.

import { missingNodeText } from '../cli/run.ts';
import type { RunOptions } from '../cli/types.ts';
import { DatastoreError } from '../datastore/errors.ts';
import { checkFiles } from '../datastore/files/files.ts';
import { ResourceStore } from '../datastore/store.ts';
import type { ResourceProblem } from '../datastore/types.ts';
import { computeIntent, type Intent, type IntentOptions } from '../intent/index.ts';

export interface FolderReading {
  readonly store: ResourceStore;
  readonly intent: Intent;
  /** Of reading, without those of the Intent. */
  readonly problems: readonly ResourceProblem[];
  /** Resources that could be read. */
  readonly count: number;
}

/** Rejects with a DatastoreError where nothing can be read. */
export async function readFolder(path: string, options: IntentOptions): Promise<FolderReading> {
  const { resources, problems } = await checkFiles(path, { usePodCIDR: options.usePodCidr === true });
  const store = new ResourceStore(['files']);
  store.apply(
    resources.map((resource) => ({ type: 'set', resource })),
    'files',
  );
  return { store, intent: computeIntent(store, options), problems, count: resources.length };
}

/** Like `readFolder`; a sentence where there is nothing to work with. */
export async function readNode(
  path: string,
  options: IntentOptions,
  naming: Pick<RunOptions, 'node' | 'nodeNameSource'>,
): Promise<FolderReading | { readonly problem: string }> {
  try {
    const reading = await readFolder(path, options);
    return reading.intent.nodeMissing === true ? { problem: missingNodeText(naming) } : reading;
  } catch (error) {
    if (!(error instanceof DatastoreError)) throw error;
    return { problem: error.message };
  }
}

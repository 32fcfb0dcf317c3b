// Which datastore drivers a daemon needs.

import type { RunOptions } from '../cli/types.ts';
import { endpointStatus } from '../datastore/files/endpoint-status.ts';
import { filesDatastore } from '../datastore/files/files.ts';
import type { Datastore } from '../datastore/types.ts';

/** Drivers by name; `files` and its like first. Undefined where this build cannot read the datastore. */
export function openDatastores({ datastore, endpointStatusPath }: RunOptions): Map<string, Datastore> | undefined {
  if (datastore.type !== 'files') return undefined;
  return new Map([
    ['files', filesDatastore({ path: datastore.path })],
    ['endpoint-status', endpointStatus({ path: endpointStatusPath })],
  ]);
}

// Which datastore drivers a daemon needs.

import type { RunOptions } from '../cli/types.ts';
import { endpointStatus } from '../datastore/files/endpoint-status.ts';
import { filesDatastore } from '../datastore/files/files.ts';
import { kubernetesDatastore } from '../datastore/kubernetes/kubernetes.ts';
import type { Datastore } from '../datastore/types.ts';

/** Drivers by name; `files` and its like first. Undefined where this build cannot read the datastore. */
export function openDatastores(options: RunOptions): Map<string, Datastore> | undefined {
  const driver = openDriver(options);
  if (driver === undefined) return undefined;
  return new Map([
    [options.datastore.type, driver],
    ['endpoint-status', endpointStatus({ path: options.endpointStatusPath })],
  ]);
}

function openDriver({ node, datastore, secretNamespace, advertiseClusterIPs }: RunOptions): Datastore | undefined {
  switch (datastore.type) {
    case 'files':
      return filesDatastore({ path: datastore.path });
    case 'kubernetes': {
      const { access, usePodCidr } = datastore;
      const advertisesServices = advertiseClusterIPs !== undefined;
      return kubernetesDatastore({ node, access, usePodCidr, secretNamespace, advertisesServices });
    }
    case 'etcdv3':
      return undefined;
  }
}

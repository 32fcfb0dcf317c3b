// Which datastore drivers a daemon needs.

import type { RunOptions } from '../cli/types.ts';
import { etcdDatastore } from '../datastore/etcd/etcd.ts';
import { etcdWithKubernetes } from '../datastore/etcd/with-kubernetes.ts';
import { endpointStatus } from '../datastore/files/endpoint-status.ts';
import { filesDatastore } from '../datastore/files/files.ts';
import type { ApiAccess } from '../datastore/kubernetes/api-access.ts';
import { kubernetesDatastore } from '../datastore/kubernetes/kubernetes.ts';
import type { Datastore } from '../datastore/types.ts';

export interface Datastores {
  /** By name; `files` and its like first. */
  readonly drivers: ReadonlyMap<string, Datastore>;
  /** Where the cluster can be told something. */
  readonly api?: ApiAccess;
}

type Driver = Datastore & { readonly api?: ApiAccess };

/**
 * Nothing is read in a cluster that runs without BGP.
 * @param onBug errors that are ours; everything goes on
 */
export function openDatastores(options: RunOptions, onBug: (error: unknown) => void): Datastores {
  if (options.networkingBackend !== 'bird') return { drivers: new Map() };
  const driver = openDriver(options, onBug);
  return {
    drivers: new Map([
      [options.datastore.type, driver],
      ['endpoint-status', endpointStatus({ path: options.endpointStatusPath })],
    ]),
    ...(driver.api === undefined ? {} : { api: driver.api }),
  };
}

function openDriver(options: RunOptions, onBug: (error: unknown) => void): Driver {
  const { node, datastore, secretNamespace, nodeStatus } = options;
  switch (datastore.type) {
    case 'files':
      return filesDatastore({ path: datastore.path });
    case 'kubernetes': {
      const { access, usePodCidr } = datastore;
      const advertisesServices = options.advertiseClusterIPs !== undefined;
      const wholeOwnNode = options.drain !== 'keep';
      const wanted = { usePodCidr, secretNamespace, advertisesServices, nodeStatus, wholeOwnNode };
      return kubernetesDatastore({ node, access, ...wanted, onBug });
    }
    case 'etcdv3': {
      const wanted = { secretNamespace, advertisesServices: options.advertiseClusterIPs !== undefined };
      const kubernetes = kubernetesDatastore({ node, access: datastore.access, usePodCidr: false, ...wanted, onBug });
      return etcdWithKubernetes(etcdDatastore({ node, access: datastore.etcd, onBug }), kubernetes, wanted);
    }
  }
}

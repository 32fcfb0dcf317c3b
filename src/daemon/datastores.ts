// Which datastore drivers a daemon needs. Those of clusters are loaded when asked for: they are 5 MiB of memory, which a
// node that lives from files need not have.

import type { RunOptions } from '../cli/types.ts';
import { endpointStatus } from '../datastore/files/endpoint-status.ts';
import { filesDatastore } from '../datastore/files/files.ts';
import type { ApiAccess } from '../datastore/kubernetes/api-access.ts';
import type { Datastore } from '../datastore/types.ts';
import type { ClusterReporter, ClusterReporterParts } from './cluster-reporter.ts';

export interface Datastores {
  /** By name; `files` and its like first. */
  readonly drivers: ReadonlyMap<string, Datastore>;
  /** Where the cluster can be told something. */
  readonly reporter?: (parts: Omit<ClusterReporterParts, 'api'>) => ClusterReporter;
}

type Driver = Datastore & { readonly api?: ApiAccess };

/**
 * Nothing is read in a cluster that runs without BGP.
 * @param onBug errors that are ours; everything goes on
 */
export async function openDatastores(options: RunOptions, onBug: (error: unknown) => void): Promise<Datastores> {
  if (options.networkingBackend !== 'bird') return { drivers: new Map() };
  const driver = await openDriver(options, onBug);
  const drivers = new Map([
    [options.datastore.type, driver],
    ['endpoint-status', endpointStatus({ path: options.endpointStatusPath })],
  ]);
  const { api } = driver;
  if (api === undefined) return { drivers };
  const { ClusterReporter } = await import('./cluster-reporter.ts');
  return { drivers, reporter: (parts) => new ClusterReporter({ api, ...parts }) };
}

async function openDriver(options: RunOptions, onBug: (error: unknown) => void): Promise<Driver> {
  const { node, datastore, secretNamespace, nodeStatus } = options;
  switch (datastore.type) {
    case 'files':
      return filesDatastore({ path: datastore.path });
    case 'kubernetes': {
      const { kubernetesDatastore } = await import('../datastore/kubernetes/kubernetes.ts');
      const { access, usePodCidr } = datastore;
      const advertisesServices = options.advertiseClusterIPs !== undefined;
      const wholeOwnNode = options.drain !== 'keep';
      const wanted = { usePodCidr, secretNamespace, advertisesServices, nodeStatus, wholeOwnNode };
      return kubernetesDatastore({ node, access, ...wanted, onBug });
    }
    case 'etcdv3': {
      const { kubernetesDatastore } = await import('../datastore/kubernetes/kubernetes.ts');
      const { etcdDatastore } = await import('../datastore/etcd/etcd.ts');
      const { etcdWithKubernetes } = await import('../datastore/etcd/with-kubernetes.ts');
      const wanted = { secretNamespace, advertisesServices: options.advertiseClusterIPs !== undefined };
      const kubernetes = kubernetesDatastore({ node, access: datastore.access, usePodCidr: false, ...wanted, onBug });
      return etcdWithKubernetes(etcdDatastore({ node, access: datastore.etcd, onBug }), kubernetes, wanted);
    }
  }
}

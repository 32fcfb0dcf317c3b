// Which datastore a run uses and how to reach it, from flags and Calico's variables. Pure.

import { DATASTORES } from './commands.ts';
import type { DatastoreConfig } from './datastore-config.ts';
import { didYouMean } from './suggest.ts';
import type { DatastoreOptions, Environment, EtcdAccess, KubernetesAccess, RunFlags } from './types.ts';
import { datastoreVariable, variable } from './variables.ts';

type Result<T> = { readonly value: T } | { readonly problem: string };

/** `files` where resources are given; else DATASTORE_TYPE; else etcdv3 where endpoints are given; else kubernetes. */
export function chooseDatastore(flags: RunFlags, env: Environment, config?: DatastoreConfig): Result<DatastoreOptions> {
  // A file says all of it, as with Calico's own programs.
  const read = config === undefined ? (name: string) => datastoreVariable(env, name) : (name: string) => config[name];
  const resources = flags.resources ?? variable(env, 'CARACAL_RESOURCES');
  const said = flags.datastore ?? (flags.resources === undefined ? read('DATASTORE_TYPE') : undefined);
  const type = said ?? (resources !== undefined ? 'files' : read('ETCD_ENDPOINTS') ? 'etcdv3' : 'kubernetes');
  switch (type) {
    case 'files':
      if (resources === undefined) return { problem: 'the datastore files needs a folder or file: --resources PATH' };
      return { value: { type, path: resources } };
    case 'kubernetes':
    case 'etcdv3':
      if (flags.resources !== undefined) {
        return { problem: `--resources goes with --datastore files, not with ${type}` };
      }
      return type === 'kubernetes' ? kubernetesDatastore(read) : etcdDatastore(read);
    default:
      return {
        problem: `DATASTORE_TYPE ${type} is unknown, there are ${DATASTORES.join(', ')}${didYouMean(type, DATASTORES)}`,
      };
  }
}

type Read = (name: string) => string | undefined;

function kubernetesDatastore(read: Read): Result<DatastoreOptions> {
  const access = kubernetesAccess(read);
  const usePodCidr = boolean(read, 'USE_POD_CIDR');
  if ('problem' in access) return access;
  if ('problem' in usePodCidr) return usePodCidr;
  return { value: { type: 'kubernetes', access: access.value, usePodCidr: usePodCidr.value } };
}

function etcdDatastore(read: Read): Result<DatastoreOptions> {
  const access = kubernetesAccess(read);
  if ('problem' in access) return access;
  const endpoints = (read('ETCD_ENDPOINTS') ?? '').split(',').flatMap((text) => text.trim() || []);
  const discoverySrv = read('ETCD_DISCOVERY_SRV');
  if (endpoints.length === 0 && discoverySrv === undefined) {
    return { problem: 'the datastore etcdv3 needs ETCD_ENDPOINTS or ETCD_DISCOVERY_SRV' };
  }
  if (endpoints.length > 0 && discoverySrv !== undefined) {
    return { problem: 'ETCD_ENDPOINTS and ETCD_DISCOVERY_SRV exclude each other' };
  }
  const [username, password] = [read('ETCD_USERNAME'), read('ETCD_PASSWORD')];
  const inline = texts(read, { ca: 'etcdCACert', cert: 'etcdCert', key: 'etcdKey' });
  const files = texts(read, { keyFile: 'ETCD_KEY_FILE', certFile: 'ETCD_CERT_FILE', caFile: 'ETCD_CA_CERT_FILE' });
  const isInline = Object.keys(inline).length > 0;
  if (isInline && Object.keys(files).length > 0) {
    return {
      problem: 'certificates and keys of etcd are all in the file (etcdKey ...) or all in others (etcdKeyFile ...)',
    };
  }
  const etcd: EtcdAccess = {
    endpoints,
    ...(discoverySrv !== undefined && { discoverySrv }),
    ...(username !== undefined && password !== undefined && { credentials: { username, password } }),
    ...files,
    ...(isInline && { inline }),
  };
  return { value: { type: 'etcdv3', etcd, access: access.value } };
}

function kubernetesAccess(read: Read): Result<KubernetesAccess> {
  const insecure = boolean(read, 'K8S_INSECURE_SKIP_TLS_VERIFY');
  if ('problem' in insecure) return insecure;
  const given = texts(read, {
    kubeconfig: 'KUBECONFIG',
    apiEndpoint: 'K8S_API_ENDPOINT',
    keyFile: 'K8S_KEY_FILE',
    certFile: 'K8S_CERT_FILE',
    caFile: 'K8S_CA_FILE',
    token: 'K8S_API_TOKEN',
    context: 'K8S_CURRENT_CONTEXT',
    apiGroup: 'CALICO_API_GROUP',
  });
  return { value: { ...given, insecureSkipTlsVerify: insecure.value } };
}

function texts<Key extends string>(read: Read, names: Readonly<Record<Key, string>>): { readonly [K in Key]?: string } {
  const found: { [K in Key]?: string } = {};
  for (const key of Object.keys(names) as Key[]) {
    const text = read(names[key]);
    if (text !== undefined) found[key] = text;
  }
  return found;
}

/** What Go's strconv takes for a boolean, as Calico does. */
function boolean(read: Read, name: string): Result<boolean> {
  const text = read(name);
  if (text === undefined) return { value: false };
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return { value: true };
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return { value: false };
  return { problem: `${name} is "${text}", which is neither true nor false` };
}

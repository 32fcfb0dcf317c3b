// Calico's own file that says how to reach the datastore (`calicoctl.cfg`), as the variables that would say the same. Pure,
// but for `readDatastoreConfig`.

import { readFileSync } from 'node:fs';
import { isErrorWithCode } from '../status/errors.ts';
import { usageError } from './flags.ts';
import { didYouMean } from './suggest.ts';
import type { Environment, RunFlags, UsageError } from './types.ts';
import { variable } from './variables.ts';

/** By the name of the variable; what has none, by the name of the field. */
export type DatastoreConfig = Readonly<Record<string, string>>;

const KIND = 'CalicoAPIConfig';
const API_VERSION = 'projectcalico.org/v3';

/** Field of `spec` -> variable. */
const FIELDS: Readonly<Record<string, string>> = {
  datastoreType: 'DATASTORE_TYPE',
  etcdEndpoints: 'ETCD_ENDPOINTS',
  etcdDiscoverySrv: 'ETCD_DISCOVERY_SRV',
  etcdUsername: 'ETCD_USERNAME',
  etcdPassword: 'ETCD_PASSWORD',
  etcdKeyFile: 'ETCD_KEY_FILE',
  etcdCertFile: 'ETCD_CERT_FILE',
  etcdCACertFile: 'ETCD_CA_CERT_FILE',
  etcdKey: 'etcdKey',
  etcdCert: 'etcdCert',
  etcdCACert: 'etcdCACert',
  kubeconfig: 'KUBECONFIG',
  k8sAPIEndpoint: 'K8S_API_ENDPOINT',
  k8sKeyFile: 'K8S_KEY_FILE',
  k8sCertFile: 'K8S_CERT_FILE',
  k8sCAFile: 'K8S_CA_FILE',
  k8sAPIToken: 'K8S_API_TOKEN',
  k8sInsecureSkipTLSVerify: 'K8S_INSECURE_SKIP_TLS_VERIFY',
  k8sCurrentContext: 'K8S_CURRENT_CONTEXT',
  usePodCIDR: 'USE_POD_CIDR',
  calicoAPIGroup: 'CALICO_API_GROUP',
};
/** Of Calico's clients, without a meaning for us. */
const PASSED_OVER = ['k8sClientQPS', 'k8sClientBurst', 'k8sDisableNodePoll'];

/** @param document as YAML or JSON gave it */
export function datastoreConfig(document: unknown): { readonly value: DatastoreConfig } | { readonly problem: string } {
  const { apiVersion, kind, spec = {} } = fields(document);
  if (kind !== KIND || apiVersion !== API_VERSION) {
    return { problem: `it has to be of kind ${KIND} and apiVersion ${API_VERSION}` };
  }
  const found: Record<string, string> = {};
  for (const [field, value] of Object.entries(fields(spec))) {
    if (PASSED_OVER.includes(field)) continue;
    if (field === 'kubeconfigInline')
      return { problem: 'kubeconfigInline is not read; put it into a file: kubeconfig' };
    const name = FIELDS[field];
    if (name === undefined) return { problem: `unknown field ${field}${didYouMean(field, Object.keys(FIELDS))}` };
    if (!['string', 'number', 'boolean'].includes(typeof value)) return { problem: `${field} must be text` };
    const text = String(value).trim();
    if (text !== '') found[name] = text;
  }
  return { value: found };
}

/** What the flag or the environment names; undefined where neither does. */
export async function readDatastoreConfig(
  flags: Pick<RunFlags, 'calicoConfig'>,
  env: Environment,
): Promise<DatastoreConfig | UsageError | undefined> {
  const path = flags.calicoConfig ?? variable(env, 'CARACAL_CALICO_CONFIG');
  if (path === undefined) return undefined;
  // Loaded when asked for: other commands do without it.
  const { parse, YAMLParseError } = await import('yaml');
  try {
    const result = datastoreConfig(parse(readFileSync(path, 'utf8')));
    return 'problem' in result ? usageError(`${path}: ${result.problem}`) : result.value;
  } catch (error) {
    // The parser's own words quote the file, which may hold a password.
    if (error instanceof YAMLParseError) {
      const line = error.linePos?.[0].line;
      return usageError(`${path} is not YAML${line === undefined ? '' : ` (line ${line})`}`);
    }
    if (!isErrorWithCode(error)) throw error;
    return usageError(`${path} cannot be read (${error.code})`);
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

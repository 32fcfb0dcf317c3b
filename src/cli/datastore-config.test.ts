import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { datastoreConfig, readDatastoreConfig } from './datastore-config.ts';
import { chooseDatastore } from './datastore-environment.ts';

const config = (spec: object) => ({ apiVersion: 'projectcalico.org/v3', kind: 'CalicoAPIConfig', metadata: {}, spec });
const choose = (spec: object, env = {}) => {
  const read = datastoreConfig(config(spec));
  return 'problem' in read ? read : chooseDatastore({ http: [], check: false }, env, read.value);
};

const ACCESS = { insecureSkipTlsVerify: false };

test.each<[string, object, object]>([
  [
    'etcd with files',
    {
      ...{
        datastoreType: 'etcdv3',
        etcdEndpoints: 'https://a:2379,https://b:2379',
        etcdKeyFile: '/k',
        etcdCertFile: '/c',
      },
      ...{ etcdCACertFile: '/ca', etcdUsername: 'calico', etcdPassword: 'secret' },
    },
    {
      type: 'etcdv3',
      etcd: {
        ...{ endpoints: ['https://a:2379', 'https://b:2379'], keyFile: '/k', certFile: '/c', caFile: '/ca' },
        credentials: { username: 'calico', password: 'secret' },
      },
      access: ACCESS,
    },
  ],
  [
    'etcd because there are endpoints, with what is in the file itself',
    { etcdEndpoints: 'https://a:2379', etcdKey: 'KEY', etcdCert: 'CERT', etcdCACert: 'CA' },
    {
      type: 'etcdv3',
      etcd: { endpoints: ['https://a:2379'], inline: { ca: 'CA', cert: 'CERT', key: 'KEY' } },
      access: ACCESS,
    },
  ],
  [
    'Kubernetes',
    {
      datastoreType: 'kubernetes',
      kubeconfig: '/k',
      k8sInsecureSkipTLSVerify: true,
      usePodCIDR: true,
      k8sClientQPS: 9,
    },
    { type: 'kubernetes', access: { kubeconfig: '/k', insecureSkipTlsVerify: true }, usePodCidr: true },
  ],
  ['nothing at all', {}, { type: 'kubernetes', access: ACCESS, usePodCidr: false }],
])('a file says %s', (_, spec, value) => {
  // Variables do not count beside a file.
  expect(choose(spec, { DATASTORE_TYPE: 'etcdv3', ETCD_ENDPOINTS: 'http://other:2379' })).toEqual({ value });
});

test.each<[object, string]>([
  [{ etcdEndpoint: 'https://a:2379' }, 'unknown field etcdEndpoint; did you mean etcdEndpoints?'],
  [{ etcdEndpoints: ['https://a:2379'] }, 'etcdEndpoints must be text'],
  [{ kubeconfigInline: '{}' }, 'kubeconfigInline is not read; put it into a file: kubeconfig'],
  [
    { etcdEndpoints: 'https://a:2379', etcdKey: 'KEY', etcdCertFile: '/c' },
    'certificates and keys of etcd are all in the file (etcdKey ...) or all in others (etcdKeyFile ...)',
  ],
])('%j is refused in a sentence', (spec, problem) => {
  expect(choose(spec)).toEqual({ problem });
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caracal-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a file is found by flag or variable, and what is wrong with it is one sentence without its content', async () => {
  const file = join(folder, 'calicoctl.cfg');
  const problemOf = async (text: string) => {
    writeFileSync(file, text);
    return readDatastoreConfig({ calicoConfig: file }, {});
  };
  expect(await readDatastoreConfig({}, {})).toBeUndefined();
  expect(await problemOf('{"a": secret\n')).toEqual({ type: 'usageError', text: `${file} is not YAML (line 2)` });
  expect(await problemOf('kind: Node')).toEqual({
    type: 'usageError',
    text: `${file}: it has to be of kind CalicoAPIConfig and apiVersion projectcalico.org/v3`,
  });
  writeFileSync(file, JSON.stringify(config({ etcdEndpoints: 'http://a:2379' })));
  expect(await readDatastoreConfig({}, { CARACAL_CALICO_CONFIG: file })).toEqual({ ETCD_ENDPOINTS: 'http://a:2379' });
  rmSync(file);
  expect(await readDatastoreConfig({ calicoConfig: file }, {})).toEqual({
    type: 'usageError',
    text: `${file} cannot be read (ENOENT)`,
  });
});

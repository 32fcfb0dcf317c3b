// The driver against a real etcd. Skipped, with the reason, where there is none.

import { afterAll, beforeAll } from 'vitest';
import { describeWith } from '../../../test/requirements.ts';
import { type DatastoreHarness, datastoreContract } from '../datastore-contract.ts';
import { etcdDatastore } from './etcd.ts';
import { keyOf, RealEtcd } from './real-etcd.fixture.ts';

describeWith(['etcd'], 'a real etcd', () => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await RealEtcd.start();
  }, 60_000);
  afterAll(() => etcd.stop());

  datastoreContract('the etcd driver', async (): Promise<DatastoreHarness> => {
    return {
      driver: () => etcdDatastore({ node: 'node-1', access: { endpoints: [etcd.url] } }),
      put: (resource) => etcd.put(keyOf(resource), JSON.stringify(resource)),
      remove: (resource) => etcd.delete(keyOf(resource)),
      dispose: () => etcd.clear(),
    };
  });
});

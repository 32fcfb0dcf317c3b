// Reads a cluster with our driver until the first Intent, and says what that cost. Argument: a kubeconfig.

import { kubernetesDatastore } from '../../src/datastore/kubernetes/kubernetes.ts';
import { ResourceStore } from '../../src/datastore/store.ts';
import { computeIntent } from '../../src/intent/index.ts';
import { measured, type Reading, sinceStart } from './measured.ts';

const OWN = 'node-0';

async function readWithDriver(kubeconfig: string): Promise<Reading> {
  const store = new ResourceStore();
  const access = { kubeconfig, insecureSkipTlsVerify: false };
  const driver = kubernetesDatastore({ node: OWN, access, usePodCidr: false, secretNamespace: 'kube-system' });
  await driver.start((events) => store.apply(events));
  if (!store.synced) throw new Error(`not in sync: ${store.detail}`);
  const firstListsMs = sinceStart();
  const intent = computeIntent(store, { node: OWN });
  const firstIntentMs = sinceStart();
  if (intent.peers.size !== store.list('Node').length - 1) throw new Error(`${intent.peers.size} peers`);
  const resources = driver.status().watches.reduce((sum, watch) => sum + watch.resources, 0);
  const reading = await measured('caracal', resources, { firstListsMs, firstIntentMs });
  await driver.stop();
  return reading;
}

console.log(JSON.stringify(await readWithDriver(process.argv[2] ?? '')));

// Reads a cluster with the informers of @kubernetes/client-node, and says what that cost. Argument: a kubeconfig.

import { CoreV1Api, CustomObjectsApi, KubeConfig, makeInformer } from '@kubernetes/client-node';
import { measured, type Reading, sinceStart } from './measured.ts';

async function readWithInformers(kubeconfig: string): Promise<Reading> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  const calico = { group: 'crd.projectcalico.org', version: 'v1' };
  const plurals = ['bgpconfigurations', 'bgppeers', 'bgpfilters', 'ippools', 'felixconfigurations', 'blockaffinities'];
  const informers = [
    makeInformer(config, '/api/v1/nodes', () => core.listNode()),
    ...plurals.map((plural) =>
      makeInformer(config, `/apis/${calico.group}/${calico.version}/${plural}`, () =>
        custom.listClusterCustomObject({ ...calico, plural }),
      ),
    ),
  ];
  await Promise.all(informers.map((informer) => informer.start()));
  const firstListsMs = sinceStart();
  const resources = informers.reduce((sum, informer) => sum + informer.list().length, 0);
  const reading = await measured('stock informer', resources, { firstListsMs });
  await Promise.all(informers.map((informer) => informer.stop()));
  return reading;
}

console.log(JSON.stringify(await readWithInformers(process.argv[2] ?? '')));

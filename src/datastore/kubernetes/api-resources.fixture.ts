// Resources as users write them, on a real API server: created or replaced, in the API group that the server has.

import type { RawResource } from '../datastore-contract.ts';
import type { RealApiServer } from './real-api-server.fixture.ts';

export const CALICO = { v1: 'crd.projectcalico.org/v1', v3: 'projectcalico.org/v3' };

const PLURALS: Readonly<Record<string, string>> = {
  BGPConfiguration: 'bgpconfigurations',
  BGPPeer: 'bgppeers',
  BGPFilter: 'bgpfilters',
  IPPool: 'ippools',
  BlockAffinity: 'blockaffinities',
  FelixConfiguration: 'felixconfigurations',
  CalicoNodeStatus: 'caliconodestatuses',
  Node: 'nodes',
  Service: 'services',
  Secret: 'secrets',
};

export class ApiResources {
  readonly #server: RealApiServer;
  readonly #calico: string;
  readonly #made = new Map<string, RawResource>();

  constructor(server: RealApiServer, calico: string) {
    this.#server = server;
    this.#calico = calico;
  }

  async put(resource: RawResource): Promise<void> {
    const { resourceVersion: _ours, ...metadata } = resource.metadata;
    const folder = this.#folder(resource);
    const path = `${folder}/${metadata.name}`;
    const apiVersion = resource.apiVersion.includes('projectcalico.org') ? this.#calico : resource.apiVersion;
    const there = await this.#server.send('GET', path);
    const { resourceVersion } = (there.body.metadata ?? {}) as { resourceVersion?: string };
    const isNew = there.status === 404;
    const body = { ...resource, apiVersion, metadata: isNew ? metadata : { ...metadata, resourceVersion } };
    const answer = await this.#server.send(isNew ? 'POST' : 'PUT', isNew ? folder : path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    this.#made.set(path, resource);
  }

  async remove(resource: RawResource): Promise<void> {
    await this.#server.send('DELETE', `${this.#folder(resource)}/${resource.metadata.name}`);
  }

  async clear(): Promise<void> {
    for (const path of this.#made.keys()) await this.#server.send('DELETE', path);
    this.#made.clear();
  }

  #folder({ apiVersion, kind, metadata: { namespace } }: RawResource): string {
    if (apiVersion.includes('projectcalico.org')) return `/apis/${this.#calico}/${PLURALS[kind]}`;
    return typeof namespace === 'string'
      ? `/api/v1/namespaces/${namespace}/${PLURALS[kind]}`
      : `/api/v1/${PLURALS[kind]}`;
  }
}

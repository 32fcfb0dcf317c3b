// What the Kubernetes driver promises whatever an API server does, as tests. They run against a server that the tests
// themselves play, where every fault can be had quickly, and against a real one.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type Observed, observe, type RawResource } from '../datastore-contract.ts';
import type { Resource, ResourceKind } from '../resources/types.ts';
import type { CuttableProxy } from './cuttable-proxy.fixture.ts';
import { HOSTNAME_HASH_LABEL, hostnameHash } from './hostname-label.ts';
import type { KubernetesDatastore, KubernetesOptions } from './kubernetes.ts';

export const NODE = 'node-1';

/** An API server with a proxy before it, through which drivers reach it. */
export interface ApiWorld {
  readonly proxy: CuttableProxy;
  readonly hasEndpointSlices: boolean;
  /** A driver; nothing of Kubernetes is in the environment. */
  driver(options?: Partial<KubernetesOptions>): KubernetesDatastore;
  /** Creates or replaces. Calico's resources may have either API version. */
  put(resource: RawResource): Promise<void>;
  remove(resource: RawResource): Promise<void>;
  /** A bit of everything is deleted: all resources that tests made. */
  clear(): Promise<void>;
  /** A watch that is opened again cannot go on from where it was. Only while the proxy is closed. */
  forgetHistory(): Promise<void>;
  removeKind(plural: string): Promise<void>;
  installKind(plural: string): Promise<void>;
  /** From now on the server takes another token than before, and it is where drivers look for it. */
  replaceToken(): Promise<void>;
  /** A driver of somebody without any right. */
  driverWithoutRights(): KubernetesDatastore;
  dispose(): Promise<void>;
}

export function pool(name: string, cidr: string): RawResource {
  return { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name }, spec: { cidr } };
}

function node(name: string, annotations: Record<string, string>, labels: Record<string, string> = {}): RawResource {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, annotations, labels } };
}

function affinity(name: string, on: string, labels?: Record<string, string>): RawResource {
  const spec = { cidr: `10.9.${name.length}.0/26`, node: on, state: 'confirmed', deleted: 'false' };
  const metadata = { name, ...(labels && { labels }) };
  return { apiVersion: 'crd.projectcalico.org/v1', kind: 'BlockAffinity', metadata, spec };
}

function configuration(spec: object): RawResource {
  return { apiVersion: 'projectcalico.org/v3', kind: 'BGPConfiguration', metadata: { name: 'default' }, spec };
}

function secret(name: string, password: string): RawResource & { data: Record<string, string> } {
  const metadata = { name, namespace: 'kube-system' };
  const data = { password: Buffer.from(password).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata, data };
}

const PEER: RawResource = {
  apiVersion: 'projectcalico.org/v3',
  kind: 'BGPPeer',
  metadata: { name: 'tor' },
  spec: {
    peerIP: '192.0.2.1',
    asNumber: 64_512,
    password: { secretKeyRef: { name: 'bgp-secret', key: 'password' } },
  },
};

export function apiServerContract(name: string, makeWorld: () => Promise<ApiWorld>, timeout: number): void {
  describe(`the Kubernetes driver, with ${name},`, { timeout }, () => {
    let world: ApiWorld;
    let running: Observed[] = [];

    beforeAll(async () => {
      world = await makeWorld();
    }, timeout);

    afterEach(async () => {
      for (const { driver } of running) await driver.stop();
      running = [];
      await world.proxy.listen();
      await world.clear();
    }, timeout);

    afterAll(async () => {
      await world.dispose();
    }, timeout);

    async function start(driver = world.driver()): Promise<Observed & { driver: KubernetesDatastore }> {
      const observed = await observe(driver);
      running.push(observed);
      await isSynced(observed);
      return { ...observed, driver };
    }

    function until(observed: Observed, holds: () => boolean): Promise<void> {
      const { store } = observed;
      const shown = () => ({ synced: store.synced, detail: store.detail, problems: store.problems, last: last() });
      const last = () => observed.batches.flat().slice(-5);
      return eventually(holds, shown, timeout / 2);
    }

    function isSynced(observed: Observed, synced = true): Promise<void> {
      return until(observed, () => observed.store.synced === synced);
    }

    function names({ store }: Observed, kind: ResourceKind = 'IPPool'): string[] {
      return store.list(kind).map(({ metadata }: Resource) => metadata.name);
    }

    function becomes(observed: Observed, kind: ResourceKind, ...expected: string[]): Promise<void> {
      return until(observed, () => JSON.stringify(names(observed, kind)) === JSON.stringify(expected));
    }

    /** What was delivered after the first state of being in sync. */
    function changes({ batches }: Observed): string[] {
      const events = batches.flat();
      const first = events.findIndex((event) => event.type === 'synced' && event.synced);
      return events.slice(first + 1).flatMap((event) => {
        if (event.type === 'set') return `+${event.resource.metadata.name}`;
        return event.type === 'removed' ? `-${event.name}` : [];
      });
    }

    test('loses nothing and repeats nothing when its connections are cut', async () => {
      await world.put(pool('red', '10.1.0.0/16'));
      const observed = await start();
      for (const name of ['a', 'b', 'c']) {
        world.proxy.cut();
        await world.put(pool(name, `10.${10 + name.charCodeAt(0)}.0.0/16`));
        await until(observed, () => names(observed).includes(name));
      }
      await isSynced(observed);
      expect(names(observed)).toEqual(['a', 'b', 'c', 'red']);
      expect(changes(observed)).toEqual(['+a', '+b', '+c']);
    });

    test('gets an event whole that was cut in the middle', async () => {
      const observed = await start();
      world.proxy.cutNextAnswer();
      await world.put(pool('red', '10.1.0.0/16'));
      await becomes(observed, 'IPPool', 'red');
      expect(changes(observed)).toEqual(['+red']);
    });

    test('keeps everything while the server is away, says so, and learns what it has missed', async () => {
      for (const [name, cidr] of Object.entries({ red: '10.1.0.0/16', blue: '10.2.0.0/16' })) {
        await world.put(pool(name, cidr));
      }
      const observed = await start();
      await world.proxy.close();
      await isSynced(observed, false);
      expect(observed.store.detail).toBe(`127.0.0.1:${world.proxy.port} refuses connections`);
      expect(names(observed)).toEqual(['blue', 'red']);
      await world.remove(pool('blue', ''));
      await world.put(pool('green', '10.3.0.0/16'));
      expect(changes(observed)).toEqual([]);
      await world.proxy.listen();
      await isSynced(observed);
      await becomes(observed, 'IPPool', 'green', 'red');
      expect(changes(observed).sort()).toEqual(['+green', '-blue']);
      expect(observed.driver.status().watches.every(({ state }) => state === 'watching')).toBe(true);
    });

    test('lists again, and tells the difference only, when the server has forgotten what was before', async () => {
      await world.put(pool('red', '10.1.0.0/16'));
      await world.put(pool('blue', '10.2.0.0/16'));
      const observed = await start();
      await world.proxy.close();
      await isSynced(observed, false);
      await world.remove(pool('blue', ''));
      await world.put(pool('green', '10.3.0.0/16'));
      await world.forgetHistory();
      await world.proxy.listen();
      await isSynced(observed);
      await becomes(observed, 'IPPool', 'green', 'red');
      expect(changes(observed).sort()).toEqual(['+green', '-blue']);
      const pools = observed.driver.status().watches.find((watch) => watch.name === 'ippools');
      expect(pools?.lists).toBe(2);
    });

    test('takes a kind that is deleted for empty, and follows it when it is back', async () => {
      await world.put(pool('red', '10.1.0.0/16'));
      const observed = await start();
      await world.removeKind('bgpfilters');
      await until(observed, () => observed.store.problems.length > 0);
      expect(observed.store.problems).toEqual([
        {
          ...{ kind: 'BGPFilter', name: 'bgpfilters', path: '', severity: 'warning' },
          text: 'the API server has no bgpfilters of crd.projectcalico.org/v1: taken as none, and looked for again',
        },
      ]);
      expect(observed.store.synced).toBe(true);
      await world.put(pool('blue', '10.2.0.0/16'));
      await becomes(observed, 'IPPool', 'blue', 'red');
      await world.installKind('bgpfilters');
      const filter = { apiVersion: 'projectcalico.org/v3', kind: 'BGPFilter', metadata: { name: 'f' }, spec: {} };
      await world.put(filter);
      await becomes(observed, 'BGPFilter', 'f');
      await until(observed, () => observed.store.problems.length === 0);
      expect(changes(observed)).toEqual(['+blue', '+f']);
    });

    test('goes on with another token when the old one is not taken any more', async () => {
      await world.put(pool('red', '10.1.0.0/16'));
      const observed = await start();
      await world.replaceToken();
      world.proxy.cut();
      await world.put(pool('blue', '10.2.0.0/16'));
      await becomes(observed, 'IPPool', 'blue', 'red');
      await isSynced(observed);
      expect(changes(observed)).toEqual(['+blue']);
    });

    test('says in one sentence which right is missing', async () => {
      const observed = await observe(world.driverWithoutRights());
      running.push(observed);
      await until(observed, () => observed.store.detail?.includes('may not list') === true);
      const status = () => (observed.driver as KubernetesDatastore).status();
      await until(observed, () => status().watches.every(({ state }) => state === 'failing'));
      expect(status().synced).toBe(false);
      expect(status().watches.find((watch) => watch.name === 'bgppeers')?.detail).toBe(
        'calico-node may not list bgppeers of crd.projectcalico.org: its ClusterRole needs the rule ' +
          '{"apiGroups":["crd.projectcalico.org"],"resources":["bgppeers"],"verbs":["get","list","watch"]}',
      );
      expect(observed.batches.flat().filter(({ type }) => type === 'set')).toEqual([]);
    });

    test('reads Nodes by their metadata: Calico in annotations, labels of both', async () => {
      const annotations = {
        'projectcalico.org/IPv4Address': '10.0.0.1/24',
        'projectcalico.org/ASNumber': '64513',
        'projectcalico.org/labels': '{"zone":"a","rack":"old"}',
      };
      const observed = await start();
      await world.put(node('n1', annotations, { rack: 'r1' }));
      await becomes(observed, 'Node', 'n1');
      expect(observed.store.get('Node', 'n1')).toMatchObject({
        metadata: { name: 'n1', labels: { zone: 'a', rack: 'r1' }, annotations: {} },
        bgp: { ipv4: { address: '10.0.0.1', network: '10.0.0.0/24' }, asNumber: 64_513 },
      });
      await world.put(node('n1', { ...annotations, 'projectcalico.org/IPv4Address': '10.0.0.2/24' }, { rack: 'r1' }));
      await until(observed, () => observed.store.get('Node', 'n1')?.bgp?.ipv4?.address === '10.0.0.2');
      await world.remove(node('n1', {}));
      await becomes(observed, 'Node');
    });

    test('reads the pod CIDRs of this node only, and no affinities, where they give pods their addresses', async () => {
      const spec = { podCIDR: '10.8.1.0/24', podCIDRs: ['10.8.1.0/24'] };
      await world.put({ ...node(NODE, {}), spec });
      await world.put({ ...node('node-2', {}), spec: { podCIDR: '10.8.2.0/24', podCIDRs: ['10.8.2.0/24'] } });
      await world.put(affinity('mine', NODE));
      const observed = await start(world.driver({ usePodCidr: true }));
      expect(observed.store.list('Node').map(({ podCIDRs }) => podCIDRs)).toEqual([['10.8.1.0/24'], []]);
      expect(names(observed, 'BlockAffinity')).toEqual([]);
    });

    test('reads the block affinities of this node, with and without the label, and no others', async () => {
      const mine = { [HOSTNAME_HASH_LABEL]: hostnameHash(NODE) };
      const others = { [HOSTNAME_HASH_LABEL]: hostnameHash('node-2') };
      await world.put(affinity('labelled', NODE, mine));
      await world.put(affinity('unlabelled', NODE));
      await world.put(affinity('others', 'node-2', others));
      await world.put(affinity('others-unlabelled', 'node-2'));
      const observed = await start();
      expect(names(observed, 'BlockAffinity')).toEqual(['labelled', 'unlabelled']);
      await world.put(affinity('unlabelled', NODE, mine));
      await world.put(affinity('later', NODE, mine));
      await becomes(observed, 'BlockAffinity', 'labelled', 'later', 'unlabelled');
      await world.remove(affinity('unlabelled', NODE));
      await becomes(observed, 'BlockAffinity', 'labelled', 'later');
    });

    test('reads a Secret as long as something refers to it', async () => {
      await world.put(secret('bgp-secret', 'old'));
      await world.put(secret('other-secret', 'none of ours'));
      const observed = await start();
      expect(names(observed, 'Secret')).toEqual([]);
      await world.put(PEER);
      await becomes(observed, 'Secret', 'bgp-secret');
      expect(observed.store.get('Secret', 'bgp-secret', 'kube-system')?.data).toEqual({ password: 'old' });
      await world.put(secret('bgp-secret', 'new'));
      const data = () => observed.store.get('Secret', 'bgp-secret', 'kube-system')?.data;
      await until(observed, () => data()?.password === 'new');
      const second = await start();
      expect(names(second, 'Secret')).toEqual(['bgp-secret']);
      await world.remove(PEER);
      await becomes(observed, 'Secret');
      expect(observed.store.synced).toBe(true);
    });

    test('reads Services from when a range is configured, and lets them go with it', async () => {
      const metadata = { name: 'web', namespace: 'default' };
      const spec = { ports: [{ port: 80 }], clusterIP: '10.96.0.80' };
      await world.put({ apiVersion: 'v1', kind: 'Service', metadata, spec });
      const observed = await start();
      expect(names(observed, 'Service')).toEqual([]);
      await world.put(configuration({ serviceClusterIPs: [{ cidr: '10.96.0.0/16' }] }));
      await until(observed, () => names(observed, 'Service').includes('web'));
      expect(observed.store.get('Service', 'web', 'default')).toMatchObject({ clusterIP: '10.96.0.80' });
      if (!world.hasEndpointSlices) {
        await until(observed, () => observed.store.problems.length > 0);
        expect(observed.store.problems).toEqual([
          {
            ...{ kind: 'EndpointSlice', name: 'endpointslices', path: '', severity: 'warning' },
            text: 'the API server has no endpointslices of discovery.k8s.io/v1: taken as none, and looked for again',
          },
        ]);
        const second = await start();
        expect(names(second, 'Service')).toContain('web');
      }
      expect(observed.store.synced).toBe(true);
      await world.put(configuration({}));
      await becomes(observed, 'Service');
      expect(observed.store.problems).toEqual([]);
    });

    test('reads what calicoctl writes and what kubectl applies', async () => {
      const calicoctl = { name: 'calicoctl', creationTimestamp: null, labels: { from: 'calicoctl' } };
      const applied = { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', spec: { cidr: '10.2.0.0/16' } };
      await world.put({
        ...pool('calicoctl', '10.1.0.0/16'),
        metadata: {
          name: 'calicoctl',
          annotations: { 'projectcalico.org/metadata': JSON.stringify(calicoctl) },
        },
      });
      await world.put({
        ...pool('kubectl', '10.2.0.0/16'),
        metadata: {
          ...{ name: 'kubectl', labels: { from: 'kubectl' } },
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied) },
        },
      });
      const observed = await start();
      expect(observed.store.list('IPPool').map(({ metadata, cidr }) => [metadata, cidr])).toEqual([
        [{ name: 'calicoctl', labels: { from: 'calicoctl' }, annotations: {} }, '10.1.0.0/16'],
        [{ name: 'kubectl', labels: { from: 'kubectl' }, annotations: {} }, '10.2.0.0/16'],
      ]);
    });

    test('hears of every change soon', async () => {
      await world.put(PEER);
      await world.put(secret('bgp-secret', 'old'));
      const observed = await start();
      const metadata = { name: 'x' };
      const calico = { apiVersion: 'projectcalico.org/v3', metadata };
      const felix = { ...calico, kind: 'FelixConfiguration', metadata: { name: 'default' } };
      const kinds: readonly ((round: number) => RawResource)[] = [
        (round) => pool('x', `10.${round}.0.0/16`),
        (round) => ({ ...calico, kind: 'BGPPeer', spec: { peerIP: '192.0.2.9', asNumber: 64_512 + round } }),
        (round) => ({
          ...calico,
          kind: 'BGPFilter',
          spec: { exportV4: [{ action: 'Accept', cidr: `10.${round}.0.0/16`, matchOperator: 'In' }] },
        }),
        (round) => configuration({ asNumber: 64_512 + round }),
        (round) => ({ ...felix, spec: { ipv4NormalRoutePriority: 1_000 + round } }),
        (round) => ({ ...affinity('x', NODE, { round: `${round}` }) }),
        (round) => node('x', { 'projectcalico.org/IPv4Address': `10.0.0.${round + 1}/24` }),
        (round) => ({ ...secret('bgp-secret', `password ${round}`) }),
      ];
      const delays: number[] = [];
      const timed = async (kind: string, change: () => Promise<void>) => {
        const seen = observed.batches.flat().length;
        const before = performance.now();
        await change();
        const arrived = () =>
          observed.batches
            .flat()
            .slice(seen)
            .some((event) =>
              event.type === 'set' ? event.resource.kind === kind : event.type === 'removed' && event.kind === kind,
            );
        await until(observed, arrived);
        delays.push(performance.now() - before);
      };
      for (const make of kinds) {
        for (let round = 0; round < 5; round++) await timed(make(round).kind, () => world.put(make(round)));
        await timed(make(0).kind, () => world.remove(make(0)));
      }
      expect(delays.length).toBe(kinds.length * 6);
      expect(delays.sort((a, b) => a - b)[delays.length >> 1]).toBeLessThan(300);
    });
  });
}

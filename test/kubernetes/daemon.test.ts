// The daemon on a real API server: how soon a change reaches a session, what a fault of the server does to sessions and
// routes, what is told to the cluster, and what Nodes that are away or cordoned mean.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiResources, CALICO } from '../../src/datastore/kubernetes/api-resources.fixture.ts';
import { CuttableProxy } from '../../src/datastore/kubernetes/cuttable-proxy.fixture.ts';
import {
  CRDS,
  RealApiServer,
  START_TIMEOUT,
  whyNoApiServer,
} from '../../src/datastore/kubernetes/real-api-server.fixture.ts';
import {
  affinity,
  configuration,
  filter,
  freePort,
  kubeconfigAs,
  kubernetesNode,
  nodeStatus,
  peer,
  pool,
  TestNode,
} from './nodes.ts';

const reason = whyNoApiServer();
const TIMEOUT = { timeout: 30_000, interval: 5 };
const FIRST = '10.65.1.0/26';
const SECOND = '10.65.2.0/26';
/** LOCAL_PREF of a route of normal priority. */
const NORMAL = 2_147_482_623;

describe.skipIf(reason !== undefined)(
  `the daemon${reason === undefined ? '' : ` [skipped: ${reason}]`}`,
  {
    timeout: 4 * START_TIMEOUT,
  },
  () => {
    let server: RealApiServer;
    let resources: ApiResources;
    let proxy: CuttableProxy;
    let base: object;
    const nodes: TestNode[] = [];

    beforeAll(async () => {
      server = await RealApiServer.start();
      resources = new ApiResources(server, CALICO.v1);
      proxy = await new CuttableProxy(() => Number(server.url.port)).listen();
      base = { bindMode: 'NodeIP', listenPort: await freePort() };
      await resources.put(configuration(base));
      await resources.put(pool());
      for (const [index, cidr] of [FIRST, SECOND].entries()) {
        await resources.put(kubernetesNode(`node-${index + 1}`, `127.0.0.${index + 1}`));
        await resources.put(affinity(`node-${index + 1}`, cidr));
      }
      const kubeconfig = kubeconfigAs(server, undefined, `https://127.0.0.1:${proxy.port}`);
      nodes.push(new TestNode('node-1', kubeconfig, ['--drain', 'withdraw']), new TestNode('node-2', kubeconfig));
      await Promise.all(nodes.map((node) => node.start()));
    }, 2 * START_TIMEOUT);

    afterAll(async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await proxy?.close();
      await server?.stop();
    }, 2 * START_TIMEOUT);

    const UP = [['Mesh_127_0_0_2 Established 0'], ['Mesh_127_0_0_1 Established 0']];
    const first = () => nodes[0]!;
    const second = () => nodes[1]!;

    test('says that it is in contact, how every watch is doing, and that an API is missing', async () => {
      await expect.poll(() => nodes.map(({ sessions }) => sessions), TIMEOUT).toEqual(UP);
      await expect.poll(() => first().routes, TIMEOUT).toEqual([`${SECOND} ${NORMAL}`]);
      const { datastore } = first().status;
      expect(datastore).toMatchObject({
        ...{ type: 'kubernetes', synced: true },
        contact: { server: `https://127.0.0.1:${proxy.port}`, apiGroup: CALICO.v1, stale: false },
      });
      const watches = datastore.contact!.watches.map(({ name, state, resources }) => `${name} ${state} ${resources}`);
      expect(watches).toEqual([
        'bgpconfigurations watching 1',
        'bgppeers watching 0',
        'bgpfilters watching 0',
        'ippools watching 1',
        'nodes watching 1',
        'nodes/node-1 watching 1',
        'blockaffinities watching 0',
        'blockaffinities without label watching 1',
        'felixconfigurations watching 0',
        'caliconodestatuses watching 0',
      ]);
      expect(first().complaints).toBe('');
    });

    /** Before sessions come and go in other tests: a second round of Events is a minute later. */
    test('writes an Event when a session goes down', async () => {
      const other = kubernetesNode('node-4', '127.0.0.4');
      await resources.put(other);
      const fourth = await new TestNode('node-4', server.kubeconfig).start();
      await expect.poll(() => first().sessions, TIMEOUT).toContain('Mesh_127_0_0_4 Established 0');
      await fourth.stop();
      const events = async () => {
        const { body } = await server.send('GET', '/api/v1/namespaces/default/events');
        return (body.items as { message: string; involvedObject: { name: string } }[])
          .filter(({ involvedObject }) => involvedObject.name === 'node-1')
          .map(({ message }) => message);
      };
      await expect
        .poll(events, TIMEOUT)
        .toEqual([expect.stringMatching(/^BGP session Mesh_127_0_0_4 with 127\.0\.0\.4 is down: /)]);
      await resources.remove(other);
      await expect.poll(() => nodes.map(({ sessions }) => sessions), TIMEOUT).toEqual(UP);
    });

    test('tells its sessions of every change soon', async () => {
      const delays: number[] = [];
      const timed = async (change: () => Promise<void>, seen: () => unknown, expected: unknown) => {
        const before = performance.now();
        await change();
        await expect.poll(seen, TIMEOUT).toEqual(expected);
        delays.push(performance.now() - before);
      };
      const routes = () => first().routes;
      const normal = [`${SECOND} ${NORMAL}`];
      const third = '10.65.3.0/26';
      const named = (name: string) => first().sessions.some((session) => session.startsWith(name));
      const community = { communities: ['64512:7'], cidr: '10.65.0.0/16' };
      for (let round = 0; round < 3; round++) {
        const more = affinity('node-2', third);
        await timed(() => resources.put(more), routes, [...normal, `${third} ${NORMAL}`]);
        await timed(() => resources.remove(more), routes, normal);
        await timed(() => resources.put(pool({ disableBGPExport: true })), routes, []);
        await timed(() => resources.put(pool()), routes, normal);
        await timed(() => resources.put(configuration({ ...base, prefixAdvertisements: [community] })), routes, [
          `${SECOND} ${NORMAL} 64512:7`,
        ]);
        await timed(() => resources.put(configuration(base)), routes, normal);
        const better = [`${SECOND} ${NORMAL + 124}`];
        await timed(() => resources.put(configuration({ ...base, ipv4NormalRoutePriority: 900 })), routes, better);
        await timed(() => resources.put(configuration(base)), routes, normal);
        const other = kubernetesNode('node-3', '127.0.0.3');
        await timed(
          () => resources.put(other),
          () => named('Mesh_127_0_0_3'),
          true,
        );
        await timed(
          () => resources.remove(other),
          () => named('Mesh_127_0_0_3'),
          false,
        );
        const rack = peer('rack', { node: 'node-1', peerIP: '192.0.2.99', asNumber: 65_000 });
        await timed(
          () => resources.put(rack),
          () => named('Node_192_0_2_99'),
          true,
        );
        await timed(
          () => resources.remove(rack),
          () => named('Node_192_0_2_99'),
          false,
        );
      }
      expect(nodes.map(({ sessions }) => sessions)).toEqual(UP);
      // 300 ms is what is promised of a machine at rest (bench/README.md); test machines are not.
      expect(delays.sort((a, b) => a - b)[delays.length >> 1]).toBeLessThan(1_500);
    });

    test('tells a session of a filter', async () => {
      const rules = (action: string) =>
        filter('some', { exportV4: [{ action, cidr: SECOND, matchOperator: 'Equal' }] });
      const explicit = peer('first', { node: 'node-2', peerIP: '127.0.0.1', asNumber: 64_512, filters: ['some'] });
      await resources.put(rules('Accept'));
      await resources.put(explicit);
      const route = [`${SECOND} ${NORMAL}`];
      await expect
        .poll(() => second().sessions, TIMEOUT)
        .toEqual([expect.stringMatching(/^Node_127_0_0_1_port_\d+ Established 0$/)]);
      await expect.poll(() => first().routes, TIMEOUT).toEqual(route);
      await resources.put(rules('Reject'));
      await expect.poll(() => first().routes, TIMEOUT).toEqual([]);
      await resources.put(rules('Accept'));
      await expect.poll(() => first().routes, TIMEOUT).toEqual(route);
      await resources.remove(explicit);
      await resources.remove(rules('Accept'));
      await expect.poll(() => nodes.map(({ sessions }) => sessions), TIMEOUT).toEqual(UP);
    });

    test('fills CalicoNodeStatus, and goes on doing so as sessions come and go', async () => {
      const object = nodeStatus('first', 'node-1');
      const path = `/apis/${CALICO.v1}/caliconodestatuses/first`;
      await resources.put(object);
      const bgp = async () => ((await server.send('GET', path)).body.status as { bgp?: object } | undefined)?.bgp;
      await expect.poll(bgp, TIMEOUT).toMatchObject({
        ...{ numberEstablishedV4: 1, numberNotEstablishedV4: 0 },
        peersV4: [{ peerIP: '127.0.0.2', type: 'NodeMesh', state: 'Established' }],
      });
      const { agent, routes } = (await server.send('GET', path)).body.status as { agent: object; routes: object };
      expect(agent).toMatchObject({ birdV4: { state: 'Ready', version: '0.1.0', routerID: '127.0.0.1' } });
      expect(routes).toMatchObject({
        routesV4: expect.arrayContaining([
          expect.objectContaining({
            ...{ type: 'FIB', destination: SECOND },
            learnedFrom: { sourceType: 'NodeMesh', peerIP: '127.0.0.2' },
          }),
        ]),
      });
      const other = kubernetesNode('node-3', '127.0.0.3');
      await resources.put(other);
      await expect.poll(bgp, TIMEOUT).toMatchObject({ numberEstablishedV4: 1, numberNotEstablishedV4: 1 });
      await resources.remove(other);
      await resources.remove(object);
      expect(first().complaints).toBe('');
    });

    test('takes the services away from a cordoned node', async () => {
      await resources.put(configuration({ ...base, serviceClusterIPs: [{ cidr: '10.96.0.0/16' }] }));
      await expect.poll(() => second().routes, TIMEOUT).toEqual([`${FIRST} ${NORMAL}`, `10.96.0.0/16 ${NORMAL}`]);
      // The API that comes with Kubernetes 1.21 may not be there: said, and nothing waits for it.
      expect(first().status.datastore.synced).toBe(true);
      await resources.put(kubernetesNode('node-1', '127.0.0.1', { unschedulable: true }));
      await expect.poll(() => second().routes, TIMEOUT).toEqual([`${FIRST} ${NORMAL}`]);
      expect(first().complaints).toContain('the node is cordoned: its service routes are withdrawn');
      await resources.put(kubernetesNode('node-1', '127.0.0.1'));
      await resources.put(configuration(base));
      await expect.poll(() => second().routes, TIMEOUT).toEqual([`${FIRST} ${NORMAL}`]);
      await expect.poll(() => first().complaints, TIMEOUT).toBe('');
    });

    test('knows which Nodes are away, however many are asked for', async () => {
      // Without addresses for BGP, so that nobody peers with them: they may be heard of after they are gone.
      const plain = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
      for (const name of ['ready', 'not-ready']) await resources.put(plain(name));
      for (const [name, status] of Object.entries({ ready: 'True', 'not-ready': 'Unknown' })) {
        const body = { status: { conditions: [{ type: 'Ready', status }] } };
        await server.send('PATCH', `/api/v1/nodes/${name}/status`, body, 'application/strategic-merge-patch+json');
      }
      const options = { node: 'node-1', usePodCidr: false, secretNamespace: 'kube-system' };
      const { kubernetesDatastore } = await import('../../src/datastore/kubernetes/kubernetes.ts');
      const access = { kubeconfig: server.kubeconfig, insecureSkipTlsVerify: false };
      const driver = kubernetesDatastore({ ...options, access });
      await driver.start(() => {});
      const away = { gone: 'does not exist', 'not-ready': 'is NotReady' };
      const more = Array.from({ length: 20 }, (_, index) => `gone-${index}`);
      expect(Object.fromEntries(await driver.awayNodes(['gone', 'ready', 'not-ready', 'node-1']))).toEqual(away);
      expect(Object.fromEntries(await driver.awayNodes(['gone', 'ready', 'not-ready', ...more]))).toEqual({
        ...away,
        ...Object.fromEntries(more.map((name) => [name, 'does not exist'])),
      });
      await driver.stop();
      for (const name of ['ready', 'not-ready']) await resources.remove(plain(name));
    });

    describe('with sessions and routes as they were, and in sync again afterwards, outlives', () => {
      async function outlives(fault: () => Promise<void>): Promise<void> {
        await expect.poll(() => nodes.map(({ sessions }) => sessions), TIMEOUT).toEqual(UP);
        const before = nodes.map(({ status }) => status.bgp.peersV4.map(({ since }) => since));
        const changes: string[] = [];
        const watching = setInterval(() => {
          const { routes } = first();
          if (routes.join() !== `${SECOND} ${NORMAL}`) changes.push(routes.join());
        }, 20);
        await fault();
        clearInterval(watching);
        expect(changes).toEqual([]);
        const more = affinity('node-2', '10.65.9.0/26');
        await resources.put(more);
        await expect.poll(() => first().routes, TIMEOUT).toEqual([`${SECOND} ${NORMAL}`, `10.65.9.0/26 ${NORMAL}`]);
        await resources.remove(more);
        await expect.poll(() => first().routes, TIMEOUT).toEqual([`${SECOND} ${NORMAL}`]);
        await expect.poll(() => nodes.every(({ status }) => status.datastore.synced), TIMEOUT).toBe(true);
        expect(nodes.map(({ sessions }) => sessions)).toEqual(UP);
        expect(nodes.map(({ status }) => status.bgp.peersV4.map(({ since }) => since))).toEqual(before);
        expect(nodes.flatMap(({ bugs, fatal }) => [...bugs, ...fatal])).toEqual([]);
      }

      test(
        'a server that is killed, forgets what was, and comes back with another token',
        () =>
          outlives(async () => {
            await server.kill();
            await expect.poll(() => first().status.datastore.synced, TIMEOUT).toBe(false);
            // What is said first depends on which watch notices.
            await expect
              .poll(() => first().status.datastore.detail, TIMEOUT)
              .toMatch(/refuses connections|closed the connection/);
            expect(first().daemon.handlers.readiness().ready).toBe(true);
            writeFileSync(join(server.folder, 'token'), server.replaceToken());
            await server.restart();
          }),
        4 * START_TIMEOUT,
      );

      test('a connection that is cut in the middle of an event, and many that are cut', () =>
        outlives(async () => {
          proxy.cutNextAnswer();
          await resources.put(pool({ nodeSelector: 'all()' }));
          for (let i = 0; i < 5; i++) {
            proxy.cut();
            await resources.put(pool({ nodeSelector: `has(n${i})` }));
          }
          await resources.put(pool());
        }));

      test('a kind that is deleted and made again', () =>
        outlives(async () => {
          const path = `${CRDS}/bgpfilters.crd.projectcalico.org`;
          const { body } = await server.send('GET', path);
          await server.send('DELETE', path);
          const state = () =>
            first().status.datastore.contact?.watches.find(({ name }) => name === 'bgpfilters')?.state;
          await expect.poll(state, TIMEOUT).toBe('missing');
          expect(first().complaints).toContain('the API server has no bgpfilters of crd.projectcalico.org/v1');
          await server.posts(CRDS, { ...body, metadata: { name: (body.metadata as { name: string }).name } });
          await server.serves('v1', 'bgpfilters');
          await expect.poll(state, TIMEOUT).toBe('watching');
        }));
    });
  },
);

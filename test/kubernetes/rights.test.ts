// deploy/: what is in the manifests is what an API server takes and what the daemon needs. Under exactly the rights of
// deploy/kubernetes/rights nothing is missing; without one of them it is named and everything else goes on.

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ClusterReporter } from '../../src/daemon/cluster-reporter.ts';
import { makeLogger } from '../../src/daemon/log.ts';
import { ApiResources, CALICO } from '../../src/datastore/kubernetes/api-resources.fixture.ts';
import { kubernetesDatastore } from '../../src/datastore/kubernetes/kubernetes.ts';
import {
  RealApiServer,
  START_TIMEOUT,
  whyNoApiServer,
} from '../../src/datastore/kubernetes/real-api-server.fixture.ts';
import {
  affinity,
  configuration,
  freePort,
  kubeconfigAs,
  kubernetesNode,
  nodeStatus,
  optionsOf,
  peer,
  pool,
  TestNode,
} from './nodes.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly subjects?: readonly object[];
}

const DEPLOY = new URL('../../deploy/kubernetes/', import.meta.url);

function manifests(path: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(new URL(path, DEPLOY), 'utf8')).map((document) => document.toJS() as Manifest);
}

const RIGHTS = manifests('rights/rbac.yaml');

/** One right: a resource of a group, as the sentence about it names it. */
const rights = RIGHTS.flatMap(({ kind, metadata, rules = [] }) =>
  rules.flatMap(({ resources }) => resources.map((resource) => ({ role: `${kind} ${metadata.name}`, resource }))),
);

const FOLDERS: Readonly<Record<string, string>> = {
  ConfigMap: '/api/v1/namespaces/kube-system/configmaps',
  ServiceAccount: '/api/v1/namespaces/kube-system/serviceaccounts',
  DaemonSet: '/apis/apps/v1/namespaces/kube-system/daemonsets',
  Deployment: '/apis/apps/v1/namespaces/kube-system/deployments',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
};

function pathOf({ kind, metadata: { name, namespace } }: Manifest): string {
  const folder = FOLDERS[kind] ?? `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${kind.toLowerCase()}s`;
  return `${folder}/${name}`;
}

const TIMEOUT = { timeout: 30_000 };
const reason = whyNoApiServer();

describe.skipIf(reason !== undefined)(
  `deploy/kubernetes${reason === undefined ? '' : ` [skipped: ${reason}]`}`,
  {
    timeout: 2 * START_TIMEOUT,
  },
  () => {
    let server: RealApiServer;
    let resources: ApiResources;
    let running: { stop(): Promise<void> }[] = [];

    beforeAll(async () => {
      server = await RealApiServer.start();
      resources = new ApiResources(server, CALICO.v1);
      const spec = { nodeToNodeMeshEnabled: false, bindMode: 'NodeIP', listenPort: await freePort() };
      await resources.put(configuration({ ...spec, serviceClusterIPs: [{ cidr: '10.96.0.0/16' }] }));
      await resources.put(pool());
      const password = { secretKeyRef: { name: 'bgp-secrets', key: 'password' } };
      await resources.put(peer('rack', { peerIP: '192.0.2.99', asNumber: 65_000, password }));
      const data = { password: Buffer.from('secret').toString('base64') };
      const metadata = { name: 'bgp-secrets', namespace: 'kube-system' };
      await server.posts('/api/v1/namespaces/kube-system/secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata,
        data,
      });
    }, 2 * START_TIMEOUT);

    afterEach(async () => {
      await Promise.all(running.map((one) => one.stop()));
      running = [];
    });

    afterAll(() => server?.stop(), START_TIMEOUT);

    /** As `kubectl apply --server-side` does. */
    async function apply(manifest: Manifest): Promise<void> {
      const path = `${pathOf(manifest)}?fieldManager=test&force=true`;
      const answer = await server.send('PATCH', path, manifest, 'application/apply-patch+yaml');
      expect([answer.status, answer.body.message]).toEqual([expect.toBeOneOf([200, 201]), undefined]);
    }

    /** Gives a user the rights of the manifests, but one. */
    async function grant(user: string, missing?: { readonly role: string; readonly resource: string }): Promise<void> {
      for (const manifest of RIGHTS) {
        if (manifest.kind === 'ServiceAccount') continue;
        const name = `${manifest.metadata.name}-${user}`;
        const isHit = `${manifest.kind} ${manifest.metadata.name}` === missing?.role;
        const without = (rule: Rule) => {
          const rest = rule.resources.filter((resource) => !isHit || resource !== missing.resource);
          return rest.length === 0 ? [] : [{ ...rule, resources: rest }];
        };
        const { roleRef } = manifest as { roleRef?: { name: string } };
        await apply({
          ...manifest,
          metadata: { ...manifest.metadata, name },
          ...(manifest.rules && { rules: manifest.rules.flatMap(without) }),
          ...(manifest.subjects && { subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }] }),
          ...(roleRef && { roleRef: { ...roleRef, name: `${roleRef.name}-${user}` } }),
        } as Manifest);
      }
    }

    /** A node of its own for each user. */
    async function startAs(user: string, index: number): Promise<TestNode> {
      await resources.put(kubernetesNode(user, `127.0.1.${index + 1}`));
      await resources.put(affinity(user, `10.65.${index + 1}.0/26`));
      await resources.put(nodeStatus(user, user));
      const node = await new TestNode(user, kubeconfigAs(server, user)).start();
      running.push(node);
      return node;
    }

    /** The complaint that is everybody's on a server without the API of EndpointSlices. */
    const NO_SLICES =
      'the API server has no endpointslices of discovery.k8s.io/v1: taken as none, and looked for again';
    const others = (node: TestNode) =>
      node.complaints.split('\n').filter((line) => line !== '' && !line.includes(NO_SLICES));

    test('holds every manifest that an API server takes', async () => {
      for (const path of ['rights/rbac.yaml', 'sidecar/rights.yaml', 'reflector/reflector.yaml']) {
        for (const manifest of manifests(path)) await apply(manifest);
      }
    });

    test('gives exactly the rights that are needed', async () => {
      await grant('exact');
      const node = await startAs('exact', 0);
      await expect.poll(() => node.status.datastore.synced, TIMEOUT).toBe(true);
      await expect.poll(() => node.sessions, TIMEOUT).toEqual([expect.stringMatching(/^Global_192_0_2_99 /)]);
      const written = async () =>
        (await server.send('GET', `/apis/${CALICO.v1}/caliconodestatuses/exact`)).body.status !== undefined;
      await expect.poll(written, TIMEOUT).toBe(true);
      expect(others(node)).toEqual([]);
      await tellDown('exact');
      expect(await eventsOf('exact')).toEqual(['BGPSessionDown']);
    });

    /** As the daemon does, without a session that could be lost. Answers what is wrong then. */
    async function tellDown(user: string): Promise<readonly string[]> {
      const access = { kubeconfig: kubeconfigAs(server, user), insecureSkipTlsVerify: false };
      const driver = kubernetesDatastore({ node: user, access, usePodCidr: false, secretNamespace: 'kube-system' });
      await driver.start(() => {});
      const reporter = new ClusterReporter({
        api: driver.api,
        options: optionsOf(['--node', user, '--node-status', 'off'], {}),
        answers: { status: () => expect.unreachable(), routes: () => expect.unreachable() },
        logger: makeLogger('silent', user),
      });
      const reason = { type: 'connectionLost', text: 'gone' } as const;
      reporter.tell({ type: 'peerDown', peer: 'a', address: '192.0.2.1', reason, wasEstablished: true });
      await expect
        .poll(async () => reporter.problems.length > 0 || (await eventsOf(user)).length > 0, TIMEOUT)
        .toBe(true);
      const problems = reporter.problems.map(({ kind, name, text }) => `${kind} ${name}: ${text}`);
      await reporter.stop();
      await driver.stop();
      return problems;
    }

    async function eventsOf(node: string): Promise<readonly string[]> {
      const { body } = await server.send('GET', '/api/v1/namespaces/default/events');
      const items = body.items as { reason: string; involvedObject: { name: string } }[];
      return items.filter(({ involvedObject }) => involvedObject.name === node).map(({ reason }) => reason);
    }

    const read = rights.filter(({ resource }) => resource !== 'events' && resource !== 'endpointslices');

    test('without one of them: says which it is, and everything else goes on', async () => {
      const nodes = await Promise.all(
        read.map(async (right, index) => {
          const user = `without-${right.resource.replace('/', '-')}`;
          await grant(user, right);
          return { right, user, node: await startAs(user, index + 10) };
        }),
      );
      const required = [
        'bgpconfigurations',
        'bgppeers',
        'bgpfilters',
        'ippools',
        'blockaffinities',
        'nodes',
        'services',
      ];
      for (const { right, user, node } of nodes) {
        const isRequired = required.includes(right.resource);
        const sentence = `${user} may not (list|watch|update) ${right.resource}\\b.*its (Cluster)?Role .* rule`;
        await expect.poll(() => others(node).join('\n'), TIMEOUT).toMatch(new RegExp(sentence));
        expect([user, node.status.datastore.synced, ...node.fatal, ...node.bugs]).toEqual([user, !isRequired]);
        // Nothing else is wrong, but that a password cannot be read makes its session be without one.
        expect(others(node).filter((line) => !line.includes('may not') && !line.includes('bgp-secrets'))).toEqual([]);
        if (isRequired) continue;
        await expect.poll(() => node.sessions, TIMEOUT).toEqual([expect.stringMatching(/^Global_192_0_2_99 /)]);
      }
      const waiting = nodes.filter(({ right }) => required.includes(right.resource));
      await Promise.all(waiting.map(({ user }) => grant(user)));
      for (const { node } of waiting) {
        await expect.poll(() => node.status.datastore.synced, { timeout: 60_000 }).toBe(true);
        await expect.poll(() => node.sessions, TIMEOUT).toEqual([expect.stringMatching(/^Global_192_0_2_99 /)]);
      }
    });

    test('without the right to create Events: says so', async () => {
      await grant('without-events', { role: 'Role caracal-events', resource: 'events' });
      expect(await tellDown('without-events')).toEqual([
        'Event without-events: cannot be written: without-events may not create events in namespace default: its Role in namespace default needs the rule {"apiGroups":[""],"resources":["events"],"verbs":["create"]}',
      ]);
    });

    test('the sidecar turns BIRD and confd off and replaces the probes of calico-node', async () => {
      const [patch] = manifests('sidecar/calico-node.yaml');
      await apply({ ...CALICO_NODE, kind: 'DaemonSet' });
      const answer = await server.send('PATCH', pathOf(patch!), patch, 'application/strategic-merge-patch+json');
      expect([answer.status, answer.body.message]).toEqual([200, undefined]);
      const { template } = answer.body.spec as { template: { spec: PodSpec } };
      const [caracal, calico] = ['caracal', 'calico-node'].map(
        (name) => template.spec.containers.find((container) => container.name === name)!,
      );
      expect(calico).toMatchObject({
        env: expect.arrayContaining([
          { name: 'CALICO_NETWORKING_BACKEND', value: 'vxlan' },
          { name: 'DATASTORE_TYPE', value: 'kubernetes' },
        ]),
        livenessProbe: { httpGet: { path: '/liveness', port: 9099 }, periodSeconds: 10 },
        readinessProbe: { httpGet: { path: '/readiness', port: 9099 } },
      });
      expect([calico!.livenessProbe, calico!.readinessProbe]).not.toContainEqual(
        expect.objectContaining({ exec: expect.anything() }),
      );
      expect(caracal!.volumeMounts.map(({ name, mountPath }) => [name, mountPath])).toEqual([
        ['var-run-calico', '/var/run/calico'],
        ['var-lib-calico', '/var/lib/calico'],
        ['caracal-run', '/var/run/caracal'],
      ]);
      expect(template.spec.volumes.map(({ name }) => name).sort()).toEqual([
        'caracal-run',
        'var-lib-calico',
        'var-run-calico',
      ]);
      // The command line is one that this build takes, with the daemon's probes where it serves them.
      const [command, ...words] = caracal!.args;
      expect(command).toBe('run');
      expect(optionsOf(words, { NODENAME: 'a', DATASTORE_TYPE: 'kubernetes' })).toMatchObject({
        datastore: { type: 'kubernetes' },
        http: expect.arrayContaining([
          { type: 'tcp', address: '127.0.0.1', port: caracal!.livenessProbe.httpGet.port },
        ]),
        networkingBackend: 'bird',
      });
    });
  },
);

interface PodSpec {
  readonly containers: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly env: readonly object[];
    readonly livenessProbe: { readonly httpGet: { readonly port: number } };
    readonly readinessProbe: object;
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly { readonly name: string }[];
}

/** As in Calico's manifest, as far as the patch touches it. */
const CALICO_NODE = {
  apiVersion: 'apps/v1',
  metadata: { name: 'calico-node', namespace: 'kube-system' },
  spec: {
    selector: { matchLabels: { 'k8s-app': 'calico-node' } },
    template: {
      metadata: { labels: { 'k8s-app': 'calico-node' } },
      spec: {
        hostNetwork: true,
        serviceAccountName: 'calico-node',
        containers: [
          {
            name: 'calico-node',
            image: 'calico/node:v3.30.0',
            env: [
              { name: 'DATASTORE_TYPE', value: 'kubernetes' },
              {
                name: 'CALICO_NETWORKING_BACKEND',
                valueFrom: { configMapKeyRef: { name: 'calico-config', key: 'calico_backend' } },
              },
            ],
            livenessProbe: { exec: { command: ['/bin/calico-node', '-felix-live', '-bird-live'] }, periodSeconds: 10 },
            readinessProbe: { exec: { command: ['/bin/calico-node', '-felix-ready', '-bird-ready'] } },
          },
        ],
        volumes: [{ name: 'var-run-calico', hostPath: { path: '/var/run/calico' } }],
      },
    },
  },
};

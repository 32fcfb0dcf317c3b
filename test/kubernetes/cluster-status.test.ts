// `caracal status --cluster` by a kubeconfig: pods are found and asked through a real API server, with the token of a Secret
// and no other rights than those of deploy/kubernetes/cluster-status.

import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createCli } from '../../src/cli/main.ts';
import {
  RealApiServer,
  START_TIMEOUT,
  whyNoApiServer,
} from '../../src/datastore/kubernetes/real-api-server.fixture.ts';
import type { ClusterReport } from '../../src/status/cluster/types.ts';
import { type HttpServer, startHttp } from '../../src/status/http.ts';
import { statusReport } from '../../src/status/report.ts';
import { environmentFixture, NOW, peerFixture, snapshotFixture } from '../../src/status/snapshot.fixture.ts';
import { CARACAL } from '../../topologies/daemons.ts';
import { kubeconfigAs, optionsOf } from './nodes.ts';

/** The API server passes nothing on to loopback addresses. */
const own = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

const reason = whyNoApiServer() ?? (own === undefined ? 'needs an IPv4 address that is not loopback' : undefined);
const DEPLOY = new URL('../../deploy/kubernetes/', import.meta.url);
const NAMESPACE = '/api/v1/namespaces/kube-system';
const TOKEN = 'the-token-of-the-cluster';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  /** Of a DaemonSet. */
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { name: string; args: readonly string[] }[] } };
  };
}

function manifests(path: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(new URL(path, DEPLOY), 'utf8')).map((document) => document.toJS() as Manifest);
}

describe.skipIf(reason !== undefined)(
  `caracal status --cluster by a kubeconfig${reason === undefined ? '' : ` [skipped: ${reason}]`}`,
  { timeout: START_TIMEOUT },
  () => {
    let server: RealApiServer;
    const serving: HttpServer[] = [];

    beforeAll(async () => {
      server = await RealApiServer.start();
      await grant('viewer');
      await put('secrets', { kind: 'Secret', metadata: { name: 'caracal-status' }, stringData: { token: TOKEN } });
      // node-1 expects another AS than node-2 has; node-3 runs nothing; node-4's pod only begins.
      await putPod('node-1', await serve(1, { remoteAs: 64513, state: 'Idle', address: '10.0.0.2' }));
      await putPod('node-2', await serve(2, { state: 'Active', address: '10.0.0.1' }));
      await putPod('node-3', 9);
      await putPod('node-4', undefined);
    }, START_TIMEOUT);

    afterAll(async () => {
      await Promise.all(serving.map((each) => each.stop()));
      await server?.stop();
    }, START_TIMEOUT);

    async function put(plural: string, object: object): Promise<void> {
      await server.posts(`${NAMESPACE}/${plural}`, { apiVersion: 'v1', ...object });
    }

    /** The rights of the manifests for a user. */
    async function grant(user: string): Promise<void> {
      const folder = '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system';
      for (const role of manifests('cluster-status/rights.yaml')) await server.posts(`${folder}/roles`, role);
      await server.posts(`${folder}/rolebindings`, {
        ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: user } },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'caracal-cluster-status' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      });
    }

    /** The status of a node with one session; answers its port. */
    async function serve(number: number, peer: Parameters<typeof peerFixture>[0]): Promise<number> {
      const address = `10.0.0.${number}`;
      const snapshot = snapshotFixture({
        ...{ node: `node-${number}`, bgpIdentifier: address, addresses: { ipv4: address } },
        peers: [peerFixture({ since: NOW, ...peer })],
      });
      const unasked = () => expect.unreachable();
      const tokenFile = join(server.folder, 'status-token');
      writeFileSync(tokenFile, `${TOKEN}\n`);
      const one = await startHttp({
        listen: { type: 'tcp', address: own!, port: 0, tokenFile },
        handlers: {
          status: () => statusReport(snapshot, environmentFixture()),
          ...{ routes: unasked, explain: unasked, intent: unasked, received: unasked },
          ...{ events: unasked, readiness: unasked, metrics: unasked },
        },
        onError: unasked,
      });
      serving.push(one);
      return one.endpoint.type === 'tcp' ? one.endpoint.port : expect.unreachable();
    }

    /** A pod without a kubelet: all that the API server looks at. */
    async function putPod(node: string, port: number | undefined): Promise<void> {
      const name = `calico-node-${node}`;
      const ports = [{ name: 'caracal-status', containerPort: port ?? 9180 }];
      const spec = { nodeName: node, containers: [{ name: 'caracal', image: 'caracal', ports }] };
      await put('pods', { kind: 'Pod', metadata: { name, labels: { 'k8s-app': 'calico-node' } }, spec });
      if (port === undefined) return;
      const status = { phase: 'Running', podIP: own, podIPs: [{ ip: own }] };
      const path = `${NAMESPACE}/pods/${name}/status`;
      const answer = await server.send('PATCH', path, { status }, 'application/merge-patch+json');
      expect([answer.status, answer.body.message]).toEqual([200, undefined]);
    }

    async function caracal(user: string, ...words: readonly string[]) {
      let [stdout, stderr] = ['', ''];
      const unasked = () => expect.unreachable();
      const main = createCli({
        ...{ run: unasked, explain: unasked, plan: unasked, migrate: unasked, lab: unasked },
        release: { version: '0.1.0', commit: 'unknown' },
        stdout: { write: (text) => (stdout += text) },
        stderr: { write: (text) => (stderr += text) },
      });
      const code = await main(['status', '--cluster', ...words], { KUBECONFIG: kubeconfigAs(server, user) });
      return { code, stdout, stderr };
    }

    test('needs no more than its rights, and finds the token itself', async () => {
      const { code, stdout, stderr } = await caracal('viewer', '--json');
      expect([code, stderr]).toEqual([3, '']);
      const { nodes, silent, holes }: ClusterReport = JSON.parse(stdout);
      expect(nodes).toEqual({ asked: 4, answered: 2 });
      expect(silent).toEqual([
        { node: 'node-3', reason: expect.stringMatching(/(?:500|503) .*connection refused/) },
        { node: 'node-4', reason: 'its pod is Pending and has no address yet' },
      ]);
      expect(holes.map(({ cause, text }) => [cause, text])).toEqual([
        ['as', 'node-1 expects AS 64513 of node-2, which is AS 64512 towards it'],
      ]);
    });

    test('a token that is given counts more than the one of the cluster, and a wrong one is told', async () => {
      const file = join(server.folder, 'wrong-token');
      writeFileSync(file, 'wrong');
      const { code, stdout } = await caracal('viewer', '--http-token-file', file);
      expect(code).toBe(1);
      expect(stdout).toContain(`  node-1, node-2: it wants another token than that of ${file}\n`);
      expect(stdout).not.toContain(TOKEN);
    });

    test('a right that is missing is named', async () => {
      expect(await caracal('nobody')).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'caracal: nobody may not list pods in namespace kube-system: its Role in namespace kube-system needs the rule {"apiGroups":[""],"resources":["pods"],"verbs":["get","list","watch"]}\n',
      });
    });

    test('pods that are not there are looked for elsewhere', async () => {
      expect(await caracal('viewer', '--selector', 'k8s-app=other')).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'caracal: namespace kube-system has no pod with k8s-app=other; --namespace and --selector look elsewhere (where an operator runs Calico: calico-system)\n',
      });
    });

    const kubectl = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
    const why = kubectl.status === 0 ? '' : ' [skipped: needs the program kubectl]';
    test.skipIf(why !== '')(`kubectl runs it as a plug-in, with all arguments${why}`, async () => {
      const folder = join(server.folder, 'plugins');
      mkdirSync(folder);
      symlinkSync(CARACAL, join(folder, 'kubectl-caracal'));
      const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, KUBECONFIG: kubeconfigAs(server, 'viewer') };
      const words = ['caracal', 'status', '--cluster', '--json', '-n', 'kube-system'];
      // It ends with 3, since something is missing.
      const ran = await promisify(execFile)('kubectl', words, { env }).catch((error) => error);
      expect([ran.code, JSON.parse(ran.stdout).nodes]).toEqual([3, { asked: 4, answered: 2 }]);
    });

    test('the sidecar serves status so that it can be asked', async () => {
      const argumentsOf = (path: string) =>
        manifests(path)[0]!.spec.template.spec.containers.find(({ name }) => name === 'caracal')!.args;
      const [before, after] = ['sidecar/calico-node.yaml', 'cluster-status/calico-node.yaml'].map(argumentsOf);
      expect(after!.slice(0, before!.length)).toEqual(before);
      const [command, ...words] = after!.map((word) => word.replace('$(POD_IP)', '192.0.2.7'));
      expect(command).toBe('run');
      const tokenFile = '/etc/caracal/status/token';
      const { http } = optionsOf(words, { NODENAME: 'a', DATASTORE_TYPE: 'kubernetes' });
      expect(http.filter(({ type }) => type === 'tcp')).toEqual([
        { type: 'tcp', address: '127.0.0.1', port: 9180, tokenFile },
        { type: 'tcp', address: '192.0.2.7', port: 9180, tokenFile },
      ]);
    });
  },
);

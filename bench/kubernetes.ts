// What a large cluster costs a node that starts: 5,000 Nodes and 20,000 BlockAffinities in a real API server, read by our
// driver until the first Intent, and by the stock informer beside it. Each reader is a process of its own.
// `node bench/kubernetes.ts` (needs etcd and kube-apiserver, as the tests of the driver do)

import { spawn } from 'node:child_process';
import { Agent, request } from 'node:https';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostnameHash } from '../src/datastore/kubernetes/hostname-label.ts';
import { kubernetesDatastore } from '../src/datastore/kubernetes/kubernetes.ts';
import { RealApiServer, whyNoApiServer } from '../src/datastore/kubernetes/real-api-server.fixture.ts';
import { ResourceStore } from '../src/datastore/store.ts';
import { computeIntent } from '../src/intent/index.ts';

const NODES = 5_000;
const AFFINITIES = 20_000;
const CONCURRENCY = 32;
const OWN = 'node-0';
/** Milliseconds of rest of which the CPU time is taken. */
const REST = 10_000;

export interface Reading {
  readonly reader: string;
  readonly firstListsMs: number;
  readonly firstIntentMs?: number;
  readonly resources: number;
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly peakRssMiB: number;
  readonly cpuMs: number;
  readonly restCpuPercent: number;
}

function bytes(count: number): number {
  return Math.round(count / 2 ** 20);
}

function cpu(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return Math.round((user + system) / 1_000);
}

async function measured(
  reader: string,
  resources: number,
  times: { firstListsMs: number; firstIntentMs?: number },
): Promise<Reading> {
  const cpuMs = cpu();
  const before = process.cpuUsage();
  await sleep(REST);
  const restCpuPercent = Math.round((cpu(before) / REST) * 1_000) / 10;
  const { rss } = process.memoryUsage();
  globalThis.gc?.();
  const { heapUsed } = process.memoryUsage();
  const peakRssMiB = Math.round(process.resourceUsage().maxRSS / 1_024);
  return {
    ...{ reader, ...times, resources, heapMiB: bytes(heapUsed), rssMiB: bytes(rss), peakRssMiB },
    ...{ cpuMs, restCpuPercent },
  };
}

/** Milliseconds since this process began. */
function sinceStart(): number {
  return Math.round(performance.now());
}

async function readWithDriver(kubeconfig: string): Promise<Reading> {
  const store = new ResourceStore();
  const access = { kubeconfig, insecureSkipTlsVerify: false };
  const driver = kubernetesDatastore({ node: OWN, access, usePodCidr: false, secretNamespace: 'kube-system' });
  await driver.start((events) => store.apply(events));
  if (!store.synced) throw new Error(`not in sync: ${store.detail}`);
  const firstListsMs = sinceStart();
  const intent = computeIntent(store, { node: OWN });
  const firstIntentMs = sinceStart();
  if (intent.peers.size !== NODES - 1) throw new Error(`${intent.peers.size} peers`);
  const resources = driver.status().watches.reduce((sum, watch) => sum + watch.resources, 0);
  const reading = await measured('caracal', resources, { firstListsMs, firstIntentMs });
  await driver.stop();
  return reading;
}

async function readWithInformers(kubeconfig: string): Promise<Reading> {
  const { CoreV1Api, CustomObjectsApi, KubeConfig, makeInformer } = await import('@kubernetes/client-node');
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

/** As kubelets and calico-node write it: about 7 kB, most of it of no use to BGP. */
function node(index: number): object {
  const name = `node-${index}`;
  const address = `10.${index >> 8}.${index & 255}.1`;
  const images = Array.from({ length: 40 }, (_, i) => ({
    names: [`registry.example/some/image-${i}@sha256:${'0123456789abcdef'.repeat(4)}`],
    sizeBytes: 10_000_000 + i,
  }));
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', rack: `r${index % 100}` },
      annotations: {
        'projectcalico.org/IPv4Address': `${address}/24`,
        'projectcalico.org/IPv4IPIPTunnelAddr': `10.${128 + (index >> 8)}.${index & 255}.0`,
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
    },
    spec: { podCIDR: `10.${128 + (index >> 8)}.${index & 255}.0/24` },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
      ],
      images,
    },
  };
}

function affinity(index: number): object {
  const owner = `node-${index % NODES}`;
  const cidr = `100.${64 + (index >> 10)}.${(index >> 2) & 255}.${(index & 3) * 64}/26`;
  const labels = {
    'projectcalico.org/hostname-hash': hostnameHash(owner),
    'projectcalico.org/affinity-type': 'host',
    'projectcalico.org/ip-version': '4',
  };
  return {
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'BlockAffinity',
    metadata: { name: `${owner}-${cidr.replaceAll(/[./]/g, '-')}`, labels },
    spec: { cidr, node: owner, state: 'confirmed', deleted: 'false' },
  };
}

async function fill(server: RealApiServer): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY, rejectUnauthorized: false });
  const create = (path: string, object: object) =>
    new Promise<void>((resolve, reject) => {
      const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
      const sent = request(new URL(path, server.url), { method: 'POST', agent, headers }, (response) => {
        response.resume();
        if (response.statusCode === 201) response.on('end', resolve);
        else reject(new Error(`POST ${path}: ${response.statusCode}`));
      });
      sent.on('error', reject);
      sent.end(JSON.stringify(object));
    });
  const calico = '/apis/crd.projectcalico.org/v1';
  const pool = { apiVersion: 'crd.projectcalico.org/v1', kind: 'IPPool', metadata: { name: 'default' } };
  await create(`${calico}/ippools`, { ...pool, spec: { cidr: '100.64.0.0/10', ipipMode: 'Always' } });
  const jobs = (function* () {
    for (let i = 0; i < NODES; i++) yield () => create('/api/v1/nodes', node(i));
    for (let i = 0; i < AFFINITIES; i++) yield () => create(`${calico}/blockaffinities`, affinity(i));
  })();
  const work = async () => {
    for (const job of jobs) await job();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  agent.destroy();
}

/** In a process of its own: this file, or a bundle of it, with the reader's name. */
function child(program: string, reader: string, kubeconfig: string): Promise<Reading> {
  const started = spawn(process.execPath, ['--expose-gc', program, reader, kubeconfig], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  started.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve, reject) => {
    started.on('error', reject);
    started.on('close', (code) => (code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`exit code ${code}`))));
  });
}

async function main(bundle: string | undefined): Promise<void> {
  const reason = whyNoApiServer();
  if (reason !== undefined) throw new Error(`no API server here: ${reason}`);
  const server = await RealApiServer.start();
  try {
    const before = performance.now();
    await fill(server);
    console.log(`${NODES} Nodes and ${AFFINITIES} BlockAffinities in ${Math.round(performance.now() - before)} ms`);
    for (const reader of Object.keys(READERS)) {
      console.log(await child(import.meta.filename, reader, server.kubeconfig));
      if (bundle !== undefined) console.log('bundled', await child(bundle, reader, server.kubeconfig));
    }
  } finally {
    await server.stop();
  }
}

const READERS: Readonly<Record<string, (kubeconfig: string) => Promise<Reading>>> = {
  driver: readWithDriver,
  informer: readWithInformers,
};

const [first = '', kubeconfig] = process.argv.slice(2);
const reader = READERS[first];
if (reader !== undefined && kubeconfig !== undefined) console.log(JSON.stringify(await reader(kubeconfig)));
else await main(first === '' ? undefined : first);

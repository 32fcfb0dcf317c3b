// What a large cluster costs a node that starts: 5,000 Nodes and 20,000 BlockAffinities in a real API server, read by our
// driver until the first Intent, and by the stock informer beside it. Each reader is a process of its own, once as the
// sources are and once as a bundle, which is how Caracal is shipped.
// `npm run bench -- kubernetes [nodes]` (needs etcd and kube-apiserver, as the tests of the driver do)

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { hostnameHash } from '../src/datastore/kubernetes/hostname-label.ts';
import { RealApiServer, whyNoApiServer } from '../src/datastore/kubernetes/real-api-server.fixture.ts';
import type { Reading } from './kubernetes/measured.ts';

const NODES = 5_000;
const AFFINITIES_A_NODE = 4;
const CONCURRENCY = 32;

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

function affinity(index: number, nodes: number): object {
  const owner = `node-${index % nodes}`;
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

async function fill(server: RealApiServer, nodes: number): Promise<void> {
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
    for (let i = 0; i < nodes; i++) yield () => create('/api/v1/nodes', node(i));
    for (let i = 0; i < nodes * AFFINITIES_A_NODE; i++) {
      yield () => create(`${calico}/blockaffinities`, affinity(i, nodes));
    }
  })();
  const work = async () => {
    for (const job of jobs) await job();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  agent.destroy();
}

function read(program: string, kubeconfig: string): Promise<Reading> {
  const flags = ['--expose-gc', '--max-semi-space-size=16'];
  const started = spawn(process.execPath, [...flags, program, kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  started.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve, reject) => {
    started.on('error', reject);
    started.on('close', (code) => (code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`exit code ${code}`))));
  });
}

async function main(nodes: number): Promise<void> {
  const reason = whyNoApiServer();
  if (reason !== undefined) throw new Error(`no API server here: ${reason}`);
  const folder = mkdtempSync(join(tmpdir(), 'caracal-bench-kubernetes-'));
  const server = await RealApiServer.start();
  try {
    const before = performance.now();
    await fill(server, nodes);
    const took = Math.round(performance.now() - before);
    console.log(`${nodes} Nodes and ${nodes * AFFINITIES_A_NODE} BlockAffinities, made in ${took} ms`);
    const rows: object[] = [];
    for (const name of READERS) {
      const program = join(import.meta.dirname, 'kubernetes', `${name}.ts`);
      rows.push({ run: 'sources', ...(await read(program, server.kubeconfig)) });
      rows.push({ run: 'bundle', ...(await read(await bundled(program, join(folder, name)), server.kubeconfig)) });
    }
    console.table(rows);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

/** With all that it imports, as Caracal is shipped. */
async function bundled(program: string, folder: string): Promise<string> {
  const { build } = await import('esbuild');
  const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await build({
    ...{ entryPoints: { reader: program }, outdir: folder, outExtension: { '.js': '.mjs' } },
    ...{ bundle: true, splitting: true, minify: true, platform: 'node', format: 'esm', target: 'node24' },
    ...{ banner: { js: require }, logLevel: 'warning' },
  });
  return join(folder, 'reader.mjs');
}

const READERS = ['driver', 'informer'];

const nodes = process.argv[2] ?? `${NODES}`;
if (!/^[1-9]\d*$/.test(nodes)) throw new Error(`${nodes} is no number of nodes`);
await main(Number(nodes));

// A real API server for tests: kube-apiserver and etcd on loopback, with Calico's CRDs. It comes from a script beside the
// repository, or from KUBEBUILDER_ASSETS, where envtest puts these programs; where it cannot be had, a sentence says why.

import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const SCRIPT = resolve(import.meta.dirname, '../../../../shared/kube/start');
const SCRIPT_NEEDS = ['etcd', 'xz', 'openssl', 'curl', 'python3'];

/** Milliseconds that a start may take, on a machine that does much else. */
export const START_TIMEOUT = 60_000;

/** Why there can be no API server here; undefined: there can. */
export function whyNoApiServer(): string | undefined {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets !== undefined) {
    const absent = ['kube-apiserver', 'etcd'].filter((name) => !isExecutable(join(assets, name)));
    return absent.length === 0 ? undefined : `KUBEBUILDER_ASSETS has no ${absent.join(' and no ')}`;
  }
  if (!isExecutable(SCRIPT)) return 'needs kube-apiserver and etcd in KUBEBUILDER_ASSETS (setup-envtest use)';
  const absent = SCRIPT_NEEDS.filter((name) => !isOnPath(name));
  if (absent.length === 0) return undefined;
  return `needs the programs ${absent.join(', ')} (etcd is in the Debian package etcd-server)`;
}

export class RealApiServer {
  readonly folder: string;
  readonly #command: readonly string[];
  readonly #guard: number;
  #pids: { api: number; etcd: number };

  private constructor(folder: string, pids: { api: number; etcd: number }, guard: number) {
    this.folder = folder;
    this.#pids = pids;
    this.#guard = guard;
    this.#command = commandOf(pids.api);
  }

  static async start(api: 'v1' | 'v3' = 'v1'): Promise<RealApiServer> {
    const folder = mkdtempSync(join(tmpdir(), `caracal-kube-${process.pid}-`));
    const guard = startGuard(folder);
    const pids = process.env.KUBEBUILDER_ASSETS ? await startAssets(folder) : startScript(folder, api);
    const server = new RealApiServer(folder, pids, guard);
    await server.isReady();
    if (process.env.KUBEBUILDER_ASSETS) await server.#installCalico(api);
    return server;
  }

  /** Of an administrator. */
  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig');
  }

  /** Of a user without any right. */
  get kubeconfigWithoutRights(): string {
    return join(this.folder, 'kubeconfig-calico-node');
  }

  get url(): URL {
    return new URL(/server: "([^"]+)"/.exec(readFileSync(this.kubeconfig, 'utf8'))![1]!);
  }

  get token(): string {
    return readFileSync(join(this.folder, 'tokens.csv'), 'utf8').split(',')[0]!;
  }

  async send(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    const options = {
      method,
      rejectUnauthorized: false,
      agent: false as const,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': contentType },
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.url), options, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: asObject(text) }));
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** The API server ends at once, as when its machine does; etcd stays. */
  async kill(): Promise<void> {
    end(this.#pids.api, 'SIGKILL');
    await until(
      () => !isAlive(this.#pids.api),
      () => 'the API server to end',
    );
  }

  /** Its port may be taken for a moment by a connection of somebody else: then it is tried again. */
  async restart(): Promise<void> {
    await until(
      async () => {
        if (!isAlive(this.#pids.api)) {
          this.#pids = { ...this.#pids, api: run(this.#command, this.#log) };
          writeFileSync(join(this.folder, 'api.pid'), `${this.#pids.api}\n`);
        }
        return this.#answers();
      },
      () => `the API server to be ready again; it says ${lastLines(this.#log)}`,
    );
  }

  /** From the next start on the administrator has another token, which the answer is. */
  replaceToken(): string {
    const path = join(this.folder, 'tokens.csv');
    const token = randomBytes(16).toString('hex');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^[^,]*/, token));
    return token;
  }

  async stop(): Promise<void> {
    end(this.#guard, 'SIGKILL');
    end(this.#pids.api, 'SIGTERM');
    end(this.#pids.etcd, 'SIGTERM');
    await until(
      () => !isAlive(this.#pids.api) && !isAlive(this.#pids.etcd),
      () => 'API server and etcd to end',
    );
    rmSync(this.folder, { recursive: true, force: true });
  }

  async isReady(): Promise<void> {
    await until(
      () => this.#answers(),
      () => `the API server to be ready; it says ${lastLines(this.#log)}`,
    );
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.send('GET', '/readyz')).status === 200;
    } catch (error) {
      if (error instanceof Error && 'code' in error) return false;
      throw error;
    }
  }

  get #log(): string {
    return join(this.folder, 'api.log');
  }

  async #installCalico(api: 'v1' | 'v3'): Promise<void> {
    for (const [plural, kind] of Object.entries(CALICO_KINDS)) {
      const answer = await this.send('POST', CRDS, definition(api, plural, kind));
      if (answer.status !== 201) throw new Error(`${plural}: ${JSON.stringify(answer.body)}`);
    }
    for (const plural of Object.keys(CALICO_KINDS)) await this.serves(api, plural);
  }

  /** Creates something as soon as that is possible. */
  async posts(path: string, object: object): Promise<void> {
    await until(
      async () => (await this.send('POST', path, object)).status === 201,
      () => `POST ${path} to succeed`,
    );
  }

  /** Waits until a new kind can be used. */
  async serves(api: 'v1' | 'v3', plural: string): Promise<void> {
    const path = `/apis/${GROUPS[api]}/${api}/${plural}`;
    await until(
      async () => (await this.send('GET', path)).status === 200,
      () => `${path} to be served`,
    );
  }
}

export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const GROUPS = { v1: 'crd.projectcalico.org', v3: 'projectcalico.org' };
const CALICO_KINDS = {
  bgpconfigurations: 'BGPConfiguration',
  bgpfilters: 'BGPFilter',
  bgppeers: 'BGPPeer',
  blockaffinities: 'BlockAffinity',
  caliconodestatuses: 'CalicoNodeStatus',
  clusterinformations: 'ClusterInformation',
  felixconfigurations: 'FelixConfiguration',
  ipamblocks: 'IPAMBlock',
  ippools: 'IPPool',
};

/** Takes any fields: what Calico's own schemas refuse is not what is tested. */
function definition(api: 'v1' | 'v3', plural: string, kind: string): object {
  const group = GROUPS[api];
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const subresources = kind === 'CalicoNodeStatus' ? { subresources: { status: {} } } : {};
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      ...{ group, scope: 'Cluster', names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` } },
      versions: [{ name: api, served: true, storage: true, schema, ...subresources }],
    },
  };
}

function startScript(folder: string, api: string): { api: number; etcd: number } {
  const ran = spawnSync(SCRIPT, [folder, api], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  if (ran.status !== 0) throw new Error(`the API server does not start: ${ran.stderr}`);
  return { api: pidIn(folder, 'api'), etcd: pidIn(folder, 'etcd') };
}

async function startAssets(folder: string): Promise<{ api: number; etcd: number }> {
  const program = (name: string) => join(process.env.KUBEBUILDER_ASSETS!, name);
  const [clients, peers, secure] = await freePorts(3);
  const store = `http://127.0.0.1:${clients}`;
  const etcd = run(
    [
      ...[program('etcd'), '--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync'],
      ...['--listen-client-urls', store, '--advertise-client-urls', store],
      ...['--listen-peer-urls', `http://127.0.0.1:${peers}`],
    ],
    join(folder, 'etcd.log'),
  );
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const [admin, user] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  writeFileSync(join(folder, 'tokens.csv'), `${admin},admin,1,system:masters\n${user},calico-node,2\n`);
  mkdirSync(join(folder, 'certs'));
  const key = join(folder, 'sa.key');
  const api = run(
    [
      ...[program('kube-apiserver'), '--etcd-servers', store, '--cert-dir', join(folder, 'certs')],
      ...['--bind-address', '127.0.0.1', '--secure-port', `${secure}`, '--token-auth-file', join(folder, 'tokens.csv')],
      ...['--service-account-issuer', 'https://kubernetes.default.svc', '--authorization-mode', 'RBAC'],
      ...['--service-account-key-file', key, '--service-account-signing-key-file', key],
      ...['--service-cluster-ip-range', '10.96.0.0/16', '--disable-admission-plugins', 'ServiceAccount'],
    ],
    join(folder, 'api.log'),
  );
  const certificate = join(folder, 'certs', 'apiserver.crt');
  await until(
    () => isReadable(certificate),
    () => 'the certificate of the API server',
  );
  const ca = readFileSync(certificate).toString('base64');
  for (const [name, token] of Object.entries({ kubeconfig: admin, 'kubeconfig-calico-node': user })) {
    writeFileSync(join(folder, name), kubeconfigText(`https://127.0.0.1:${secure}`, ca, token));
  }
  for (const [name, pid] of Object.entries({ api, etcd })) writeFileSync(join(folder, `${name}.pid`), `${pid}\n`);
  return { api, etcd };
}

function kubeconfigText(server: string, ca: string, token: string): string {
  return [
    'apiVersion: v1',
    'kind: Config',
    `clusters: [{name: test, cluster: {server: "${server}", certificate-authority-data: "${ca}"}}]`,
    `users: [{name: user, user: {token: "${token}"}}]`,
    'contexts: [{name: test, context: {cluster: test, user: user}}]',
    'current-context: test',
    '',
  ].join('\n');
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function run([program = '', ...options]: readonly string[], log: string): number {
  const output = openSync(log, 'a');
  const child = spawn(program, options, { stdio: ['ignore', output, output], detached: true });
  child.unref();
  closeSync(output);
  return child.pid!;
}

/** Ends what is in the folder when the tests are ended before they could: by a signal, or because a hook took too long. */
const GUARD = `
while kill -0 "$1"; do sleep 1; done
for name in api etcd; do [ -f "$2/$name.pid" ] && kill "$(cat "$2/$name.pid")"; done
sleep 1
rm -rf "$2"`;

function startGuard(folder: string): number {
  const words = ['-c', GUARD, 'guard', `${process.pid}`, folder];
  const child = spawn('sh', words, { stdio: 'ignore', detached: true });
  child.unref();
  return child.pid!;
}

function commandOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
}

function pidIn(folder: string, name: string): number {
  return Number(readFileSync(join(folder, `${name}.pid`), 'utf8'));
}

/** A process that has ended and that nobody has asked after counts as ended. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, signal);
}

async function until(holds: () => boolean | Promise<boolean>, what: () => string, within = 45_000): Promise<void> {
  const deadline = performance.now() + within;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function lastLines(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
}

function asObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return { text };
    throw error;
  }
}

function isOnPath(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path: string): boolean {
  return isAccessible(path, constants.X_OK);
}

function isReadable(path: string): boolean {
  return isAccessible(path, constants.R_OK);
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

// A real etcd for tests, on loopback, with a folder and ports of its own; with TLS and users where a test asks for them.
// It ends when the process that started it does, however that ends.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawResource } from '../datastore-contract.ts';
import { CuttableProxy } from '../kubernetes/cuttable-proxy.fixture.ts';

export interface EtcdSettings {
  readonly tls?: true;
  /** `jwt`: tokens that are good for so many seconds. */
  readonly tokenSeconds?: number;
  /** How often who watches is told how far etcd is. */
  readonly progressSeconds?: number;
}

const CERTIFICATES = ['ca', 'server', 'client', 'stranger'] as const;

const PROGRESS = '--experimental-watch-progress-notify-interval';

/** Ends etcd when its own standard input ends. */
const KEEPER =
  'exec 3<&0 2>/dev/null; "$@" >"$0" 2>&1 3<&- </dev/null & pid=$!; echo $pid; read _ <&3; kill -9 $pid; wait $pid';

export class RealEtcd {
  readonly folder: string;
  readonly #settings: EtcdSettings;
  readonly #ports: readonly number[];
  #keeper: ChildProcess | undefined;
  #pid = 0;

  private constructor(folder: string, settings: EtcdSettings, ports: readonly number[]) {
    this.folder = folder;
    this.#settings = settings;
    this.#ports = ports;
  }

  static async start(settings: EtcdSettings = {}): Promise<RealEtcd> {
    const folder = mkdtempSync(join(tmpdir(), `caracal-etcd-${process.pid}-`));
    if (settings.tls || settings.tokenSeconds !== undefined) makeCertificates(folder);
    const etcd = new RealEtcd(folder, settings, await freePorts(2));
    await etcd.restart();
    return etcd;
  }

  get url(): string {
    return `${this.#settings.tls ? 'https' : 'http'}://127.0.0.1:${this.#ports[0]}`;
  }

  get port(): number {
    return this.#ports[0]!;
  }

  /** Path of a certificate (`.crt`) or key (`.key`). */
  file(name: `${(typeof CERTIFICATES)[number]}.${'crt' | 'key'}`): string {
    return join(this.folder, name);
  }

  async restart(): Promise<void> {
    const { url } = this;
    const { tls, tokenSeconds, progressSeconds } = this.#settings;
    const peers = `http://127.0.0.1:${this.#ports[1]}`;
    const options = [
      ...['--data-dir', join(this.folder, 'data'), '--unsafe-no-fsync', '--logger', 'zap', '--log-level', 'error'],
      ...['--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peers],
      ...['--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`],
      ...(tls ? ['--cert-file', this.file('server.crt'), '--key-file', this.file('server.key')] : []),
      ...(tls ? ['--trusted-ca-file', this.file('ca.crt'), '--client-cert-auth'] : []),
      ...(progressSeconds === undefined ? [] : [PROGRESS, `${progressSeconds}s`]),
      ...(tokenSeconds === undefined ? [] : ['--auth-token', this.#jwt(tokenSeconds)]),
    ];
    this.#keeper = spawn('sh', ['-c', KEEPER, join(this.folder, 'log'), 'etcd', ...options], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#pid = await new Promise((resolve) => this.#keeper!.stdout!.once('data', (text) => resolve(Number(text))));
    await this.#isReady();
  }

  /** At once, as when its machine ends. */
  async kill(): Promise<void> {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    this.#keeper = undefined;
    const ended = new Promise((resolve) => keeper.once('close', resolve));
    keeper.stdin!.end();
    await ended;
  }

  /** Stops answering, connections stay. */
  freeze(): void {
    process.kill(this.#pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Forgets all data; the next start is another etcd. */
  wipe(): void {
    rmSync(join(this.folder, 'data'), { recursive: true });
  }

  async put(key: string, value: string): Promise<void> {
    await this.call('kv/put', this.putRequest(key, value));
  }

  putRequest(key: string, value: string): object {
    return { key: base64(key), value: base64(value) };
  }

  async delete(key: string): Promise<void> {
    await this.call('kv/deleterange', { key: base64(key) });
  }

  async clear(): Promise<void> {
    await this.call('kv/deleterange', { key: base64('/'), range_end: base64('0') });
  }

  /** Forgets all history. */
  async compact(): Promise<void> {
    const { header } = await this.call('kv/range', { key: base64('/') });
    const { revision } = header as { revision: string };
    await this.call('kv/compaction', { revision, physical: true });
  }

  /** From now on it is not answered without a user; `calico` may read what Calico keeps. */
  async enableUsers(password: string): Promise<void> {
    await this.call('auth/user/add', { name: 'root', password: 'top' });
    await this.call('auth/user/grant', { user: 'root', role: 'root' });
    await this.call('auth/user/add', { name: 'calico', password });
    await this.call('auth/user/add', { name: 'nobody', password });
    await this.call('auth/role/add', { name: 'reader' });
    const perm = { permType: 'READ', key: base64('/calico/'), range_end: base64('/calico0') };
    await this.call('auth/role/grant', { name: 'reader', perm });
    await this.call('auth/user/grant', { user: 'calico', role: 'reader' });
    await this.call('auth/enable', {});
  }

  /** A way to it that can be cut. */
  proxy(): Promise<CuttableProxy> {
    return new CuttableProxy(() => this.port).listen();
  }

  copy(from: 'client' | 'stranger', to: string): void {
    for (const ending of ['crt', 'key'] as const) {
      copyFileSync(this.file(`${from}.${ending}`), join(this.folder, `${to}.${ending}`));
    }
  }

  async call(path: string, body: object, token?: string): Promise<Record<string, unknown>> {
    const answer = await this.#send(path, body, token);
    const value = JSON.parse(answer) as Record<string, unknown>;
    if (value.error !== undefined) throw new Error(`${path}: ${answer}`);
    return value;
  }

  async asRoot(path: string, body: object): Promise<Record<string, unknown>> {
    const { token } = await this.call('auth/authenticate', { name: 'root', password: 'top' });
    return this.call(path, body, String(token));
  }

  async #send(path: string, body: object, token?: string): Promise<string> {
    const headers = token === undefined ? {} : { authorization: token };
    const url = `${this.url}/v3/${path}`;
    if (!this.#settings.tls) {
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).text();
    }
    const [ca, cert, key] = (['ca.crt', 'client.crt', 'client.key'] as const).map((name) =>
      readFileSync(this.file(name)),
    );
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', headers, ca, cert, key, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
      });
      sent.on('error', reject);
      sent.end(JSON.stringify(body));
    });
  }

  async #isReady(): Promise<void> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      try {
        await this.#send('maintenance/status', {});
        return;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (performance.now() > deadline)
          throw new Error(`etcd is not ready: ${readFileSync(join(this.folder, 'log'))}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  #jwt(seconds: number): string {
    const [certificate, key] = [this.file('server.crt'), this.file('server.key')];
    return `jwt,pub-key=${certificate},priv-key=${key},sign-method=RS256,ttl=${seconds}s`;
  }
}

const PLURALS: Readonly<Record<string, string>> = { IPPool: 'ippools' };

export function resourceKey(plural: string, name: string): string {
  return `/calico/resources/v3/projectcalico.org/${plural}/${name}`;
}

export function keyOf({ kind, metadata: { name } }: RawResource): string {
  return resourceKey(PLURALS[kind]!, name);
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** `server` and `client` signed by `ca`; `stranger` by nobody. */
function makeCertificates(folder: string): void {
  const SAN = 'subjectAltName=IP:127.0.0.1';
  const common = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  for (const name of ['ca', 'stranger']) {
    openssl(folder, [
      'req',
      '-x509',
      ...common,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-subj',
      `/CN=${name}`,
    ]);
  }
  for (const name of ['server', 'client']) {
    // etcd's gateway takes a CN in the server's certificate for a user.
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-subj', `/O=${name}`, '-addext', SAN];
    openssl(folder, ['req', '-x509', ...common, '-keyout', `${name}.key`, '-out', `${name}.crt`, ...signed]);
  }
}

function openssl(folder: string, words: readonly string[]): void {
  const ran = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`openssl ${words.join(' ')}: ${ran.stderr}`);
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

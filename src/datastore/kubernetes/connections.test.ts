import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KubernetesAccess } from './access.ts';
import { Authority, skipped, whyNoOpenssl } from './authority.fixture.ts';
import { ApiClient } from './client.ts';
import { Connections } from './connections.ts';
import { type Echo, EchoServer } from './echo-server.fixture.ts';
import { ManualClock } from './manual-clock.fixture.ts';

const TARGET = { verb: 'list', resource: 'nodes', group: '' } as const;
const MINUTE = 60_000;

let folder: string;
let clock: ManualClock;
let ending: (() => Promise<void> | void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `caracal-access-${process.pid}-`));
  clock = new ManualClock();
  ending = [];
});

afterEach(async () => {
  for (const end of ending) await end();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string | Buffer, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

async function serve(...options: ConstructorParameters<typeof EchoServer>): Promise<EchoServer> {
  const server = await new EchoServer(...options).listen();
  ending.unshift(() => server.close());
  return server;
}

/** Answers with what a server sees of each request. */
function client(access: Partial<KubernetesAccess>, env: Record<string, string> = {}, root = '') {
  const connections = new Connections({ access: { insecureSkipTlsVerify: false, ...access }, clock, env, root });
  ending.unshift(() => connections.close());
  const api = new ApiClient(connections);
  const { signal } = new AbortController();
  return async (path = '/x') => (await api.send({ target: TARGET, path }, signal)) as Echo;
}

/** The kubeconfig of one user at one cluster, with what is said about them in JSON. */
function kubeconfig(cluster: object, user: object, name = 'kubeconfig'): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'here',
  };
  return write(name, JSON.stringify(config));
}

describe('where the API is and who asks it', () => {
  test('a kubeconfig with a token, below a path of the server', async () => {
    const server = await serve();
    const send = client({ kubeconfig: kubeconfig({ server: `${server.url}/clusters/a/` }, { token: 'secret' }) });
    expect(await send('/api/v1/nodes')).toEqual({
      path: '/clusters/a/api/v1/nodes',
      authorization: 'Bearer secret',
      connection: 1,
    });
  });

  test('user and password, on behalf of somebody', async () => {
    const server = await serve();
    const user = { username: 'me', password: 'secret', as: 'somebody' };
    const send = client({ kubeconfig: kubeconfig({ server: server.url }, user) });
    const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(await send()).toEqual({ path: '/x', authorization, impersonated: 'somebody', connection: 1 });
  });

  test('an endpoint and a token, without any file', async () => {
    const server = await serve();
    expect(await client({ apiEndpoint: server.url, token: 't' })()).toMatchObject({ authorization: 'Bearer t' });
  });

  test("the home folder's kubeconfig before the pod's account, and what is said besides on top of it", async () => {
    const server = await serve();
    mkdirSync(join(folder, '.kube'));
    kubeconfig({ server: 'https://192.0.2.1' }, { token: 'from home' }, '.kube/config');
    const env = { HOME: folder, KUBERNETES_SERVICE_HOST: '192.0.2.2', KUBERNETES_SERVICE_PORT: '443' };
    expect(await client({ apiEndpoint: server.url }, env)()).not.toHaveProperty('authorization');
    const path = join(folder, '.kube', 'config');
    const send = client({ kubeconfig: path, apiEndpoint: server.url }, env);
    expect(await send()).toMatchObject({ authorization: 'Bearer from home' });
    const other = client({ kubeconfig: path, apiEndpoint: server.url, token: 'other' }, env);
    expect(await other()).toMatchObject({ authorization: 'Bearer other' });
  });

  test('several kubeconfigs: the first that names something has it, and files that are not there are passed over', async () => {
    const server = await serve();
    const first = write(
      'first',
      JSON.stringify({
        contexts: [
          { name: 'here', context: { cluster: 'c', user: 'u' } },
          { name: 'there', context: { cluster: 'c', user: 'v' } },
        ],
        users: [{ name: 'u', user: { token: 'first' } }],
        'current-context': 'here',
      }),
    );
    const second = write(
      'second',
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: server.url } }],
        users: [
          { name: 'u', user: { token: 'second' } },
          { name: 'v', user: { token: 'of v' } },
        ],
        'current-context': 'elsewhere',
      }),
    );
    const paths = [join(folder, 'absent'), first, second].join(':');
    expect(await client({ kubeconfig: paths })()).toMatchObject({ authorization: 'Bearer first' });
    const chosen = client({ kubeconfig: paths, context: 'there' });
    expect(await chosen()).toMatchObject({ authorization: 'Bearer of v' });
  });

  const token = { token: 'very secret' };
  const server = 'http://127.0.0.1:1';
  test.each<[string, () => Partial<KubernetesAccess>, string]>([
    [
      'nothing at all',
      () => ({}),
      'there is no way to the Kubernetes API: give KUBECONFIG or K8S_API_ENDPOINT (in a pod, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are set)',
    ],
    ['no such file', () => ({ kubeconfig: join(folder, 'absent') }), 'FOLDER/absent does not exist'],
    ['no kubeconfig', () => ({ kubeconfig: write('f', 'token: "very secret') }), 'FOLDER/f is not a valid kubeconfig'],
    ['an empty file', () => ({ kubeconfig: write('f', '') }), 'FOLDER/f is not a valid kubeconfig'],
    [
      'a cluster without server',
      () => ({ kubeconfig: kubeconfig({}, token, 'f') }),
      'FOLDER/f is not a valid kubeconfig',
    ],
    ['no context', () => ({ kubeconfig: write('f', '{}') }), 'the kubeconfig names no current context'],
    [
      'another context',
      () => ({ kubeconfig: kubeconfig({ server }, token), context: 'there' }),
      'the kubeconfig has no context there',
    ],
    [
      'no URL',
      () => ({ kubeconfig: kubeconfig({ server: 'nowhere' }, token) }),
      '"nowhere" is not the URL of an API server',
    ],
  ])('is said in one sentence to be unknown with %s, and no secret with it', async (_, access, text) => {
    const connections = new Connections({
      access: { insecureSkipTlsVerify: false, ...access() },
      ...{ clock, env: {}, root: '' },
    });
    await expect(connections.load()).rejects.toMatchObject({
      name: 'DatastoreError',
      message: text.replace('FOLDER', folder),
      retryable: text.includes('does not exist'),
    });
  });
});

describe('credentials that change', () => {
  test('a token in a file is read again after a minute, or as soon as it is refused', async () => {
    const server = await serve();
    write('token', 'first');
    const send = client({ kubeconfig: kubeconfig({ server: server.url }, { token: 'inline', tokenFile: 'token' }) });
    expect(await send()).toMatchObject({ authorization: 'Bearer first' });
    write('token', 'second');
    expect(await send()).toMatchObject({ authorization: 'Bearer first' });
    clock.advance(MINUTE);
    expect(await send()).toMatchObject({ authorization: 'Bearer second', connection: 1 });
    write('token', 'third');
    server.refused.add('Bearer second');
    await expect(send()).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'the API server does not accept the credentials (401): the token is wrong, revoked or expired',
    });
    expect(await send()).toMatchObject({ authorization: 'Bearer third', connection: 1 });
  });

  test('a kubeconfig that is written anew is followed, one that is spoilt is not', async () => {
    const server = await serve();
    const path = kubeconfig({ server: server.url }, { token: 'first' });
    const send = client({ kubeconfig: path });
    expect(await send()).toMatchObject({ authorization: 'Bearer first' });
    writeFileSync(path, 'half a kube');
    clock.advance(MINUTE);
    expect(await send()).toMatchObject({ authorization: 'Bearer first' });
    kubeconfig({ server: server.url }, { token: 'second' });
    clock.advance(MINUTE);
    expect(await send()).toMatchObject({ authorization: 'Bearer second' });
  });

  test('a plug-in is run once, told what it is asked for, and again when its token is refused', async () => {
    const server = await serve();
    const script = write(
      'plugin',
      `#!/bin/sh\necho run >> ${folder}/runs\ncase "$KUBERNETES_EXEC_INFO" in *ExecCredential*client.authentication.k8s.io/v1*) ;; *) exit 1 ;; esac\n` +
        `printf '{"kind":"ExecCredential","status":{"token":"%s"}}' "$PREFIX-$(wc -l < ${folder}/runs)"\n`,
      0o700,
    );
    const exec = {
      ...{ apiVersion: 'client.authentication.k8s.io/v1', command: script, interactiveMode: 'Never' },
      env: [{ name: 'PREFIX', value: 'made' }],
    };
    const send = client({ kubeconfig: kubeconfig({ server: server.url }, { exec }) });
    expect(await send()).toMatchObject({ authorization: 'Bearer made-1' });
    clock.advance(MINUTE);
    expect(await send()).toMatchObject({ authorization: 'Bearer made-1' });
    server.refused.add('Bearer made-1');
    await expect(send()).rejects.toMatchObject({ code: 'unauthorized' });
    expect(await send()).toMatchObject({ authorization: 'Bearer made-2' });
  });

  test.each([
    ['#!/bin/sh\necho "very secret" >&2; exit 1\n', 'the program that makes them has failed'],
    ['#!/bin/sh\necho "very secret"\n', 'the program that makes them has failed'],
    [undefined, '/absent: ENOENT'],
  ])('a plug-in that fails (%j) is said to, without what it prints', async (text, why) => {
    const command = text === undefined ? join(folder, 'absent') : write('plugin', text, 0o700);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command };
    const send = client({ kubeconfig: kubeconfig({ server: 'http://127.0.0.1:1' }, { exec }) });
    await expect(send()).rejects.toMatchObject({
      code: 'credentials',
      message: expect.stringMatching(new RegExp(`^there are no credentials for the API server: .*${why}$`)),
    });
  });
});

describe('proxies', () => {
  const openProxies = async (): Promise<{ url: string; seen: string[] }> => {
    const seen: string[] = [];
    const sockets = new Set<Socket>();
    const proxy = createServer((socket) => {
      sockets.add(socket.on('error', () => socket.destroy()));
      socket.once('data', (head) => {
        const [, host = '', port = ''] = /^CONNECT ([^:]+):(\d+) /.exec(head.toString()) ?? [];
        seen.push(`${host}:${port}`);
        const target = connect(Number(port), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          socket.pipe(target).pipe(socket);
        });
        sockets.add(target.on('error', () => target.destroy()));
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    ending.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    });
    return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen };
  };

  describe.skipIf(whyNoOpenssl() !== undefined)(`with TLS${skipped(whyNoOpenssl())}`, () => {
    let tls: Authority;

    beforeAll(() => {
      tls = new Authority();
    });

    afterAll(() => tls.remove());

    test.each(['kubeconfig', 'environment'])('one of the %s is used, and its connections are kept', async (from) => {
      const { url, seen } = await openProxies();
      const server = await serve(tls.certificate('api.example'));
      const cluster = {
        server: `https://api.example:${server.port}`,
        'certificate-authority': tls.path('ca.crt'),
        ...(from === 'kubeconfig' ? { 'proxy-url': url } : {}),
      };
      const env = from === 'environment' ? { HTTPS_PROXY: url, NO_PROXY: '10.0.0.0/8' } : {};
      const send = client({ kubeconfig: kubeconfig(cluster, { token: 't' }) }, env);
      expect(await send('/1')).toEqual({ path: '/1', authorization: 'Bearer t', connection: 1 });
      expect(await send('/2')).toEqual({ path: '/2', authorization: 'Bearer t', connection: 1 });
      expect(seen).toEqual([`api.example:${server.port}`]);
    });

    test('one for SOCKS is used, and its connections are kept', async () => {
      const socks = createServer((socket) => {
        socket.once('data', () => {
          socket.write(Buffer.from([5, 0]));
          socket.once('data', (request) => {
            const target = connect(request.readUInt16BE(request.length - 2), '127.0.0.1', () => {
              socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
              socket.pipe(target).pipe(socket);
            });
            target.on('error', () => socket.destroy());
            socket.on('close', () => target.destroy());
          });
        });
      });
      await new Promise<void>((resolve) => socks.listen(0, '127.0.0.1', resolve));
      ending.push(() => void socks.close());
      const server = await serve(tls.certificate('api.example'));
      const cluster = {
        server: `https://api.example:${server.port}`,
        'certificate-authority': tls.path('ca.crt'),
        'proxy-url': `socks5h://127.0.0.1:${(socks.address() as AddressInfo).port}`,
      };
      const send = client({ kubeconfig: kubeconfig(cluster, { token: 't' }) });
      expect(await send('/1')).toEqual({ path: '/1', authorization: 'Bearer t', connection: 1 });
      expect(await send('/2')).toEqual({ path: '/2', authorization: 'Bearer t', connection: 1 });
    });
  });
});

describe.skipIf(whyNoOpenssl() !== undefined)(`TLS${skipped(whyNoOpenssl())}`, () => {
  let first: Authority;
  let second: Authority;

  beforeAll(() => {
    first = new Authority();
    second = new Authority();
  });

  afterAll(() => {
    first.remove();
    second.remove();
  });

  const data = (authority: Authority, name = 'ca.crt') => authority.read(name).toString('base64');

  test('a client certificate, and one connection for one request after the other', async () => {
    const server = await serve({ ...first.certificate('api'), ca: first.read('ca.crt'), requestCert: true });
    first.certificate('admin');
    const user = {
      'client-certificate-data': data(first, 'admin.crt'),
      'client-key-data': data(first, 'admin.key'),
    };
    const send = client({
      kubeconfig: kubeconfig({ server: server.url, 'certificate-authority-data': data(first) }, user),
    });
    for (let request = 0; request < 5; request++) {
      expect(await send()).toEqual({ path: '/x', client: 'admin', connection: 1 });
    }
  });

  test('certificates from files, where they are told apart from the kubeconfig', async () => {
    const server = await serve({ ...first.certificate('api'), ca: first.read('ca.crt'), requestCert: true });
    first.certificate('admin');
    const send = client({
      apiEndpoint: server.url,
      ...{ caFile: first.path('ca.crt'), certFile: first.path('admin.crt'), keyFile: first.path('admin.key') },
    });
    expect(await send()).toMatchObject({ client: 'admin' });
  });

  test.each([
    ['an unknown CA', 'api', (url: string) => url, 'the certificate of HOST is not signed by the CA that was given'],
    [
      'another name',
      'api',
      (url: string) => url.replace('127.0.0.1', 'localhost'),
      'the certificate of HOST is for another name',
    ],
  ])('a certificate of %s is refused in one sentence, unless that is wanted', async (why, name, change, text) => {
    const server = await serve(first.certificate(name));
    const url = change(server.url);
    const caFile = (why === 'an unknown CA' ? second : first).path('ca.crt');
    await expect(client({ apiEndpoint: url, caFile })()).rejects.toMatchObject({
      code: 'unreachable',
      message: text.replace('HOST', new URL(url).host),
    });
    const careless = client({ apiEndpoint: url, caFile, insecureSkipTlsVerify: true });
    expect(await careless()).toMatchObject({ connection: 1 });
  });

  test('the account of a pod, whose token and CA are replaced while it runs', async () => {
    const server = await serve(first.certificate('api'));
    const account = join(folder, 'var/run/secrets/kubernetes.io/serviceaccount');
    mkdirSync(account, { recursive: true });
    writeFileSync(join(account, 'ca.crt'), first.read('ca.crt'));
    writeFileSync(join(account, 'token'), 'first');
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${server.port}` };
    const send = client({}, env, folder);
    expect(await send()).toEqual({ path: '/x', authorization: 'Bearer first', connection: 1 });
    server.setCertificate(second.certificate('api'));
    expect(await send()).toMatchObject({ connection: 1 });
    writeFileSync(join(account, 'ca.crt'), second.read('ca.crt'));
    writeFileSync(join(account, 'token'), 'second');
    clock.advance(MINUTE);
    expect(await send()).toEqual({ path: '/x', authorization: 'Bearer second', connection: 2 });
    expect(await send()).toMatchObject({ connection: 2 });
  });
});

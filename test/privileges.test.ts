// The stand-alone reflector without root: told to give its rights away, started with one capability, and started with none.
// Two of them have a session with each other, so that listening and dialling both work.

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { httpGet } from '../topologies/http-get.ts';
import { waitFor } from '../topologies/wait-for.ts';
import { describeWith } from './requirements.ts';

const HOME = join(import.meta.dirname, '..');
const CARACAL = join(HOME, 'caracal');
const TIMEOUT = 90_000;
/** nobody */
const ID = 65_534;
const NET_BIND_SERVICE = 0x400;
/** Addresses of this test alone. */
const ADDRESSES = ['127.7.9.1', '127.7.9.2'] as const;

/** The project may lie where nobody else may look: a view of it from /tmp, for this process alone. */
const WITH_VIEW = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$1" "$2" && shift 2 && exec "$@"', 'sh'];

const AS_NOBODY = ['setpriv', '--reuid', `${ID}`, '--regid', `${ID}`, '--clear-groups'];
const WITH_ONE_RIGHT = ['--inh-caps=-all,+net_bind_service', '--ambient-caps=-all,+net_bind_service'];

interface Reflector {
  readonly process: ChildProcess;
  readonly socket: string;
  readonly output: () => string;
  readonly exit: Promise<unknown>;
}

let folder: string;
let reflectors: Reflector[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `caracal-privileges-${process.pid}-`));
  chmodSync(folder, 0o755);
  reflectors = [];
});

afterEach(async () => {
  for (const reflector of reflectors) reflector.process.kill('SIGKILL');
  await Promise.all(reflectors.map((reflector) => reflector.exit));
  rmSync(folder, { recursive: true });
});

function resources(own: string, other: string, port: number): string {
  const spec = { asNumber: 64512, routerId: own.replace('127', '10'), listenAddresses: [own], listenPort: port };
  const peers = [{ name: 'other', address: other, port }];
  const resource = { apiVersion: 'caracal.io/v1', kind: 'RouteReflector', metadata: { name: 'r' } };
  return JSON.stringify({ ...resource, spec: { ...spec, peers } });
}

function start(index: 0 | 1, port: number, wrapper: readonly string[], options: readonly string[]): Reflector {
  const own = ADDRESSES[index];
  const home = join(folder, `${index}`);
  mkdirSync(home);
  writeFileSync(join(home, 'r.yaml'), resources(own, ADDRESSES[1 - index]!, port));
  if (wrapper.length > 0) chownSync(home, ID, ID);
  const socket = join(home, 'run', 'status.sock');
  const where = ['--datastore', 'files', '--resources', home, '--kernel', 'none', '--http', `unix:${socket}`];
  const [program = CARACAL, ...words] = [...commandAs(home, wrapper), 'run', '--node', 'r', ...where, ...options];
  const child = spawn(program, words, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const exit = new Promise((resolve) => child.once('close', resolve));
  const reflector = { process: child, socket, output: () => text, exit };
  reflectors.push(reflector);
  return reflector;
}

function commandAs(home: string, wrapper: readonly string[]): readonly string[] {
  if (wrapper.length === 0) return [CARACAL];
  const view = join(home, 'program');
  mkdirSync(view);
  return [...WITH_VIEW, HOME, view, ...wrapper, join(view, 'caracal')];
}

async function isUp({ socket, output }: Reflector): Promise<void> {
  const up = async () => (await httpGet(socket, '/status'))?.includes('"state":"Established"') ?? false;
  expect(await waitFor(up, TIMEOUT), output()).toBe(true);
}

/** Of the main thread: whose it is and what it may. */
function rightsOf({ process: { pid } }: Reflector) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.split('\t');
  const [user, group] = [field('Uid'), field('Gid')].map((ids) => [...new Set(ids)].map(Number));
  return { user, group, groups: field('Groups')?.join(' ').trim(), capabilities: Number(`0x${field('CapEff')?.[0]}`) };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, ADDRESSES[0], () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

const NOBODY = { user: [ID], group: [ID], groups: '' };
/** Nobody else's on these addresses. */
const LOW_PORT = 179;

describeWith(['root', 'setpriv'], 'a reflector without root', () => {
  it.each([
    ['gives its rights away (--user), but for low ports', LOW_PORT, [], ['--user', 'nobody'], NET_BIND_SERVICE],
    [
      'is started with CAP_NET_BIND_SERVICE and no more',
      LOW_PORT,
      [...AS_NOBODY, ...WITH_ONE_RIGHT],
      [],
      NET_BIND_SERVICE,
    ],
    ['is started without any right, on a high port', undefined, [...AS_NOBODY, '--inh-caps=-all'], [], 0],
  ])('%s', { timeout: 2 * TIMEOUT }, async (_, wantedPort, wrapper, options, capabilities) => {
    const port = wantedPort ?? (await freePort());
    const both = [start(0, port, wrapper, options), start(1, port, wrapper, options)];
    for (const reflector of both) await isUp(reflector);
    for (const reflector of both) expect(rightsOf(reflector)).toEqual({ ...NOBODY, capabilities });
    const { uid, gid, mode } = statSync(both[0]!.socket);
    expect([uid, gid, mode & 0o777]).toEqual([ID, ID, 0o660]);
  });

  it('says in a sentence that it cannot become somebody else without root', { timeout: TIMEOUT }, async () => {
    const reflector = start(0, await freePort(), AS_NOBODY, ['--user', 'root']);
    await reflector.exit;
    expect(reflector.output()).toContain('caracal: --user root: only root may become somebody else');
  });

  it('says in a sentence that there is no such user', { timeout: TIMEOUT }, async () => {
    const reflector = start(0, await freePort(), [], ['--user', 'who-is-this']);
    await reflector.exit;
    expect(reflector.output()).toContain('caracal: --user who-is-this: there is no user who-is-this on this host');
  });
});

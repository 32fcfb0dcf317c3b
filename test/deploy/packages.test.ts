// What `npm run package` makes, used as by somebody who has nothing else: the programs answer, a daemon becomes ready, and
// the npm packages do what their documents say.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { writeTarball } from '../../deploy/tarball.ts';
import { httpGet } from '../../topologies/http-get.ts';
import { waitFor } from '../../topologies/wait-for.ts';
import { describeWith } from '../requirements.ts';

const TIMEOUT = 180_000;
const HOME = join(import.meta.dirname, '../..');
const VERSION: string = JSON.parse(readFileSync(join(HOME, 'package.json'), 'utf8')).version;
const TIME = 1_700_000_000;
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** All of 127.0.0.0/8 is loopback. */
const LOOPBACK = `127.${100 + (process.pid % 100)}.${(process.pid >> 8) & 255}`;

let folder: string;

function makePackages(to: string, ...words: readonly string[]): void {
  const env = { ...process.env, CARACAL_COMMIT: COMMIT, SOURCE_DATE_EPOCH: String(TIME) };
  const file = join(HOME, 'deploy/package.ts');
  execFileSync(process.execPath, [file, '--arch', process.arch, '--folder', to, ...words], { stdio: 'pipe', env });
}

function unpack(archive: string, to: string): void {
  mkdirSync(to, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '--strip-components=1', '-C', to]);
}

/** What a user gets from a registry. */
function linkPackages(modules: string, ...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(HOME, 'node_modules', name), join(modules, name));
  }
}

function answer(program: string, ...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
  return { status, text: stdout + stderr };
}

function areSame(first: string, second: string): boolean {
  return readFileSync(first).equals(readFileSync(second));
}

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'caracal-packages-'));
  makePackages(join(folder, 'packages'));
}, TIMEOUT);

afterAll(() => rmSync(folder, { recursive: true }));

describe('the tarball', () => {
  const program = (name: string) => join(folder, 'caracal/bin', name);

  beforeAll(() =>
    unpack(join(folder, `packages/caracal-${VERSION}-linux-${process.arch}.tar.gz`), join(folder, 'caracal')),
  );

  test('has what its documents say, and nothing else', () => {
    expect(readdirSync(join(folder, 'caracal')).sort()).toEqual(['LICENSES.txt', 'bin', 'lib', 'systemd']);
    expect(readdirSync(join(folder, 'caracal/bin')).sort()).toEqual(['bird', 'bird6', 'birdcl', 'caracal']);
    expect(readdirSync(join(folder, 'caracal/systemd')).sort()).toEqual(
      readdirSync(join(HOME, 'deploy/systemd')).sort(),
    );
    const licences = readFileSync(join(folder, 'caracal/LICENSES.txt'), 'utf8');
    const names = [...licences.matchAll(/^(\S+) \S+ \((.+)\)\n\n/gm)].map(([, name]) => name);
    expect(names).toEqual(
      expect.arrayContaining(['caracal', 'ip-address', 'koffi', `node-linux-${process.arch}`, 'pino', 'yaml']),
    );
    expect(licences).not.toContain('playwright');
  });

  test('has a bundle below 5 MB', () => {
    const files = readdirSync(join(folder, 'caracal/lib/caracal'), { recursive: true, withFileTypes: true });
    const sizes = files
      .filter((file) => file.isFile() && file.name !== 'node')
      .map((file) => readFileSync(join(file.parentPath, file.name)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(5e6);
  });

  test('caracal says which it is, whichever way it is called', () => {
    const link = join(folder, 'elsewhere');
    symlinkSync(program('caracal'), link);
    const text = `caracal ${VERSION}\ncommit   ${COMMIT}\nruntime  Node ${process.versions.node}\nplatform linux-${process.arch}\n`;
    expect(answer(program('caracal'), 'version')).toEqual({ status: 0, text });
    expect(answer(link, 'version')).toEqual({ status: 0, text });
  });

  test.each(['bird', 'bird6'])('%s says its version as BIRD does', (name) => {
    expect(answer(program(name), '--version')).toEqual({ status: 0, text: `BIRD version v${VERSION}+birdv1.6.8\n` });
  });

  test('birdcl says how it is used', () => {
    expect(answer(program('birdcl'), '--help').text).toContain('Usage: birdcl [-s <control-socket>]');
  });

  test('a daemon becomes ready, and knows its commit', { timeout: TIMEOUT }, async () => {
    const socket = join(folder, 'caracal.sock');
    const resources = join(folder, 'node.yaml');
    const bgp = `spec: { bgp: { ipv4Address: ${LOOPBACK}.3/32 } }`;
    writeFileSync(resources, `apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: { name: node-1 }\n${bgp}\n`);
    const where = ['--datastore', 'files', '--resources', resources, '--http', `unix:${socket}`];
    const words = ['run', '--node', 'node-1', '--kernel', 'none', '--listen', `${LOOPBACK}.3:1790`, ...where];
    const daemon = spawn(program('caracal'), words, { stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } });
    onTestFinished(() => end(daemon));
    expect(await waitFor(async () => (await httpGet(socket, '/readyz')) !== undefined, TIMEOUT)).toBe(true);
    expect(await httpGet(socket, '/metrics')).toContain(`commit="${COMMIT}"`);
    const line = readFileSync(`/proc/${daemon.pid}/cmdline`, 'utf8').split('\0');
    expect(line[1]).toBe('--max-semi-space-size=16');
  });
});

describeWith(['namespaces', 'ip'], 'the labs of the tarball', () => {
  test('run its own daemons', { timeout: TIMEOUT }, () => {
    const program = join(folder, 'caracal/bin/caracal');
    const file = join(folder, `packed-${process.pid}.yaml`);
    copyFileSync(join(HOME, 'topologies/full-mesh.yaml'), file);
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', CARACAL_LAB_DIRECTORY: join(folder, 'labs') };
    const lab = (...words: readonly string[]) => spawnSync(program, ['lab', ...words], { encoding: 'utf8', env });
    try {
      expect(lab('up', file)).toMatchObject({ status: 0, stderr: '' });
      expect(lab('exec', 'node-1', '--', 'caracal', 'version').stdout).toContain(COMMIT);
      expect(lab('exec', 'node-1', '--', 'caracal', 'status').stdout).toContain('Established');
    } finally {
      expect(lab('down', file)).toMatchObject({ status: 0, stderr: '' });
    }
  });
});

test('the same commit gives the same octets', { timeout: TIMEOUT }, async () => {
  const again = join(folder, 'again');
  makePackages(again, '--without-node');
  const npm = [`caracal-${VERSION}.tgz`, `node-bgp-${VERSION}.tgz`];
  const tarball = `caracal-${VERSION}-linux-${process.arch}-without-node.tar.gz`;
  expect(readdirSync(again).sort()).toEqual([tarball, ...npm].sort());
  for (const name of npm) expect(areSame(join(again, name), join(folder, 'packages', name)), name).toBe(true);
  // Files that were written at another time, by somebody with another umask.
  const copy = join(folder, 'copy', tarball.replace('.tar.gz', ''));
  unpack(join(again, tarball), copy);
  execFileSync('sh', ['-c', 'find "$0" -exec touch {} + && chmod -R g-rwx,o-rwx "$0"', copy]);
  await writeTarball(copy, join(folder, tarball), TIME);
  expect(areSame(join(again, tarball), join(folder, tarball))).toBe(true);
});

test('the npm package runs with koffi and a Node, and says which Node it needs', () => {
  const modules = join(folder, 'npm/node_modules');
  unpack(join(folder, `packages/caracal-${VERSION}.tgz`), join(modules, 'caracal'));
  linkPackages(modules, 'koffi', '@koromix');
  const { dependencies, bin } = JSON.parse(readFileSync(join(modules, 'caracal/package.json'), 'utf8'));
  expect(Object.keys(dependencies)).toEqual(['koffi']);
  const programs = join(folder, 'npm/bin');
  mkdirSync(programs);
  for (const [name, path] of Object.entries<string>(bin)) {
    symlinkSync(join(modules, 'caracal', path), join(programs, name));
  }
  const path = `${dirname(process.execPath)}:/usr/bin:/bin`;
  const version = spawnSync(join(programs, 'caracal'), ['version'], { encoding: 'utf8', env: { PATH: path } });
  expect(version.stdout).toContain(`caracal ${VERSION}\ncommit   ${COMMIT}\n`);
  const old = join(folder, 'npm/old');
  mkdirSync(old);
  writeFileSync(join(old, 'node'), '#!/bin/sh\necho 20\n', { mode: 0o755 });
  const refused = spawnSync(join(programs, 'bird'), [], { encoding: 'utf8', env: { PATH: `${old}:/usr/bin:/bin` } });
  expect(refused.status).toBe(2);
  expect(refused.stderr).toBe(
    `bird: needs Node 24 or later, and found version 20 at ${old}/node; put one into PATH, or take the package with Node inside\n`,
  );
});

describe('node-bgp', () => {
  const example = () => join(folder, 'node-bgp/example.ts');

  beforeAll(() => {
    const modules = join(folder, 'node-bgp/node_modules');
    unpack(join(folder, `packages/node-bgp-${VERSION}.tgz`), join(modules, 'node-bgp'));
    linkPackages(modules, 'ip-address');
    const readme = readFileSync(join(modules, 'node-bgp/README.md'), 'utf8');
    const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    // Addresses of our own: other tests run beside this one.
    writeFileSync(example(), code.replaceAll('127.0.0.', `${LOOPBACK}.`));
    writeFileSync(join(folder, 'node-bgp/package.json'), '{ "type": "module" }');
  });

  test('the example of its README is well typed', { timeout: TIMEOUT }, () => {
    const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: [] };
    const project = join(folder, 'node-bgp/tsconfig.json');
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ['example.ts'] }));
    const tsc = join(HOME, 'node_modules/typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });

  test('the example of its README prints what it says', { timeout: TIMEOUT }, async () => {
    const child = spawn(process.execPath, [example()], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => end(child));
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await expect.poll(() => text, { timeout: TIMEOUT }).toBe(`${LOOPBACK}.1 [ { prefix: '192.0.2.0/24' } ]\n`);
  });

  test('every door of it opens', () => {
    const doors = ['node-bgp', 'node-bgp/ip', 'node-bgp/tcp', 'node-bgp/simulator'];
    const code = `console.log((await Promise.all(${JSON.stringify(doors)}.map((door) => import(door)))).length)`;
    const words = ['--input-type=module', '--eval', code];
    expect(execFileSync(process.execPath, words, { cwd: join(folder, 'node-bgp'), encoding: 'utf8' })).toBe('4\n');
  });
});

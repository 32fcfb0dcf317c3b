// What every `npm run` starts with, on any Node from 18 on and before anything is installed: brings the npm packages and
// the Debian packages that a command needs, then runs the command with Node 24 and hands its exit code on.
// Not responsible for: what the commands do.

import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = dirname(dirname(fileURLToPath(import.meta.url)));

/** Debian package -> the program by which we see that it is there. */
const PROGRAMS = {
  iproute2: 'ip',
  'iputils-ping': 'ping',
  bird2: 'bird',
  frr: 'vtysh',
  gobgpd: 'gobgpd',
  openbgpd: 'bgpctl',
  exabgp: 'exabgp',
  nftables: 'nft',
  'user-mode-linux': 'linux.uml',
  kmod: 'modprobe',
  buildah: 'buildah',
  debootstrap: 'debootstrap',
};

/** A kernel with a tunnel device, for tests; Debian has it for no other processor. */
const USER_MODE_LINUX = process.arch === 'x64' ? ['user-mode-linux', 'kmod'] : [];

/**
 * `aside` are packages that exclude one that is installed (bird and bird2): unpacked under .debian/NAME, not installed.
 * `steps` run one after the other with Node 24; what the user typed goes to the last one.
 */
const COMMANDS = {
  demo: { packages: ['iproute2', 'iputils-ping'], steps: [['topologies/demo.ts']] },
  test: {
    packages: ['iproute2', 'iputils-ping', 'bird2', ...USER_MODE_LINUX],
    aside: ['bird'],
    steps: [['node_modules/vitest/vitest.mjs', 'run', '--configLoader=native']],
  },
  check: {
    packages: [],
    steps: [
      ['node_modules/typescript/bin/tsc', '--noEmit'],
      ['node_modules/@biomejs/biome/bin/biome', 'check', '--diagnostic-level=warn', '--error-on-warnings', '.'],
    ],
  },
  fuzz: { packages: [], steps: [['test/fuzz.ts']] },
  soak: { packages: ['iproute2', 'bird2', 'nftables'], steps: [['test/soak/soak.ts']] },
  interop: {
    packages: ['iproute2', 'bird2', 'frr', 'gobgpd', 'openbgpd', 'exabgp'],
    aside: ['bird'],
    steps: [['test/interop/matrix.ts']],
  },
  bench: { packages: ['iproute2'], steps: [] },
  simulate: { packages: [], steps: [['bench/simulate.ts']] },
  build: { packages: [], steps: [['deploy/build.ts']] },
  package: { packages: [], steps: [['deploy/package.ts']] },
  'image-test': {
    packages: ['iproute2', 'bird2', 'buildah', 'debootstrap'],
    steps: [['node_modules/vitest/vitest.mjs', 'run', '--configLoader=native', '--config=test/image/vitest.config.ts']],
  },
};

async function main([name, ...rest]) {
  const command = COMMANDS[name];
  if (command === undefined) {
    return fail(`unknown command ${name}; there are ${Object.keys(COMMANDS).join(', ')}`);
  }
  if (process.platform !== 'linux') {
    return fail('Caracal runs on Linux: it lives from rtnetlink and network namespaces');
  }
  const steps = name === 'bench' ? benchmarks(rest) : withArguments(command.steps, rest);
  installNodePackages();
  installDebianPackages(command.packages);
  for (const name of command.aside ?? []) unpackAside(name);
  const node = findNode();
  for (const step of steps) {
    const code = await runToEnd(node, step);
    if (code !== 0) return code;
  }
  return 0;
}

function withArguments(steps, rest) {
  return steps.map((step, index) => (index === steps.length - 1 ? [...step, ...rest] : step));
}

/** `npm run bench -- rib`: the file bench/rib.ts. */
function benchmarks([name, ...rest]) {
  const files = readdirSync(join(home, 'bench'), { withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.filter((file) => file.name.endsWith('.ts')).map((file) => file.name.slice(0, -'.ts'.length));
  if (!names.includes(name)) throw new Error(`say which benchmark, as in 'npm run bench -- rib': ${names.join(', ')}`);
  return [['--expose-gc', `bench/${name}.ts`, ...rest]];
}

// ── npm packages

function installNodePackages() {
  if (nodePackagesAreCurrent()) return;
  say('installing npm packages (npm ci)');
  const npm = process.env.npm_execpath;
  const [file, ...first] = npm?.endsWith('.js') ? [process.env.npm_node_execpath ?? process.execPath, npm] : ['npm'];
  // Errors only: Node 20 may run this, and then npm warns that what it installs wants the newer Node it installs.
  const { status, error } = spawnSync(file, [...first, 'ci', '--loglevel=error'], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm ci failed${error === undefined ? '' : `: ${error.message}`}`);
}

/** Compares what npm says it installed with the lock file: nothing is installed again that is already there. */
function nodePackagesAreCurrent() {
  const installed = readLock(join(home, 'node_modules/.package-lock.json'));
  if (installed === undefined) return false;
  const wanted = readLock(join(home, 'package-lock.json')) ?? {};
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (!path.startsWith('node_modules/') || link) return true;
    const found = installed[path];
    return found === undefined ? optional === true : found.version === version;
  });
}

function readLock(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

function findNode() {
  const bundled = join(home, 'node_modules/.bin/node');
  if (existsSync(bundled)) return bundled;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new Error(`Node 24 is needed, there is no package of it for ${process.arch}, and this is ${process.version}`);
}

// ── Debian packages

/** Best effort: a lab says what is missing, and tests that need it are skipped and say why. */
function installDebianPackages(packages) {
  const missing = packages.filter((name) => !isProgram(PROGRAMS[name]));
  if (missing.length === 0) return;
  if (process.geteuid() !== 0 || !isProgram('apt-get')) {
    say(`not installed: ${missing.join(', ')} (${isProgram('apt-get') ? 'only root can install them' : 'no apt-get'})`);
    return;
  }
  say(`installing Debian packages: ${missing.join(', ')}`);
  const restore = forbidServices();
  try {
    const installed = aptGet('install', ...missing) || (aptGet('update') && aptGet('install', ...missing));
    if (!installed) say(`apt-get could not install ${missing.join(', ')}`);
    else if (missing.includes('bird2') && existsSync('/run/systemd/system')) disableBird();
  } finally {
    restore();
  }
}

/** Best effort too: a test that needs it says that it is not there. */
function unpackAside(name) {
  const folder = join(home, '.debian', name);
  if (existsSync(folder)) return;
  say(`unpacking the Debian package ${name} into .debian/${name}`);
  const download = mkdtempSync(join(tmpdir(), 'caracal-aside-'));
  chmodSync(download, 0o755); // apt-get downloads as a user of its own
  try {
    const get = () => spawnSync('apt-get', ['-q', 'download', name], { cwd: download, stdio: 'ignore' }).status === 0;
    if (!get() && !(process.geteuid() === 0 && aptGet('update') && get())) throw new Error('it cannot be downloaded');
    const [archive] = readdirSync(download);
    const unpacked = join(download, 'unpacked');
    const { status } = spawnSync('dpkg', ['-x', join(download, archive), unpacked], { stdio: 'inherit' });
    if (status !== 0) throw new Error('dpkg cannot unpack it');
    cpSync(unpacked, folder, { recursive: true, verbatimSymlinks: true });
  } catch (error) {
    say(`not unpacked: ${name}: ${error.message}`);
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}

function aptGet(verb, ...packages) {
  const options = ['-q', '-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0'];
  const { status } = spawnSync('apt-get', [...options, verb, ...packages], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0;
}

/** bird2 would start a router on this machine when installed. Debian's switch against that is a policy file. */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return () => {};
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rmSync(policy);
}

/** ... nor is it to be started with the next boot. */
function disableBird() {
  spawnSync('systemctl', ['--quiet', 'disable', 'bird.service'], { stdio: 'ignore' });
}

function isProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch (error) {
      if (error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'ENOTDIR') return false;
      throw error;
    }
  });
}

// ── running

/** A terminal's Ctrl-C reaches the child by itself; we stay until it has tidied up. Other signals are passed on. */
function runToEnd(node, args) {
  const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`;
  const child = spawn(node, args, { cwd: home, stdio: 'inherit', env: { ...process.env, PATH: path } });
  const stay = () => {};
  const pass = (signal) => child.kill(signal);
  process.on('SIGINT', stay);
  process.on('SIGTERM', pass);
  process.on('SIGHUP', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', stay);
      process.off('SIGTERM', pass);
      process.off('SIGHUP', pass);
      resolve(signal === null ? code : 1);
    });
  });
}

function say(text) {
  console.error(`caracal: ${text}`);
}

function fail(text) {
  say(text);
  return 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = fail(error instanceof Error ? error.message : String(error));
}

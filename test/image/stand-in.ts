// What stands in for the images that the Dockerfile begins with, where no registry can be reached: a minimal Debian by
// debootstrap, once as it is, and once with Node and npm. The Debian is kept in .debian, so that it is made once.

import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, runOrThrow } from '../../topologies/commands.ts';
import type { Buildah } from './buildah.ts';

const HOME = join(import.meta.dirname, '../..');
const SUITE = 'bookworm';
const CACHE = join(HOME, `.debian/${SUITE}-minbase-${process.arch}.tar`);
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** The version that comes with Node 24. */
const NPM = 'npm@11';
/** What the slim images of Debian leave out, too. */
const LEFT_OUT = ['var/cache/apt/archives', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'];

/** Gives the images the names that stand in the Dockerfile. */
export async function makeBaseImages(buildah: Buildah, folder: string): Promise<void> {
  const dockerfile = readFileSync(join(HOME, 'Dockerfile'), 'utf8');
  const nameOf = (argument: string) => new RegExp(`^ARG ${argument}=(\\S+)$`, 'm').exec(dockerfile)?.[1] ?? '';
  if (!existsSync(CACHE)) await makeDebian(join(folder, 'debian'));
  await buildah.make(nameOf('BASE_IMAGE'), CACHE);
  const root = join(folder, 'node');
  mkdirSync(root);
  await runOrThrow(['tar', '-xf', CACHE, '-C', root]);
  await addNode(root);
  await buildah.make(nameOf('BUILD_IMAGE'), root);
  await runOrThrow(['rm', '-rf', root]);
}

/** In memory: dpkg waits for the disk after every file otherwise. */
const IN_MEMORY = `
root=$1 archive=$2; shift 2
mount -t tmpfs none "$root"
debootstrap --variant=minbase ${SUITE} "$root" "$@" >&2
for name in ${LEFT_OUT.join(' ')}; do rm -rf "$root/$name"; done
tar -cf "$archive" --one-file-system -C "$root" .
`;

async function makeDebian(root: string): Promise<void> {
  mkdirSync(root);
  mkdirSync(dirname(CACHE), { recursive: true });
  // Another run may read it: it appears as a whole.
  const unfinished = `${CACHE}.${process.pid}`;
  const own = ['unshare', '--mount', '--propagation', 'private'];
  await runOrThrow([...own, 'sh', '-euc', IN_MEMORY, 'sh', root, unfinished, ...(await mirror())]);
  renameSync(unfinished, CACHE);
}

/** The one that apt uses here; none: debootstrap's own. */
async function mirror(): Promise<readonly string[]> {
  const { stdout } = await run(['apt-get', 'indextargets', '--format', '$(CODENAME) $(SITE)', 'Created-By: Packages']);
  const [, site] = new RegExp(`^${SUITE} (\\S+)$`, 'm').exec(stdout) ?? [];
  return site === undefined ? [] : [site];
}

/** npm asks the registry that this machine's npm asks. */
async function addNode(root: string): Promise<void> {
  cpSync(process.execPath, join(root, 'usr/local/bin/node'));
  await runOrThrow(['npm', 'install', '--global', '--loglevel=error', '--prefix', join(root, 'usr/local'), NPM]);
  const settings = [`registry=${(await runOrThrow(['npm', 'config', 'get', 'registry'])).trim()}`];
  if (existsSync(CERTIFICATES)) {
    cpSync(CERTIFICATES, join(root, CERTIFICATES), { dereference: true });
    settings.push(`cafile=${CERTIFICATES}`);
  }
  mkdirSync(join(root, 'usr/local/etc'), { recursive: true });
  writeFileSync(join(root, 'usr/local/etc/npmrc'), `${settings.join('\n')}\n`);
}

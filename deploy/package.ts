// `npm run package`: all that is given to others, in dist/packages: a tarball for each processor with the programs, the
// Node that runs them, systemd units and licences; the bundle as an npm package; node-bgp as an npm package.
//
//   --arch x64|arm64      for this processor alone; the image says amd64 for x64
//   --without-node        the machine has a Node 24 of its own
//   --unpacked            the folders of the tarballs, and nothing else
//   --folder FOLDER       somewhere else

import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { foldersOf, makeBundle, writeLicences } from './bundle.ts';
import { HOME, version } from './home.ts';
import { writeLaunchers } from './launchers.ts';
import { packBundle, packNodeBgp } from './npm-packages.ts';
import { ARCHITECTURES, type Architecture, copyNative, copyRuntime, nodePackage, withModulesFor } from './platform.ts';
import { revision } from './revision.ts';
import { writeTarball } from './tarball.ts';

const { values } = parseArgs({
  options: {
    arch: { type: 'string' },
    'without-node': { type: 'boolean', default: false },
    unpacked: { type: 'boolean', default: false },
    folder: { type: 'string', default: join(HOME, 'dist/packages') },
  },
});
const { commit, time } = revision();
const folder = resolve(values.folder);
const work = mkdtempSync(join(tmpdir(), 'caracal-package-'));
try {
  mkdirSync(folder, { recursive: true });
  const bundle = join(work, 'bundle');
  const { packages } = await makeBundle(bundle, commit);
  for (const arch of architectures(values.arch)) await packFor(arch, bundle, packages);
  if (!values.unpacked) {
    report(packBundle(bundle, packages, join(work, 'npm'), folder));
    report(packNodeBgp(join(work, 'node-bgp'), folder));
  }
} finally {
  rmSync(work, { recursive: true });
}

function architectures(name: string | undefined): readonly Architecture[] {
  const all = Object.keys(ARCHITECTURES) as Architecture[];
  if (name === undefined) return all;
  const found = all.filter((arch) => arch === name || ARCHITECTURES[arch] === name);
  if (found.length === 0) throw new Error(`there is no package for ${name}, but for ${all.join(', ')}`);
  return found;
}

async function packFor(arch: Architecture, bundle: string, packages: readonly string[]): Promise<void> {
  const hasNode = !values['without-node'];
  const name = `caracal-${version}-linux-${arch}${hasNode ? '' : '-without-node'}`;
  const tree = join(values.unpacked ? folder : work, name);
  const home = join(tree, 'lib/caracal');
  await withModulesFor(arch, (modules) => {
    cpSync(bundle, home, { recursive: true });
    copyNative(modules, arch, join(home, 'node_modules'));
    if (hasNode) copyRuntime(modules, arch, join(home, 'node'));
    const runtime = hasNode ? [join(modules, nodePackage(arch))] : [];
    writeLicences(join(tree, 'LICENSES.txt'), [...foldersOf(packages), ...runtime]);
  });
  writeLaunchers(join(tree, 'bin'), 'lib');
  cpSync(join(HOME, 'deploy/systemd'), join(tree, 'systemd'), { recursive: true });
  if (values.unpacked) return console.log(tree);
  const path = join(folder, `${name}.tar.gz`);
  await writeTarball(tree, path, time);
  report(path);
}

function report(path: string): void {
  console.log(`${path} ${(statSync(path).size / 1e6).toFixed(1)} MB`);
}

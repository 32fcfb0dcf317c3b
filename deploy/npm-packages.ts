// npm packages: the bundle, which needs nothing but koffi; and node-bgp, as JavaScript with type declarations.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldersOf, NATIVE, writeLicences } from './bundle.ts';
import { dependencies, description, engines, HOME, license, MODULES, version } from './home.ts';
import { PROGRAM_NAMES, writeLaunchers } from './launchers.ts';

const NODE_BGP = join(HOME, 'src/node-bgp');
/** npm gives every file in a package one time of its own, so that packages are the same octets, too. */
const PACK = ['pack', '--silent', '--ignore-scripts'];

/** The repository's own package.json has a workspace that no registry knows, and what is inside the bundle. */
export function packBundle(bundle: string, packages: readonly string[], work: string, folder: string): string {
  cpSync(bundle, join(work, 'lib/caracal'), { recursive: true });
  writeLaunchers(join(work, 'bin'), 'lib');
  writeLicences(join(work, 'LICENSES.txt'), foldersOf(packages));
  cpSync(join(HOME, 'LICENSE'), join(work, 'LICENSE'));
  cpSync(join(HOME, 'README.md'), join(work, 'README.md'));
  const manifest = {
    ...{ name: 'caracal', version, description, license, type: 'module', engines, os: ['linux'] },
    bin: Object.fromEntries(PROGRAM_NAMES.map((name) => [name, `bin/${name}`])),
    dependencies: { [NATIVE]: dependencies[NATIVE] },
  };
  return pack(manifest, work, folder);
}

/** The sources' own manifest with other doors; the package as a registry would have it. */
export function packNodeBgp(work: string, folder: string): string {
  compile(work);
  for (const [name, from] of [
    ['README.md', NODE_BGP],
    ['LICENSE', HOME],
  ] as const) {
    cpSync(join(from, name), join(work, name));
  }
  const source = JSON.parse(readFileSync(join(NODE_BGP, 'package.json'), 'utf8'));
  const doors = Object.entries<string>(source.exports).map(([door, file]) => {
    const built = file.replace(/\.ts$/, '');
    return [door, { types: `${built}.d.ts`, default: `${built}.js` }];
  });
  return pack({ ...source, exports: Object.fromEntries(doors) }, work, folder);
}

function compile(work: string): void {
  mkdirSync(work, { recursive: true });
  const project = join(work, '../node-bgp.json');
  const compilerOptions = {
    ...{ rootDir: NODE_BGP, outDir: work, noEmit: false, declaration: true },
    ...{ rewriteRelativeImportExtensions: true, typeRoots: [join(MODULES, '@types')] },
  };
  const include = [join(NODE_BGP, '**/*.ts')];
  const exclude = [join(NODE_BGP, '**/*.test.ts'), join(NODE_BGP, '**/*.fixture.ts')];
  writeFileSync(project, JSON.stringify({ extends: join(HOME, 'tsconfig.json'), compilerOptions, include, exclude }));
  execFileSync(process.execPath, [join(MODULES, 'typescript/bin/tsc'), '-p', project], { stdio: 'inherit' });
}

/** @returns the path of the package */
function pack(manifest: { readonly name: string; readonly version: string }, work: string, folder: string): string {
  writeFileSync(join(work, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  execFileSync('npm', [...PACK, '--pack-destination', folder], { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(folder, `${manifest.name}-${manifest.version}.tgz`);
}

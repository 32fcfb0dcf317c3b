// `npm run build [-- FOLDER]`: the daemon as one bundle with its native parts beside it, in dist/. What is loaded only on
// request (the daemon behind `run`, the labs, the Kubernetes client) is a chunk of its own, so that `caracal status` and a
// node that reads files do not pay for it. The licences of everything inside are listed in dist/LICENSES.txt.

import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';

const HOME = dirname(import.meta.dirname);
const DIST = resolve(process.argv[2] ?? join(HOME, 'dist'));
const MODULES = join(HOME, 'node_modules');

/** Loads its native part by path, so it stays a package beside the bundle. */
const NATIVE = 'koffi';

/** ES modules have no `require`; some packages inside are CommonJS and ask for modules of Node by it. */
const BANNER =
  "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);";

async function bundle(): Promise<Metafile> {
  const result = await build({
    // A thread begins at a file of its own (src/bfd/launch.ts).
    entryPoints: { caracal: join(HOME, 'src/main.ts'), 'bfd-worker': join(HOME, 'src/bfd/worker.ts') },
    outdir: DIST,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    // Names stay, so that a stack trace in a bug report says something.
    keepNames: false,
    minifyIdentifiers: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: [NATIVE],
    banner: { js: BANNER },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  return result.metafile;
}

/** The package without sources and documentation: what `require` needs, and the native file of this platform. */
function copyNative(): void {
  const from = join(MODULES, NATIVE);
  const to = join(DIST, 'node_modules', NATIVE);
  for (const file of [
    'package.json',
    'index.js',
    'index.cjs',
    'indirect.js',
    'indirect.cjs',
    'LICENSE.txt',
    'lib',
    'src',
  ]) {
    if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file), { recursive: true, filter: isNeeded });
  }
  for (const name of readdirSync(join(MODULES, '@koromix'))) {
    cpSync(join(MODULES, '@koromix', name), join(DIST, 'node_modules', '@koromix', name), { recursive: true });
  }
}

/** Sources of the native part are no use where nothing is compiled. */
function isNeeded(path: string): boolean {
  return !/\.(cc|hh|c|h|S|asm|txt|cmake)$/.test(path) || path.endsWith('LICENSE.txt');
}

/** Names of the packages whose files are in the bundle. */
function packagesIn({ inputs }: Metafile): string[] {
  const names = new Set([NATIVE]);
  for (const path of Object.keys(inputs)) {
    const [, name] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path) ?? [];
    if (name !== undefined) names.add(name);
  }
  return [...names].sort();
}

function licenceOf(name: string): string {
  const folder = join(MODULES, name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text =
    file === undefined ? '(no licence file in the package)' : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

// What is in a folder of somebody's choice stays.
if (process.argv[2] === undefined) rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST, { recursive: true });
const metafile = await bundle();
copyNative();
// Read where they are asked for, beside the chunk that asks (src/status/page-files.ts).
cpSync(join(HOME, 'src/status/page'), join(DIST, 'page'), { recursive: true });
writeFileSync(
  join(DIST, 'LICENSES.txt'),
  packagesIn(metafile)
    .map(licenceOf)
    .join(`\n${'-'.repeat(80)}\n\n`),
);
writeFileSync(
  join(DIST, 'caracal'),
  `#!/bin/sh\n# Node of the image or system; 24 or later. Room for young objects as in the repository's ./caracal.\nexec node --max-semi-space-size=16 "$(dirname "$(readlink -f "$0")")/caracal.mjs" "$@"\n`,
);
chmodSync(join(DIST, 'caracal'), 0o755);
const octets = Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
console.log(
  `dist/caracal.mjs and its chunks: ${(octets / 2 ** 20).toFixed(1)} MiB, ${packagesIn(metafile).length} packages inside`,
);

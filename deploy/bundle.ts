// The programs as one bundle. What is loaded only on request (the daemon behind `run`, the labs, the Kubernetes client) is
// a chunk of its own, so that `caracal status` and a node that reads files do not pay for it.
// Not responsible for: native parts and the runtime (platform.ts), what starts the programs (launchers.ts).

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { HOME, MODULES } from './home.ts';

/** Loads its native part by path, so it stays a package beside the bundle. */
export const NATIVE = 'koffi';

/** ES modules have no `require`; some packages inside are CommonJS and ask for modules of Node by it. */
const BANNER =
  "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);";

export interface Bundle {
  readonly octets: number;
  /** Names of the packages that are inside. */
  readonly packages: readonly string[];
}

export async function makeBundle(folder: string, commit: string): Promise<Bundle> {
  const { metafile } = await build({
    entryPoints: {
      caracal: join(HOME, 'src/main.ts'),
      bird: join(HOME, 'bird-compat/program/main.ts'),
      // A thread begins at a file of its own (src/bfd/launch.ts).
      'bfd-worker': join(HOME, 'src/bfd/worker.ts'),
    },
    outdir: folder,
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
    // Read by src/cli/release.ts.
    define: { CARACAL_COMMIT: JSON.stringify(commit) },
    banner: { js: BANNER },
    legalComments: 'none',
    metafile: true,
    absWorkingDir: HOME,
    logLevel: 'warning',
  });
  // Read where they are asked for, beside the chunk that asks (src/status/page-files.ts).
  cpSync(join(HOME, 'src/status/page'), join(folder, 'page'), { recursive: true });
  const octets = Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
  return { octets, packages: packagesIn(metafile) };
}

function packagesIn({ inputs }: Metafile): readonly string[] {
  const names = new Set([NATIVE]);
  for (const path of Object.keys(inputs)) {
    const [, name] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path) ?? [];
    if (name !== undefined) names.add(name);
  }
  return [...names].sort();
}

/** The licences of everything inside, ours first. */
export function writeLicences(path: string, folders: readonly string[]): void {
  const texts = [HOME, ...folders].map(licenceOf);
  writeFileSync(path, texts.join(`\n${'-'.repeat(80)}\n\n`));
}

/** The folders of packages in node_modules. */
export function foldersOf(packages: readonly string[]): readonly string[] {
  return packages.map((name) => join(MODULES, name));
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text =
    file === undefined ? '(no licence file in the package)' : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

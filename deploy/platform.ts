// What depends on the processor: koffi's native part and the Node runtime, both out of npm packages.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { NATIVE } from './bundle.ts';
import { HOME, MODULES } from './home.ts';

/** Our name of a processor, which is Node's -> that of containers. */
export const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' } as const;
export type Architecture = keyof typeof ARCHITECTURES;

export function isArchitecture(name: string): name is Architecture {
  return name in ARCHITECTURES;
}

/** What `npm ci` reads. */
const MANIFESTS = ['package.json', 'package-lock.json', '.npmrc', 'src/node-bgp/package.json'];

/** node_modules with the packages for `arch`, installed for the purpose where this is another machine. */
export async function withModulesFor<T>(arch: Architecture, use: (modules: string) => T | Promise<T>): Promise<T> {
  if (isComplete(MODULES, arch)) return use(MODULES);
  const folder = mkdtempSync(join(tmpdir(), `caracal-${arch}-`));
  try {
    for (const name of MANIFESTS) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      cpSync(join(HOME, name), join(folder, name));
    }
    const words = ['ci', '--cpu', arch, '--os', 'linux', '--omit', 'dev', '--ignore-scripts', '--loglevel=error'];
    const { status } = spawnSync('npm', words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const modules = join(folder, 'node_modules');
    if (status !== 0 || !isComplete(modules, arch)) {
      throw new Error(`npm did not install the packages for ${arch}; they are needed to pack for it`);
    }
    return await use(modules);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isComplete(modules: string, arch: Architecture): boolean {
  return [nodePackage(arch), nativePackage(arch)].every((name) => existsSync(join(modules, name)));
}

export function nodePackage(arch: Architecture): string {
  return `node-linux-${arch}`;
}

function nativePackage(arch: Architecture): string {
  return `@koromix/koffi-linux-${arch}`;
}

/** Node itself, without its headers and manuals. */
export function copyRuntime(modules: string, arch: Architecture, to: string): void {
  cpSync(join(modules, nodePackage(arch), 'bin/node'), to);
}

/** Of koffi's two packages what `import` needs, and the native part for glibc, which Node's own builds are made for. */
const NEEDED = /^(?:package\.json|LICENSE\.txt|in(?:dex|direct)\.c?js|src\/.*\.c?js|linux_\w+\/koffi\.node)$/;

export function copyNative(modules: string, arch: Architecture, folder: string): void {
  for (const name of [NATIVE, nativePackage(arch)]) {
    const from = join(modules, name);
    const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((path) => NEEDED.test(path));
    for (const path of files) cpSync(join(from, path), join(folder, name, path));
  }
}

// Holds the house together: who may look into whom, no cycles, files of a readable size, a core without clocks and
// consoles, and nothing in the repository that belongs to the machine it was written on.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const HOME = resolve(import.meta.dirname, '..');

/**
 * Room -> what of ours it may import (a folder, or one file of it). The longest matching room counts, so that a part of a
 * room can have its own row. Tests may import anything.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'src/node-bgp': [],
  'src/linux': [],
  'src/policy': ['src/node-bgp'],
  'src/rib': ['src/node-bgp', 'src/policy'],
  'src/fib': ['src/node-bgp', 'src/policy', 'src/rib', 'src/intent/types.ts'],
  'src/datastore/resources': ['src/node-bgp', 'src/datastore/types.ts'],
  'src/datastore/types.ts': ['src/datastore/resources'],
  'src/datastore/store.ts': ['src/datastore/resources', 'src/datastore/types.ts'],
  'src/datastore': ['src/node-bgp', 'src/datastore'],
  'src/intent': [
    ...['src/node-bgp', 'src/policy'],
    ...['src/datastore/resources', 'src/datastore/types.ts', 'src/datastore/store.ts'],
  ],
  'src/speaker': [
    ...['src/node-bgp', 'src/policy', 'src/rib', 'src/fib', 'src/intent'],
    ...['src/datastore/types.ts', 'src/bfd/types.ts'],
  ],
  'src/bfd': ['src/node-bgp', 'src/intent/types.ts', 'src/linux'],
  'src/kernel': ['src/node-bgp', 'src/fib/types.ts', 'src/fib/kernel-route.ts', 'src/linux'],
  'src/status': [
    ...[
      'src/node-bgp',
      'src/speaker/types.ts',
      'src/speaker/strangers.ts',
      'src/speaker/explanation.ts',
      'src/speaker/planning.ts',
    ],
    ...['src/intent/types.ts', 'src/datastore/types.ts', 'src/bfd/types.ts', 'src/bfd/packet.ts'],
  ],
  'src/cli': [
    ...['src/node-bgp', 'src/status', 'src/speaker/planning.ts'],
    ...['src/datastore/kubernetes', 'src/datastore/errors.ts'],
  ],
  'src/daemon': ['src'],
  'src/main.ts': ['src', 'bird-compat', 'topologies', 'package.json'],
  'bird-compat/language': ['src/node-bgp'],
  'bird-compat/filters': ['src/node-bgp', 'src/policy', 'bird-compat/language'],
  'bird-compat/intent': [
    ...['src/node-bgp', 'src/policy', 'src/intent/types.ts'],
    ...['bird-compat/language', 'bird-compat/filters'],
  ],
  'bird-compat/control': [
    ...['src/node-bgp', 'src/policy', 'src/rib', 'src/fib', 'src/intent/types.ts', 'src/speaker', 'src/kernel/port.ts'],
    ...['bird-compat/language', 'bird-compat/filters', 'bird-compat/intent'],
    ...['bird-compat/strftime.ts', 'bird-compat/notification-text.ts'],
  ],
  'bird-compat': [
    ...['src/node-bgp', 'src/policy', 'src/intent/types.ts', 'src/speaker/types.ts', 'src/datastore/resources'],
    'bird-compat',
  ],
  'bird-compat/program': ['src', 'bird-compat', 'package.json'],
  topologies: ['src/node-bgp', 'src/status/types.ts', 'src/cli/types.ts'],
  deploy: [],
  bench: ['src', 'bird-compat', 'topologies'],
  test: ['src', 'bird-compat', 'topologies', 'bench'],
};

/** Synchronous, no clock, no randomness, no process, no input or output. */
const PURE = [
  'src/node-bgp',
  'src/policy',
  'src/rib',
  'src/fib',
  'src/datastore/resources',
  'src/datastore/types.ts',
  'src/datastore/store.ts',
  'src/intent',
  'src/bfd/packet.ts',
  'src/bfd/authentication.ts',
  'src/bfd/session.ts',
  'src/bfd/sessions.ts',
  'src/speaker',
  'bird-compat/language',
  'bird-compat/filters',
  'bird-compat/intent',
  'bird-compat/migrate',
];
const IMPURE = ['src/node-bgp/tcp'];

const NOT_PURE: readonly (readonly [string, RegExp])[] = [
  ['Date', /\bDate\b/],
  ['performance', /\bperformance\b/],
  ['timers', /\b(?:set|clear)(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bnextTick\b/],
  ['randomness', /\bMath\.random\b|\brandom(?:Bytes|UUID|Int)\b|\bgetRandomValues\b/],
  ['process', /\bprocess\./],
  ['console', /\bconsole\./],
  ['await', /\bawait\b|\basync\b/],
];

/** Modules of Node that compute and do nothing else. */
const PURE_MODULES = ['node:crypto', 'node:util', 'node:assert'];

const LONGEST_SOURCE = 400;

/** Source file -> why it is longer than that all the same. */
const LONG_FILES: Readonly<Record<string, string>> = {};

const TOP_LEVEL = new Set([
  ...['src', 'bird-compat', 'topologies', 'test', 'docs', 'bench', 'deploy', '.ci'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'Dockerfile', 'README.md', 'CHANGELOG.md', 'LICENSE'],
  ...['caracal', 'biome.json', 'vitest.config.ts', '.npmrc', '.gitignore', '.gitattributes', '.dockerignore'],
]);

const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: HOME, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(HOME, file)));
const typescript = tracked.filter((file) => file.endsWith('.ts') && file.includes('/'));
const sources = typescript.filter((file) => !isTest(file));

describe('the house', () => {
  test('every source file is in a room', () => {
    expect(sources.filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  test('rooms import only what the table of rooms allows', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => !mayImport(roomOf(file)!, target))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('other rooms enter node-bgp by its name, and by its exports only', () => {
    const outside = typescript.filter((file) => !file.startsWith('src/node-bgp/'));
    const wrong = outside.flatMap((file) =>
      specifiersOf(file)
        .filter((specifier) => specifier.startsWith('.') && targetOf(file, specifier)?.startsWith('src/node-bgp/'))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('no file imports itself through others, types aside', () => {
    expect(findCycles(new Map(sources.map((file) => [file, valueImportsOf(file)])))).toEqual([]);
  });

  test('no room may import itself through others, types included', () => {
    const folder = (place: string) => place.split('/').slice(0, 2).join('/');
    const allowed = new Map<string, string[]>();
    for (const [room, places] of Object.entries(ROOMS)) {
      const others = places.map(folder).filter((place) => place !== folder(room));
      allowed.set(folder(room), [...(allowed.get(folder(room)) ?? []), ...others]);
    }
    expect(findCycles(allowed)).toEqual([]);
  });

  test('imports of our own files end in .ts and lead to a file', () => {
    const wrong = typescript.flatMap((file) =>
      specifiersOf(file)
        .filter((specifier) => specifier.startsWith('.') && targetOf(file, specifier) === undefined)
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test(`no source file has more than ${LONGEST_SOURCE} lines, unless it is listed with a reason`, () => {
    const long = sources.filter((file) => read(file).split('\n').length > LONGEST_SOURCE + 1);
    expect(long.filter((file) => !(file in LONG_FILES))).toEqual([]);
  });

  test('every source file opens with what it is responsible for', () => {
    expect(sources.filter((file) => !/^(?:#!.*\n)?(?:\/\/|\/\*)/.test(read(file)))).toEqual([]);
  });
});

describe('the pure rooms', () => {
  const pure = sources.filter((file) => isIn(file, PURE) && !isIn(file, IMPURE) && !file.endsWith('.fixture.ts'));

  test.each(NOT_PURE)('know no %s', (_, pattern) => {
    expect(pure.filter((file) => pattern.test(withoutCommentsAndTexts(read(file))))).toEqual([]);
  });

  test('import nothing of Node that touches the world', () => {
    const wrong = pure.flatMap((file) =>
      specifiersOf(file)
        .filter((specifier) => specifier.startsWith('node:') && !PURE_MODULES.includes(specifier))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the repository', () => {
  test('has only the agreed names at its top', () => {
    const names = new Set(tracked.map((file) => file.split('/')[0]!));
    expect([...names].filter((name) => !TOP_LEVEL.has(name))).toEqual([]);
  });

  test('names no path of this machine', () => {
    const paths = [`${HOME}/`, ...projectFolders(HOME).map((folder) => `${folder}/`)];
    expect(filesWith(paths)).toEqual([]);
  });

  test('names no package registry', () => {
    const asked = spawnSync('npm', ['config', 'get', 'registry'], { cwd: HOME, encoding: 'utf8' });
    const { host } = new URL(asked.stdout.trim());
    expect(filesWith([host])).toEqual([]);
    expect(read('package-lock.json')).not.toMatch(/"resolved": "https?:/);
  });

  test('links in its documents lead to files that are in it', () => {
    const known = new Set(tracked.flatMap((file) => [file, ...foldersOf(file)]));
    const broken = tracked
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
          .map(([, link = '']) => normalize(join(dirname(file), link)).replace(/\/$/, ''))
          .filter((link) => !known.has(link))
          .map((link) => `${file} links to ${link}`),
      );
    expect(broken).toEqual([]);
  });

  test('has a lock file that is complete for every platform, as npm ci demands', () => {
    const { packages } = JSON.parse(read('package-lock.json'));
    const absent = Object.entries<{ optionalDependencies?: object }>(packages).flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).filter(
        (name) => !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
      ),
    );
    expect(absent).toEqual([]);
  });
});

function read(file: string): string {
  return readFileSync(join(HOME, file), 'utf8');
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || file.endsWith('.fixture.ts');
}

function isIn(file: string, places: readonly string[]): boolean {
  return places.some((place) => file === place || file.startsWith(`${place}/`));
}

function roomOf(file: string): string | undefined {
  const rooms = Object.keys(ROOMS).filter((room) => isIn(file, [room]));
  return rooms.sort((a, b) => b.length - a.length)[0];
}

function mayImport(room: string, target: string): boolean {
  if (roomOf(target) === room) return true;
  return isIn(target, ROOMS[room]!);
}

/** What a file imports or re-exports; all of it, or only what is there when it runs. */
function specifiersOf(file: string, wanted: 'all' | 'values' = 'all'): readonly string[] {
  const code = read(file).replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  const text = wanted === 'all' ? code : code.replace(/^(?:import|export) type\s[^;]*;/gm, '');
  const statements = text.matchAll(/^(?:import|export)\s[^;'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm);
  const calls = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g);
  return [...[...statements].map(([, from, bare]) => from ?? bare!), ...[...calls].map(([, specifier]) => specifier!)];
}

const nodeBgpExports: Readonly<Record<string, string>> = JSON.parse(read('src/node-bgp/package.json')).exports;

/** The file of ours that an import means; undefined: it is none, or there is no such file. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier === 'node-bgp' || specifier.startsWith('node-bgp/')) {
    const target = nodeBgpExports[specifier.replace(/^node-bgp/, '.')];
    return target && join('src/node-bgp', target);
  }
  if (!specifier.startsWith('.')) return undefined;
  const target = relative(HOME, resolve(HOME, dirname(file), specifier));
  return existsSync(join(HOME, target)) && /\.(?:ts|mjs|json)$/.test(target) ? target : undefined;
}

function importsOf(file: string): readonly string[] {
  return specifiersOf(file).flatMap((specifier) => targetOf(file, specifier) ?? []);
}

function valueImportsOf(file: string): readonly string[] {
  return specifiersOf(file, 'values').flatMap((specifier) => targetOf(file, specifier) ?? []);
}

/** Each cycle once, as `a -> b -> a`. */
function findCycles(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push([...path.slice(start), file].join(' -> '));
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of imports.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return cycles;
}

function withoutCommentsAndTexts(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}

function filesWith(texts: readonly string[]): readonly string[] {
  return tracked.filter((file) => texts.some((text) => read(file).includes(text)));
}

/** The folder around the repository, where it is a project's own and not one that every machine has. */
function projectFolders(home: string): readonly string[] {
  const parent = dirname(home);
  const common = ['/', '/tmp', '/var/tmp', '/root', '/home', '/srv', '/opt', '/src', '/app', '/usr/src'];
  return common.includes(parent) ? [] : [parent];
}

function foldersOf(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

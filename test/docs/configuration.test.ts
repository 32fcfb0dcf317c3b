// docs/configuration.md holds every flag, variable and field that there is, and none that is not. What the code has as a
// table is written from it: `npx vitest run test/docs -u`.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { COMMAND_NAMES, COMMANDS, type OptionRow } from '../../src/cli/commands.ts';
import { readDatastoreConfig } from '../../src/cli/datastore-config.ts';
import { nodenameFile, runOptions } from '../../src/cli/environment.ts';
import type { CommandName, Environment } from '../../src/cli/types.ts';
import { proxyFor } from '../../src/datastore/kubernetes/proxy.ts';

const HOME = join(import.meta.dirname, '../..');
const DOCUMENT = join(HOME, 'docs/configuration.md');
const TEXT = read('docs/configuration.md');

/** Kind -> the file that reads it. */
const CALICO_KINDS = {
  BGPConfiguration: 'bgp-configuration',
  BGPPeer: 'bgp-peer',
  BGPFilter: 'bgp-filter',
  IPPool: 'ip-pool',
  Node: 'node',
  BlockAffinity: 'block-affinity',
  CalicoNodeStatus: 'calico-node-status',
  FelixConfiguration: 'felix-configuration',
} as const;

/** What only holds fields. */
const AROUND = ['spec', 'metadata', 'status', 'bgp', 'wireguard', 'labels', 'annotations'];

const BLOCKS: Readonly<Record<string, () => string>> = {
  commands: () => COMMAND_NAMES.map(commandText).join('\n'),
  'fields of Calico': () =>
    [
      '| Kind | Fields that are read |\n|---|---|',
      ...Object.entries(CALICO_KINDS).map(([kind, file]) => `| ${kind} | ${codes(fieldsIn(file))} |`),
      '',
    ].join('\n'),
};

function commandText(name: CommandName): string {
  const { usage, summary, options, notes } = COMMANDS[name];
  const sentence = `${summary[0]!.toUpperCase()}${summary.slice(1)}.`;
  const rows = options.map((row) => `| ${code(optionText(row))} | ${inTable(row.help)} |`);
  return [
    `### caracal ${name}\n\n${sentence}\n\n\`\`\`\n${usage.join('\n')}\n\`\`\`\n`,
    ...(rows.length > 0 ? [['| Option | |', '|---|---|', ...rows, ''].join('\n')] : []),
    ...(notes === undefined ? [] : [`${notes}\n`]),
  ].join('\n');
}

function optionText({ name, short, value }: OptionRow): string {
  const letter = short === undefined ? '' : `-${short}, `;
  return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`;
}

function fieldsIn(file: string): readonly string[] {
  const source = read(`src/datastore/resources/${file}.ts`);
  const found = source.matchAll(/\.(?:read|need|at)\(\s*'([A-Za-z0-9]+)'/g);
  // Node has two sets of names for the same fields, as constants.
  const [, constants = ''] = /^const BGP_FIELDS[^{]*\{([^}]*)\}/m.exec(source) ?? [];
  const named = constants.matchAll(/: '([A-Za-z0-9]+)'/g);
  const names = [...found, ...named].map(([, name]) => name!);
  return [...new Set(names)].filter((name) => !AROUND.includes(name)).sort();
}

function read(path: string): string {
  return readFileSync(join(HOME, path), 'utf8');
}

function code(text: string): string {
  return `\`${inTable(text)}\``;
}

function codes(names: readonly string[]): string {
  return names.map(code).join(', ');
}

function inTable(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** What stands in backquotes in the first column of the tables below a heading. */
function firstColumn(heading: string): readonly string[] {
  const [, section] = TEXT.split(new RegExp(`^${heading}$`, 'm'));
  if (section === undefined) throw new Error(`docs/configuration.md has no heading ${heading}`);
  const [body = ''] = section.split(/^#{1,2} /m);
  const cells = [...body.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell]) => cell!);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
}

test('what is written from the code is what the code says', async () => {
  let text = TEXT;
  for (const [name, make] of Object.entries(BLOCKS)) {
    const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
    expect(text, `docs/configuration.md has a block of ${name}`).toContain(begin);
    text = text.replace(new RegExp(`${begin}[\\s\\S]*?${end}`), () => `${begin}\n\n${make()}\n${end}`);
  }
  await expect(text).toMatchFileSnapshot(DOCUMENT);
});

/** All variables that are asked for, whatever the flags say. */
async function variablesAskedFor(): Promise<readonly string[]> {
  const asked = new Set<string>();
  const answers: Environment = { ETCD_ENDPOINTS: 'http://127.0.0.1:2379' };
  const env: Environment = new Proxy(
    {},
    {
      get(_, name: string) {
        asked.add(name);
        return answers[name];
      },
    },
  );
  for (const words of [['--datastore', 'kubernetes'], ['--datastore', 'etcdv3'], ['--http', '127.0.0.1:1'], []]) {
    const command = parseArguments(['run', ...words]);
    if (command.type !== 'run') throw new Error(JSON.stringify(command));
    const options = runOptions(command.flags, { env, hostname: 'host', nodename: undefined });
    if ('type' in options) throw new Error(options.text);
  }
  nodenameFile(env);
  await readDatastoreConfig({}, env);
  for (const server of ['https://a', 'http://a'])
    proxyFor(new URL(server), { ...answers, HTTPS_PROXY: 'a', HTTP_PROXY: 'a' });
  for (const server of ['https://192.0.2.1', 'http://192.0.2.1']) proxyFor(new URL(server), env);
  return [...asked].filter((name) => name === name.toUpperCase());
}

/** Where variables are asked for by other means than through an environment that is handed in. */
const ASKED_DIRECTLY = /\benv\.([A-Z][A-Z0-9_]+)|\{ ([A-Z][A-Z0-9_]+): \w+, ([A-Z][A-Z0-9_]+): \w+ \} = env/g;
const SOURCES = [
  'src/datastore/kubernetes/access.ts',
  'src/cli/cluster.ts',
  'topologies/lab-state.ts',
  'topologies/terminal.ts',
];

test('every variable that is asked for is there, and none else', async () => {
  const asked = new Set(await variablesAskedFor());
  for (const source of SOURCES) {
    for (const [, ...names] of read(source).matchAll(ASKED_DIRECTLY)) {
      for (const name of names) if (name !== undefined) asked.add(name);
    }
  }
  // Variables of the datastore are looked for with Calico's prefix first; the document says so once.
  const names = [...asked].filter((name) => !(name.startsWith('CALICO_') && asked.has(name.slice('CALICO_'.length))));
  expect([...firstColumn('## Variables')].sort()).toEqual([...new Set([...names, 'NO_PROXY'])].sort());
});

test('every field of our own resource is there, and none else', () => {
  expect([...new Set(firstColumn('## RouteReflector'))].sort()).toEqual(fieldsIn('route-reflector'));
});

test('every label of our own is there, and none else', () => {
  const sources = execFileSync('git', ['ls-files', 'src/*.ts', 'bird-compat/*.ts'], { cwd: HOME, encoding: 'utf8' });
  const texts = sources
    .trim()
    .split('\n')
    .filter((path) => !path.endsWith('.test.ts'))
    .map(read);
  const labels = texts.flatMap((text) =>
    [...text.matchAll(/'(caracal\.io\/(?!v1')[\w-]+)'/g)].map(([, name]) => name!),
  );
  expect([...firstColumn('## Labels')].sort()).toEqual([...new Set(labels)].sort());
});

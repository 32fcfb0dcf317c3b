// What documents tell a reader to type can be typed: npm scripts, options, files; and what they quote is what Caracal says.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { COMMAND_NAMES } from '../../src/cli/commands.ts';

const HOME = join(import.meta.dirname, '../..');
const DOCUMENTS = ['README.md', 'docs/install.md', 'docs/operations.md', 'docs/deploy.md'];
const { scripts } = JSON.parse(read('package.json'));

function read(path: string): string {
  return readFileSync(join(HOME, path), 'utf8');
}

function isCommand(word: string): boolean {
  return COMMAND_NAMES.some((name) => name === word);
}

/** Lines of blocks without a language, and what is quoted inside lines; joined where they go on below. */
function commandsOf(document: string): readonly string[] {
  const text = read(document).replaceAll('\\\n', ' ');
  const blocks = [...text.matchAll(/^ *```\n([\s\S]*?)^ *```/gm)].flatMap(([, block]) => block!.split('\n'));
  const quoted = [...text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, words]) => words!);
  return [...blocks, ...quoted].map((line) => line.trim().replace(/ +\/\/ .*$/, ''));
}

describe.each(DOCUMENTS)('%s', (document) => {
  const commands = commandsOf(document);

  test('names npm scripts that are there', () => {
    const names = commands.flatMap((line) => /^npm (?:run (?:--\S+ )*)?([\w-]+)/.exec(line)?.slice(1) ?? []);
    expect(names.filter((name) => !(name in scripts) && name !== 'ci')).toEqual([]);
  });

  test('has command lines that this build takes', () => {
    const lines = commands.flatMap((line) => /^(?:\S*\/)?caracal ([a-z].*)$/.exec(line)?.slice(1) ?? []);
    const wrong = lines
      .filter((line) => !line.includes('...'))
      .flatMap((line) => {
        const words = line.replaceAll('PREFIX', '10.0.0.0/8').split(/ +/);
        // In a sentence a command may be named alone.
        if (words.length === 1 && isCommand(words[0]!)) return [];
        const result = parseArguments(words);
        return result.type === 'usageError' ? [`caracal ${line}: ${result.text}`] : [];
      });
    expect(wrong).toEqual([]);
  });

  test('names files of the repository that are there', () => {
    const paths = commands.flatMap((line) => line.match(/(?<![\w/.-])(?:topologies|deploy)\/[\w./-]+/g) ?? []);
    expect(paths.filter((path) => !existsSync(join(HOME, path)))).toEqual([]);
  });
});

test('docs/operations.md quotes what Caracal says', () => {
  const [, symptoms = ''] = read('docs/operations.md').split(/^## By symptom$/m);
  const quotes = [...symptoms.matchAll(/^\| `([^`]+)` \|/gm)].map(([, quote]) => quote!);
  const files = execFileSync('git', ['ls-files', 'src/*.ts', 'deploy/*.ts'], { cwd: HOME, encoding: 'utf8' });
  const sources = files
    .trim()
    .split('\n')
    .filter((path) => !path.endsWith('.test.ts'));
  const said = sources.map(read).join('\n');
  expect(quotes.length).toBeGreaterThan(15);
  expect(quotes.filter((quote) => !said.includes(quote))).toEqual([]);
});

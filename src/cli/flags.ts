// Reads options after the rows of a command, and words every mistake as one sentence. Knows nothing of what options mean.

import { parseArgs } from 'node:util';
import { HELP_OPTION, type OptionRow } from './commands.ts';
import { didYouMean } from './suggest.ts';
import type { UsageError } from './types.ts';

export interface Flags {
  readonly type: 'flags';
  /** Switches have the value ''. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
  /** What stands behind `--`; undefined without it. */
  readonly rest: readonly string[] | undefined;
}

export function readFlags(rows: readonly OptionRow[], argv: readonly string[]): Flags | UsageError {
  const known = [...rows, HELP_OPTION];
  const terminator = argv.indexOf('--');
  const own = terminator < 0 ? argv : argv.slice(0, terminator);
  const { tokens } = parseArgs({
    args: [...own],
    options: Object.fromEntries(known.map(({ name, short, value }) => [name, parserOption(short, value)])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const row = known.find(({ name }) => name === token.name);
    if (!row) return unknownOption(token.name, token.rawName, known);
    const problem = misuse(row, token.value, token.inlineValue === true, values.has(row.name));
    if (problem !== undefined) return usageError(problem);
    values.set(row.name, [...(values.get(row.name) ?? []), token.value ?? '']);
  }
  return { type: 'flags', values, positionals, rest: terminator < 0 ? undefined : argv.slice(terminator + 1) };
}

export function usageError(text: string): UsageError {
  return { type: 'usageError', text };
}

function parserOption(short: string | undefined, value: string | undefined) {
  return {
    type: value === undefined ? ('boolean' as const) : ('string' as const),
    ...(short !== undefined && { short }),
  };
}

function unknownOption(name: string, rawName: string, known: readonly OptionRow[]): UsageError {
  const names = known.map((row) => row.name);
  return usageError(`unknown option ${rawName}${didYouMean(name, names, '--')}`);
}

function misuse(row: OptionRow, value: string | undefined, inline: boolean, repeated: boolean): string | undefined {
  if (row.value === undefined) return value === undefined ? undefined : `--${row.name} takes no value`;
  // `--node --check`: an option in the place of the value is a forgotten value, unless it is glued on with `=`; `-` is none.
  if (value === undefined || value === '' || (!inline && value.startsWith('-') && value !== '-')) {
    return `--${row.name} needs a value: --${row.name} ${row.value}`;
  }
  return repeated && !row.repeatable ? `--${row.name} is given twice` : undefined;
}

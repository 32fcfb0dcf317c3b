// The door of the language: texts to syntax trees. Everything throws BirdError and nothing else, whatever the text.

import { filterSpec } from './commands.ts';
import { type Dialect, detectBird } from './dialect.ts';
import { parseConfiguration } from './parser.ts';
import type { Place } from './place.ts';
import { Reader } from './reader.ts';
import { type ConfigurationFiles, readTokens, textTokens } from './source.ts';
import { term } from './terms.ts';
import type { FilterSpec, Term, Tree } from './tree.ts';

export { filterSpec } from './commands.ts';
export type { Dialect } from './dialect.ts';
export { isPrefix, prefixLiteral } from './literals.ts';
export { BirdError, fail, type Place, placeText, startOf } from './place.ts';
export type { Reader } from './reader.ts';
export { type ConfigurationFiles, UnreadableFile } from './source.ts';
export { term } from './terms.ts';
export type * from './tree.ts';

export interface LanguageOptions {
  /** Absent: BIRD 2 where the configuration has what only BIRD 2 has, else 1.6. */
  readonly bird?: 1 | 2;
  /** Which of the two daemons of BIRD 1.6 reads; without a meaning for BIRD 2. */
  readonly family: 'ipv4' | 'ipv6';
}

/** The file and all it includes. A syntax error is in the tree, behind what could be read. */
export function readConfiguration(
  path: string,
  files: ConfigurationFiles,
  options: LanguageOptions,
): { readonly tree: Tree; readonly dialect: Dialect } {
  const tokens = readTokens(path, files);
  const bird = options.bird ?? detectBird(tokens);
  const dialect: Dialect = bird === 1 ? { bird, family: options.family } : { bird };
  return { tree: parseConfiguration(path, tokens, dialect), dialect };
}

/** A command of a control socket, to be read word by word. */
export function openCommand(text: string, dialect: Dialect): Reader {
  return new Reader(textTokens('cli', text), dialect);
}

/** A term alone, as `eval` and `show route where` have it. */
export function parseTerm(text: string, dialect: Dialect, name = 'cli'): Term {
  return whole(text, dialect, name, term);
}

/** `filter NAME`, `filter { ... }` or `where ...`, as `show route` has it. */
export function parseFilter(text: string, dialect: Dialect, name = 'cli'): FilterSpec {
  return whole(text, dialect, name, filterSpec);
}

function whole<T extends { readonly at: Place }>(
  text: string,
  dialect: Dialect,
  name: string,
  parse: (reader: Reader) => T,
): T {
  const reader = new Reader(textTokens(name, text), dialect);
  const result = parse(reader);
  return reader.atEnd ? result : reader.unexpected();
}

// A configuration with everything it includes, as one sequence of tokens. Files come through a port; nothing is read here.

import { type Token, tokenize } from './lexer.ts';
import { BirdError, startOf } from './place.ts';

/** The files of a configuration. */
export interface ConfigurationFiles {
  /** The text, or why there is none: `No such file or directory`. */
  read(path: string): { readonly text: string } | { readonly problem: string };
  /** What a path with `*`, `?` or `[` stands for, sorted, without folders. */
  match(pattern: string): readonly string[];
}

const DEEPEST_INCLUDE = 8;

/** All tokens and the one that ends them. Throws BirdError where the file itself cannot be read. */
export function readTokens(path: string, files: ConfigurationFiles): readonly Token[] {
  const content = files.read(path);
  if ('problem' in content) throw new UnreadableFile(path, content.problem);
  const tokens: Token[] = [];
  if (expand(path, content.text, 1, files, tokens)) tokens.push(endOf(path));
  return tokens;
}

/** Tokens of a text that comes from no file, such as a command; it can include nothing. */
export function textTokens(name: string, text: string): readonly Token[] {
  const tokens = tokenize(name, text).map(
    (token): Token =>
      token.type === 'include' ? { ...token, type: 'error', text: 'Include not allowed in CLI' } : token,
  );
  return tokens.at(-1)?.type === 'error' ? tokens : [...tokens, endOf(name)];
}

/** The configuration itself is not there. BIRD says so without a line. */
export class UnreadableFile extends BirdError {
  readonly problem: string;

  constructor(path: string, problem: string) {
    super(startOf(path), `Unable to open configuration file ${path}: ${problem}`);
    this.problem = problem;
  }
}

function endOf(file: string): Token {
  return { type: 'end', text: '', value: 0, lateColumn: 0, place: startOf(file) };
}

/** False after an error token, which is the last one. */
function expand(file: string, text: string, depth: number, files: ConfigurationFiles, into: Token[]): boolean {
  for (const token of tokenize(file, text)) {
    if (token.type !== 'include') {
      into.push(token);
      if (token.type === 'error') return false;
    } else if (!include(token, depth, files, into)) {
      return false;
    }
  }
  return true;
}

function include(token: Token, depth: number, files: ConfigurationFiles, into: Token[]): boolean {
  const refuse = (text: string) => {
    into.push({ ...token, type: 'error', text });
    return false;
  };
  if (token.text === '') return refuse('Include with empty argument');
  if (depth >= DEEPEST_INCLUDE) return refuse('Max include depth reached');
  const path = token.text.startsWith('/') ? token.text : `${folderOf(token.place.file)}/${token.text}`;
  const paths = /[*?[]/.test(path) ? files.match(path) : [path];
  for (const each of paths) {
    const content = files.read(each);
    if ('problem' in content) return refuse(`Unable to open included file ${each}: ${content.problem}`);
    if (!expand(each, content.text, depth + 1, files, into)) return false;
  }
  return true;
}

function folderOf(file: string): string {
  const slash = file.lastIndexOf('/');
  return slash < 0 ? '.' : slash === 0 ? '' : file.slice(0, slash);
}

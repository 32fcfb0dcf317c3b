// Options of one letter as getopt of the C library reads them: grouped, with values glued on or behind, anywhere on the line.

export interface Options {
  /** By letter, or by the word of a long one; switches have the value ''. The last one counts. */
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/**
 * @param letters a colon behind those that take a value
 * @param words long options, without value
 */
export function readOptions(
  letters: string,
  words: readonly string[],
  argv: readonly string[],
): Options | { readonly problem: string } {
  const values = new Map<string, string>();
  const rest: string[] = [];
  const waiting = [...argv];
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    if (word === '--') {
      rest.push(...waiting);
      break;
    }
    const long = words.find((name) => word === `--${name}`);
    if (long !== undefined) values.set(long, '');
    else if (word.startsWith('-') && word !== '-') {
      const problem = readGroup(letters, word.slice(1), values, waiting);
      if (problem !== undefined) return { problem };
    } else rest.push(word);
  }
  return { values, rest };
}

/** `dc bird.conf`, `cbird.conf`; what is wrong with it. */
function readGroup(letters: string, group: string, values: Map<string, string>, next: string[]): string | undefined {
  for (let at = 0; at < group.length; at++) {
    const letter = group[at]!;
    const found = letter === ':' ? -1 : letters.indexOf(letter);
    if (found < 0) return `invalid option -- '${letter}'`;
    if (letters[found + 1] !== ':') {
      values.set(letter, '');
      continue;
    }
    const value = group.slice(at + 1) || next.shift();
    if (value === undefined) return `option requires an argument -- '${letter}'`;
    values.set(letter, value);
    return undefined;
  }
  return undefined;
}

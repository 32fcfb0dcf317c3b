// The door of bird-compat: BIRD's configurations, filters and terms, as what the router understands.
//
//   const configuration = readBirdConfiguration('/etc/bird/bird.conf', diskFiles, { family: 'ipv4' });
//   const intent = birdIntent(configuration, { node: 'reflector-1' });

import type { Policy } from '../src/policy/index.ts';
import { compileEval, compileFilterSpec } from './filters/index.ts';
import { type BirdConfiguration, compileConfiguration } from './intent/index.ts';
import {
  type ConfigurationFiles,
  type LanguageOptions,
  parseFilter,
  parseTerm,
  readConfiguration,
} from './language/index.ts';

export { diskFiles } from './files.ts';
export type { FilterSymbol, Remark } from './filters/index.ts';
export {
  type BirdConfiguration,
  type BirdIntentOptions,
  birdIntent,
  type Channel,
  type Protocol,
  type ProtocolKind,
} from './intent/index.ts';
export {
  BirdError,
  type ConfigurationFiles,
  type Dialect,
  type LanguageOptions,
  type Place,
  placeText,
  UnreadableFile,
} from './language/index.ts';

/** Throws BirdError for the first mistake in it. */
export function readBirdConfiguration(
  path: string,
  files: ConfigurationFiles,
  options: LanguageOptions,
): BirdConfiguration {
  const { tree, dialect } = readConfiguration(path, files, options);
  return compileConfiguration(tree, dialect);
}

/** `filter NAME`, `filter { ... }`, `where ...` of a command, among the names of a configuration. Throws BirdError. */
export function readCommandFilter(text: string, { dialect, unit }: BirdConfiguration): Policy {
  return compileFilterSpec(parseFilter(text, dialect), unit);
}

/** A policy that prints the value of a term, for `eval`. Throws BirdError. */
export function readCommandTerm(text: string, { dialect, unit }: BirdConfiguration): Policy {
  return compileEval(parseTerm(text, dialect), unit);
}

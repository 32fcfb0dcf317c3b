// Configurations from texts for the tests of this room, and what their filters make of a route.

import { evaluate, type Policy, type PolicyResult, type PolicyRoute } from '../src/policy/index.ts';
import { route } from '../src/policy/policy.fixture.ts';
import { type BirdConfiguration, BirdError, type ConfigurationFiles, readBirdConfiguration } from './index.ts';

export interface TextOptions {
  readonly bird?: 1 | 2;
  readonly family?: 'ipv4' | 'ipv6';
  /** Further files by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What every configuration needs to be one. */
export const FRAME = 'router id 10.0.0.1; protocol device { }\n';

export function filesOf(files: Readonly<Record<string, string>>): ConfigurationFiles {
  return {
    read: (path) => {
      const text = files[path];
      return text === undefined ? { problem: 'No such file or directory' } : { text };
    },
    match: (pattern) => Object.keys(files).filter((path) => path.startsWith(pattern.replace(/[*?[].*/, ''))),
  };
}

export function read(text: string, options: TextOptions = {}): BirdConfiguration {
  const { bird, family = 'ipv4', files = {} } = options;
  const language = bird === undefined ? { family } : { bird, family };
  return readBirdConfiguration('bird.conf', filesOf({ 'bird.conf': text, ...files }), language);
}

/** The error without the name of the file, or `fine`. Anything but BirdError is thrown. */
export function answer(text: string, options: TextOptions = {}): string {
  try {
    read(text, options);
    return 'fine';
  } catch (error) {
    if (error instanceof BirdError) return error.message.replace(/^bird\.conf:/, '');
    throw error;
  }
}

/** The filter `f` of a configuration. */
export function filterOf(text: string, options: TextOptions = {}): Policy {
  const symbol = read(FRAME + text, options).unit.global.find('f');
  if (symbol?.type !== 'filter') throw new Error(`no filter f in ${text}`);
  return symbol.policy;
}

/** What a filter with these commands makes of a route. */
export function outcome(
  commands: string,
  subject: PolicyRoute = route('10.1.0.0/16'),
  options: TextOptions = {},
): PolicyResult {
  return evaluate(filterOf(`filter f { ${commands} }`, { bird: 1, ...options }), subject);
}

/** What `print` shows of a term, or the run-time error. */
export function shown(term: string, subject?: PolicyRoute, options: TextOptions = {}): string {
  const { error, printed } = outcome(`print ${term}; accept;`, subject, options);
  return error === undefined ? (printed ?? []).join('|') : `error: ${error}`;
}

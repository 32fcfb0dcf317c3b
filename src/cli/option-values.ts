// Values of options: one of some words, or what a parser makes of a text; and mistakes as one sentence.

import { type Flags, usageError } from './flags.ts';
import { didYouMean } from './suggest.ts';
import type { UsageError } from './types.ts';

export type Value<T> = { readonly type: 'value'; readonly value: T };

export function choice<T extends string>(
  values: Flags['values'],
  name: string,
  choices: readonly T[],
): Value<T> | UsageError | undefined {
  const text = values.get(name)?.[0];
  if (text === undefined) return undefined;
  const value = choices.find((candidate) => candidate === text);
  if (value !== undefined) return { type: 'value', value };
  return usageError(`--${name} ${text} is unknown, there are ${choices.join(', ')}${didYouMean(text, choices)}`);
}

export function parsed<T>(
  values: Flags['values'],
  name: string,
  parse: (text: string) => { readonly value: T } | { readonly problem: string },
): Value<T> | UsageError | undefined {
  const text = values.get(name)?.[0];
  if (text === undefined) return undefined;
  const result = parse(text);
  return 'problem' in result ? usageError(`--${name}: ${result.problem}`) : { type: 'value', value: result.value };
}

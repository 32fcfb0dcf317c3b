// How Calico reads an environment variable: blanks around the text do not count, and empty is unset.

import type { Environment } from './types.ts';

export function variable(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}

/** A variable of the datastore may carry the prefix CALICO_, which then comes first. */
export function datastoreVariable(env: Environment, name: string): string | undefined {
  return variable(env, `CALICO_${name}`) ?? variable(env, name);
}

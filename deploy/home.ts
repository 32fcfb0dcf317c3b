// The folders that everything here starts from.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const HOME = dirname(import.meta.dirname);
export const MODULES = join(HOME, 'node_modules');

/** What is told of all that is packed. */
export const { version, description, license, engines, dependencies } = packageJson(HOME);

export interface PackageJson {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

export function packageJson(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

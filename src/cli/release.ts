// Which Caracal this is, as `caracal version` says it.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isErrorWithCode } from '../status/errors.ts';

/** What was built: a version may have many commits. */
export interface Release {
  readonly version: string;
  readonly commit: string;
}

/** Written into the bundle when it is built (deploy/bundle.ts); sources have no such thing. */
declare const CARACAL_COMMIT: string | undefined;

const UNKNOWN = 'unknown';
const COMMIT = /^[0-9a-f]{40,64}$/;

/** @param home the folder of the sources, where they run */
export function ownCommit(home: string): string {
  return typeof CARACAL_COMMIT === 'string' ? CARACAL_COMMIT : headOf(home);
}

/** The commit that a work tree is at, read without git: it may not be installed, or distrust the owner of the folder. */
export function headOf(home: string): string {
  const folder = gitFolder(home);
  const head = readText(join(folder, 'HEAD'));
  const [, ref] = /^ref: (\S+)$/.exec(head) ?? [];
  const commit = ref === undefined ? head : refOf(folder, ref);
  return COMMIT.test(commit) ? commit : UNKNOWN;
}

/** In a further work tree (git worktree) `.git` is a file that says where. */
function gitFolder(home: string): string {
  const [, elsewhere] = /^gitdir: (.+)$/.exec(readText(join(home, '.git'))) ?? [];
  return elsewhere === undefined ? join(home, '.git') : resolve(home, elsewhere);
}

function refOf(folder: string, ref: string): string {
  const common = resolve(folder, readText(join(folder, 'commondir')));
  const loose = readText(join(common, ref));
  if (loose !== '') return loose;
  const packed = readText(join(common, 'packed-refs')).split('\n');
  return packed.find((line) => line.endsWith(` ${ref}`))?.split(' ')[0] ?? '';
}

/** Empty where there is no such file. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (!isErrorWithCode(error)) throw error;
    return '';
  }
}

export function releaseText({ version, commit }: Release, asJson: boolean): string {
  const runtime = `Node ${process.versions.node}`;
  const platform = `${process.platform}-${process.arch}`;
  if (asJson) return `${JSON.stringify({ version, commit, runtime, platform }, undefined, 2)}\n`;
  return `caracal ${version}\ncommit   ${commit}\nruntime  ${runtime}\nplatform ${platform}\n`;
}

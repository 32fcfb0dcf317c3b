// Which commit is built, and its time: what is packed has no other, so that the same commit gives the same octets.

import { spawnSync } from 'node:child_process';
import { HOME } from './home.ts';

export interface Revision {
  /** With `-dirty` where the work tree is not as the commit; `unknown` without git. */
  readonly commit: string;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** CARACAL_COMMIT and SOURCE_DATE_EPOCH count first: where an image is built there is no repository. */
export function revision(env: NodeJS.ProcessEnv = process.env): Revision {
  const commit =
    env.CARACAL_COMMIT || git('describe', '--always', '--abbrev=40', '--dirty', '--exclude=*') || 'unknown';
  const time = Number(env.SOURCE_DATE_EPOCH || git('log', '-1', '--format=%ct') || 0);
  if (!Number.isSafeInteger(time)) throw new Error(`SOURCE_DATE_EPOCH is ${env.SOURCE_DATE_EPOCH}, and no number`);
  return { commit, time };
}

/** Empty where git does not answer. */
function git(...words: readonly string[]): string {
  const { status, stdout } = spawnSync('git', ['-C', HOME, ...words], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}

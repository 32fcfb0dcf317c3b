// A daemon in the background: it is started again as a process of its own, and whoever started it goes when its
// configuration was accepted. Node cannot fork.

import { spawn } from 'node:child_process';

/** The same command line in another session; gives the exit code of the one that stays behind. */
export function runInBackground(): Promise<number> {
  const [node = '', ...argv] = process.argv;
  const child = spawn(node, [...process.execArgv, ...argv], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.stderr!.pipe(process.stderr, { end: false });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', () => {
      child.unref();
      child.stderr!.destroy();
      resolve(0);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}

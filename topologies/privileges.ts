// What a lab needs to make network namespaces: root, or a user namespace in which we are root. Where we have neither, the
// same command runs again inside a new user namespace.

import { readFileSync } from 'node:fs';
import { run, runInteractively } from './commands.ts';
import { LabError } from './lab-file.ts';
import { type LabState, labProcesses, removeAbandonedLabs, runDirectory } from './lab-state.ts';

const INSIDE = 'CARACAL_LAB_INSIDE';

/** Bits of CapEff in /proc/self/status. */
const CAP_NET_ADMIN = 1n << 12n;
const CAP_SYS_ADMIN = 1n << 21n;

/** /run/netns of a user namespace is its own; without the folder, which only root can make, /run is. */
const OWN_NETNS_FOLDER = `
if [ -d /run/netns ]; then mount -t tmpfs tmpfs /run/netns
else mount -t tmpfs tmpfs /run && mkdir /run/netns; fi
exec "$@"`;

export function isInUserNamespace(): boolean {
  return process.env[INSIDE] !== undefined;
}

/** Runs this very command in a user namespace and returns its exit code; undefined: go on, nothing of that is needed. */
export async function rerunWithPrivileges(): Promise<number | undefined> {
  if (isInUserNamespace() || canMakeNamespaces()) return undefined;
  await removeAbandonedLabs();
  const unshare = ['unshare', '--user', '--map-root-user', '--net', '--mount'];
  const attempt = await run([...unshare, 'true']);
  if (attempt.status !== 0) {
    throw new LabError(`a lab needs root, or a system that lets users make namespaces (${attempt.stderr.trim()})`);
  }
  return rerun([...unshare, 'sh', '-ec', OWN_NETNS_FOLDER, 'sh']);
}

/** Runs this very command in the user namespace in which a lab lives; undefined: the lab is not in one. */
export async function rerunInside(state: LabState): Promise<number | undefined> {
  if (!state.inUserNamespace || isInUserNamespace()) return undefined;
  const [pid] = labProcesses(state.id);
  if (pid === undefined) throw new LabError(`lab ${state.id} is gone: none of its processes is left`);
  const namespaces = ['--user', '--net', '--mount', '--preserve-credentials'];
  return rerun(['nsenter', `--target=${pid}`, ...namespaces, `--wd=${process.cwd()}`]);
}

function rerun(prefix: readonly string[]): Promise<number> {
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  return runInteractively([...prefix, ...self], { [INSIDE]: '1', CARACAL_LAB_DIRECTORY: runDirectory() });
}

export function canMakeNamespaces(): boolean {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const needed = CAP_NET_ADMIN | CAP_SYS_ADMIN;
  return (BigInt(`0x${capabilities}`) & needed) === needed;
}

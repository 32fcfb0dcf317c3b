// A container as a runtime would start it from an image: its files read-only, two folders of the host in it, the
// configuration of the image, a user, capabilities, no new privileges. The process id is the program's.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from './buildah.ts';

export interface ContainerOptions {
  /** The folder of its files. */
  readonly root: string;
  readonly config: ImageConfig;
  /** Absent: root, as the image says. */
  readonly user?: number;
  /** In the words of setpriv; a user who is not root has them as ambient ones. */
  readonly capabilities: readonly string[];
  /** Folder of the host -> where it is in the container. */
  readonly volumes: Readonly<Record<string, string>>;
}

const SCRIPT = `
root=$1; shift
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; shift 2; done; shift
mount -o remount,bind,ro "$root"
exec "$@"
`;

export function containerArgv(options: ContainerOptions, argv: readonly string[]): readonly string[] {
  const { root, config, volumes } = options;
  for (const path of Object.values(volumes)) mkdirSync(join(root, path), { recursive: true });
  return [
    ...['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', SCRIPT, 'sh', root],
    ...[...Object.entries(volumes).flat(), '--'],
    ...['env', '-i', ...config.Env, 'chroot', root, 'setpriv', '--no-new-privs', ...rights(options), ...argv],
  ];
}

function rights({ user, capabilities }: ContainerOptions): readonly string[] {
  const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  if (user === undefined) return [`--bounding-set=${set}`, '--inh-caps=-all'];
  const ids = ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups'];
  return [...ids, `--bounding-set=${set}`, `--inh-caps=${set}`, `--ambient-caps=${set}`];
}

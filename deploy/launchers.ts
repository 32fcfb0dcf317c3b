// What starts the programs: a shell script for each, beside the bundle or in a `bin` next to it.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Program -> its file in the bundle, and the words that come first. */
const PROGRAMS = {
  caracal: 'caracal.mjs',
  bird: 'bird.mjs bird',
  bird6: 'bird.mjs bird6',
  birdcl: 'bird.mjs birdcl',
} as const;
type Program = keyof typeof PROGRAMS;

/** Where the bundle is, seen from the folder of the scripts. */
const HOMES = { beside: '$here', lib: '$here/../lib/caracal' } as const;
type Place = keyof typeof HOMES;

export const PROGRAM_NAMES = Object.keys(PROGRAMS) as Program[];

export function writeLaunchers(folder: string, bundle: Place): void {
  mkdirSync(folder, { recursive: true });
  for (const name of PROGRAM_NAMES) {
    writeFileSync(join(folder, name), launcher(name, HOMES[bundle]));
    chmodSync(join(folder, name), 0o755);
  }
}

function launcher(name: Program, home: string): string {
  const [file, ...first] = PROGRAMS[name].split(' ');
  return `#!/bin/sh
# ${name}: run by the Node beside the bundle, or else the system's, 24 or later.
# It replaces itself by Node, so that its process id is the program's.

self=$(readlink -f -- "$0") || exit 2
here=\${self%/*}
home=${home}
node=$home/node
if [ ! -x "$node" ]; then
  node=$(command -v node) || node=
  major=$([ -z "$node" ] || "$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null)
  if [ "\${major:-0}" -lt 24 ]; then
    echo "${name}: needs Node 24 or later, and found \${node:+version $major at }\${node:-none}; put one into PATH, or take the package with Node inside" >&2
    exit 2
  fi
fi

# Room for young objects: V8's own limit lets it grow to 128 MiB under a full table, for no gain in speed.
exec "$node" --max-semi-space-size=16 ${[`"$home/${file}"`, ...first].join(' ')} "$@"
`;
}

// The command line of `bird` and `bird6`: the flags of BIRD 1.6, read as getopt reads them, and `--bird2`. Pure.

import type { Family } from 'node-bgp';
import { type Options, readOptions } from './getopt.ts';

export interface BirdArguments {
  readonly family: Family;
  /** Which BIRD's language; absent: as it shows in the file. */
  readonly bird?: 2;
  readonly file: string;
  readonly socket: string;
  /** `parse`: says whether the configuration is good and ends. `debug`: in the foreground, with the log on stderr. */
  readonly mode: 'parse' | 'background' | 'foreground' | 'debug';
  /** Where dumps go instead of stderr. */
  readonly debugFile?: string;
  readonly pidFile?: string;
  readonly recover: boolean;
  /** Names or numbers. */
  readonly user?: string;
  readonly group?: string;
}

/** Something to print on stderr, and how the program ends then. */
export interface Saying {
  readonly text: string;
  readonly code: number;
}

export type ProgramName = 'bird' | 'bird6';

/** Where calico-node's BIRD looks for its file, then Debian's. The first one that is there is taken, else the first. */
export const DEFAULT_FILES: Readonly<Record<ProgramName, readonly string[]>> = {
  bird: ['/usr/local/etc/bird.conf', '/etc/bird/bird.conf'],
  bird6: ['/usr/local/etc/bird6.conf', '/etc/bird/bird6.conf'],
};
export const DEFAULT_SOCKETS: Readonly<Record<ProgramName, string>> = {
  bird: '/var/run/calico/bird.ctl',
  bird6: '/var/run/calico/bird6.ctl',
};

const OPTIONS = 'c:dD:ps:P:u:g:flRh';

export function parseBirdArguments(
  name: ProgramName,
  argv: readonly string[],
  { version, exists }: { readonly version: string; readonly exists: (path: string) => boolean },
): BirdArguments | Saying {
  if (argv.length === 1 && argv[0] === '--version') return { text: `BIRD version ${version}\n`, code: 0 };
  if (argv.length === 1 && argv[0] === '--help') return { text: help(name), code: 0 };
  const options = readOptions(OPTIONS, ['bird2'], argv);
  if ('problem' in options) return { text: `${name}: ${options.problem}\n\n${usage(name)}`, code: 1 };
  if (options.values.has('h')) return { text: help(name), code: 0 };
  return options.rest.length > 0 ? { text: usage(name), code: 1 } : meaning(name, options, exists);
}

function meaning(name: ProgramName, { values }: Options, exists: (path: string) => boolean): BirdArguments {
  const local = values.has('l');
  const files = DEFAULT_FILES[name];
  const { c, s, D, P, u, g } = Object.fromEntries(values);
  const usual = local ? `${name}.conf` : (files.find(exists) ?? files[0]!);
  return {
    family: name === 'bird' ? 'ipv4' : 'ipv6',
    ...(values.has('bird2') ? { bird: 2 } : {}),
    file: c ?? usual,
    socket: s ?? (local ? `${name}.ctl` : DEFAULT_SOCKETS[name]),
    mode: modeOf(values),
    ...(D === undefined ? {} : { debugFile: D }),
    ...(P === undefined ? {} : { pidFile: P }),
    recover: values.has('R'),
    ...(u === undefined ? {} : { user: u }),
    ...(g === undefined ? {} : { group: g }),
  };
}

function modeOf(values: Options['values']): BirdArguments['mode'] {
  if (values.has('p')) return 'parse';
  if (values.has('d')) return 'debug';
  return values.has('f') ? 'foreground' : 'background';
}

function usage(name: ProgramName): string {
  return `Usage: ${name} [--version] [--help] [-c <config-file>] [OPTIONS]\n`;
}

function help(name: ProgramName): string {
  const [file, other] = DEFAULT_FILES[name];
  return `${usage(name)}
Options:
  -c <config-file>     Read this configuration instead of ${file},
                       or ${other} where that is not there
  -d                   Stay in the foreground and log to standard error
  -D <debug-file>      Dump to this file instead of standard error
  -f                   Stay in the foreground
  -g <group>           Run with this group (name or number)
  -h, --help           Show this and exit
  -l                   Look for ${name}.conf and ${name}.ctl in the current directory
  -p                   Check the configuration and exit
  -P <pid-file>        Write the process id to this file
  -R                   Recover after a restart: peers are told that routes stay
  -s <control-socket>  Serve this socket instead of ${DEFAULT_SOCKETS[name]}
  -u <user>            Run as this user (name or number)
  --bird2              Read the language of BIRD 2, whatever the file looks like
  --version            Show the version and exit
`;
}

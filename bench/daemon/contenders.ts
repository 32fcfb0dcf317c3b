// The daemons that can be measured: Caracal, its peers from Debian packages, and a forwarder that is no router at all and
// shows how fast generator and sockets are. Each knows how it is configured for a plan and how it is started.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../topologies/commands.ts';
import { CARACAL, HOME } from '../../topologies/daemons.ts';
import { LabError } from '../../topologies/lab-file.ts';
import { nodeResources, reflectorResources } from './caracal-resources.ts';
import { birdConfiguration, frrConfiguration, gobgpConfiguration, openbgpdConfiguration } from './configurations.ts';
import type { Plan } from './plan.ts';

export interface Contender {
  readonly name: string;
  /** The Debian package to install; undefined where none is needed. */
  readonly package: string | undefined;
  /** undefined: it is not installed. */
  readonly version: () => Promise<string | undefined>;
  /** Writes what it needs into the folder; the command line to start it. `undefined` plan: an idle node. */
  readonly prepare: (folder: string, plan: Plan | undefined) => readonly string[];
}

export interface CaracalOptions {
  /** How Caracal is called instead of by the starter in the repository, blanks between words. */
  readonly program?: string | undefined;
  /** Folder for --cpu-prof. */
  readonly profiles?: string | undefined;
}

/** Its processes go there by chroot; otherwise the service makes it. */
const OPENBGPD_ROOT = '/run/openbgpd';
const CARACAL_NODE = 'node-1';

export function caracal(options: CaracalOptions): Contender {
  return {
    name: 'caracal',
    package: undefined,
    version: () => versionOf([...caracalProgram({ program: options.program }), '--version'], /^caracal (\S+)/),
    prepare: (folder, plan) => {
      const resources = join(folder, 'resources');
      mkdirSync(resources, { recursive: true });
      const text = plan === undefined ? nodeResources(CARACAL_NODE) : reflectorResources(CARACAL_NODE, plan);
      writeFileSync(join(resources, 'resources.yaml'), text);
      const kernel = plan === undefined ? 'linux' : 'none';
      const where = ['--datastore', 'files', '--resources', resources, '--http', `unix:${join(folder, 'http.sock')}`];
      return [...caracalProgram(options), 'run', '--node', CARACAL_NODE, '--kernel', kernel, ...where];
    },
  };
}

function caracalProgram({ program, profiles }: CaracalOptions): readonly string[] {
  if (program !== undefined) return program.split(/\s+/);
  if (profiles === undefined) return [CARACAL];
  return [process.execPath, '--cpu-prof', `--cpu-prof-dir=${profiles}`, join(HOME, 'src/main.ts')];
}

const bird2: Contender = {
  name: 'bird2',
  package: 'bird2',
  version: () => versionOf(['bird', '--version'], /BIRD version (\S+)/),
  prepare: (folder, plan) => {
    const file = join(folder, 'bird.conf');
    writeFileSync(file, birdConfiguration(plan, join(folder, 'bird.log')));
    return ['bird', '-f', '-c', file, '-s', join(folder, 'bird.ctl')];
  },
};

const frr: Contender = {
  name: 'frr',
  package: 'frr',
  version: () => versionOf(['/usr/lib/frr/bgpd', '--version'], /bgpd version (\S+)/),
  prepare: (folder, plan) => {
    const file = join(folder, 'bgpd.conf');
    writeFileSync(file, frrConfiguration(plan));
    const own = ['-i', join(folder, 'bgpd.pid'), '--vty_socket', folder, '-u', 'root', '-g', 'root'];
    return ['/usr/lib/frr/bgpd', '-f', file, '-Z', '-S', ...own];
  },
};

const gobgp: Contender = {
  name: 'gobgp',
  package: 'gobgpd',
  version: () => versionOf(['gobgpd', '--version'], /version (\S+)/),
  prepare: (folder, plan) => {
    const file = join(folder, 'gobgpd.yaml');
    writeFileSync(file, gobgpConfiguration(plan));
    return ['gobgpd', '-f', file, '-t', 'yaml', '--log-level', 'warn'];
  },
};

const openbgpd: Contender = {
  name: 'openbgpd',
  package: 'openbgpd',
  version: () => versionOf(['/usr/sbin/bgpd', '-V'], /OpenBGPD (\S+)/),
  prepare: (folder, plan) => {
    mkdirSync(OPENBGPD_ROOT, { recursive: true });
    const file = join(folder, 'bgpd.conf');
    writeFileSync(file, openbgpdConfiguration(plan, join(folder, 'bgpd.sock')), { mode: 0o600 });
    return ['/usr/sbin/bgpd', '-d', '-f', file];
  },
};

const forwarder: Contender = {
  name: 'forwarder',
  package: undefined,
  version: async () => 'no router',
  prepare: () => [process.execPath, join(import.meta.dirname, 'forwarder.ts')],
};

export const PEERS: readonly Contender[] = [bird2, frr, gobgp, openbgpd, forwarder];

async function versionOf(argv: readonly string[], pattern: RegExp): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(argv);
    return pattern.exec(stdout + stderr)?.[1];
  } catch (error) {
    if (error instanceof LabError) return undefined;
    throw error;
  }
}

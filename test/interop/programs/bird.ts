// BIRD 1.6, with a daemon for each family, and BIRD 2.

import { join } from 'node:path';
import { run } from '../../../topologies/commands.ts';
import { BIRD1 } from '../../requirements.ts';
import type { Machine } from '../stage.ts';
import { ADDRESS, neighboursOf, OWN, type SeenPath, type Setup, type Speaker } from './types.ts';

const DECORATION =
  'bgp_community.add((64500,7)); bgp_large_community.add((64500,1,2)); bgp_ext_community.add((rt,64500,5));';

function options(setup: Setup, name: string): string {
  const isCaracal = name === 'caracal';
  return [
    ...(isCaracal && setup.password !== undefined ? [`password "${setup.password}";`] : []),
    ...(isCaracal && setup.gtsm ? ['ttl security on;'] : []),
    ...(setup.gracefulRestart ? ['graceful restart on;'] : []),
    'direct; connect delay time 1; connect retry time 1; error wait time 1, 2;',
  ].join(' ');
}

/** Paths of `show route all`, which begin with a line that has the name of a protocol in brackets. */
function pathsIn(text: string): readonly SeenPath[] {
  const blocks = text.split(/^(?=.*\[caracal[\s\d])/m).filter((block) => /^.*\[caracal[\s\d]/.test(block));
  return blocks.map((block) => {
    // Up to the next path, which is of somebody else.
    const own = block.split(/\n(?=\S.*\[|\s+(?:unicast|via)\b.*\[(?!caracal))/)[0]!;
    const read = (name: string) => new RegExp(`BGP\\.${name}: ?(.*)`).exec(own)?.[1]?.trim() ?? '';
    const tuples = (name: string) =>
      [...read(name).matchAll(/\(([^)]*)\)/g)].map(([, inner = '']) => inner.replace(/\s/g, '').replaceAll(',', ':'));
    return {
      asPath: read('as_path'),
      communities: tuples('community'),
      largeCommunities: tuples('large_community'),
      extendedCommunities: tuples('ext_community').map((rt) => rt.replace(/^rt:/, '')),
    };
  });
}

function countIn(text: string): number {
  const found = [...text.matchAll(/of (\d+) routes for (\d+) networks/g)].map(([, , networks]) => Number(networks));
  return found.reduce((sum, networks) => sum + networks, 0);
}

function ownRoutes(family: 'ipv4' | 'ipv6', channel: string): string {
  const { plain, decorated } = OWN[family];
  return `
protocol static own_${family} { ${channel}
  route ${plain} blackhole;
  route ${decorated} blackhole { ${DECORATION} };
}`;
}

export const bird2: Speaker = {
  name: 'BIRD 2',
  needs: ['bird', 'birdc'],
  lacks: {},

  async version() {
    return /version (\S+)/.exec((await run(['bird', '--version'])).stderr)?.[1] ?? '?';
  },

  prepare(machine, setup, isRestart) {
    const channel = (family: string) => {
      const addPath = setup.addPath ? ' add paths on;' : '';
      return `${family} { import all; export all;${addPath} };`;
    };
    const sessions = neighboursOf(setup).map(
      ({ name, address, as }) => `
protocol bgp ${name} {
  local ${ADDRESS.peer[setup.transport]} as ${setup.peerAs}; neighbor ${address} as ${as}; ${options(setup, name)}
  ${setup.families.map(channel).join('\n  ')}
}`,
    );
    const config = [
      `router id ${ADDRESS.peer.ipv4};`,
      'graceful restart wait 10;',
      'protocol device {}',
      ...setup.families.map((family) => ownRoutes(family, `${family};`)),
      ...sessions,
    ].join('\n');
    const recover = isRestart ? ['-R'] : [];
    return [['bird', '-f', ...recover, '-c', machine.write('bird.conf', config), '-s', join(machine.folder, 'ctl')]];
  },

  async paths(machine, prefix) {
    return pathsIn(await birdc(machine, 'birdc', `show route ${prefix} all`));
  },

  async count(machine, family) {
    return countIn(await birdc(machine, 'birdc', `show route table master${family === 'ipv4' ? 4 : 6} count`));
  },

  async withdraw(machine, setup) {
    for (const family of setup.families) await birdc(machine, 'birdc', `disable own_${family}`);
  },

  async refresh(machine) {
    await birdc(machine, 'birdc', 'reload in caracal');
  },
};

export const bird1: Speaker = {
  name: 'BIRD 1.6',
  needs: ['bird1'],
  lacks: { both: 'a daemon for each family' },

  notes: ['birdc cuts an AS path after some 80 numbers; the path itself is whole.'],

  async version() {
    return /version (\S+)/.exec((await run([BIRD1.bird, '--version'])).stderr)?.[1] ?? '?';
  },

  prepare(machine, setup, isRestart) {
    const [family] = setup.families as ['ipv4' | 'ipv6'];
    const sessions = neighboursOf(setup).map(
      ({ name, address, as }) => `
protocol bgp ${name} {
  local ${ADDRESS.peer[setup.transport]} as ${setup.peerAs}; neighbor ${address} as ${as}; ${options(setup, name)}
  import all; export all;${setup.addPath ? ' add paths on;' : ''}
}`,
    );
    const config = [
      `router id ${ADDRESS.peer.ipv4};`,
      'graceful restart wait 10;',
      'protocol device {}',
      ownRoutes(family, ''),
      ...sessions,
    ].join('\n');
    const program = family === 'ipv4' ? BIRD1.bird : BIRD1.bird6;
    const recover = isRestart ? ['-R'] : [];
    return [[program, '-f', ...recover, '-c', machine.write('bird.conf', config), '-s', join(machine.folder, 'ctl')]];
  },

  async paths(machine, prefix) {
    return pathsIn(await birdc(machine, BIRD1.birdc, `show route ${prefix} all`));
  },

  async count(machine) {
    return countIn(await birdc(machine, BIRD1.birdc, 'show route count'));
  },

  async withdraw(machine, setup) {
    for (const family of setup.families) await birdc(machine, BIRD1.birdc, `disable own_${family}`);
  },

  async refresh(machine) {
    await birdc(machine, BIRD1.birdc, 'reload in caracal');
  },
};

/** The answer; nothing where there is no such route. */
async function birdc(machine: Machine, program: string, command: string): Promise<string> {
  return machine.run([program, '-s', join(machine.folder, 'ctl'), ...command.split(' ')]).catch(() => '');
}

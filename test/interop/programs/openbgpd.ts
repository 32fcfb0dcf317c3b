// OpenBGPD: bgpd, asked with bgpctl.

import { join } from 'node:path';
import type { Family } from 'node-bgp';
import { run } from '../../../topologies/commands.ts';
import type { Machine } from '../stage.ts';
import { answerOf } from './answer.ts';
import {
  ADDRESS,
  COMMUNITY,
  LARGE_COMMUNITY,
  neighboursOf,
  OWN,
  type SeenPath,
  type Setup,
  type Speaker,
} from './types.ts';

interface OpenPath {
  readonly aspath: string;
  readonly communities?: readonly string[];
  readonly large_communities?: readonly string[];
  readonly extended_communities?: readonly string[];
  readonly neighbor: { readonly remote_addr: string };
}

export const openbgpd: Speaker = {
  name: 'OpenBGPD',
  needs: ['bgpctl'],
  lacks: { restartOfPeer: 'it helps others that restart; of itself it names no family' },

  notes: ['`announce restart yes` is half of RFC 4724: its own routes go with its process.'],

  async version() {
    return /OpenBGPD (\S+)/.exec((await run(['bgpd', '-V'])).stderr)?.[1] ?? '?';
  },

  prepare(machine, setup) {
    const config = machine.write('bgpd.conf', configuration(machine, setup), 0o600);
    return [['/usr/sbin/bgpd', '-d', '-f', config]];
  },

  async paths(machine, prefix) {
    const answer = await bgpctl(machine, ['-j', 'show', 'rib', 'detail', prefix]);
    const paths: readonly OpenPath[] = answer?.rib ?? [];
    const caracal = new Set(Object.values(ADDRESS.caracal));
    return paths
      .filter(({ neighbor }) => caracal.has(neighbor.remote_addr))
      .map(
        ({ aspath, communities = [], large_communities = [], extended_communities = [] }): SeenPath => ({
          asPath: aspath,
          communities,
          largeCommunities: large_communities,
          extendedCommunities: extended_communities.map((rt) => rt.replace(/^rt /, '')),
        }),
      );
  },

  async count(machine, family) {
    const answer = await bgpctl(machine, ['-j', 'show', 'rib', family === 'ipv4' ? 'inet' : 'inet6', 'best']);
    return (answer?.rib ?? []).length;
  },

  async withdraw(machine, setup) {
    for (const family of setup.families) {
      for (const prefix of Object.values(OWN[family])) await command(machine, ['network', 'delete', prefix]);
    }
  },

  async refresh(machine, setup) {
    await command(machine, ['neighbor', ADDRESS.caracal[setup.transport], 'refresh']);
  },
};

function bgpctl(machine: Machine, words: readonly string[]) {
  return answerOf(machine, ['bgpctl', '-s', socketOf(machine), ...words]);
}

function command(machine: Machine, words: readonly string[]): Promise<string> {
  return machine.run(['bgpctl', '-s', socketOf(machine), ...words]);
}

function socketOf(machine: Machine): string {
  return join(machine.folder, 'bgpd.sock');
}

function configuration(machine: Machine, setup: Setup): string {
  const networks = setup.families.flatMap((family) => [
    `network ${OWN[family].plain}`,
    `network ${OWN[family].decorated} set { community ${COMMUNITY} large-community ${LARGE_COMMUNITY} ext-community rt 64500:5 }`,
  ]);
  const neighbours = neighboursOf(setup).map(({ name, address, as }) => {
    const isCaracal = name === 'caracal';
    return `
neighbor ${address} {
  remote-as ${as}
  descr ${name}
  local-address ${ADDRESS.peer[setup.transport]}
${setup.families.map((family) => `  announce ${nameOf(family)} unicast\n`).join('')}
${setup.families.includes('ipv4') ? '' : '  announce IPv4 none\n'}
  announce restart ${setup.gracefulRestart ? 'yes' : 'no'}
  ${setup.addPath ? 'announce add-path recv yes\n  announce add-path send all' : ''}
  ${isCaracal && setup.password !== undefined ? `tcp md5sig password ${setup.password}` : ''}
  ${isCaracal && setup.gtsm ? 'ttl-security yes' : ''}
}`;
  });
  return `AS ${setup.peerAs} 23456
router-id ${ADDRESS.peer.ipv4}
listen on ${ADDRESS.peer[setup.transport]}
socket "${socketOf(machine)}"
fib-update no
nexthop qualify via default
connect-retry 2
${networks.join('\n')}
${neighbours.join('\n')}
allow from any
allow to any
`;
}

function nameOf(family: Family): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}

// FRR: zebra and bgpd.

import type { Family } from 'node-bgp';
import { run } from '../../../topologies/commands.ts';
import type { Machine } from '../stage.ts';
import { answerOf } from './answer.ts';
import { frrDaemons, vtysh } from './frr-daemons.ts';
import {
  ADDRESS,
  COMMUNITY,
  familyOfPrefix,
  LARGE_COMMUNITY,
  neighboursOf,
  OWN,
  type SeenPath,
  type Setup,
  type Speaker,
} from './types.ts';

interface FrrPath {
  readonly aspath: { readonly string: string };
  readonly community?: { readonly string: string };
  readonly largeCommunity?: { readonly string: string };
  readonly extendedCommunity?: { readonly string: string };
  readonly peer: { readonly peerId: string };
}

export const frr: Speaker = {
  name: 'FRR',
  needs: ['frr'],
  lacks: {},

  async version() {
    return /version (\S+)/.exec((await run(['/usr/lib/frr/bgpd', '--version'])).stdout)?.[1] ?? '?';
  },

  prepare: (machine, setup) => frrDaemons(machine, { bgpd: configuration(setup) }),

  async paths(machine, prefix) {
    const answer = await ask(machine, `show bgp ${nameOf(familyOfPrefix(prefix))} unicast ${prefix} json`);
    const paths: readonly FrrPath[] = answer?.paths ?? [];
    const caracal = new Set(Object.values(ADDRESS.caracal));
    return paths
      .filter(({ peer }) => caracal.has(peer.peerId))
      .map(
        ({ aspath, community, largeCommunity, extendedCommunity }): SeenPath => ({
          asPath: aspath.string,
          communities: words(community?.string),
          largeCommunities: words(largeCommunity?.string),
          extendedCommunities: words(extendedCommunity?.string).map((rt) => rt.replace(/^RT:/, '')),
        }),
      );
  },

  async count(machine, family) {
    const answer = await ask(machine, `show bgp ${nameOf(family)} unicast json`);
    return Object.keys(answer?.routes ?? {}).length;
  },

  async withdraw(machine, setup) {
    const commands = setup.families.flatMap((family) => [
      `address-family ${nameOf(family)} unicast`,
      ...Object.values(OWN[family]).map((prefix) => `no network ${prefix}`),
      'exit-address-family',
    ]);
    await vtysh(machine, 'configure terminal', `router bgp ${setup.peerAs}`, ...commands);
  },

  async refresh(machine, setup) {
    for (const family of setup.families) {
      await vtysh(machine, `clear bgp ${nameOf(family)} unicast ${ADDRESS.caracal[setup.transport]} soft in`);
    }
  },
};

function configuration(setup: Setup): string {
  const { peerAs, families } = setup;
  const neighbours = neighboursOf(setup);
  const lines = [
    `router bgp ${peerAs}`,
    ` bgp router-id ${ADDRESS.peer.ipv4}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp default ipv4-unicast',
    ' no bgp network import-check',
    ...(setup.gracefulRestart ? [' bgp graceful-restart', ' bgp graceful-restart preserve-fw-state'] : []),
  ];
  for (const { name, address, as } of neighbours) {
    lines.push(` neighbor ${address} remote-as ${as}`, ` neighbor ${address} timers connect 1`);
    if (name !== 'caracal') continue;
    if (setup.password !== undefined) lines.push(` neighbor ${address} password ${setup.password}`);
    if (setup.gtsm) lines.push(` neighbor ${address} ttl-security hops 1`);
  }
  for (const family of families) {
    lines.push(` address-family ${nameOf(family)} unicast`);
    lines.push(`  network ${OWN[family].plain}`, `  network ${OWN[family].decorated} route-map decorate`);
    for (const { address } of neighbours) {
      lines.push(`  neighbor ${address} activate`, `  neighbor ${address} soft-reconfiguration inbound`);
      if (setup.addPath) lines.push(`  neighbor ${address} addpath-tx-all-paths`);
    }
    lines.push(' exit-address-family');
  }
  lines.push('route-map decorate permit 10', ` set community ${COMMUNITY}`, ` set large-community ${LARGE_COMMUNITY}`);
  lines.push(' set extcommunity rt 64500:5');
  return `${lines.join('\n')}\n`;
}

function nameOf(family: Family): string {
  return family === 'ipv4' ? 'ipv4' : 'ipv6';
}

function words(text = ''): readonly string[] {
  return text.split(' ').filter((word) => word !== '');
}

function ask(machine: Machine, command: string) {
  return answerOf(machine, ['vtysh', '--vty_socket', machine.folder, '-c', command]);
}

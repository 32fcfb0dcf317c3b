// GoBGP: gobgpd, asked with gobgp.

import type { Family, Prefix } from 'node-bgp';
import { run } from '../../../topologies/commands.ts';
import { waitFor } from '../../../topologies/wait-for.ts';
import type { Machine } from '../stage.ts';
import { answerOf } from './answer.ts';
import {
  ADDRESS,
  COMMUNITY,
  EXTENDED_COMMUNITY,
  familyOfPrefix,
  LARGE_COMMUNITY,
  neighboursOf,
  OWN,
  type SeenPath,
  type Setup,
  type Speaker,
} from './types.ts';

/** Of an attribute by its type. */
interface GoAttribute {
  readonly type: number;
  readonly as_paths?: readonly { readonly asns: readonly number[] }[];
  readonly communities?: readonly number[];
  readonly value?: readonly {
    readonly ASN?: number;
    readonly LocalData1?: number;
    readonly LocalData2?: number;
    readonly value?: string;
  }[];
}

interface GoPath {
  readonly attrs: readonly GoAttribute[];
  readonly 'neighbor-ip'?: string;
  readonly 'source-id'?: string;
}

const START_MS = 20_000;

export const gobgp: Speaker = {
  name: 'GoBGP',
  needs: ['gobgpd'],
  lacks: {},

  notes: [
    'restarted with `-r` it tells nothing before every neighbour with graceful restart has told its table, or `deferral-time` (360 s) is over.',
  ],

  async version() {
    return /version (\S+)/.exec((await run(['gobgpd', '--version'])).stdout)?.[1] ?? '?';
  },

  prepare(machine, setup, isRestart) {
    const config = machine.write('gobgpd.toml', configuration(setup));
    return [['gobgpd', '-f', config, '--api-hosts', '127.0.0.1:50051', ...(isRestart ? ['-r'] : [])]];
  },

  async begin(machine, setup) {
    const add = async (family: Family, prefix: Prefix, ...more: string[]) =>
      machine.run(['gobgp', 'global', 'rib', '-a', family, 'add', prefix, 'nexthop', ADDRESS.peer[family], ...more]);
    const isUp = () => gobgpAnswers(machine);
    await waitFor(isUp, START_MS);
    for (const family of setup.families) {
      await add(family, OWN[family].plain);
      const decoration = ['community', COMMUNITY, 'large-community', LARGE_COMMUNITY, 'rt', EXTENDED_COMMUNITY.rt];
      await add(family, OWN[family].decorated, ...decoration);
    }
  },

  async paths(machine, prefix) {
    const family = familyOfPrefix(prefix);
    const answer = await answerOf(machine, ['gobgp', '-j', 'global', 'rib', '-a', family, prefix]);
    const paths: readonly GoPath[] = answer?.[prefix] ?? [];
    const caracal = new Set(Object.values(ADDRESS.caracal));
    return paths.filter((path) => caracal.has(path['neighbor-ip'] ?? '')).map(seenPath);
  },

  async count(machine, family) {
    const answer = await answerOf(machine, ['gobgp', '-j', 'global', 'rib', 'summary', '-a', family]);
    return answer?.num_destination ?? 0;
  },

  async withdraw(machine, setup) {
    for (const family of setup.families) {
      for (const prefix of Object.values(OWN[family])) {
        await machine.run(['gobgp', 'global', 'rib', '-a', family, 'del', prefix]);
      }
    }
  },

  async refresh(machine, setup) {
    for (const family of setup.families) {
      await machine.run(['gobgp', 'neighbor', ADDRESS.caracal[setup.transport], 'softresetin', '-a', family]);
    }
  },
};

async function gobgpAnswers(machine: Machine): Promise<boolean> {
  return (await answerOf(machine, ['gobgp', '-j', 'global'])) !== undefined;
}

function seenPath({ attrs }: GoPath): SeenPath {
  const of = (type: number) => attrs.find((attribute) => attribute.type === type);
  return {
    asPath: (of(2)?.as_paths ?? []).flatMap(({ asns }) => asns).join(' '),
    communities: (of(8)?.communities ?? []).map((value) => `${value >>> 16}:${value & 0xffff}`),
    largeCommunities: (of(32)?.value ?? []).map(
      ({ ASN, LocalData1, LocalData2 }) => `${ASN}:${LocalData1}:${LocalData2}`,
    ),
    extendedCommunities: (of(16)?.value ?? []).flatMap(({ value }) => value ?? []),
  };
}

function configuration(setup: Setup): string {
  const neighbours = neighboursOf(setup).map(({ name, address, as }) => {
    const isCaracal = name === 'caracal';
    const families = setup.families.map(
      (family) => `
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${family}-unicast"
    ${isCaracal && setup.gracefulRestart ? '[neighbors.afi-safis.mp-graceful-restart.config]\n      enabled = true' : ''}
    ${setup.addPath ? '[neighbors.afi-safis.add-paths.config]\n      receive = true\n      send-max = 8' : ''}`,
    );
    return `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${as}
    ${isCaracal && setup.password !== undefined ? `auth-password = "${setup.password}"` : ''}
  [neighbors.timers.config]
    connect-retry = 1
  ${isCaracal && setup.gtsm ? '[neighbors.ttl-security.config]\n    enabled = true\n    ttl-min = 255' : ''}
  ${isCaracal && setup.gracefulRestart ? '[neighbors.graceful-restart.config]\n    enabled = true\n    restart-time = 60\n    deferral-time = 10' : ''}
  ${families.join('')}`;
  });
  return `
[global.config]
  as = ${setup.peerAs}
  router-id = "${ADDRESS.peer.ipv4}"
  local-address-list = ["${ADDRESS.peer[setup.transport]}"]
${neighbours.join('')}
`;
}

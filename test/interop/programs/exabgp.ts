// ExaBGP: announces what its configuration says, and writes what it hears as JSON into a file, which is read here. It has no
// routing table, so nothing of one neighbour is told to another.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Family, Prefix } from 'node-bgp';
import { run } from '../../../topologies/commands.ts';
import type { Machine } from '../stage.ts';
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
  TWICE,
} from './types.ts';

interface ExaUpdate {
  readonly attribute?: {
    readonly 'as-path'?: readonly number[];
    readonly community?: readonly (readonly number[])[];
    readonly 'large-community'?: readonly (readonly number[])[];
    readonly 'extended-community'?: readonly { readonly string: string }[];
  };
  readonly announce?: Readonly<Record<string, Readonly<Record<string, readonly ExaNlri[]>>>>;
  readonly withdraw?: Readonly<Record<string, readonly ExaNlri[]>>;
}

interface ExaNlri {
  readonly nlri: Prefix;
  readonly 'path-information'?: string;
}

export const exabgp: Speaker = {
  name: 'ExaBGP',
  needs: ['exabgp'],
  lacks: {
    refresh: 'it has no table to ask for',
    restartOfCaracal: 'it has no table to keep',
  },

  async version() {
    return /ExaBGP : (\S+)/.exec((await run(['exabgp', '--version'])).stdout)?.[1] ?? '?';
  },

  prepare(machine, setup) {
    rmSync(heardFile(machine), { force: true });
    const config = machine.write('exabgp.conf', configuration(machine, setup));
    const settings = {
      'exabgp.daemon.user': 'root',
      'exabgp.daemon.drop': 'false',
      'exabgp.log.level': 'WARNING',
      'exabgp.tcp.bind': '',
      'exabgp.api.cli': 'false',
      'exabgp.cache.attributes': 'false',
    };
    return [['env', ...Object.entries(settings).map(([name, value]) => `${name}=${value}`), 'exabgp', config]];
  },

  async paths(machine, prefix) {
    return [...tableOf(machine)].filter(([key]) => key.startsWith(`${prefix}#`)).map(([, path]) => path);
  },

  async count(machine, family) {
    return [...tableOf(machine).keys()].filter((key) => familyOfPrefix(key) === family).length;
  },

  async withdraw(machine, setup) {
    // A configuration without them, read anew.
    machine.write('exabgp.conf', configuration(machine, setup, false));
    machine.programs[0]!.child.kill('SIGUSR1');
  },

  async refresh() {},
};

function heardFile(machine: Machine): string {
  return join(machine.folder, 'heard.json');
}

/** What Caracal has told since the session came up last, by `prefix#path`. */
function tableOf(machine: Machine): ReadonlyMap<string, SeenPath> {
  const table = new Map<string, SeenPath>();
  const file = heardFile(machine);
  if (!existsSync(file)) return table;
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    const { type, neighbor } = JSON.parse(line);
    if (!Object.values(ADDRESS.caracal).includes(neighbor?.address?.peer)) continue;
    if (type === 'state') table.clear();
    if (type === 'update' && neighbor.message?.update !== undefined) apply(table, neighbor.message.update);
  }
  return table;
}

function apply(table: Map<string, SeenPath>, { attribute = {}, announce = {}, withdraw = {} }: ExaUpdate): void {
  const keyOf = (entry: ExaNlri) => `${entry.nlri}#${entry['path-information'] ?? ''}`;
  for (const entry of Object.values(withdraw).flat()) table.delete(keyOf(entry));
  const joined = (tuples: readonly (readonly number[])[] = []) => tuples.map((numbers) => numbers.join(':'));
  const path: SeenPath = {
    asPath: (attribute['as-path'] ?? []).join(' '),
    communities: joined(attribute.community),
    largeCommunities: joined(attribute['large-community']),
    extendedCommunities: (attribute['extended-community'] ?? []).map(({ string }) => string.replace(/^target:/, '')),
  };
  for (const hops of Object.values(announce)) {
    for (const entry of Object.values(hops).flat()) if (entry.nlri !== undefined) table.set(keyOf(entry), path);
  }
}

function configuration(machine: Machine, setup: Setup, announces = true): string {
  const { transport, families, peerAs } = setup;
  const route = (family: Family) => {
    const { plain, decorated } = OWN[family];
    const hop = `next-hop ${ADDRESS.peer[family]}`;
    const decoration = `community [${COMMUNITY}] large-community [${LARGE_COMMUNITY}] extended-community [target:${EXTENDED_COMMUNITY.rt}]`;
    const twice = setup.addPath
      ? [1, 2].map((id) => `unicast ${TWICE[family]} path-information 0.0.0.${id} ${hop} med ${id};`)
      : [];
    return `${family} {
        unicast ${plain}${setup.addPath ? ' path-information 0.0.0.1' : ''} ${hop};
        unicast ${decorated}${setup.addPath ? ' path-information 0.0.0.1' : ''} ${hop} ${decoration};
        ${twice.join('\n        ')}
      }`;
  };
  const neighbours = neighboursOf(setup)
    .filter(({ name }) => name === 'caracal')
    .map(
      ({ address, as }) => `
neighbor ${address} {
  router-id ${ADDRESS.peer.ipv4};
  local-address ${ADDRESS.peer[transport]};
  local-as ${peerAs};
  peer-as ${as};
  ${setup.password === undefined ? '' : `md5-password "${setup.password}";`}
  ${setup.gtsm ? 'outgoing-ttl 255; incoming-ttl 255;' : ''}
  capability {
    asn4 enable;
    route-refresh enable;
    ${setup.gracefulRestart ? 'graceful-restart 60;' : ''}
    ${setup.addPath ? 'add-path send/receive;' : ''}
  }
  family { ${families.map((family) => `${family} unicast;`).join(' ')} }
  ${setup.addPath ? `add-path { ${families.map((family) => `${family} unicast;`).join(' ')} }` : ''}
  announce { ${announces ? families.map(route).join('\n      ') : ''} }
  api { processes [heard]; neighbor-changes; receive { parsed; update; } }
}`,
    );
  return `process heard {
  run ${machine.write('heard.sh', `#!/bin/sh\n# stdout stays open: its end would be the end of us.\ncat >> ${heardFile(machine)}\n`, 0o755)};
  encoder json;
}
${neighbours.join('')}
`;
}

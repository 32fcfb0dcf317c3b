// The node-to-node mesh: one session per family to every node that is no route reflector.

import type { Address, Family } from 'node-bgp';
import type { NodeResource } from '../datastore/resources/types.ts';
import type { BgpPolicies } from './bgp-policies.ts';
import {
  addressOf,
  asOf,
  type Cluster,
  compareText,
  configuredPortOf,
  DEFAULT_PORT,
  FAMILIES,
  readPassword,
} from './cluster.ts';
import { sessionName } from './names.ts';
import type { Peering } from './peerings.ts';
import { FAMILY_LISTS, HOLD_TIME, RESTART_TIME } from './sessions.ts';
import type { PeerIntent } from './types.ts';

/** What all mesh sessions of one family have in common. */
type MeshTemplate = Omit<PeerIntent, 'name' | 'description' | 'origin' | 'address' | 'port' | 'remoteAs' | 'passive'>;

/** Where an explicit peering has a node's address it goes first: a second session between two addresses could not come up. */
export function meshSessions(
  cluster: Cluster,
  policies: BgpPolicies,
  explicit: readonly Peering[],
): readonly PeerIntent[] {
  if (cluster.clusterId !== undefined || cluster.defaults?.nodeToNodeMeshEnabled === false) return [];
  const taken = new Map(explicit.map((peering) => [peering.address, peering]));
  const replaced: Peering[] = [];
  const sessions = new Map<Address, PeerIntent>();
  for (const family of FAMILIES) {
    const own = addressOf(cluster.own, family);
    if (own === undefined) continue;
    const template = templateOf(cluster, policies, family, own);
    for (const node of cluster.nodes) {
      const address = addressOf(node, family);
      if (address === undefined || address === own || node.bgp?.routeReflectorClusterID !== undefined) continue;
      const peering = taken.get(address);
      if (peering !== undefined) replaced.push(peering);
      else if (sessions.has(address)) tellSharedAddress(cluster, node, family, address);
      else sessions.set(address, meshSession(cluster, template, node, address, own));
    }
  }
  tellReplaced(cluster, replaced);
  return [...sessions.values()];
}

function templateOf(cluster: Cluster, policies: BgpPolicies, family: Family, own: Address): MeshTemplate {
  const { defaults } = cluster;
  const subject = defaults ?? { kind: 'BGPConfiguration', name: 'default' };
  const password = readPassword(cluster, defaults?.nodeMeshPassword, subject, 'spec.nodeMeshPassword');
  return {
    kind: 'mesh',
    families: FAMILY_LISTS[family],
    localAs: cluster.localAs,
    localAddress: own,
    ...(password === undefined ? {} : { password }),
    holdTime: HOLD_TIME,
    restartTime: defaults?.nodeMeshMaxRestartTime ?? RESTART_TIME,
    allowedLocalAs: 0,
    nextHopMode: 'auto',
    routeReflectorClient: false,
    addPath: 'both',
    importPolicy: policies.importPolicy(family, []),
    exportPolicy: policies.exportPolicy(family, []),
  };
}

/** Exactly one end dials: the one whose address comes later as text, as nodes that run BIRD decide too. */
function meshSession(
  cluster: Cluster,
  template: MeshTemplate,
  node: NodeResource,
  address: Address,
  own: Address,
): PeerIntent {
  return {
    ...template,
    ...labelsOf(node, address),
    address,
    port: configuredPortOf(cluster, node) ?? DEFAULT_PORT,
    remoteAs: asOf(cluster, node),
    passive: compareText(address, own) > 0,
  };
}

type Labels = Pick<PeerIntent, 'name' | 'description' | 'origin'>;

const labels = new WeakMap<NodeResource, Map<Address, Labels>>();

/** Texts, remembered with the node: thousands of them are the same from one Intent to the next. */
function labelsOf(node: NodeResource, address: Address): Labels {
  let known = labels.get(node);
  if (known === undefined) {
    known = new Map();
    labels.set(node, known);
  }
  let found = known.get(address);
  if (found === undefined) {
    found = {
      name: sessionName('mesh', address),
      description: `node-to-node mesh with node ${node.metadata.name}`,
      origin: ['BGPConfiguration default', `Node ${node.metadata.name}`],
    };
    known.set(address, found);
  }
  return found;
}

function tellReplaced(cluster: Cluster, replaced: readonly Peering[]): void {
  for (const [source, peerings] of Map.groupBy(replaced, (peering) => peering.source)) {
    const [first] = peerings;
    const others = peerings.length > 1 ? ` and ${peerings.length - 1} more` : '';
    const text = `takes the place of the node-to-node mesh towards ${first?.address}${others}`;
    cluster.findings.warning(source, 'spec', text);
  }
}

function tellSharedAddress(cluster: Cluster, node: NodeResource, family: Family, address: Address): void {
  const path = `spec.bgp.${family}Address`;
  cluster.findings.problem(node, path, `another node has ${address} too; there is no mesh session with this one`);
}

// Expands BGPPeers into the peerings of the own node: who, at which port, with which AS, made by which resource. Global
// ones come first, then those of nodes, then reverse ones; the first that claims an address and port has it. What a session
// looks like in detail is decided in `sessions.ts`; the node-to-node mesh is in `mesh.ts`.

import { type Address, type Asn, type Family, familyOf, isLinkLocal, type RouterId } from 'node-bgp';
import type { BGPPeer, NodeResource } from '../datastore/resources/types.ts';
import {
  addressOf,
  asOf,
  byName,
  type Cluster,
  configuredPortOf,
  DEFAULT_PORT,
  FAMILIES,
  indexAddresses,
} from './cluster.ts';
import { nodeTest } from './selection.ts';

export interface Peering {
  readonly scope: 'global' | 'node';
  readonly type: 'peerIP' | 'peerSelector' | 'localWorkload';
  /** Made from the far end of a BGPPeer that selects this node as the peer of others. */
  readonly reverse: boolean;
  readonly source: BGPPeer;
  readonly family: Family;
  readonly address: Address;
  /** Given, or configured for the remote node; undefined: 179, and not part of the name. */
  readonly port: number | undefined;
  readonly remoteAs: Asn;
  /** The remote node, where it is known to be one. */
  readonly remoteNode: NodeResource | undefined;
  /** The remote node's cluster id, as far as Calico looks: not for peers given by address. */
  readonly remoteClusterId: RouterId | undefined;
  /** For people: `node kube-node-1`, `workload eth0`. */
  readonly remote: string;
}

/** All peerings of the own node, each address and port once. */
export function expandPeerings(cluster: Cluster): readonly Peering[] {
  const expansion = new Expansion(cluster);
  const peers = byName(cluster.resources.list('BGPPeer'));
  for (const peer of peers) if (isGlobal(peer)) expansion.addForward(peer, 'global');
  for (const peer of peers) if (!isGlobal(peer) && expansion.appliesToOwn(peer)) expansion.addForward(peer, 'node');
  for (const peer of peers) expansion.addReverse(peer);
  return expansion.peerings();
}

/** Neither field set. `nodeSelector: all()` is not global: names and precedence differ. */
function isGlobal(peer: BGPPeer): boolean {
  return peer.node === undefined && peer.nodeSelector === undefined;
}

class Expansion {
  readonly #cluster: Cluster;
  readonly #byKey = new Map<string, Peering>();
  #addresses: ReadonlyMap<Address, readonly NodeResource[]> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  peerings(): readonly Peering[] {
    return [...this.#byKey.values()];
  }

  appliesToOwn(peer: BGPPeer): boolean {
    if (peer.node !== undefined) return peer.node === this.#cluster.options.node;
    return nodeTest(peer, 'nodeSelector')(this.#cluster.own);
  }

  addForward(peer: BGPPeer, scope: Peering['scope']): void {
    if (peer.localWorkloadSelector !== undefined) this.#addWorkloads(peer, scope);
    else if (peer.peerSelector !== undefined) this.#addSelectedNodes(peer, scope);
    else if (peer.peerIP !== undefined) this.#addAddress(peer, scope, peer.peerIP);
  }

  /** The own node is the peer that others select: it needs the other half of each session. */
  addReverse(peer: BGPPeer): void {
    if (peer.reversePeering === 'Manual' || peer.localWorkloadSelector !== undefined) return;
    if (!this.#isPeerOfOthers(peer)) return;
    const families = peer.peerSelector !== undefined || !peer.peerIP ? FAMILIES : [familyOf(peer.peerIP.address)];
    for (const node of this.#nodesOf(peer)) this.#addNode(peer, 'node', node, families, true);
  }

  #isPeerOfOthers(peer: BGPPeer): boolean {
    const { own, globalAs } = this.#cluster;
    if (peer.peerSelector !== undefined) return nodeTest(peer, 'peerSelector')(own);
    if (peer.peerIP === undefined) return false;
    const { address, port } = peer.peerIP;
    if (addressOf(own, familyOf(address)) !== address) return false;
    if ((peer.asNumber || globalAs) !== asOf(this.#cluster, own)) return false;
    const ownPort = configuredPortOf(this.#cluster, own);
    return port === undefined || ownPort === undefined || port === ownPort;
  }

  #nodesOf(peer: BGPPeer): readonly NodeResource[] {
    const { nodes } = this.#cluster;
    if (peer.nodeSelector !== undefined) return nodes.filter(nodeTest(peer, 'nodeSelector'));
    if (peer.node !== undefined) return nodes.filter((node) => node.metadata.name === peer.node);
    return nodes;
  }

  #addSelectedNodes(peer: BGPPeer, scope: Peering['scope']): void {
    const test = nodeTest(peer, 'peerSelector');
    for (const node of this.#cluster.nodes) if (test(node)) this.#addNode(peer, scope, node, FAMILIES, false);
  }

  #addNode(
    peer: BGPPeer,
    scope: Peering['scope'],
    node: NodeResource,
    families: readonly Family[],
    reverse: boolean,
  ): void {
    for (const family of families) {
      const address = addressOf(node, family);
      if (address === undefined) continue;
      this.#insert({
        scope,
        type: 'peerSelector',
        reverse,
        source: peer,
        family,
        address,
        port: configuredPortOf(this.#cluster, node),
        remoteAs: asOf(this.#cluster, node),
        remoteNode: node,
        remoteClusterId: node.bgp?.routeReflectorClusterID,
        remote: `node ${node.metadata.name}`,
      });
    }
  }

  #addAddress(peer: BGPPeer, scope: Peering['scope'], peerIP: NonNullable<BGPPeer['peerIP']>): void {
    const { address } = peerIP;
    const family = familyOf(address);
    const remoteAs = peer.asNumber || this.#cluster.globalAs;
    const there = this.#nodesAt(address);
    const sameAs = there.find((node) => asOf(this.#cluster, node) === remoteAs);
    this.#insert({
      scope,
      type: 'peerIP',
      reverse: false,
      source: peer,
      family,
      address,
      port: peerIP.port ?? (sameAs && configuredPortOf(this.#cluster, sameAs)),
      remoteAs,
      remoteNode: sameAs ?? there[0],
      remoteClusterId: undefined,
      remote: there[0] === undefined ? address : `node ${(sameAs ?? there[0]).metadata.name}`,
    });
  }

  #addWorkloads(peer: BGPPeer, scope: Peering['scope']): void {
    const { findings, resources, globalAs } = this.#cluster;
    for (const workload of byName(resources.list('WorkloadPeer'))) {
      if (workload.bgpPeerName !== peer.metadata.name) continue;
      for (const address of [workload.ipv4, workload.ipv6]) {
        if (address === undefined) continue;
        if (isLinkLocal(address)) {
          findings.problem(workload, '', `the link-local address ${address} cannot be reached without an interface`);
          continue;
        }
        this.#insert({
          scope,
          type: 'localWorkload',
          reverse: false,
          source: peer,
          family: familyOf(address),
          address,
          port: undefined,
          remoteAs: peer.asNumber || globalAs,
          remoteNode: undefined,
          remoteClusterId: undefined,
          remote: `workload ${workload.metadata.name}`,
        });
      }
    }
  }

  #nodesAt(address: Address): readonly NodeResource[] {
    this.#addresses ??= indexAddresses(this.#cluster);
    return this.#addresses.get(address) ?? [];
  }

  /** No port and port 179 are the same peering, although their names differ. */
  #insert(peering: Peering): void {
    const own = addressOf(this.#cluster.own, peering.family);
    if (own === undefined || own === peering.address) return;
    const key = `${peering.address} ${peering.port ?? DEFAULT_PORT}`;
    const first = this.#byKey.get(key);
    if (first === undefined) this.#byKey.set(key, peering);
    else if (first.source !== peering.source && !peering.reverse) this.#tellShadowed(peering, first);
  }

  #tellShadowed(peering: Peering, first: Peering): void {
    const winner = `BGPPeer ${first.source.metadata.name}`;
    this.#cluster.findings.warning(
      peering.source,
      'spec',
      `has peers in common with ${winner}, which goes first for those`,
    );
  }
}

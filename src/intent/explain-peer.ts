// Why a session is as it is: for each of its options the value, and the resource, field or rule that made it so. Goes
// through the resources again on demand, so that Intents need not carry reasons. Not here: why it is in its state.

import { type Address, formatRouterId } from 'node-bgp';
import type { BGPPeer, NodeResource, ReflectorPeer, RouteReflector } from '../datastore/resources/types.ts';
import type { Policy } from '../policy/index.ts';
import { addressOf, type Cluster, DEFAULT_PORT, readCluster } from './cluster.ts';
import { sessionName } from './names.ts';
import { expandPeerings, type Peering } from './peerings.ts';
import { FindingList } from './problems.ts';
import type { IntentOptions, OptionReason, PeerIntent, PolicyStep, ResourceView } from './types.ts';

/** Of a session of the Intent that these resources make; some reasons are missing where they have changed since. */
export function explainOptions(
  resources: ResourceView,
  options: IntentOptions,
  peer: PeerIntent,
): readonly OptionReason[] {
  const own = resources.get('Node', options.node);
  if (own !== undefined) {
    const cluster = readCluster(resources, options, own, new FindingList());
    const peering = peer.kind === 'mesh' ? undefined : peeringOf(cluster, peer);
    return peering === undefined ? meshOptions(cluster, peer) : explicitOptions(cluster, peering, peer);
  }
  const reflector = resources.get('RouteReflector', options.node);
  return reflector === undefined ? [] : reflectorOptions(reflector, peer);
}

/** What a policy asks in which order. */
export function policySteps(policy: Policy): readonly PolicyStep[] {
  const steps: { readonly step: string; readonly resources: string[] }[] = [];
  for (const { origin = {} } of policy.body) {
    const { step = '', resource } = origin;
    if (steps.at(-1)?.step !== step) steps.push({ step, resources: [] });
    const { resources } = steps.at(-1)!;
    if (resource !== undefined && !resources.includes(resource)) resources.push(resource);
  }
  return steps;
}

function peeringOf(cluster: Cluster, peer: PeerIntent): Peering | undefined {
  return expandPeerings(cluster).find(({ type, scope, address, port }) => {
    return sessionName(type === 'localWorkload' ? type : scope, address, port) === peer.name;
  });
}

const say = (option: string, value: string | number, because: string): OptionReason => ({
  option,
  value: String(value),
  because,
});

// --- the node-to-node mesh

function meshOptions(cluster: Cluster, peer: PeerIntent): readonly OptionReason[] {
  const { defaults } = cluster;
  const node = cluster.nodes.find((candidate) => isAt(candidate, peer.address));
  const restart =
    defaults?.nodeMeshMaxRestartTime === undefined ? DEFAULT : 'nodeMeshMaxRestartTime of BGPConfiguration default';
  return [
    say('asNumber', peer.remoteAs, nodeAs(cluster, node)),
    localAs(cluster, peer),
    say('port', peer.port, peer.port === DEFAULT_PORT ? DEFAULT : listenPort(cluster, node)),
    sourceAddress(peer, 'of the mesh it is always the address of the node'),
    passiveByText(peer),
    password(peer, defaults?.nodeMeshPassword, 'nodeMeshPassword of BGPConfiguration default'),
    client(cluster, peer, undefined),
    say('maxRestartTime', seconds(peer.restartTime), restart),
    ...commonOptions(peer, undefined),
  ];
}

// --- BGPPeers

function explicitOptions(cluster: Cluster, peering: Peering, peer: PeerIntent): readonly OptionReason[] {
  const { source } = peering;
  const from = (field: string) => `${field} of BGPPeer ${source.metadata.name}`;
  const workload = peering.type === 'localWorkload';
  const restart = source.maxRestartTime === undefined || workload ? DEFAULT : from('maxRestartTime');
  return [
    say('asNumber', peer.remoteAs, remoteAs(cluster, peering)),
    localAs(cluster, peer, source),
    say('port', peer.port, portReason(cluster, peering)),
    sourceAddress(peer, workload ? 'the system chooses towards a workload' : sourceReason(source)),
    workload ? say('passive', 'yes', 'a workload dials its node') : passiveOf(peering, peer),
    password(peer, workload ? undefined : source.password, from('password')),
    client(cluster, peer, peering),
    say('maxRestartTime', seconds(peer.restartTime), restart),
    ...commonOptions(peer, source),
  ];
}

const DEFAULT = 'the default';

function remoteAs(cluster: Cluster, { type, source, remoteNode }: Peering): string {
  if (type === 'peerSelector') return nodeAs(cluster, remoteNode);
  if (source.asNumber) return `asNumber of BGPPeer ${source.metadata.name}`;
  return clusterAs(cluster);
}

function nodeAs(cluster: Cluster, node: NodeResource | undefined): string {
  return node?.bgp?.asNumber ? `asNumber of Node ${node.metadata.name}` : clusterAs(cluster);
}

function clusterAs({ defaults }: Cluster): string {
  return defaults?.asNumber ? 'asNumber of BGPConfiguration default' : 'the AS of a cluster without asNumber';
}

function localAs(cluster: Cluster, peer: PeerIntent, source?: BGPPeer): OptionReason {
  const isGiven = source?.localASNumber && peer.localAs === source.localASNumber;
  return say(
    'localASNumber',
    peer.localAs,
    isGiven ? `localASNumber of BGPPeer ${source.metadata.name}` : nodeAs(cluster, cluster.own),
  );
}

function portReason(cluster: Cluster, { source, port, remoteNode }: Peering): string {
  if (port === undefined) return DEFAULT;
  if (source.peerIP?.port === port) return `peerIP of BGPPeer ${source.metadata.name}`;
  return listenPort(cluster, remoteNode);
}

function listenPort(cluster: Cluster, node: NodeResource | undefined): string {
  const name = node?.metadata.name ?? '';
  return `listenPort of BGPConfiguration ${cluster.nodePorts.has(name) ? `node.${name}` : 'default'}`;
}

function sourceReason(source: BGPPeer): string {
  const name = source.metadata.name;
  return source.sourceAddress === 'None' ? `sourceAddress of BGPPeer ${name} is None` : 'sourceAddress is UseNodeIP';
}

function sourceAddress({ localAddress }: PeerIntent, because: string): OptionReason {
  return say('sourceAddress', localAddress ?? 'chosen by the system', because);
}

function passiveOf({ scope, type, remoteNode }: Peering, peer: PeerIntent): OptionReason {
  const byText = scope === 'global' && type === 'peerIP' && remoteNode !== undefined;
  return byText ? passiveByText(peer) : say('passive', 'no', 'both ends dial');
}

/** The rule that nodes with BIRD have too. */
function passiveByText({ passive, localAddress, address }: PeerIntent): OptionReason {
  const order = passive ? `${localAddress} comes before ${address}` : `${localAddress} comes after ${address}`;
  return say(
    'passive',
    passive ? 'yes' : 'no',
    `of two nodes the one whose address comes later as text dials; ${order}`,
  );
}

function password(
  peer: PeerIntent,
  reference: { readonly name: string; readonly key: string } | undefined,
  field: string,
): OptionReason {
  if (reference === undefined) return say('password', 'none', 'none is asked for');
  const secret = `key ${reference.key} of Secret ${reference.name}`;
  if (peer.password === undefined) return say('password', 'none', `${field} asks for ${secret}, which cannot be used`);
  return say('password', 'set', `${field}: ${secret}`);
}

/** RFC 4456: everybody inside the AS but other reflectors of the same cluster. */
function client({ clusterId }: Cluster, peer: PeerIntent, peering: Peering | undefined): OptionReason {
  const answer = (because: string) => say('routeReflectorClient', peer.routeReflectorClient ? 'yes' : 'no', because);
  if (clusterId === undefined) return answer('this node is no route reflector (no routeReflectorClusterID)');
  if (peer.remoteAs !== peer.localAs) return answer('the peer is in another AS');
  const id = formatRouterId(clusterId);
  if (peering?.remoteClusterId === clusterId) return answer(`the peer is a reflector of the same cluster ${id}`);
  return answer(`this node is a reflector of cluster ${id}, and the peer is in its AS`);
}

function commonOptions(peer: PeerIntent, source: BGPPeer | undefined): readonly OptionReason[] {
  const from = (field: string) => `${field} of BGPPeer ${source?.metadata.name ?? ''}`;
  const { keepaliveTime, ttlSecurity, allowedLocalAs, nextHopMode } = peer;
  return [
    say('holdTime', seconds(peer.holdTime), 'what is offered; of both ends the smaller one counts'),
    ...(keepaliveTime === undefined ? [] : [say('keepaliveTime', seconds(keepaliveTime), from('keepaliveTime'))]),
    ...(ttlSecurity === undefined ? [] : [say('ttlSecurity', ttlSecurity, from('ttlSecurity'))]),
    ...(nextHopMode === 'auto' ? [] : [say('nextHopMode', nextHopMode, nextHopReason(source))]),
    ...(allowedLocalAs === 0
      ? []
      : [say('numAllowedLocalASNumbers', allowedLocalAs, from('numAllowedLocalASNumbers'))]),
  ];
}

function nextHopReason(source: BGPPeer | undefined): string {
  const field = source?.nextHopMode === undefined ? 'keepOriginalNextHop' : 'nextHopMode';
  return `${field} of BGPPeer ${source?.metadata.name ?? ''}`;
}

// --- stand-alone reflectors

function reflectorOptions(reflector: RouteReflector, peer: PeerIntent): readonly OptionReason[] {
  const { metadata, peers, listenRanges = [], listenAddresses } = reflector;
  const from = (field: string) => `${field} of RouteReflector ${metadata.name}`;
  const known = peers.find(({ address, interface: device }) => address === peer.address && device === peer.interface);
  const range = listenRanges.find(({ name, range }) => peer.description === `from ${name ?? range}`);
  const given: Partial<ReflectorPeer> | undefined = known ?? range;
  const list = known === undefined ? 'listenRanges[]' : 'peers[]';
  const optional = (field: string, isGiven: unknown) => (isGiven ? from(`${list}.${field}`) : DEFAULT);
  return [
    remoteAsOf(peer, given, from, list),
    say('localASNumber', peer.localAs, from('asNumber')),
    say('port', peer.port, optional('port', given?.port)),
    sourceAddress(peer, listenAddresses.length === 0 ? 'there are no listenAddresses' : from('listenAddresses')),
    say(
      'passive',
      peer.passive ? 'yes' : 'no',
      known === undefined && range !== undefined ? from('listenRanges[]') : optional('passive', given?.passive),
    ),
    password(peer, given?.password, from(`${list}.password`)),
    say(
      'routeReflectorClient',
      peer.routeReflectorClient ? 'yes' : 'no',
      peer.remoteAs === peer.localAs ? optional('client', given?.client) : 'the peer is in another AS',
    ),
    say('holdTime', seconds(peer.holdTime), optional('holdTime', given?.holdTime)),
  ];
}

function remoteAsOf(
  { remoteAs }: PeerIntent,
  given: Partial<ReflectorPeer> | undefined,
  from: (field: string) => string,
  list: string,
): OptionReason {
  if (given?.external) return say('asNumber', 'any other', from(`${list}.external`));
  return say('asNumber', remoteAs, given?.asNumber ? from(`${list}.asNumber`) : from('asNumber'));
}

function isAt(node: NodeResource, address: Address): boolean {
  return addressOf(node, 'ipv4') === address || addressOf(node, 'ipv6') === address;
}

function seconds(value: number): string {
  return `${value} s`;
}

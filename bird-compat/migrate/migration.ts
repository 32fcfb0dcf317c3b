// Leaving BIRD: the resources that mean what a configuration means, and what they cannot say. A machine that only reflects
// becomes a RouteReflector, a node of a cluster gets BGPPeers and BGPFilters.

import { type Family, formatRouterId, prefixLength } from 'node-bgp';
import type { Intent, LocalRoute, PeerIntent } from '../../src/intent/types.ts';
import type { Policy } from '../../src/policy/index.ts';
import { type BirdConfiguration, birdIntent } from '../intent/index.ts';
import { resourceName, secretRef } from './names.ts';
import { carriedOver, reflectorDocument } from './reflector.ts';
import { type Rule, rulesOf } from './rules.ts';

export interface Migration {
  /** Resources as they are written in a file. */
  readonly documents: readonly object[];
  /** What they leave out, one sentence each. */
  readonly remarks: readonly string[];
}

export interface MigrationOptions {
  /** Name of the node that the configuration is of. */
  readonly node: string;
}

/** Functions that confd's templates have, and hardly anybody else. */
const MADE_BY_CONFD = ['calico_export_to_bgp_peers', 'calico_aggr'];

export function migrate(configuration: BirdConfiguration, options: MigrationOptions): Migration {
  const { unit, file } = configuration;
  if (MADE_BY_CONFD.every((name) => unit.global.find(name)?.type === 'function')) {
    const text = `${file} was made by confd from Calico's resources. Caracal reads those itself: there is nothing to migrate`;
    return { documents: [], remarks: [text] };
  }
  const intent = birdIntent(configuration, options);
  const remarks = intent.problems.map(({ place = '', text }) => `${place}: ${text}`);
  tellSecrets(intent, remarks);
  if (isReflector(intent)) {
    return { documents: [reflectorDocument(intent, remarks)], remarks };
  }
  return { documents: nodeDocuments(intent, remarks), remarks };
}

/** A password belongs into a Secret, and nowhere else. */
function tellSecrets(intent: Intent, remarks: string[]): void {
  const keys = sessionsOf(intent).flatMap(({ name, password }) => (password === undefined ? [] : [resourceName(name)]));
  if (keys.length > 0)
    remarks.push(`passwords are not printed: put them into the Secret bgp-passwords, keys ${keys.join(', ')}`);
}

/** Passes on what its clients say, and has nothing else to do. */
function isReflector(intent: Intent): boolean {
  const { localRoutes, kernel } = intent;
  const all = sessionsOf(intent);
  const isOpen = all.every(({ importPolicy, exportPolicy }) => isAll(importPolicy) && isAll(exportPolicy));
  const isOutside = [kernel.ipv4, kernel.ipv6].every(
    ({ policy }) => policy.default === 'reject' && policy.body.length === 0,
  );
  return (
    all.some(({ routeReflectorClient }) => routeReflectorClient) && isOpen && isOutside && localRoutes.length === 0
  );
}

/** Of peers, and of whoever comes from a range. */
function sessionsOf({ peers, peerRanges = [] }: Intent) {
  return [...peers.values(), ...peerRanges.map(({ name, peer }) => ({ ...peer, name }))];
}

const isAll = ({ default: verdict, body }: Policy): boolean => verdict === 'accept' && body.length === 0;

// --- a node of a cluster

const API = 'projectcalico.org/v3';
const BGP_PORT = 179;

function resource(kind: string, name: string, spec: object): object {
  return { apiVersion: API, kind, metadata: { name }, spec };
}

function nodeDocuments(intent: Intent, remarks: string[]): readonly object[] {
  const peers = [...intent.peers.values()];
  const filters = new FilterNames(remarks);
  const reached = new Map<string, LocalRoute>();
  for (const route of intent.localRoutes) if (isReachability(route, peers)) reached.set(addressOf(route), route);
  const documents = peers.map((peer) =>
    resource('BGPPeer', resourceName(peer.name), {
      node: intent.node,
      peerIP: peerIp(peer),
      asNumber: peer.remoteAs,
      ...optionsOf(peer, intent, reached.get(peer.address)?.gateway),
      ...filters.of(peer),
    }),
  );
  for (const peer of peers) remarks.push(...leftOutOfPeer(peer));
  tellTheRest(intent, reached, remarks);
  return [configurationDocument(intent), ...filters.documents, ...documents];
}

function configurationDocument({ localAs, listen, kernel }: Intent): object {
  const port = listen[0]?.port ?? BGP_PORT;
  const ignored = kernel.ipv4.directInterfaces
    .filter((pattern) => pattern.startsWith('-'))
    .map((pattern) => pattern.slice(1));
  const own = ignored.filter((pattern) => pattern !== 'cali*' && pattern !== 'kube-ipvs*');
  return resource('BGPConfiguration', 'default', {
    asNumber: localAs,
    nodeToNodeMeshEnabled: false,
    ...(port === BGP_PORT ? {} : { listenPort: port }),
    ...(own.length === 0 ? {} : { ignoredInterfaces: own }),
  });
}

function peerIp({ address, port }: PeerIntent): string {
  if (port === BGP_PORT) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function optionsOf(peer: PeerIntent, intent: Intent, reachableBy: string | undefined): object {
  const { password, keepaliveTime, restartTime, ttlSecurity, allowedLocalAs, nextHopMode, localAddress, localAs } =
    peer;
  return {
    ...(localAs === intent.localAs ? {} : { localASNumber: localAs }),
    ...(password === undefined ? {} : { password: secretRef(peer.name) }),
    ...(localAddress === undefined ? { sourceAddress: 'None' } : {}),
    ...(keepaliveTime === undefined ? {} : { keepaliveTime: `${keepaliveTime}s` }),
    ...(restartTime === 120 ? {} : { maxRestartTime: `${restartTime}s` }),
    ...(ttlSecurity === undefined ? {} : { ttlSecurity }),
    ...(allowedLocalAs === 0 ? {} : { numAllowedLocalASNumbers: allowedLocalAs }),
    ...(nextHopMode === 'auto' ? {} : { nextHopMode: nextHopMode === 'self' ? 'Self' : 'Keep' }),
    ...(reachableBy === undefined ? {} : { reachableBy }),
  };
}

function leftOutOfPeer(peer: PeerIntent): readonly string[] {
  return carriedOver(peer, [
    ...['password', 'keepaliveTime', 'restartTime', 'ttlSecurity', 'allowedLocalAs', 'nextHopMode', 'localAddress'],
    // Calico's sessions always have them, and only one of two nodes dials.
    ...['addPath', 'passive', 'gracefulRestart', 'timers'],
  ]);
}

/** A host route to a peer is how the peer is reached. */
function isReachability(route: LocalRoute, peers: readonly PeerIntent[]): boolean {
  const isHost = prefixLength(route.prefix) === (route.prefix.includes(':') ? 128 : 32);
  return route.type === 'via' && isHost && peers.some(({ address }) => address === addressOf(route));
}

const addressOf = ({ prefix }: LocalRoute): string => prefix.slice(0, prefix.indexOf('/'));

function tellTheRest(intent: Intent, reached: ReadonlyMap<string, LocalRoute>, remarks: string[]): void {
  const { clusterId, node, localRoutes, kernel, peers } = intent;
  if (clusterId !== undefined || [...peers.values()].some(({ routeReflectorClient }) => routeReflectorClient)) {
    const id = formatRouterId(clusterId ?? intent.bgpIdentifier);
    remarks.push(
      `the node reflects: give the Node ${node} routeReflectorClusterID ${id}; who is a client follows from it`,
    );
  }
  for (const { name, range } of intent.peerRanges ?? []) {
    remarks.push(`${name}: neighbours from the range ${range} are not carried over: a Calico node knows its peers`);
  }
  const others = localRoutes.filter((route) => reached.get(addressOf(route)) !== route);
  if (others.length > 0) {
    const names = others.slice(0, 5).map(({ prefix }) => prefix);
    const more = others.length > names.length ? ` and ${others.length - names.length} more` : '';
    remarks.push(`static routes are not carried over (${names.join(', ')}${more}): blocks and services make Calico's`);
  }
  for (const family of ['ipv4', 'ipv6'] as const) {
    if (kernel[family].policy.body.length > 0) {
      remarks.push(`the kernel filter of ${family} is not carried over: pools and services say what is programmed`);
    }
  }
  remarks.push('BGPConfiguration default is for the whole cluster: merge it with the one that is there');
}

/** BGPFilters by what they say; peers with the same filters share one. */
class FilterNames {
  readonly documents: object[] = [];
  readonly #byText = new Map<string, string>();
  readonly #remarks: string[];

  constructor(remarks: string[]) {
    this.#remarks = remarks;
  }

  of(peer: PeerIntent): { filters?: readonly string[] } {
    const spec: Record<string, readonly Rule[]> = {};
    for (const family of peer.families) {
      this.#add(spec, peer, family, 'import');
      this.#add(spec, peer, family, 'export');
    }
    if (Object.keys(spec).length === 0) return {};
    const text = JSON.stringify(spec);
    const known = this.#byText.get(text);
    const name = known ?? `${resourceName(peer.name)}-filter`;
    if (known === undefined) {
      this.#byText.set(text, name);
      this.documents.push(resource('BGPFilter', name, spec));
    }
    return { filters: [name] };
  }

  /** Calico takes all that comes in, unless a filter says otherwise; what goes out it decides itself. */
  #add(spec: Record<string, readonly Rule[]>, peer: PeerIntent, family: Family, direction: 'import' | 'export'): void {
    const policy = direction === 'import' ? peer.importPolicy : peer.exportPolicy;
    if (direction === 'import' && isAll(policy)) return;
    const made = rulesOf(policy, family);
    if ('obstacle' in made) {
      this.#remarks.push(
        `${peer.name}: the ${direction} filter is not carried over, rules cannot say ${made.obstacle}`,
      );
    } else {
      spec[`${direction}${family === 'ipv4' ? 'V4' : 'V6'}`] = made.rules;
    }
  }
}

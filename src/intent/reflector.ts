// The Intent of a stand-alone route reflector (`RouteReflector`): a speaker outside the cluster and outside the data path.
// It passes on what its clients say, and neither originates routes nor programs the kernel.

import { type Address, type Family, familyOf, isLinkLocal } from 'node-bgp';
import type { RouteReflector } from '../datastore/resources/types.ts';
import { accept, type Policy, policy, sourceIs, when, withOrigin } from '../policy/index.ts';
import { compareText, readPassword } from './cluster.ts';
import { sessionName } from './names.ts';
import { FindingList } from './problems.ts';
import { HOLD_TIME, RESTART_TIME } from './sessions.ts';
import type { Intent, IntentOptions, KernelIntent, ListenIntent, PeerIntent, ResourceView } from './types.ts';

type ReflectorPeer = RouteReflector['peers'][number];

const IMPORT: Policy = policy('import', 'accept', []);
/** What this machine itself has as routes is nobody's business. */
const EXPORT: Policy = policy('export', 'reject', [
  withOrigin({ step: 'routes of BGP peers' }, when(sourceIs('bgp'), accept())),
]);
const KERNEL: KernelIntent = { policy: policy('kernel', 'reject', []), directInterfaces: ['*'], maxPaths: 1 };

export function reflectorIntent(resources: ResourceView, options: IntentOptions, reflector: RouteReflector): Intent {
  const findings = new FindingList();
  const peers = new Map<string, PeerIntent>();
  const addresses = new Set<Address>();
  reflector.peers.forEach((peer, index) => {
    const path = `spec.peers[${index}]`;
    const session = reflectorSession({ resources, options, findings }, reflector, peer, path);
    if (isLinkLocal(peer.address)) {
      findings.problem(reflector, `${path}.address`, 'a link-local address cannot be reached without an interface');
    } else if (peers.has(session.name) || addresses.has(peer.address)) {
      findings.problem(reflector, path, 'another peer has this name or address');
    } else {
      peers.set(session.name, session);
      addresses.add(peer.address);
    }
  });
  return {
    node: options.node,
    localAs: reflector.asNumber,
    bgpIdentifier: reflector.routerId,
    clusterId: reflector.clusterID ?? reflector.routerId,
    addresses: ownAddresses(reflector),
    listen: listenSockets(reflector),
    peers: new Map([...peers].sort(([a], [b]) => compareText(a, b))),
    localRoutes: [],
    kernel: { ipv4: KERNEL, ipv6: KERNEL },
    logLevel: 'info',
    problems: findings.problems(),
  };
}

interface Surroundings {
  readonly resources: ResourceView;
  readonly options: IntentOptions;
  readonly findings: FindingList;
}

function reflectorSession(
  surroundings: Surroundings,
  reflector: RouteReflector,
  peer: ReflectorPeer,
  path: string,
): PeerIntent {
  const { asNumber: localAs } = reflector;
  const remoteAs = peer.asNumber || localAs;
  const password = readPassword(surroundings, peer.password, reflector, `${path}.password`);
  const localAddress = firstOf(reflector.listenAddresses, familyOf(peer.address));
  return {
    name: peer.name ?? sessionName('static', peer.address, peer.port),
    kind: 'static',
    description: peer.name ?? peer.address,
    origin: [`RouteReflector ${reflector.metadata.name}`],
    families: peer.families,
    address: peer.address,
    port: peer.port ?? 179,
    remoteAs,
    localAs,
    ...(localAddress === undefined ? {} : { localAddress }),
    passive: peer.passive,
    ...(password === undefined ? {} : { password }),
    holdTime: peer.holdTime ?? HOLD_TIME,
    restartTime: RESTART_TIME,
    allowedLocalAs: 0,
    nextHopMode: 'auto',
    routeReflectorClient: peer.client && remoteAs === localAs,
    addPath: peer.addPath ? 'both' : 'off',
    importPolicy: IMPORT,
    exportPolicy: EXPORT,
    ...bfdOf(peer),
  };
}

function bfdOf({ bfd }: ReflectorPeer): Pick<PeerIntent, 'bfd'> {
  if (bfd === undefined) return {};
  const { multihop, intervalMilliseconds: interval, multiplier } = bfd;
  return { bfd: { multihop, minTransmit: interval, minReceive: interval, multiplier } };
}

function listenSockets(reflector: RouteReflector): readonly ListenIntent[] {
  const port = reflector.listenPort;
  if (reflector.listenAddresses.length === 0) return [{ port }];
  return [...new Set(reflector.listenAddresses)].sort(compareText).map((address) => ({ address, port }));
}

function ownAddresses(reflector: RouteReflector): Intent['addresses'] {
  const ipv4 = firstOf(reflector.listenAddresses, 'ipv4');
  const ipv6 = firstOf(reflector.listenAddresses, 'ipv6');
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

function firstOf(addresses: readonly Address[], family: Family): Address | undefined {
  return addresses.find((address) => familyOf(address) === family && !isUnspecified(address));
}

function isUnspecified(address: Address): boolean {
  return address === '0.0.0.0' || address === '::';
}

// A configuration that only reflects, as a RouteReflector: Caracal's own resource for a machine outside the cluster.

import { type Family, familyOf, formatRouterId, isLinkLocal } from 'node-bgp';
import type { Intent, PeerIntent, PeerRange } from '../../src/intent/types.ts';
import { secretRef } from './names.ts';

const BGP_PORT = 179;
const HOLD_TIME = 240;

/** Fields of a session that the resource has room for. */
const CARRIED_OVER = [
  'password',
  'holdTime',
  'addPath',
  'passive',
  'localAddress',
  'direct',
  'interface',
  'gracefulRestart',
  'longLivedGracefulRestart',
  'timers',
  'limits',
  'anyExternalAs',
  'role',
  'requireRole',
  'extendedMessages',
  'extendedNextHop',
];

export function reflectorDocument(intent: Intent, remarks: string[]): object {
  const peers = [...intent.peers.values()];
  const ranges = intent.peerRanges ?? [];
  for (const peer of [...peers, ...ranges.map(({ name, peer: each }) => ({ name, ...each }))]) {
    remarks.push(...carriedOver(peer, CARRIED_OVER));
    if (peer.localAs !== intent.localAs) remarks.push(`${peer.name}: local AS ${peer.localAs} is not carried over`);
    if (peer.addPath === 'send' || peer.addPath === 'receive') {
      remarks.push(`${peer.name}: additional paths go both ways`);
    }
  }
  const port = intent.listen[0]?.port ?? BGP_PORT;
  const addresses = listenAddresses(intent);
  return {
    apiVersion: 'caracal.io/v1',
    kind: 'RouteReflector',
    metadata: { name: intent.node },
    spec: {
      routerId: formatRouterId(intent.bgpIdentifier),
      asNumber: intent.localAs,
      ...(intent.clusterId === undefined ? {} : { clusterID: formatRouterId(intent.clusterId) }),
      ...(port === BGP_PORT ? {} : { listenPort: port }),
      ...(addresses.length === 0 ? {} : { listenAddresses: addresses }),
      peers: peers.map((peer) => reflectorPeer(peer, intent)),
      ...(ranges.length === 0 ? {} : { listenRanges: ranges.map((range) => reflectorRange(range, intent)) }),
    },
  };
}

function reflectorPeer(peer: PeerIntent, intent: Intent): object {
  return {
    name: peer.name,
    address: peer.address,
    ...(peer.interface === undefined || !isLinkLocal(peer.address) ? {} : { interface: peer.interface }),
    ...(peer.port === BGP_PORT ? {} : { port: peer.port }),
    ...(peer.passive ? { passive: true } : {}),
    ...session(peer, peer.name, familyOf(peer.address), intent),
  };
}

function reflectorRange({ name, range, namePrefix, digits, limit, peer }: PeerRange, intent: Intent): object {
  return {
    range,
    name,
    namePrefix,
    ...(digits === 0 ? {} : { digits }),
    ...(limit === undefined ? {} : { limit }),
    ...session(peer, name, familyOf(range), intent),
  };
}

function session(peer: PeerRange['peer'], name: string, family: Family, { localAs }: Intent): object {
  const isInternal = peer.remoteAs === localAs;
  const isUsual = peer.families.length === 1 && peer.families[0] === family;
  const { limits, role, requireRole, extendedMessages, extendedNextHop } = peer;
  return {
    ...(isInternal ? {} : peer.anyExternalAs ? { external: true } : { asNumber: peer.remoteAs }),
    ...(isInternal && !peer.routeReflectorClient ? { client: false } : {}),
    ...(isUsual ? {} : { families: peer.families }),
    ...(peer.password === undefined ? {} : { password: secretRef(name) }),
    ...(peer.holdTime === HOLD_TIME ? {} : { holdTime: peer.holdTime }),
    ...(peer.addPath === 'off' ? {} : { addPath: true }),
    ...longLivedOf(peer),
    ...(limits === undefined ? {} : { limits }),
    ...(role === undefined ? {} : { role }),
    ...(requireRole === undefined ? {} : { requireRole }),
    ...(extendedMessages === undefined ? {} : { extendedMessages }),
    ...(extendedNextHop === undefined ? {} : { extendedNextHop }),
  };
}

function longLivedOf({ longLivedGracefulRestart }: Pick<PeerIntent, 'longLivedGracefulRestart'>): {
  longLivedStaleTime?: string;
} {
  if (longLivedGracefulRestart === undefined || longLivedGracefulRestart === 'off') return {};
  return { longLivedStaleTime: `${longLivedGracefulRestart.staleTime}s` };
}

function listenAddresses({ listen }: Intent): readonly string[] {
  return listen.flatMap(({ address }) =>
    address === undefined || address === '0.0.0.0' || address === '::' ? [] : [address],
  );
}

type Session = PeerRange['peer'] & Pick<PeerIntent, 'name'>;

/** What a session has beyond the usual, by its name in BIRD. */
const UNUSUAL: Readonly<Record<string, (peer: Session) => string | undefined>> = {
  holdTime: ({ holdTime }) => (holdTime === HOLD_TIME ? undefined : `hold time ${holdTime}`),
  keepaliveTime: ({ keepaliveTime }) => (keepaliveTime === undefined ? undefined : `keepalive time ${keepaliveTime}`),
  restartTime: ({ restartTime }) => (restartTime === 120 ? undefined : `graceful restart time ${restartTime}`),
  ttlSecurity: ({ ttlSecurity }) => (ttlSecurity === undefined ? undefined : 'ttl security'),
  allowedLocalAs: ({ allowedLocalAs }) => (allowedLocalAs === 0 ? undefined : 'allow local as'),
  nextHopMode: ({ nextHopMode }) => (nextHopMode === 'auto' ? undefined : `next hop ${nextHopMode}`),
  passive: ({ passive }) => (passive ? 'passive' : undefined),
  password: ({ password }) => (password === undefined ? undefined : 'password'),
  localAddress: ({ localAddress }) => (localAddress === undefined ? undefined : 'source address'),
  addPath: ({ addPath }) => (addPath === 'off' ? undefined : 'add paths'),
  direct: ({ direct, remoteAs, localAs }) =>
    direct && remoteAs !== localAs ? 'a neighbour that must be one hop away' : undefined,
  interface: ({ interface: name }) => (name === undefined ? undefined : `interface ${name}`),
  gracefulRestart: ({ gracefulRestart }) =>
    gracefulRestart === undefined ? undefined : `graceful restart ${gracefulRestart}`,
  longLivedGracefulRestart: ({ longLivedGracefulRestart }) =>
    longLivedGracefulRestart === undefined ? undefined : 'long-lived graceful restart',
  timers: ({ timers }) => (timers === undefined ? undefined : 'its timers'),
  limits: ({ limits }) => (limits === undefined ? undefined : 'its limits of routes'),
  preference: ({ preference }) => (preference === undefined ? undefined : `preference ${preference}`),
  clusterId: ({ clusterId }) => (clusterId === undefined ? undefined : `cluster id ${formatRouterId(clusterId)}`),
  anyExternalAs: ({ anyExternalAs }) => (anyExternalAs ? 'a neighbour of any AS' : undefined),
  role: ({ role }) => (role === undefined ? undefined : `local role ${role}`),
  requireRole: ({ requireRole }) => (requireRole ? 'require roles' : undefined),
  extendedMessages: ({ extendedMessages }) => (extendedMessages ? 'extended messages' : undefined),
  extendedNextHop: ({ extendedNextHop }) => (extendedNextHop ? 'extended next hop' : undefined),
};

/** One sentence for all of a session that is unusual and not among the fields that its resource has room for. */
export function carriedOver(peer: Session, fields: readonly string[]): readonly string[] {
  const left = Object.entries(UNUSUAL).flatMap(([field, tell]) => (fields.includes(field) ? [] : (tell(peer) ?? [])));
  return left.length === 0 ? [] : [`${peer.name}: not carried over: ${left.join(', ')}`];
}

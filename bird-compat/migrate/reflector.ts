// A configuration that only reflects, as a RouteReflector: Caracal's own resource for a machine outside the cluster.

import { familyOf, formatRouterId } from 'node-bgp';
import type { Intent, PeerIntent } from '../../src/intent/types.ts';
import { secretRef } from './names.ts';

const BGP_PORT = 179;
const HOLD_TIME = 240;

export function reflectorDocument(intent: Intent, remarks: string[]): object {
  const peers = [...intent.peers.values()];
  for (const peer of peers) {
    remarks.push(
      ...carriedOver(peer, [
        'password',
        'holdTime',
        'addPath',
        'passive',
        'localAddress',
        'direct',
        'gracefulRestart',
        'timers',
      ]),
    );
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
    },
  };
}

function reflectorPeer(peer: PeerIntent, { localAs }: Intent): object {
  const isInternal = peer.remoteAs === localAs;
  const usual = peer.families.length === 1 && peer.families[0] === familyOf(peer.address);
  return {
    name: peer.name,
    address: peer.address,
    ...(peer.port === BGP_PORT ? {} : { port: peer.port }),
    ...(isInternal ? {} : { asNumber: peer.remoteAs }),
    ...(isInternal && !peer.routeReflectorClient ? { client: false } : {}),
    ...(peer.passive ? { passive: true } : {}),
    ...(usual ? {} : { families: peer.families }),
    ...(peer.password === undefined ? {} : { password: secretRef(peer.name) }),
    ...(peer.holdTime === HOLD_TIME ? {} : { holdTime: peer.holdTime }),
    ...(peer.addPath === 'off' ? {} : { addPath: true }),
  };
}

function listenAddresses({ listen }: Intent): readonly string[] {
  return listen.flatMap(({ address }) =>
    address === undefined || address === '0.0.0.0' || address === '::' ? [] : [address],
  );
}

/** What a session has beyond the usual, by its name in BIRD. */
const UNUSUAL: Readonly<Record<string, (peer: PeerIntent) => string | undefined>> = {
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
  timers: ({ timers }) => (timers === undefined ? undefined : 'its timers'),
  limits: ({ limits }) => (limits === undefined ? undefined : 'its limits of routes'),
  preference: ({ preference }) => (preference === undefined ? undefined : `preference ${preference}`),
  clusterId: ({ clusterId }) => (clusterId === undefined ? undefined : `cluster id ${formatRouterId(clusterId)}`),
  anyExternalAs: ({ anyExternalAs }) => (anyExternalAs ? 'a neighbour of any AS' : undefined),
};

/** One sentence for all of a session that is unusual and not among the fields that its resource has room for. */
export function carriedOver(peer: PeerIntent, fields: readonly string[]): readonly string[] {
  const left = Object.entries(UNUSUAL).flatMap(([field, tell]) => (fields.includes(field) ? [] : (tell(peer) ?? [])));
  return left.length === 0 ? [] : [`${peer.name}: not carried over: ${left.join(', ')}`];
}

// What would help after a session, or an attempt at one, has ended: one sentence that names this peer's own numbers, where
// there is something to be said that the reason does not say. Pure.

import { AS_TRANS, CEASE, type DownReason, ERROR, OPEN_ERROR, type PeerState } from 'node-bgp';
import type { PeerIntent } from '../intent/types.ts';

/** How far the connection had come. */
export type Stage = PeerState;

type Advice = (peer: PeerIntent, data: Uint8Array) => string;
type LossAdvice = (peer: PeerIntent) => string;

/** After a NOTIFICATION of the peer, by code and subcode; a code alone counts for all that have no row of their own. */
const RECEIVED: ReadonlyMap<string, Advice> = new Map<string, Advice>([
  [key(ERROR.OPEN, OPEN_ERROR.BAD_PEER_AS), refusedAs],
  [
    key(ERROR.OPEN, OPEN_ERROR.BAD_BGP_IDENTIFIER),
    ({ address }) => `${address} takes our router ID for its own or for none: give each router one (CALICO_ROUTER_ID)`,
  ],
  [
    key(ERROR.OPEN, OPEN_ERROR.UNACCEPTABLE_HOLD_TIME),
    ({ address, holdTime }) => `${address} does not accept our hold time of ${holdTime} s: allow it there`,
  ],
  [
    key(ERROR.OPEN, OPEN_ERROR.UNSUPPORTED_CAPABILITY),
    ({ address, families }) => `${address} has to carry ${familyText(families)} on this session: switch it on there`,
  ],
  [
    key(ERROR.OPEN, OPEN_ERROR.ROLE_MISMATCH),
    ({ address }) =>
      `our role and that of ${address} do not go together (RFC 9234): customer with provider, peer with peer`,
  ],
  [key(ERROR.MESSAGE_HEADER), unreadable],
  [key(ERROR.UPDATE), unreadable],
  [
    key(ERROR.HOLD_TIMER_EXPIRED),
    ({ address }) =>
      `${address} has not heard us for its hold time: long packets may get lost on the way (MTU), or this host stood still`,
  ],
  [
    key(ERROR.SEND_HOLD_TIMER_EXPIRED),
    ({ address }) => `${address} could not get rid of what it had for us: this host may have stood still`,
  ],
  [
    key(ERROR.CEASE, CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED),
    ({ address }) => `${address} allows fewer prefixes than we announce: raise its limit, or announce less (BGPFilter)`,
  ],
  [
    key(ERROR.CEASE, CEASE.ADMINISTRATIVE_SHUTDOWN),
    ({ address }) => `somebody has shut this session down at ${address}, and has to switch it on again there`,
  ],
  [
    key(ERROR.CEASE, CEASE.PEER_DE_CONFIGURED),
    ({ address }) => `${address} is no longer configured for this session: remove it here, or put it back there`,
  ],
  [key(ERROR.CEASE, CEASE.ADMINISTRATIVE_RESET), comesBack],
  [key(ERROR.CEASE, CEASE.OTHER_CONFIGURATION_CHANGE), comesBack],
  [key(ERROR.CEASE, CEASE.CONNECTION_COLLISION_RESOLUTION), comesBack],
  [key(ERROR.CEASE, CEASE.HARD_RESET), comesBack],
  [
    key(ERROR.CEASE, CEASE.CONNECTION_REJECTED),
    (peer) => `${peer.address} runs BGP, but has no neighbour ${us(peer)}: configure it there`,
  ],
  [key(ERROR.CEASE, CEASE.OUT_OF_RESOURCES), ({ address }) => `${address} has no memory or time left: look at it`],
]);

/** After a NOTIFICATION of ours. */
const SENT: ReadonlyMap<string, Advice> = new Map<string, Advice>([
  [key(ERROR.OPEN, OPEN_ERROR.BAD_PEER_AS), otherAs],
  [
    key(ERROR.OPEN, OPEN_ERROR.BAD_BGP_IDENTIFIER),
    ({ address }) => `${address} and this node have one router ID: give one of them another (CALICO_ROUTER_ID)`,
  ],
  [
    key(ERROR.OPEN, OPEN_ERROR.UNSUPPORTED_CAPABILITY),
    ({ address, families }) => `${address} has to carry ${familyText(families)} on this session: switch it on there`,
  ],
  [
    key(ERROR.MESSAGE_HEADER),
    ({ address, port }) => `what answers at ${address} on ${port} does not speak BGP, or the stream was damaged`,
  ],
  [
    key(ERROR.UPDATE),
    ({ address }) => `${address} has sent what no router can read: its maker needs the message (caracal events)`,
  ],
  [
    key(ERROR.HOLD_TIMER_EXPIRED),
    ({ address }) =>
      `${address} fell silent: its router stands still, or the way to it is cut or drops long packets (MTU)`,
  ],
  [
    key(ERROR.SEND_HOLD_TIMER_EXPIRED),
    ({ address }) => `${address} does not read what it is sent: its router is overloaded or stands still`,
  ],
]);

function key(code: number, subcode?: number): string {
  return subcode === undefined ? `${code}` : `${code}/${subcode}`;
}

/** @param stage how far the connection had come when it ended */
export function advise(reason: DownReason, peer: PeerIntent, stage: Stage): string | undefined {
  switch (reason.type) {
    case 'notificationReceived': {
      const { code, subcode, data } = reason.message;
      return (RECEIVED.get(key(code, subcode)) ?? RECEIVED.get(key(code)))?.(peer, data);
    }
    case 'notificationSent': {
      const { code, subcode, data } = reason.fault;
      return (SENT.get(key(code, subcode)) ?? SENT.get(key(code)))?.(peer, data);
    }
    case 'connectionLost':
      return LOST[stage]?.(peer);
    case 'stopped':
      return undefined;
  }
}

/** After a connection that was lost, or never came up, by how far it was. */
const LOST: { readonly [S in Stage]?: LossAdvice } = {
  Connect: unanswered,
  OpenSent: closedAtOnce,
  Established: ({ address }) =>
    `${address} said nothing about it: its process ended or was restarted, or something on the way broke the connection`,
};

function unanswered({ address, port, password }: PeerIntent): string {
  const look = `whether the router of ${address} runs and listens on ${port}, and whether a firewall stands between`;
  if (password === undefined) return `look ${look}`;
  return `a wrong password looks like this too: compare it at both ends, then look ${look}`;
}

/** Several implementations send the AS that they refuse; another one is what they want. */
function refusedAs(peer: PeerIntent, data: Uint8Array): string {
  const { address, port, localAs } = peer;
  const told = asNumber(data);
  const wanted = told === undefined || told === localAs || told === AS_TRANS ? undefined : told;
  const expects = wanted === undefined ? 'it expects another one' : `it expects ${wanted}`;
  return `${address} answers on ${port} but refuses our AS ${localAs}: ${expects}; change it there, or ours${by(peer)}`;
}

function otherAs(peer: PeerIntent, data: Uint8Array): string {
  const { address, remoteAs } = peer;
  const told = asNumber(data) ?? 'another one';
  return `${address} is AS ${told}, but AS ${remoteAs} is expected${by(peer)}: change it here or there`;
}

function asNumber(data: Uint8Array): number | undefined {
  if (data.length !== 2 && data.length !== 4) return undefined;
  return data.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** Most routers do so with somebody who is none of their neighbours. */
function closedAtOnce(peer: PeerIntent): string {
  return `${peer.address} accepts connections on ${peer.port} and closes them without a word: most likely it has no neighbour ${us(peer)}, or has disabled it`;
}

function unreadable({ address }: PeerIntent): string {
  return `${address} cannot read what we sent: please report it, with the file that caracal bundle writes`;
}

function comesBack(): string {
  return 'nothing to be done: the session comes back by itself';
}

function us({ localAddress, localAs }: PeerIntent): string {
  return localAddress === undefined
    ? `of AS ${localAs} with the address of this host`
    : `${localAddress} of AS ${localAs}`;
}

/** Which resources say so. */
function by({ origin }: PeerIntent): string {
  return origin.length === 0 ? '' : ` (${origin.join(', ')})`;
}

function familyText(families: PeerIntent['families']): string {
  return families.map((family) => (family === 'ipv4' ? 'IPv4' : 'IPv6')).join(' and ');
}

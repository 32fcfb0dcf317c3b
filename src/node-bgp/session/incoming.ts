// What a received message is to the state machine: its event, read only as far as the state has a use for it. Pure.
// Not here: UPDATEs in Established, which the peer reads in its loop.

import type { EventType, FsmEvent, FsmState } from '../fsm/states.ts';
import { expects } from '../fsm/transitions.ts';
import {
  type Decoded,
  decodeKeepalive,
  decodeNotification,
  decodeOpen,
  decodeRouteRefresh,
  describeNotification,
  type Frame,
  MESSAGE_TYPE,
} from '../wire/index.ts';
import { negotiate } from './negotiate.ts';
import type { PeerConfig } from './types.ts';

type Read = (body: Uint8Array, config: PeerConfig) => FsmEvent;

/** A row a message type: the event it is where all is well, and how it is read. */
const READERS: ReadonlyMap<number, readonly [EventType, Read]> = new Map<number, readonly [EventType, Read]>([
  [MESSAGE_TYPE.OPEN, ['OpenReceived', readOpen]],
  [MESSAGE_TYPE.NOTIFICATION, ['NotificationReceived', readNotification]],
  [MESSAGE_TYPE.KEEPALIVE, ['KeepaliveReceived', readKeepalive]],
  [MESSAGE_TYPE.ROUTE_REFRESH, ['RouteRefreshReceived', readRouteRefresh]],
]);

export function eventOf(fsm: FsmState, frame: Frame, config: PeerConfig): FsmEvent {
  if ('fault' in frame) return { type: 'MessageFault', fault: frame.fault };
  const reader = READERS.get(frame.type);
  if (reader === undefined) return { type: 'UnexpectedMessage', messageType: frame.type };
  const [event, read] = reader;
  return expects(fsm, event) ? read(frame.body, config) : { type: 'UnexpectedMessage', messageType: frame.type };
}

function faultOr<T>(decoded: Decoded<T>, event: (value: T) => FsmEvent): FsmEvent {
  return decoded.ok ? event(decoded.value) : { type: 'MessageFault', fault: decoded.fault };
}

function readOpen(body: Uint8Array, config: PeerConfig): FsmEvent {
  return faultOr(decodeOpen(body), (open) =>
    faultOr(negotiate(config, open), (negotiated) => ({ type: 'OpenReceived', negotiated })),
  );
}

function readKeepalive(body: Uint8Array): FsmEvent {
  return faultOr(decodeKeepalive(body), () => ({ type: 'KeepaliveReceived' }));
}

function readRouteRefresh(body: Uint8Array): FsmEvent {
  return faultOr(decodeRouteRefresh(body), (message) => ({ type: 'RouteRefreshReceived', message }));
}

/** An error in a NOTIFICATION is not answered (RFC 4271 6.4); the connection is over all the same. */
function readNotification(body: Uint8Array): FsmEvent {
  const decoded = decodeNotification(body);
  if (decoded.ok) {
    const { code, subcode, data } = decoded.value;
    return { type: 'NotificationReceived', message: decoded.value, text: describeNotification(code, subcode, data) };
  }
  const message = { type: 'notification', code: 0, subcode: 0, data: body.slice() } as const;
  return { type: 'NotificationReceived', message, text: decoded.fault.text };
}

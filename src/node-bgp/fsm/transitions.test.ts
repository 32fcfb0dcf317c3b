import { describe, expect, it } from 'vitest';
import { peerConfig } from '../session/config.ts';
import { updateContext } from '../session/negotiate.ts';
import type { Negotiated, PeerConfig, PeerState } from '../session/types.ts';
import { CEASE, ERROR, Framer, fault, HEADER_LENGTH, MESSAGE_TYPE, prefixLimitData } from '../wire/index.ts';
import type { Action, Connection, EventType, FsmEvent, FsmState, Step } from './states.ts';
import { expects, step, TRANSITIONS } from './transitions.ts';

const connection: Connection = { id: 1, direction: 'outgoing', openedAt: 0, framer: new Framer(4096) };

const negotiated: Negotiated = {
  peerType: 'ibgp',
  remoteAs: 64512,
  remoteIdentifier: 2,
  holdTime: 90,
  keepaliveTime: 30,
  families: ['ipv4'],
  fourOctetAs: true,
  routeRefresh: true,
  enhancedRouteRefresh: false,
  maxMessageLength: 4096,
  addPath: { send: [], receive: [] },
  extendedNextHop: false,
  remoteCapabilities: [],
};

const config = peerConfig({ localAs: 64512, remoteAs: 64512, bgpIdentifier: 1, extendedMessage: false });

const STATE: { readonly [S in PeerState]: Extract<FsmState, { state: S }> } = {
  Idle: { state: 'Idle' },
  Connect: { state: 'Connect', connection: 1 },
  Active: { state: 'Active' },
  OpenSent: { state: 'OpenSent', connection },
  OpenConfirm: { state: 'OpenConfirm', connection, negotiated },
  Established: { state: 'Established', connection, negotiated, context: updateContext(negotiated), since: 0 },
};

const EVENT: { readonly [E in EventType]: Extract<FsmEvent, { type: E }> } = {
  Start: { type: 'Start' },
  AutomaticStart: { type: 'AutomaticStart', delay: 5 },
  Stop: { type: 'Stop', subcode: CEASE.ADMINISTRATIVE_SHUTDOWN, text: '', silent: false },
  AutomaticStop: { type: 'AutomaticStop', subcode: CEASE.BFD_DOWN, text: 'nothing heard' },
  ConnectRetryTimerExpires: { type: 'ConnectRetryTimerExpires' },
  HoldTimerExpires: { type: 'HoldTimerExpires' },
  KeepaliveTimerExpires: { type: 'KeepaliveTimerExpires' },
  IdleHoldTimerExpires: { type: 'IdleHoldTimerExpires' },
  TcpConnectionUp: { type: 'TcpConnectionUp', connection: { ...connection, id: 2 } },
  TcpConnectionFails: { type: 'TcpConnectionFails', reason: 'reset' },
  OpenReceived: { type: 'OpenReceived', negotiated },
  MessageFault: { type: 'MessageFault', fault: fault(ERROR.UPDATE, 1) },
  OpenCollisionDump: { type: 'OpenCollisionDump' },
  NotificationReceived: {
    type: 'NotificationReceived',
    message: { type: 'notification', code: ERROR.CEASE, subcode: CEASE.ADMINISTRATIVE_RESET, data: new Uint8Array() },
    text: 'Cease',
  },
  KeepaliveReceived: { type: 'KeepaliveReceived' },
  UpdateReceived: { type: 'UpdateReceived' },
  RouteRefreshReceived: {
    type: 'RouteRefreshReceived',
    message: { type: 'routeRefresh', afi: 1, safi: 1, subtype: 0 },
  },
  UnexpectedMessage: { type: 'UnexpectedMessage', messageType: MESSAGE_TYPE.UPDATE },
  SendHoldTimerExpires: { type: 'SendHoldTimerExpires' },
  SendProgress: { type: 'SendProgress', waiting: 100 },
  Superseded: { type: 'Superseded' },
  Abandoned: { type: 'Abandoned' },
  Reconfigured: { type: 'Reconfigured', before: config },
};

const MESSAGE_NAME = new Map(Object.entries(MESSAGE_TYPE).map(([name, number]) => [number as number, name]));

function words(action: Action): string {
  switch (action.type) {
    case 'arm':
      return action.seconds === 0 ? `disarm ${action.timer}` : `arm ${action.timer} ${action.seconds}`;
    case 'send': {
      const type = action.bytes[HEADER_LENGTH - 1]!;
      return type === MESSAGE_TYPE.NOTIFICATION
        ? `notify ${action.bytes.slice(HEADER_LENGTH).join('/')}`
        : `send ${MESSAGE_NAME.get(type)}`;
    }
    case 'connect':
    case 'close':
      return `${action.type} ${action.connection}`;
    case 'allow':
      return `allow ${action.maxLength}`;
    default:
      return action.type;
  }
}

function told({ next, actions, end }: Step): string {
  const ended = end === undefined ? '' : ` | ${end.reason.type}, ${end.restart}`;
  return `${[next.state, ...actions.map(words)].join(', ')}${ended}`;
}

const take = (state: PeerState, event: EventType, changes: Partial<PeerConfig> = {}): string =>
  told(step(STATE[state], EVENT[event], { config: { ...config, ...changes }, now: 0, nextConnection: () => 7 }));

/** Everything that is not here stays where it is and does nothing. */
const EXPECTED: { readonly [S in PeerState]: { readonly [E in EventType]?: string } } = {
  Idle: {
    Start: 'Connect, disarmAll, arm connectRetry 5, connect 7',
    AutomaticStart: 'Active, disarmAll, arm connectRetry 5',
    IdleHoldTimerExpires: 'Connect, disarmAll, arm connectRetry 5, connect 7',
    Stop: 'Idle, disarmAll',
    TcpConnectionUp: 'Idle, close 2',
  },
  Connect: {
    Stop: 'Idle, disarmAll, close 1 | stopped, never',
    ConnectRetryTimerExpires: 'Connect, close 1, disarmAll, arm connectRetry 5, connect 7 | connectionLost, promptly',
    TcpConnectionUp: 'OpenSent, disarmAll, send OPEN, arm hold 240',
    TcpConnectionFails: 'Active, disarmAll, arm connectRetry 5 | connectionLost, promptly',
    OpenCollisionDump: 'Idle, disarmAll, close 1 | connectionLost, promptly',
    Abandoned: 'Idle, disarmAll, close 1',
  },
  Active: {
    Stop: 'Idle, disarmAll',
    ConnectRetryTimerExpires: 'Connect, disarmAll, arm connectRetry 5, connect 7',
    TcpConnectionUp: 'OpenSent, disarmAll, send OPEN, arm hold 240',
  },
  OpenSent: {
    Stop: 'Idle, disarmAll, notify 6/2, close 1 | stopped, never',
    AutomaticStop: 'Idle, disarmAll, notify 6/10, close 1 | notificationSent, damped',
    HoldTimerExpires: 'Idle, disarmAll, notify 4/0, close 1 | notificationSent, damped',
    TcpConnectionFails: 'Active, disarmAll, arm connectRetry 5 | connectionLost, promptly',
    OpenReceived: 'OpenConfirm, send KEEPALIVE, arm hold 90, arm keepalive 30',
    MessageFault: 'Idle, disarmAll, notify 3/1, close 1 | notificationSent, damped',
    OpenCollisionDump: 'Idle, disarmAll, notify 6/7, close 1 | notificationSent, promptly',
    NotificationReceived: 'Idle, disarmAll, close 1 | notificationReceived, promptly',
    UnexpectedMessage: 'Idle, disarmAll, notify 5/1/2, close 1 | notificationSent, damped',
    Superseded: 'Idle, disarmAll, close 1 | connectionLost, promptly',
  },
  OpenConfirm: {
    Stop: 'Idle, disarmAll, notify 6/2, close 1 | stopped, never',
    AutomaticStop: 'Idle, disarmAll, notify 6/10, close 1 | notificationSent, damped',
    HoldTimerExpires: 'Idle, disarmAll, notify 4/0, close 1 | notificationSent, damped',
    KeepaliveTimerExpires: 'OpenConfirm, send KEEPALIVE, arm keepalive 30',
    TcpConnectionFails: 'Idle, disarmAll | connectionLost, promptly',
    MessageFault: 'Idle, disarmAll, notify 3/1, close 1 | notificationSent, damped',
    OpenCollisionDump: 'Idle, disarmAll, notify 6/7, close 1 | notificationSent, promptly',
    NotificationReceived: 'Idle, disarmAll, close 1 | notificationReceived, promptly',
    KeepaliveReceived: 'Established, arm hold 90, established',
    UnexpectedMessage: 'Idle, disarmAll, notify 5/2/2, close 1 | notificationSent, damped',
    Superseded: 'Idle, disarmAll, close 1 | connectionLost, promptly',
  },
  Established: {
    Stop: 'Idle, disarmAll, notify 6/2, close 1 | stopped, never',
    AutomaticStop: 'Idle, disarmAll, notify 6/10, close 1 | notificationSent, damped',
    HoldTimerExpires: 'Idle, disarmAll, notify 4/0, close 1 | notificationSent, damped',
    KeepaliveTimerExpires: 'Established, send KEEPALIVE, arm keepalive 30',
    TcpConnectionFails: 'Idle, disarmAll | connectionLost, promptly',
    MessageFault: 'Idle, disarmAll, notify 3/1, close 1 | notificationSent, damped',
    OpenCollisionDump: 'Idle, disarmAll, notify 6/7, close 1 | notificationSent, promptly',
    NotificationReceived: 'Idle, disarmAll, close 1 | notificationReceived, promptly',
    KeepaliveReceived: 'Established, arm hold 90',
    UpdateReceived: 'Established, arm hold 90',
    RouteRefreshReceived: 'Established, arm hold 90, routeRefresh',
    UnexpectedMessage: 'Idle, disarmAll, notify 5/3/2, close 1 | notificationSent, damped',
    SendProgress: 'Established, arm sendHold 480',
    SendHoldTimerExpires: 'Idle, disarmAll, notify 8/0, close 1 | notificationSent, damped',
    Superseded: 'Idle, disarmAll, close 1 | connectionLost, promptly',
  },
};

describe.each(Object.keys(STATE) as PeerState[])('in %s', (state) => {
  it.each(Object.keys(EVENT) as EventType[])('%s', (event) => {
    expect(take(state, event)).toBe(EXPECTED[state][event] ?? state);
  });
});

it('has no arrow that the table above does not expect', () => {
  const quiet = new Set(['Reconfigured']);
  for (const state of Object.keys(TRANSITIONS) as PeerState[]) {
    for (const event of Object.keys(TRANSITIONS[state]) as EventType[]) {
      expect(quiet.has(event) || event in EXPECTED[state], `${state} x ${event}`).toBe(true);
    }
  }
});

describe('by configuration', () => {
  it.each([
    ['Idle', 'Start', { passive: true }, 'Active, disarmAll, disarm connectRetry'],
    ['Idle', 'Start', { connectDelayTime: 2 }, 'Active, disarmAll, arm connectRetry 2'],
    ['Idle', 'AutomaticStart', { passive: true }, 'Active, disarmAll, disarm connectRetry'],
    ['Idle', 'IdleHoldTimerExpires', { passive: true }, 'Active, disarmAll, disarm connectRetry'],
    [
      'Connect',
      'TcpConnectionFails',
      { connectRetryTime: 0 },
      'Active, disarmAll, arm connectRetry 1 | connectionLost, promptly',
    ],
    ['Active', 'Reconfigured', { passive: true }, 'Active, disarmAll, disarm connectRetry'],
    [
      'Connect',
      'Reconfigured',
      { passive: true },
      'Active, close 1, disarmAll, disarm connectRetry | connectionLost, promptly',
    ],
    ['OpenConfirm', 'Reconfigured', { keepaliveTime: 10 }, 'OpenConfirm, arm keepalive 10'],
    ['Established', 'Reconfigured', { keepaliveTime: 10 }, 'Established, arm keepalive 10'],
    [
      'OpenSent',
      'OpenReceived',
      { extendedMessage: true },
      'OpenConfirm, allow 65535, send KEEPALIVE, arm hold 90, arm keepalive 30',
    ],
    ['Established', 'RouteRefreshReceived', { routeRefresh: false }, 'Established, arm hold 90'],
    ['Established', 'RouteRefreshReceived', { families: ['ipv6'] }, 'Established, arm hold 90'],
    ['Established', 'SendProgress', { sendHoldTime: 0 }, 'Established, disarm sendHold'],
    ['Established', 'SendProgress', { sendHoldTime: 60 }, 'Established, arm sendHold 60'],
  ] as const)('in %s, %s with %o', (state, event, changes, expected) => {
    expect(take(state, event, changes as Partial<PeerConfig>)).toBe(expected);
  });
});

describe('hold time 0 (RFC 4271 4.2)', () => {
  const silent: Negotiated = { ...negotiated, holdTime: 0, keepaliveTime: 0 };
  const env = { config, now: 0, nextConnection: () => 7 };

  it.each([
    [
      STATE.OpenSent,
      { type: 'OpenReceived', negotiated: silent },
      'OpenConfirm, send KEEPALIVE, disarm hold, disarm keepalive',
    ],
    [{ ...STATE.OpenConfirm, negotiated: silent }, EVENT.KeepaliveReceived, 'Established, disarm hold, established'],
    [{ ...STATE.Established, negotiated: silent }, EVENT.KeepaliveReceived, 'Established, disarm hold'],
    [{ ...STATE.Established, negotiated: silent }, EVENT.UpdateReceived, 'Established, disarm hold'],
    [{ ...STATE.Established, negotiated: silent }, EVENT.SendProgress, 'Established, disarm sendHold'],
  ] as const)('switches the timers off, and never expires them at once: %#', (state, event, expected) => {
    expect(told(step(state, event, env))).toBe(expected);
  });
});

describe('the end of a session', () => {
  const stop = (subcode: number, text: string, silent = false) =>
    step(STATE.Established, { type: 'Stop', subcode, text, silent }, { config, now: 0, nextConnection: () => 7 });
  const sent = ({ actions }: Step) =>
    actions.flatMap((action) => (action.type === 'send' ? [[...action.bytes.slice(HEADER_LENGTH)]] : []));

  it.each([
    ['a text with a shutdown (RFC 9003)', CEASE.ADMINISTRATIVE_SHUTDOWN, 'bye', [[6, 2, 3, 98, 121, 101]]],
    ['a text with a reset', CEASE.ADMINISTRATIVE_RESET, 'bye', [[6, 4, 3, 98, 121, 101]]],
    ['no text where the RFC has no place for it', CEASE.OTHER_CONFIGURATION_CHANGE, 'bye', [[6, 6]]],
    ['no text where there is none', CEASE.ADMINISTRATIVE_SHUTDOWN, '', [[6, 2]]],
  ])('carries %s', (_, subcode, text, expected) => {
    expect(sent(stop(subcode, text))).toEqual(expected);
  });

  it('carries the data of its subcode (RFC 4486 4)', () => {
    const data = prefixLimitData('ipv6', 258);
    const event = { type: 'Stop', subcode: 1, text: 'too many', silent: false, data } as const;
    expect(sent(step(STATE.Established, event, { config, now: 0, nextConnection: () => 7 }))).toEqual([
      [6, 1, 0, 2, 1, 0, 0, 1, 2],
    ]);
  });

  it.each([
    ['a shutdown', CEASE.ADMINISTRATIVE_SHUTDOWN, 'bye', [[6, 9, 6, 2, 3, 98, 121, 101]]],
    ['a peer that is no peer any more', CEASE.PEER_DE_CONFIGURED, '', [[6, 9, 6, 3]]],
    ['a path that is dead', CEASE.BFD_DOWN, '', [[6, 9, 6, 10]]],
    ['too many prefixes', CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED, '', [[6, 9, 6, 1]]],
    ['a reset, which is to be survived', CEASE.ADMINISTRATIVE_RESET, 'bye', [[6, 4, 3, 98, 121, 101]]],
    ['a changed configuration, which is to be survived', CEASE.OTHER_CONFIGURATION_CHANGE, '', [[6, 6]]],
  ])(
    'is a Hard Reset only where both sides have the N bit and it is to last (RFC 8538 5.1): %s',
    (_, subcode, text, expected) => {
      const gracefulRestart = { restartTime: 120, restarted: false, notification: true, families: [] };
      const state = { ...STATE.Established, negotiated: { ...negotiated, gracefulRestart } };
      const event = { type: 'Stop', subcode, text, silent: false } as const;
      expect(sent(step(state, event, { config, now: 0, nextConnection: () => 7 }))).toEqual(expected);
    },
  );

  it('says nothing when it is to be silent', () => {
    expect(told(stop(CEASE.ADMINISTRATIVE_SHUTDOWN, 'bye', true))).toBe('Idle, disarmAll, close 1 | stopped, never');
  });

  it('is damped after an error of the peer, not after a Cease', () => {
    const received = (code: number) =>
      step(
        STATE.Established,
        {
          type: 'NotificationReceived',
          message: { type: 'notification', code, subcode: 0, data: new Uint8Array() },
          text: '',
        },
        { config, now: 0, nextConnection: () => 7 },
      ).end?.restart;
    expect([received(ERROR.CEASE), received(ERROR.UPDATE), received(ERROR.OPEN)]).toEqual([
      'promptly',
      'damped',
      'damped',
    ]);
  });
});

describe('an unexpected message (RFC 6608)', () => {
  it.each([
    ['OpenSent', 1],
    ['OpenConfirm', 2],
    ['Established', 3],
  ] as const)('in %s has subcode %i and the type of the message as its one octet of data', (state, subcode) => {
    for (const type of Object.values(MESSAGE_TYPE)) {
      const { end } = step(
        STATE[state],
        { type: 'UnexpectedMessage', messageType: type },
        { config, now: 0, nextConnection: () => 7 },
      );
      expect(end?.reason).toMatchObject({ fault: { code: 5, subcode, data: Uint8Array.of(type) } });
    }
  });

  it('is what every state makes of a message for which it has no row', () => {
    const messages = ['OpenReceived', 'KeepaliveReceived', 'UpdateReceived', 'RouteRefreshReceived'] as const;
    const expected = Object.fromEntries(
      (Object.keys(STATE) as PeerState[]).map((state) => [
        state,
        messages.filter((event) => expects(STATE[state], event)),
      ]),
    );
    expect(expected).toEqual({
      Idle: [],
      Connect: [],
      Active: [],
      OpenSent: ['OpenReceived'],
      OpenConfirm: ['KeepaliveReceived'],
      Established: ['KeepaliveReceived', 'UpdateReceived', 'RouteRefreshReceived'],
    });
  });
});

// The arrows of the state machine of RFC 4271 section 8, one row each: state x event -> next state and actions. Effects
// belong to arrows, never to states. A row that is missing is decided in one place, `missingRow`. Pure: the peer carries
// the actions out (session/peer.ts). Not here: which of two connections survives (session/collision.ts).

import { keepaliveTimeFor, openFor, updateContext } from '../session/negotiate.ts';
import type { ConnectionId, DialFailure, PeerState } from '../session/types.ts';
import {
  CEASE,
  ERROR,
  encodeNotification,
  encodeOpen,
  FSM_ERROR,
  familyOfAfi,
  fault,
  KEEPALIVE,
  MAX_EXTENDED_MESSAGE_LENGTH,
  shutdownData,
  UNSPECIFIC,
} from '../wire/index.ts';
import type { ProtocolFault } from '../wire/types.ts';
import type {
  Action,
  ConnectedState,
  Connection,
  Env,
  EventOf,
  EventType,
  FsmEvent,
  FsmState,
  Restart,
  StateOf,
  Step,
  TimerName,
} from './states.ts';

/** RFC 4271 8.2.2: the HoldTimer in OpenSent has a large value; 4 minutes are suggested. */
const LARGE_HOLD_TIME = 240;

type Arrow<S extends PeerState, E extends EventType> = (s: StateOf<S>, e: EventOf<E>, env: Env) => Step;
type Table = { readonly [S in PeerState]: { readonly [E in EventType]?: Arrow<S, E> } };

const IDLE: FsmState = { state: 'Idle' };
const DISARM_ALL: Action = { type: 'disarmAll' };

const arm = (timer: TimerName, seconds: number): Action => ({ type: 'arm', timer, seconds });
const close = (connection: ConnectionId): Action => ({ type: 'close', connection });
const send = (s: ConnectedState, bytes: Uint8Array): Action => ({ type: 'send', connection: s.connection.id, bytes });
const allow = (s: ConnectedState, maxLength: number): Action => ({
  type: 'allow',
  framer: s.connection.framer,
  maxLength,
});
const stay = (next: FsmState, ...actions: Action[]): Step => ({ next, actions });

/** At least a second: a refused connection must not be tried in a loop, whatever was configured. */
const connectRetryTime = (env: Env): number => Math.max(1, env.config.connectRetryTime);

function dial(env: Env): Step {
  const connection = env.nextConnection();
  return stay({ state: 'Connect', connection }, DISARM_ALL, arm('connectRetry', connectRetryTime(env)), {
    type: 'connect',
    connection,
  });
}

/** To Active: wait for the peer to dial, and for the ConnectRetryTimer unless the peer is passive. */
function listen(env: Env, seconds: number): Step {
  return stay({ state: 'Active' }, DISARM_ALL, arm('connectRetry', env.config.passive ? 0 : Math.max(1, seconds)));
}

function open(connection: Connection, env: Env): Step {
  const next: StateOf<'OpenSent'> = { state: 'OpenSent', connection };
  return stay(next, DISARM_ALL, send(next, encodeOpen(openFor(env.config))), arm('hold', LARGE_HOLD_TIME));
}

/** Ends the connection with a NOTIFICATION of ours. */
function refuse(s: ConnectedState, because: ProtocolFault, restart: Restart = 'damped'): Step {
  return {
    ...stay(IDLE, DISARM_ALL, send(s, encodeNotification(because)), close(s.connection.id)),
    end: { reason: { type: 'notificationSent', fault: because }, restart },
  };
}

/** Ends that are meant to last (RFC 8538 5.1): whoever would keep routes over a Cease is told not to. */
const LASTING: ReadonlySet<number> = new Set([
  CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED,
  CEASE.ADMINISTRATIVE_SHUTDOWN,
  CEASE.PEER_DE_CONFIGURED,
  CEASE.BFD_DOWN, // RFC 9384 3
]);

/** The Cease of a stop, with a text where RFC 9003 has a place for it; inside a Hard Reset where the N bit asks for that. */
function ceaseFault(s: ConnectedState, cease: Omit<EventOf<'Stop'>, 'type' | 'silent'>): ProtocolFault {
  const { subcode, text, data } = cease;
  const carriesText = subcode === CEASE.ADMINISTRATIVE_SHUTDOWN || subcode === CEASE.ADMINISTRATIVE_RESET;
  const own = data ?? (carriesText ? shutdownData(text) : new Uint8Array());
  const isSurvived = s.state !== 'OpenSent' && s.negotiated.gracefulRestart?.notification === true;
  if (!isSurvived || !LASTING.has(subcode)) return fault(ERROR.CEASE, subcode, own, text);
  return fault(ERROR.CEASE, CEASE.HARD_RESET, Uint8Array.of(ERROR.CEASE, subcode, ...own), text); // RFC 8538 3.1
}

function stop(s: ConnectedState, e: EventOf<'Stop'>): Step {
  const cease = ceaseFault(s, e);
  if (e.data !== undefined) return refuse(s, cease, 'never');
  const farewell = e.silent ? [] : [send(s, encodeNotification(cease))];
  return {
    ...stay(IDLE, DISARM_ALL, ...farewell, close(s.connection.id)),
    end: { reason: { type: 'stopped', text: e.text }, restart: 'never' },
  };
}

function holdTimeOf(s: ConnectedState): number {
  return s.state === 'OpenSent' ? LARGE_HOLD_TIME : s.negotiated.holdTime;
}

/** The connection is gone already: there is nothing to close. */
function lose(next: Step, reason: string, failure?: DialFailure): Step {
  const lost = { type: 'connectionLost', text: reason, ...(failure === undefined ? {} : { failure }) } as const;
  return { ...next, end: { reason: lost, restart: 'promptly' } };
}

/** RFC 9687 3.1 (10 minutes or more are suggested with the usual hold times; never less than twice the hold time). */
function sendHoldTime(s: StateOf<'Established'>, env: Env): number {
  if (s.negotiated.holdTime === 0) return 0;
  return env.config.sendHoldTime ?? Math.max(480, 2 * s.negotiated.holdTime);
}

const hearAgain = (s: StateOf<'Established'>): Step => stay(s, arm('hold', s.negotiated.holdTime));

/** Rows of the three states that have a connection. */
const CONNECTED = {
  Stop: stop,
  AutomaticStop: (s, e) => refuse(s, ceaseFault(s, e)),
  HoldTimerExpires: (s) =>
    refuse(
      s,
      fault(ERROR.HOLD_TIMER_EXPIRED, UNSPECIFIC, new Uint8Array(), `nothing heard for ${holdTimeOf(s)} seconds`),
    ),
  MessageFault: (s, e) => refuse(s, e.fault),
  OpenCollisionDump: (s) =>
    refuse(
      s,
      fault(
        ERROR.CEASE,
        CEASE.CONNECTION_COLLISION_RESOLUTION,
        new Uint8Array(),
        'another connection of the peer goes on',
      ),
      'promptly',
    ),
  // Never answered, in any state. RFC 4271 8.2.2 would have an FSM error sent for event 25 in OpenSent; 6.4 forbids it.
  NotificationReceived: (s, e) => ({
    ...stay(IDLE, DISARM_ALL, close(s.connection.id)),
    end: {
      reason: { type: 'notificationReceived', message: e.message, text: e.text },
      restart: e.message.code === ERROR.CEASE ? 'promptly' : 'damped',
    },
  }),
  Superseded: (s) =>
    lose(stay(IDLE, DISARM_ALL, close(s.connection.id)), 'the peer has opened a new connection in place of this one'),
} satisfies { readonly [E in EventType]?: (s: ConnectedState, e: EventOf<E>, env: Env) => Step };

export const TRANSITIONS = {
  Idle: {
    Start: (_, __, env) =>
      env.config.passive || env.config.connectDelayTime > 0 ? listen(env, env.config.connectDelayTime) : dial(env),
    AutomaticStart: (_, e, env) => listen(env, e.delay),
    IdleHoldTimerExpires: (_, __, env) => (env.config.passive ? listen(env, 0) : dial(env)),
    // Ends the wait for an automatic start.
    Stop: () => stay(IDLE, DISARM_ALL),
    // RFC 4271 8.2.2: in Idle all incoming connections are refused.
    TcpConnectionUp: (s, e) => stay(s, close(e.connection.id)),
  },

  Connect: {
    Stop: (s, e) => ({
      ...stay(IDLE, DISARM_ALL, close(s.connection)),
      end: { reason: { type: 'stopped', text: e.text }, restart: 'never' },
    }),
    ConnectRetryTimerExpires: (s, _, env) => {
      const again = dial(env);
      return lose(
        { ...again, actions: [close(s.connection), ...again.actions] },
        'no answer to the attempt to connect',
        'unanswered',
      );
    },
    TcpConnectionUp: (_, e, env) => open(e.connection, env),
    // The arrow that the RFC draws for a running DelayOpenTimer, for all: Active goes on to accept while it waits, Idle
    // would refuse the peer that comes up just then.
    TcpConnectionFails: (_, e, env) => lose(listen(env, connectRetryTime(env)), e.reason, e.failure),
    OpenCollisionDump: (s) =>
      lose(stay(IDLE, DISARM_ALL, close(s.connection)), 'another connection of the peer goes on'),
    Abandoned: (s) => stay(IDLE, DISARM_ALL, close(s.connection)),
    Reconfigured: (s, _, env) => {
      if (!env.config.passive) return stay(s);
      const waiting = listen(env, 0);
      return lose({ ...waiting, actions: [close(s.connection), ...waiting.actions] }, 'the peer is passive now');
    },
  },

  Active: {
    Stop: () => stay(IDLE, DISARM_ALL),
    ConnectRetryTimerExpires: (_, __, env) => dial(env),
    TcpConnectionUp: (_, e, env) => open(e.connection, env),
    // Only then: a ConnectRetryTimer that runs must not be put off by changes that do not concern it.
    Reconfigured: (s, e, env) =>
      e.before.passive === env.config.passive ? stay(s) : listen(env, connectRetryTime(env)),
  },

  OpenSent: {
    ...CONNECTED,
    TcpConnectionFails: (_, e, env) => lose(listen(env, connectRetryTime(env)), e.reason),
    OpenReceived: (s, { negotiated }, env) =>
      stay(
        { state: 'OpenConfirm', connection: s.connection, negotiated },
        // RFC 8654 4: what we offered may be used from here on; the OPEN itself stays short.
        ...(env.config.extendedMessage ? [allow(s, MAX_EXTENDED_MESSAGE_LENGTH)] : []),
        send(s, KEEPALIVE),
        arm('hold', negotiated.holdTime),
        arm('keepalive', negotiated.keepaliveTime),
      ),
  },

  OpenConfirm: {
    ...CONNECTED,
    TcpConnectionFails: (_, e) => lose(stay(IDLE, DISARM_ALL), e.reason),
    KeepaliveTimerExpires: (s) => stay(s, send(s, KEEPALIVE), arm('keepalive', s.negotiated.keepaliveTime)),
    KeepaliveReceived: ({ connection, negotiated }, _, env) =>
      stay(
        { state: 'Established', connection, negotiated, context: updateContext(negotiated), since: env.now },
        arm('hold', negotiated.holdTime),
        { type: 'established', connection: connection.id, negotiated },
      ),
    Reconfigured: (s, _, env) => changeKeepalive(s, env),
  },

  Established: {
    ...CONNECTED,
    TcpConnectionFails: (_, e) => lose(stay(IDLE, DISARM_ALL), e.reason),
    KeepaliveTimerExpires: (s) => stay(s, send(s, KEEPALIVE), arm('keepalive', s.negotiated.keepaliveTime)),
    KeepaliveReceived: hearAgain,
    UpdateReceived: hearAgain,
    // RFC 2918 4: a family that we did not offer is ignored.
    RouteRefreshReceived: (s, { message }, env) => {
      const family = familyOfAfi(message.afi, message.safi);
      const offered = env.config.routeRefresh && family !== undefined && env.config.families.includes(family);
      return stay(
        s,
        arm('hold', s.negotiated.holdTime),
        ...(offered ? [{ type: 'routeRefresh', message } as const] : []),
      );
    },
    SendProgress: (s, e, env) => stay(s, arm('sendHold', e.waiting > 0 ? sendHoldTime(s, env) : 0)),
    SendHoldTimerExpires: (s) =>
      refuse(
        s,
        fault(ERROR.SEND_HOLD_TIMER_EXPIRED, UNSPECIFIC, new Uint8Array(), 'the peer has not taken what was sent'),
      ),
    Reconfigured: (s, _, env) => changeKeepalive(s, env),
  },
} satisfies Table;

/** The interval of our own KEEPALIVEs is nobody else's business: it changes without a new session. */
function changeKeepalive(s: StateOf<'OpenConfirm' | 'Established'>, env: Env): Step {
  const keepaliveTime = keepaliveTimeFor(env.config, s.negotiated.holdTime);
  if (keepaliveTime === s.negotiated.keepaliveTime) return stay(s);
  return stay({ ...s, negotiated: { ...s.negotiated, keepaliveTime } }, arm('keepalive', keepaliveTime));
}

const UNEXPECTED_IN = {
  OpenSent: FSM_ERROR.UNEXPECTED_MESSAGE_IN_OPEN_SENT,
  OpenConfirm: FSM_ERROR.UNEXPECTED_MESSAGE_IN_OPEN_CONFIRM,
  Established: FSM_ERROR.UNEXPECTED_MESSAGE_IN_ESTABLISHED,
} satisfies Record<ConnectedState['state'], number>;

/**
 * What happens where the table has no row. A message is an error with the subcode of the state and the type of the
 * message as data (RFC 6608 3); anything else cannot concern this state (RFC 4271 8.2.2, Idle) and changes nothing.
 */
function missingRow(s: FsmState, e: FsmEvent): Step {
  if (e.type !== 'UnexpectedMessage') return stay(s);
  if (s.state === 'Idle' || s.state === 'Connect' || s.state === 'Active') return stay(s);
  const text = `message of type ${e.messageType} in ${s.state}`;
  return refuse(s, fault(ERROR.FINITE_STATE_MACHINE, UNEXPECTED_IN[s.state], Uint8Array.of(e.messageType), text));
}

/** Whether the state has a row for the event. */
export function expects(s: FsmState, event: EventType): boolean {
  return Object.hasOwn(TRANSITIONS[s.state], event);
}

export function step(s: FsmState, e: FsmEvent, env: Env): Step {
  const row: { readonly [E in EventType]?: unknown } = TRANSITIONS[s.state];
  // The table's type holds the pairing of state, event and arrow; indexing by two unions loses it.
  const arrow = row[e.type] as ((s: FsmState, e: FsmEvent, env: Env) => Step) | undefined;
  return arrow === undefined ? missingRow(s, e) : arrow(s, e, env);
}

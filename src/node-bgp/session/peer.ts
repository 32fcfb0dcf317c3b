// One peer: the state machine of RFC 4271 section 8 turned by inputs, with up to two connections while a collision is
// settled. Pure: time is an argument, effects are outputs. Responsible for what ends mean (restart, damping, `down`) and
// for reading messages in order. Not here: the arrows (fsm), routes, sockets, and the UPDATEs we send.

import { addError, idleHoldTime, UNDAMPED } from '../fsm/damping.ts';
import type { Connection, End, EventType, FsmEvent, FsmState, Restart, TimerName } from '../fsm/states.ts';
import {
  decodeUpdate,
  type Frame,
  Framer,
  HEADER_LENGTH,
  MAX_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  messageOf,
} from '../wire/index.ts';
import { type Existing, resolveCollision } from './collision.ts';
import { eventOf } from './incoming.ts';
import { hasConnection, Machine, RANK } from './machine.ts';
import { countMessage, type MessageCounters, noMessages } from './statistics.ts';
import type {
  ConnectionId,
  Negotiated,
  PeerConfig,
  PeerDependencies,
  PeerInput,
  PeerOutput,
  PeerState,
} from './types.ts';

const TIMER_EVENT = {
  connectRetry: 'ConnectRetryTimerExpires',
  hold: 'HoldTimerExpires',
  keepalive: 'KeepaliveTimerExpires',
  idleHold: 'IdleHoldTimerExpires',
  sendHold: 'SendHoldTimerExpires',
} as const satisfies Record<TimerName, EventType>;

export class Peer {
  #config: PeerConfig;
  readonly #dependencies: PeerDependencies;
  #main: Machine;
  /** A connection beside the main one, until their collision is settled. An Established one is always the main one. */
  #second: Machine | undefined;
  #damping = UNDAMPED;
  #visible: PeerState = 'Idle';
  readonly #messages = { in: noMessages(), out: noMessages() };
  /** Of the call of `handle` that is going on. */
  #outputs: PeerOutput[] = [];
  #now = 0;
  /** What is being read; UPDATEs only where something is wrong with them. */
  #reading: Frame | undefined;

  constructor(config: PeerConfig, dependencies: PeerDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    this.#main = new Machine('Idle', dependencies.random);
  }

  get config(): PeerConfig {
    return this.#config;
  }

  /** The most advanced state of the peer's connections. */
  get state(): PeerState {
    return this.#foremost().fsm.state;
  }

  /** What both OPENs meant, from OpenConfirm on. */
  get negotiated(): Negotiated | undefined {
    const { fsm } = this.#foremost();
    return 'negotiated' in fsm ? fsm.negotiated : undefined;
  }

  /** Messages by type since the peer was made. UPDATEs that others write to the connection are not counted. */
  get statistics(): { readonly in: MessageCounters; readonly out: MessageCounters } {
    return this.#messages;
  }

  /** Connections, and attempts at one, that were neither closed nor reported as `disconnected`. */
  get connections(): ConnectionId[] {
    return this.#machines().flatMap(({ connection }) => connection ?? []);
  }

  /** Running timers of the most advanced connection: milliseconds at which each expires. */
  get timers(): ReadonlyMap<TimerName, number> {
    return this.#foremost().timers.all;
  }

  /** Milliseconds at which `tick` is wanted; undefined where no timer runs. */
  nextDeadline(): number | undefined {
    const main = this.#main.timers.next();
    const second = this.#second?.timers.next();
    return main === undefined || second === undefined ? (main ?? second) : Math.min(main, second);
  }

  /**
   * Takes what happened and gives what is to be done, in order. Messages inside outputs are views: they are valid until
   * the outputs have been handled, and not after the next call.
   *
   * A `close` ends a connection; after `disconnected` none follows. Inputs for a connection that is not the peer's
   * (any more) are ignored.
   *
   * @param now milliseconds, never going back
   */
  handle(input: PeerInput, now: number): PeerOutput[] {
    this.#outputs = [];
    this.#now = now;
    this.#reading = undefined;
    this.#take(input);
    return this.#outputs;
  }

  #take(input: PeerInput): void {
    switch (input.type) {
      case 'bytes':
        this.#read(this.#machineOf(input.connection), input.chunk);
        break;
      case 'sendProgress':
        this.#applyTo(input.connection, { type: 'SendProgress', waiting: input.waiting });
        break;
      case 'tick':
        this.#tick();
        break;
      case 'connected':
        this.#connected(input.connection);
        break;
      case 'disconnected':
        this.#applyTo(input.connection, {
          type: 'TcpConnectionFails',
          reason: input.reason,
          ...(input.failure !== undefined && { failure: input.failure }),
        });
        break;
      case 'accepted':
        this.#accept(input.connection);
        break;
      case 'start':
        this.#start();
        break;
      case 'stop':
        this.#stop(input);
        break;
      case 'automaticStop':
        for (const machine of this.#machines().reverse()) {
          this.#apply(machine, { type: 'AutomaticStop', subcode: input.subcode, text: input.text });
        }
        break;
      case 'reconfigure':
        this.#reconfigure(input.config);
        break;
      default:
        assertNever(input);
    }
  }

  #start(): void {
    if (this.#main.fsm.state === 'Idle') this.#damping = UNDAMPED;
    this.#apply(this.#main, { type: 'Start' });
  }

  #stop({ subcode, text = '', silent = false, data }: Extract<PeerInput, { readonly type: 'stop' }>): void {
    const event: FsmEvent = { type: 'Stop', subcode, text, silent, data };
    if (this.#second !== undefined) this.#apply(this.#second, event);
    this.#apply(this.#main, event);
  }

  #reconfigure(config: PeerConfig): void {
    const before = this.#config;
    this.#config = config;
    for (const machine of this.#machines()) this.#apply(machine, { type: 'Reconfigured', before });
  }

  #tick(): void {
    for (const machine of this.#machines()) {
      for (;;) {
        const timer = machine.timers.takeExpired(this.#now);
        if (timer === undefined) break;
        this.#apply(machine, { type: TIMER_EVENT[timer] });
      }
    }
  }

  // ---- state machines ----------------------------------------------------------------------------------------------

  #machines(): Machine[] {
    return this.#second === undefined ? [this.#main] : [this.#main, this.#second];
  }

  #foremost(): Machine {
    const second = this.#second;
    return second !== undefined && RANK[second.fsm.state] > RANK[this.#main.fsm.state] ? second : this.#main;
  }

  #machineOf(connection: ConnectionId): Machine | undefined {
    if (this.#main.connection === connection) return this.#main;
    return this.#second?.connection === connection ? this.#second : undefined;
  }

  #applyTo(connection: ConnectionId, event: FsmEvent): void {
    const machine = this.#machineOf(connection);
    if (machine !== undefined) this.#apply(machine, event);
  }

  #apply(machine: Machine, event: FsmEvent): void {
    const from = machine.fsm.state;
    const { nextConnection } = this.#dependencies;
    const { actions, end } = machine.follow(event, { config: this.#config, now: this.#now, nextConnection });
    this.#tellState();
    const told = this.#outputs.length;
    machine.perform(actions, this.#now, this.#outputs);
    this.#countSent(told);
    if (machine.fsm.state === 'Established') this.#prefer(machine);
    if (end !== undefined) this.#ended(machine, end, from === 'Established');
  }

  #tellState(): void {
    const from = this.#visible;
    const to = this.state;
    if (from === to) return;
    this.#visible = to;
    this.#outputs.push({ type: 'stateChanged', from, to });
  }

  #countSent(since: number): void {
    for (let i = since; i < this.#outputs.length; i++) {
      const output = this.#outputs[i]!;
      if (output.type === 'send') countMessage(this.#messages.out, output.bytes[HEADER_LENGTH - 1]!);
    }
  }

  #prefer(machine: Machine): void {
    if (machine !== this.#second) return;
    this.#second = this.#main;
    this.#main = machine;
  }

  /** One connection, or an attempt at one, is over: the other one goes on alone, or the peer has none. */
  #ended(machine: Machine, { reason, restart }: End, wasEstablished: boolean): void {
    if (this.#second !== undefined && machine.fsm.state !== 'Connect') {
      this.#main = machine === this.#main ? this.#second : this.#main;
      this.#second = undefined;
    }
    const goesOn = this.#machines().some((other) => other !== machine && hasConnection(other.fsm));
    const message = this.#reading === undefined ? {} : { message: messageOf(this.#reading) };
    if (wasEstablished || !goesOn) this.#outputs.push({ type: 'down', reason, wasEstablished, ...message });
    if (!goesOn) this.#restart(restart, wasEstablished);
  }

  #restart(restart: Restart, wasEstablished: boolean): void {
    // An attempt to connect that is left goes on, unless the peer is to be left alone.
    if (restart !== 'promptly') this.#apply(this.#main, { type: 'Abandoned' });
    if (this.#main.fsm.state !== 'Idle' || restart === 'never') return;
    if (restart === 'promptly') {
      const delay = wasEstablished ? this.#config.connectDelayTime : this.#config.connectRetryTime;
      this.#apply(this.#main, { type: 'AutomaticStart', delay });
    } else {
      this.#damping = addError(this.#damping, this.#config, this.#now);
      this.#main.arm('idleHold', idleHoldTime(this.#damping, this.#config), this.#now);
    }
  }

  // ---- connections -------------------------------------------------------------------------------------------------

  #connected(id: ConnectionId): void {
    const machine = this.#machineOf(id);
    if (machine?.fsm.state === 'Connect') this.#up(machine, id, 'outgoing');
  }

  /** RFC 4271 8.2.1: a connection beside another one has a state machine of its own, until the collision is settled. */
  #accept(id: ConnectionId): void {
    if (this.#machineOf(id) !== undefined) return;
    const { state } = this.#main.fsm;
    if (state === 'Idle' || state === 'Active') {
      this.#up(this.#main, id, 'incoming');
      return;
    }
    const second = this.#second;
    if (second !== undefined) {
      // A third one. The peer has one attempt at a time: an older one that never sent an OPEN is given up.
      if (second.fsm.state !== 'OpenSent') {
        this.#outputs.push({ type: 'close', connection: id });
        return;
      }
      this.#apply(second, { type: 'Superseded' });
    }
    this.#second = new Machine('Active', this.#dependencies.random);
    this.#up(this.#second, id, 'incoming');
  }

  #up(machine: Machine, id: ConnectionId, direction: Connection['direction']): void {
    const connection = { id, direction, openedAt: this.#now, framer: new Framer(MAX_MESSAGE_LENGTH) };
    this.#apply(machine, { type: 'TcpConnectionUp', connection });
  }

  // ---- messages ----------------------------------------------------------------------------------------------------

  /** Reads all whole messages. UPDATEs, the many, are read in place; their event (27) is applied once a chunk. */
  #read(machine: Machine | undefined, chunk: Uint8Array): void {
    if (machine === undefined || !hasConnection(machine.fsm)) return;
    const { connection } = machine.fsm;
    const { framer } = connection;
    framer.push(chunk);
    let updates = 0;
    for (;;) {
      const { fsm } = machine;
      if (!hasConnection(fsm) || fsm.connection !== connection) return;
      const frame = framer.next();
      if (frame === undefined) break;
      if ('fault' in frame || fsm.state !== 'Established' || frame.type !== MESSAGE_TYPE.UPDATE) {
        this.#readOther(machine, frame);
        continue;
      }
      this.#messages.in.update++;
      const update = decodeUpdate(frame.body, fsm.context, this.#dependencies.attributeSource);
      if (update.ok) {
        this.#outputs.push({ type: 'update', message: update.value });
        updates++;
      } else {
        this.#reading = frame;
        this.#apply(machine, { type: 'MessageFault', fault: update.fault });
      }
    }
    if (updates > 0) this.#apply(machine, { type: 'UpdateReceived' });
  }

  #readOther(machine: Machine, frame: Frame): void {
    this.#reading = frame;
    if (!('fault' in frame)) countMessage(this.#messages.in, frame.type);
    const event = eventOf(machine.fsm, frame, this.#config);
    if (event.type !== 'OpenReceived' || this.#survives(machine, event.negotiated)) this.#apply(machine, event);
  }

  /** Settles a collision (RFC 4271 6.8) now that the peer has sent an OPEN on this connection. */
  #survives(machine: Machine, negotiated: Negotiated): boolean {
    const other = this.#machines().find((candidate) => candidate !== machine);
    if (other === undefined || machine.fsm.state !== 'OpenSent') return true;
    const existing = existingOf(other.fsm);
    if (existing === undefined) return true;
    const { localAs, bgpIdentifier } = this.#config;
    const local = { bgpIdentifier, as: localAs };
    const remote = { bgpIdentifier: negotiated.remoteIdentifier, as: negotiated.remoteAs };
    switch (resolveCollision(local, remote, existing, machine.fsm.connection, this.#now)) {
      case 'undecided':
        return true;
      case 'closeNewcomer':
        this.#apply(machine, { type: 'OpenCollisionDump' });
        return false;
      case 'closeExisting':
        this.#apply(other, { type: 'OpenCollisionDump' });
        return true;
      case 'supersede':
        this.#apply(other, { type: 'Superseded' });
        return true;
    }
  }
}

function existingOf(fsm: FsmState): Existing | undefined {
  switch (fsm.state) {
    case 'Idle':
    case 'Active':
      return undefined;
    case 'Connect':
    case 'OpenSent':
      return { state: fsm.state };
    case 'OpenConfirm':
      return { state: fsm.state, direction: fsm.connection.direction };
    case 'Established':
      return {
        state: fsm.state,
        direction: fsm.connection.direction,
        since: fsm.since,
        gracefulRestart: fsm.negotiated.gracefulRestart !== undefined,
      };
  }
}

function assertNever(value: never): never {
  throw new TypeError(`unexpected ${JSON.stringify(value)}`);
}

// One state machine at work: a state, its timers, and the carrying out of actions into outputs. A peer has one, or two
// while a collision is settled. Not here: arrows (fsm), and what an end means for the peer (peer.ts).

import { Deadlines, timerDelay } from '../fsm/deadlines.ts';
import type { Action, ConnectedState, Env, FsmEvent, FsmState, Step, TimerName } from '../fsm/states.ts';
import { step } from '../fsm/transitions.ts';
import type { ConnectionId, PeerOutput, PeerState } from './types.ts';

export const RANK = {
  Idle: 0,
  Active: 1,
  Connect: 2,
  OpenSent: 3,
  OpenConfirm: 4,
  Established: 5,
} satisfies Record<PeerState, number>;

export class Machine {
  #fsm: FsmState;
  readonly timers = new Deadlines();
  readonly #random: () => number;

  constructor(state: 'Idle' | 'Active', random: () => number) {
    this.#fsm = { state };
    this.#random = random;
  }

  get fsm(): FsmState {
    return this.#fsm;
  }

  /** The connection, or the attempt at one. */
  get connection(): ConnectionId | undefined {
    if (this.#fsm.state === 'Connect') return this.#fsm.connection;
    return hasConnection(this.#fsm) ? this.#fsm.connection.id : undefined;
  }

  /** Follows the arrow; its actions are the caller's to `perform`. */
  follow(event: FsmEvent, env: Env): Step {
    const taken = step(this.#fsm, event, env);
    this.#fsm = taken.next;
    return taken;
  }

  perform(actions: readonly Action[], now: number, outputs: PeerOutput[]): void {
    for (const action of actions) {
      switch (action.type) {
        case 'arm':
          this.arm(action.timer, action.seconds, now);
          break;
        case 'disarmAll':
          this.timers.disarmAll();
          break;
        case 'allow':
          action.framer.setMaxLength(action.maxLength);
          break;
        default:
          outputs.push(action);
      }
    }
  }

  /** @param seconds from now; 0 switches the timer off */
  arm(timer: TimerName, seconds: number, now: number): void {
    if (seconds === 0) this.timers.disarm(timer);
    else this.timers.arm(timer, now + timerDelay(timer, seconds, this.#random));
  }
}

/** Whether a TCP connection is up. */
export function hasConnection(fsm: FsmState): fsm is ConnectedState {
  return RANK[fsm.state] >= RANK.OpenSent;
}

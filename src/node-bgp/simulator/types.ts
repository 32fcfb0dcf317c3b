// What the simulator asks of those it simulates: a process that is turned by inputs, and a wiring that says how its
// inputs and outputs mean connections.

import type { Address } from '../ip/index.ts';
import type { ConnectionId, Endpoints } from '../session/types.ts';

/** Anything that is turned by inputs and time: a `Peer`, a `PeerSet`, a whole router. */
export interface Process<I, O> {
  handle(input: I, now: number): readonly O[];
  /** Milliseconds; a `tick` is given then. */
  nextDeadline(): number | undefined;
}

/** What a process may ask of the network. */
export interface NetworkPort {
  /** The connection id is from `Simulation.nextConnection`. */
  dial(connection: ConnectionId, remote: Address): void;
  send(connection: ConnectionId, bytes: Uint8Array): void;
  close(connection: ConnectionId): void;
}

/** How what happens in the network reaches a process, and what its outputs do there. */
export interface Wiring<I, O> {
  readonly tick: () => I;
  readonly connected: (connection: ConnectionId, endpoints: Endpoints) => I;
  readonly accepted: (connection: ConnectionId, endpoints: Endpoints) => I;
  readonly disconnected: (connection: ConnectionId, reason: string) => I;
  /** The chunk is overwritten after the outputs were performed, as a receive buffer would be. */
  readonly bytes: (connection: ConnectionId, chunk: Uint8Array) => I;
  /** The network took `taken` octets of what was sent, `waiting` are left; undefined where nobody wants to know. */
  readonly progress: (connection: ConnectionId, taken: number, waiting: number) => I | undefined;
  readonly perform: (output: O, network: NetworkPort) => void;
}

export interface NodeOptions<I, O> {
  readonly name: string;
  /** The first of a family is the source of connections in that family. */
  readonly addresses: readonly Address[];
  readonly process: Process<I, O>;
  readonly wiring: Wiring<I, O>;
  /**
   * Milliseconds that the process was at work on the input that it has just handled: its outputs leave only then, and what
   * comes meanwhile waits. Default: none.
   */
  readonly cost?: () => number;
}

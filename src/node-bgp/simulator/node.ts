// A node of a simulation: one process, its connections, and the ways in which a machine can fail. Not here: how octets
// travel (conversation.ts), and time (simulation.ts).

import { type Address, familyOf } from '../ip/index.ts';
import type { ConnectionId, Endpoints } from '../session/types.ts';
import { type Clock, Direction, type EndListener, WINDOW } from './conversation.ts';
import type { Link } from './link.ts';
import type { NetworkPort, NodeOptions, Process, Wiring } from './types.ts';

const BGP_PORT = 179;
const FIRST_EPHEMERAL_PORT = 40_000;
/** Milliseconds between attempts to reach a node that does not answer at all (RFC 6298 2). */
const SYN_RETRY = 1000;
/** Used again and again, as those of a real process. */
const receiveBuffers: Uint8Array[] = [];

/** What a node needs of the simulation it is part of. */
export interface World extends Clock {
  readonly nextConnection: () => ConnectionId;
  link(a: string, b: string): Link;
  nodeAt(address: Address): SimulatedNode | undefined;
  /** The node's deadline may be another one from now on. */
  deadlineChanged(node: SimulatedNode): void;
}

/** One end of a conversation, or of an attempt at one. */
interface End {
  /** Undefined until the connection is up. */
  outgoing: Direction | undefined;
  incoming: Direction | undefined;
}

export class SimulatedNode<I = unknown, O = unknown> {
  readonly name: string;
  readonly addresses: readonly Address[];
  /** False: connections are refused, as if nobody listened. */
  listens = true;
  readonly #world: World;
  readonly #wiring: Wiring<I, O>;
  #process: Process<I, O> | undefined;
  readonly #ends = new Map<ConnectionId, End>();
  readonly #cost: () => number;
  /** The process is still at the input that it was given last; its outputs are not out yet. */
  #isBusy = false;
  /** What has come since. */
  #inbox: (() => void)[] = [];
  /** Grows with each death, so that nothing of a dead process is carried out. */
  #life = 0;
  #reads = true;
  /** The power is off: nothing answers, not even with a refusal. */
  #isDark = false;

  constructor(world: World, options: NodeOptions<I, O>) {
    this.#world = world;
    this.name = options.name;
    this.addresses = options.addresses;
    this.#wiring = options.wiring;
    this.#process = options.process;
    this.#cost = options.cost ?? (() => 0);
  }

  /** Milliseconds; a busy process is not woken. */
  get deadline(): number | undefined {
    return this.#isBusy ? undefined : this.#process?.nextDeadline();
  }

  get connections(): ConnectionId[] {
    return [...this.#ends.keys()];
  }

  /** Gives the process an input, as soon as it is done with those before. */
  input(input: I): void {
    if (this.#isBusy) this.#inbox.push(() => this.#turn(input));
    else this.#turn(input);
  }

  tick(): void {
    this.input(this.#wiring.tick());
  }

  /** The process no longer reads from its connections; everything else goes on. */
  stall(): void {
    this.#reads = false;
  }

  resume(): void {
    this.#reads = true;
    for (const end of this.#ends.values()) end.incoming?.resume();
  }

  /** The process dies and its kernel closes the connections. */
  kill(): void {
    this.#die();
    for (const id of this.connections) this.#close(id, 'connection reset by peer');
  }

  /** The machine loses its power: the others notice nothing. */
  powerOff(): void {
    this.#die();
    this.#isDark = true;
    for (const end of this.#ends.values()) {
      end.outgoing?.drop();
      end.incoming?.drop();
    }
    this.#ends.clear();
  }

  /** A new process after `kill` or `powerOff`. */
  boot(process: Process<I, O>): void {
    this.#process = process;
    this.#isDark = false;
    this.#reads = true;
    this.#deadlineChanged();
  }

  /** The connections to this node are lost on both sides, and both notice. */
  reset(): void {
    for (const id of this.connections) {
      this.#close(id, 'connection reset by peer');
      this.input(this.#wiring.disconnected(id, 'connection reset by peer'));
    }
  }

  /** The network as the process sees it. */
  readonly network: NetworkPort = {
    dial: (id, remote) => this.#dial(id, remote),
    send: (id, bytes) => this.#ends.get(id)?.outgoing?.send(bytes),
    close: (id) => this.#close(id, 'connection closed by the peer'),
  };

  /** @param done called when the outputs have been carried out */
  #turn(input: I, done?: () => void): void {
    const outputs = this.#process?.handle(input, this.#world.now) ?? [];
    const cost = this.#process === undefined ? 0 : this.#cost();
    this.#deadlineChanged();
    if (cost <= 0) {
      this.#perform(outputs, done);
      return;
    }
    const life = this.#life;
    this.#isBusy = true;
    this.#later(cost, () => {
      if (life === this.#life) this.#finish(outputs, done);
    });
  }

  #finish(outputs: readonly O[], done: (() => void) | undefined): void {
    this.#isBusy = false;
    this.#perform(outputs, done);
    while (!this.#isBusy && this.#inbox.length > 0) this.#inbox.shift()?.();
    this.#deadlineChanged();
  }

  #perform(outputs: readonly O[], done: (() => void) | undefined): void {
    for (const output of outputs) this.#wiring.perform(output, this.network);
    done?.();
  }

  #die(): void {
    this.#process = undefined;
    this.#life++;
    this.#isBusy = false;
    this.#inbox = [];
    this.#deadlineChanged();
  }

  #deadlineChanged(): void {
    this.#world.deadlineChanged(this as unknown as SimulatedNode);
  }

  #close(id: ConnectionId, reason: string): void {
    const end = this.#ends.get(id);
    this.#ends.delete(id);
    end?.incoming?.drop();
    end?.outgoing?.finish(reason);
  }

  #dial(id: ConnectionId, remote: Address): void {
    const local = this.addresses.find((address) => familyOf(address) === familyOf(remote));
    const target = this.#world.nodeAt(remote);
    this.#ends.set(id, { outgoing: undefined, incoming: undefined });
    if (local === undefined || target === undefined) {
      this.#later(0, () => this.#fail(id, 'no route to host'));
      return;
    }
    const endpoints = { local, localPort: FIRST_EPHEMERAL_PORT + id, remote, remotePort: BGP_PORT };
    this.#knock(id, endpoints, target);
  }

  #later(delay: number, action: () => void): void {
    this.#world.at(this.#world.now + delay, action);
  }

  /** SYN, answered by SYN-ACK or RST, or not at all. */
  #knock(id: ConnectionId, endpoints: Endpoints, target: SimulatedNode): void {
    const link = this.#world.link(this.name, target.name);
    this.#later(link.delay, () => {
      const end = this.#ends.get(id);
      if (end === undefined) return;
      if (!link.isUp || target.#isDark) {
        this.#later(SYN_RETRY, () => this.#knock(id, endpoints, target));
      } else if (target.#process === undefined || !target.listens) {
        this.#later(link.delay, () => this.#fail(id, 'connection refused'));
      } else {
        this.#later(link.delay, () => this.#connect(id, endpoints));
        this.#join(id, end, endpoints, target);
      }
    });
  }

  #join(id: ConnectionId, end: End, endpoints: Endpoints, target: SimulatedNode): void {
    const link = this.#world.link(this.name, target.name);
    const theirs = this.#world.nextConnection();
    end.outgoing = new Direction(link, this.#world, this.#listener(id), target.#listener(theirs));
    end.incoming = new Direction(link, this.#world, target.#listener(theirs), this.#listener(id));
    target.#ends.set(theirs, { outgoing: end.incoming, incoming: end.outgoing });
    const { local, localPort, remote, remotePort } = endpoints;
    target.input(
      target.#wiring.accepted(theirs, { local: remote, localPort: remotePort, remote: local, remotePort: localPort }),
    );
  }

  #connect(id: ConnectionId, endpoints: Endpoints): void {
    if (this.#ends.has(id)) this.input(this.#wiring.connected(id, endpoints));
  }

  #fail(id: ConnectionId, reason: string): void {
    if (this.#ends.delete(id)) this.input(this.#wiring.disconnected(id, reason));
  }

  #listener(id: ConnectionId): EndListener {
    return {
      canRead: (again) => {
        if (this.#isBusy) this.#inbox.push(again);
        return this.#reads && !this.#isDark && !this.#isBusy;
      },
      read: (chunk) => this.#read(id, chunk),
      finished: (reason) => {
        this.#ends.get(id)?.outgoing?.drop();
        this.#fail(id, reason);
      },
      progress: (taken, waiting) => {
        if (!this.#ends.has(id)) return;
        const input = this.#wiring.progress(id, taken, waiting);
        if (input !== undefined) this.input(input);
      },
    };
  }

  #read(id: ConnectionId, chunk: Uint8Array): void {
    if (!this.#ends.has(id)) return;
    const buffer = receiveBuffers.pop() ?? new Uint8Array(WINDOW);
    const received = buffer.subarray(0, chunk.length);
    received.set(chunk);
    this.#turn(this.#wiring.bytes(id, received), () => {
      received.fill(0xee);
      receiveBuffers.push(buffer);
    });
  }
}

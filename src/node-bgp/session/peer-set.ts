// Several peers behind one door, found by their address or by their connections. As pure as the peers. For whoever runs
// peers without a routing table: the TCP runner and the simulator. Not here: sockets and clocks.

import type { Address } from '../ip/index.ts';
import { Peer } from './peer.ts';
import type { ConnectionId, PeerConfig, PeerDependencies, PeerInput, PeerOutput } from './types.ts';

export type PeerSetInput =
  /** For one peer: start, stop, reconfigure. */
  | { readonly type: 'peer'; readonly peer: Address; readonly input: PeerInput }
  | { readonly type: 'accepted'; readonly connection: ConnectionId; readonly remote: Address }
  | Extract<PeerInput, { readonly type: 'connected' | 'disconnected' | 'bytes' | 'sendProgress' | 'tick' }>;

export interface PeerSetOutput {
  readonly peer: Address;
  readonly output: PeerOutput;
}

export class PeerSet {
  readonly #dependencies: PeerDependencies;
  readonly #peers = new Map<Address, Peer>();
  readonly #owners = new Map<ConnectionId, Address>();

  constructor(dependencies: PeerDependencies) {
    this.#dependencies = dependencies;
  }

  get peers(): ReadonlyMap<Address, Peer> {
    return this.#peers;
  }

  /** The peer is idle until its `start`. */
  add(address: Address, config: PeerConfig): Peer {
    if (this.#peers.has(address)) throw new TypeError(`there is a peer ${address} already`);
    const peer = new Peer(config, this.#dependencies);
    this.#peers.set(address, peer);
    return peer;
  }

  /** Forgets a peer that was stopped. */
  remove(address: Address): void {
    if ((this.#peers.get(address)?.connections.length ?? 0) > 0) throw new TypeError(`peer ${address} has connections`);
    this.#peers.delete(address);
  }

  /** Milliseconds. */
  nextDeadline(): number | undefined {
    let earliest: number | undefined;
    for (const peer of this.#peers.values()) {
      const deadline = peer.nextDeadline();
      if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  /** @param now milliseconds */
  handle(input: PeerSetInput, now: number): PeerSetOutput[] {
    switch (input.type) {
      case 'peer':
        return this.#turn(input.peer, input.input, now);
      case 'tick':
        return [...this.#peers].flatMap(([address, peer]) =>
          (peer.nextDeadline() ?? Number.POSITIVE_INFINITY) <= now ? this.#turn(address, input, now) : [],
        );
      case 'accepted':
        return this.#accept(input.connection, input.remote, now);
      default: {
        const owner = this.#owners.get(input.connection);
        if (owner === undefined) return [];
        if (input.type === 'disconnected') this.#owners.delete(input.connection);
        return this.#turn(owner, input, now);
      }
    }
  }

  #accept(connection: ConnectionId, remote: Address, now: number): PeerSetOutput[] {
    if (!this.#peers.has(remote)) return [{ peer: remote, output: { type: 'close', connection } }];
    this.#owners.set(connection, remote);
    return this.#turn(remote, { type: 'accepted', connection }, now);
  }

  #turn(address: Address, input: PeerInput, now: number): PeerSetOutput[] {
    const outputs = this.#peers.get(address)?.handle(input, now) ?? [];
    return outputs.map((output) => {
      if (output.type === 'connect') this.#owners.set(output.connection, address);
      if (output.type === 'close') this.#owners.delete(output.connection);
      return { peer: address, output };
    });
  }
}

// TCP connections by id: whose they are, where their ends are, and how many octets wait in them.

import type { ConnectionId, Endpoints } from 'node-bgp';
import type { SpeakerPeer } from './peer.ts';

export interface Connection {
  readonly peer: SpeakerPeer;
  /** Known once it is up. */
  endpoints: Endpoints | undefined;
  /** Octets given to the socket that the system has not taken yet. */
  waiting: number;
  /** Milliseconds: since when the system has not taken all of it, and the send hold timer runs (RFC 9687). */
  waitingSince: number | undefined;
}

export class Connections {
  readonly #connections = new Map<ConnectionId, Connection>();

  add(id: ConnectionId, peer: SpeakerPeer, endpoints: Endpoints | undefined): void {
    this.#connections.set(id, { peer, endpoints, waiting: 0, waitingSince: undefined });
  }

  get(id: ConnectionId): Connection | undefined {
    return this.#connections.get(id);
  }

  remove(id: ConnectionId): void {
    this.#connections.delete(id);
  }
}

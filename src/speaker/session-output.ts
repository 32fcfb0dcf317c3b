// What goes out on sessions: octets are written to connections as their sockets have room. Not here: what is to be told
// (the export groups of the RIB), and when sessions begin and end (sessions.ts).

import type { ConnectionId, Family } from 'node-bgp';
import type { Connections } from './connections.ts';
import type { FamilyRouter } from './family-router.ts';
import type { PeerFamily, SpeakerPeer } from './peer.ts';
import type { Effect } from './types.ts';

/** Octets that may wait in a socket: enough for large writes, little enough to be forgotten with a dead peer. */
const WINDOW = 256 * 1024;

export class SessionOutput {
  readonly #families: Readonly<Record<Family, FamilyRouter>>;
  readonly #connections: Connections;
  readonly #effect: (effect: Effect) => void;

  constructor(
    families: Readonly<Record<Family, FamilyRouter>>,
    connections: Connections,
    effect: (effect: Effect) => void,
  ) {
    this.#families = families;
    this.#connections = connections;
    this.#effect = effect;
  }

  /** Every member of the family's groups takes what its socket has room for. */
  writeAll(peers: Iterable<SpeakerPeer>, family: Family, holdsEndOfRib: boolean): void {
    for (const peer of peers) {
      const state = peer.session === undefined ? undefined : peer.families.get(family);
      if (state !== undefined) this.#writeTo(peer, peer.session!.connection, family, state, holdsEndOfRib);
    }
  }

  #writeTo(
    peer: SpeakerPeer,
    connection: ConnectionId,
    family: Family,
    state: PeerFamily,
    holdsEndOfRib: boolean,
  ): void {
    const group = this.#families[family].rib.groups.groupOf(state.source.id);
    const member = group?.members.get(state.source.id);
    if (group === undefined || member === undefined) return;
    const room = member.isUpToDate ? 0 : WINDOW - (this.#connections.get(connection)?.waiting ?? WINDOW);
    if (room > 0) {
      member.pull(room, (bytes, messages) => {
        if (holdsEndOfRib && bytes === group.endOfRib) {
          state.owedEndOfRib = true;
          return;
        }
        peer.updatesOut += messages;
        this.write(peer, connection, bytes);
      });
    }
    if (!state.owedEndOfRib || holdsEndOfRib || !member.isUpToDate) return;
    state.owedEndOfRib = false;
    peer.updatesOut++;
    this.write(peer, connection, group.endOfRib);
  }

  write(peer: SpeakerPeer, id: ConnectionId, bytes: Uint8Array): void {
    peer.octetsOut += bytes.length;
    this.#effect({ type: 'write', connection: id, bytes });
    const connection = this.#connections.get(id);
    if (connection !== undefined) connection.waiting += bytes.length;
  }
}

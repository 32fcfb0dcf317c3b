// A thin BGP speaker on node:net: listens, dials, turns the peers and their timers, calls back. For tools, tests and small
// programs. Not here: routes, TCP-MD5, GTSM. Everything that decides anything is in the session.

import { createServer, type Server, type Socket } from 'node:net';
import type { Address, Prefix } from '../ip/index.ts';
import type { Peer } from '../session/peer.ts';
import { PeerSet, type PeerSetInput, type PeerSetOutput } from '../session/peer-set.ts';
import type { ConnectionId, DownReason, Negotiated, PeerConfig, PeerState } from '../session/types.ts';
import { CEASE, decodeAttributeSet } from '../wire/index.ts';
import type { RouteRefreshMessage, UpdateMessage } from '../wire/types.ts';
import { type ConnectionEvents, TcpConnection } from './connection.ts';
import { type AnnouncedAttributes, encodeAnnouncement, encodeWithdrawal } from './updates.ts';

const BGP_PORT = 179;

/** Called while an input is handled: what is inside a message is valid until the callback returns. */
export interface SpeakerEvents {
  readonly stateChanged?: (peer: Address, from: PeerState, to: PeerState) => void;
  readonly established?: (peer: Address, negotiated: Negotiated) => void;
  readonly update?: (peer: Address, update: UpdateMessage) => void;
  readonly routeRefresh?: (peer: Address, message: RouteRefreshMessage) => void;
  readonly down?: (peer: Address, reason: DownReason, wasEstablished: boolean) => void;
}

export interface SpeakerOptions extends SpeakerEvents {
  /** Where to listen, and the source of connections; absent: all addresses, and the system's choice. */
  readonly address?: Address;
  /** Port to listen on, and to dial where a peer has no other; default 179. */
  readonly port?: number;
}

export interface AddPeerOptions {
  readonly port?: number;
}

interface Session {
  readonly connection: ConnectionId;
  readonly negotiated: Negotiated;
}

export class TcpSpeaker {
  readonly #options: SpeakerOptions;
  readonly #set: PeerSet;
  readonly #server: Server;
  readonly #ports = new Map<Address, number>();
  readonly #connections = new Map<ConnectionId, TcpConnection>();
  /** The connection of each Established session. */
  readonly #sessions = new Map<Address, Session>();
  readonly #closing = new Set<Promise<void>>();
  /** Inputs that callbacks gave rise to: handled one after the other, never inside each other. */
  readonly #mailbox: PeerSetInput[] = [];
  #isTurning = false;
  #timer: NodeJS.Timeout | undefined;
  #ids = 0;

  constructor(options: SpeakerOptions = {}) {
    this.#options = options;
    this.#set = new PeerSet({
      nextConnection: () => ++this.#ids,
      random: Math.random,
      attributeSource: decodeAttributeSet,
    });
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get peers(): ReadonlyMap<Address, Peer> {
    return this.#set.peers;
  }

  /**
   * Begins to accept connections; peers start with `add`.
   *
   * @throws the error of the socket, for example EADDRINUSE
   */
  async listen(): Promise<void> {
    const { address, port = BGP_PORT } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, ...(address === undefined ? {} : { host: address }) }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Adds a peer, known by its address, and starts it. */
  add(peer: Address, config: PeerConfig, options: AddPeerOptions = {}): void {
    this.#ports.set(peer, options.port ?? this.#options.port ?? BGP_PORT);
    this.#set.add(peer, config);
    this.#turn({ type: 'peer', peer, input: { type: 'start' } });
  }

  /** Ends the session with Cease/Peer De-configured and forgets the peer. */
  async remove(peer: Address): Promise<void> {
    this.#turn({ type: 'peer', peer, input: { type: 'stop', subcode: CEASE.PEER_DE_CONFIGURED } });
    await this.#settled();
    this.#set.remove(peer);
    this.#ports.delete(peer);
  }

  /**
   * Sends whole messages to an Established peer. The bytes must not be changed afterwards.
   *
   * @returns false where there is no session
   */
  send(peer: Address, messages: Uint8Array): boolean {
    const session = this.#sessions.get(peer);
    if (session === undefined) return false;
    this.#connections.get(session.connection)?.send(messages);
    return true;
  }

  /**
   * Announces prefixes of the families of the session.
   *
   * @returns false where there is no session
   */
  announce(peer: Address, attributes: AnnouncedAttributes, prefixes: readonly Prefix[]): boolean {
    const session = this.#sessions.get(peer);
    return session !== undefined && this.send(peer, encodeAnnouncement(session.negotiated, attributes, prefixes));
  }

  /** @returns false where there is no session */
  withdraw(peer: Address, prefixes: readonly Prefix[]): boolean {
    const session = this.#sessions.get(peer);
    return session !== undefined && this.send(peer, encodeWithdrawal(session.negotiated, prefixes));
  }

  /** Ends all sessions with Cease/Administrative Shutdown and waits until nothing is left of them. */
  async stop(text?: string): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const input = {
      type: 'stop',
      subcode: CEASE.ADMINISTRATIVE_SHUTDOWN,
      ...(text === undefined ? {} : { text }),
    } as const;
    for (const peer of this.peers.keys()) this.#turn({ type: 'peer', peer, input });
    await this.#settled();
    await Promise.all([closed, ...this.#closing]);
  }

  /** Called from a callback, an input waits until the callback has returned. */
  async #settled(): Promise<void> {
    await Promise.resolve();
  }

  #accept(socket: Socket): void {
    const remote = plainAddress(socket.remoteAddress ?? '');
    const id = ++this.#ids;
    this.#connections.set(id, new TcpConnection(socket, this.#eventsOf(id)));
    this.#turn({ type: 'accepted', connection: id, remote });
  }

  #eventsOf(connection: ConnectionId): ConnectionEvents {
    return {
      up: () => this.#turn({ type: 'connected', connection }),
      chunk: (chunk) => this.#turn({ type: 'bytes', connection, chunk }),
      progress: (waiting) => this.#turn({ type: 'sendProgress', connection, waiting }),
      lost: (reason) => {
        this.#connections.delete(connection);
        this.#turn({ type: 'disconnected', connection, reason });
      },
    };
  }

  #turn(input: PeerSetInput): void {
    this.#mailbox.push(input);
    if (this.#isTurning) return;
    this.#isTurning = true;
    try {
      for (let next = this.#mailbox.shift(); next !== undefined; next = this.#mailbox.shift()) {
        for (const output of this.#set.handle(next, performance.now())) this.#perform(output);
      }
    } finally {
      this.#isTurning = false;
    }
    this.#setTimer();
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const deadline = this.#set.nextDeadline();
    if (deadline === undefined) return;
    this.#timer = setTimeout(() => this.#turn({ type: 'tick' }), Math.max(0, Math.ceil(deadline - performance.now())));
  }

  #perform({ peer, output }: PeerSetOutput): void {
    const { stateChanged, established, update, routeRefresh, down, address } = this.#options;
    switch (output.type) {
      case 'connect': {
        const events = this.#eventsOf(output.connection);
        const connection = TcpConnection.dial(peer, this.#ports.get(peer) ?? BGP_PORT, address, events);
        this.#connections.set(output.connection, connection);
        break;
      }
      case 'close':
        this.#close(output.connection);
        break;
      case 'send':
        this.#connections.get(output.connection)?.send(output.bytes);
        break;
      case 'stateChanged':
        stateChanged?.(peer, output.from, output.to);
        break;
      case 'established':
        this.#sessions.set(peer, output);
        established?.(peer, output.negotiated);
        break;
      case 'update':
        update?.(peer, output.message);
        break;
      case 'routeRefresh':
        routeRefresh?.(peer, output.message);
        break;
      case 'down':
        if (output.wasEstablished) this.#sessions.delete(peer);
        down?.(peer, output.reason, output.wasEstablished);
        break;
    }
  }

  #close(id: ConnectionId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    connection.close();
    const { gone } = connection;
    this.#closing.add(gone);
    void gone.then(() => this.#closing.delete(gone));
  }
}

/** Without the prefix under which a dual-stack socket shows IPv4. */
function plainAddress(address: string): Address {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

// TCP connections of the router: carries out dial, write and close, and posts what happens to them. Listening is in
// listener.ts. Bytes go in and out as they are; what they mean is the speaker's.

import type { Socket } from 'node:net';
import { type Address, type ConnectionId, type Endpoints, parseAddress } from 'node-bgp';
import { applyTtlSecurity, openDialSocket } from '../linux/tcp-socket.ts';
import type { Effect, Input } from '../speaker/index.ts';
import { connectionLoss, dialFailure, type Why } from './connection-reasons.ts';

/** Octets read from one connection that may wait in the mailbox before it is not read any further. */
const READ_AHEAD = 256 * 1024;
const NOTHING = new Uint8Array(0);

/** Milliseconds that a closed connection has to get its last message out. */
const LINGER = 1_000;

export interface SocketPorts {
  readonly post: (input: Input, done?: () => void) => void;
  readonly wake: () => void;
}

interface Connection {
  readonly id: ConnectionId;
  readonly socket: Socket;
  endpoints: Endpoints | undefined;
  /** Octets in the mailbox. */
  queued: number;
  /** Written in this slice, not yet given to the socket. */
  outbox: Uint8Array[];
  /** Octets given to the socket that the system had not taken when we last looked. */
  outstanding: number;
  /** Octets that the system has taken since the last `collect`. */
  taken: number;
  /** We are told when the socket has got rid of what it has. */
  watched: boolean;
}

type EffectOf<Type extends Effect['type']> = Extract<Effect, { readonly type: Type }>;

export class Sockets {
  readonly #ports: SocketPorts;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #progressed = new Set<Connection>();
  #written: Connection[] = [];
  #nextId = 1;

  constructor(ports: SocketPorts) {
    this.#ports = ports;
  }

  /** Names connections for both sides, dialled and accepted. */
  readonly nextConnection = (): ConnectionId => this.#nextId++;

  /** `written` inputs since the last call. */
  readonly collect = (): readonly Input[] => {
    const inputs: Input[] = [];
    for (const connection of this.#progressed) {
      inputs.push({ type: 'written', connection: connection.id, bytes: connection.taken });
      connection.taken = 0;
    }
    this.#progressed.clear();
    return inputs;
  };

  accept(socket: Socket): void {
    if (socket.remoteAddress === undefined) {
      socket.destroy(); // reset before we looked: there is nobody to speak of
      return;
    }
    const connection = this.#add(this.nextConnection(), socket);
    connection.endpoints = endpointsOf(socket);
    this.#onEnd(connection);
    this.#ports.post({ type: 'accepted', connection: connection.id, endpoints: connection.endpoints });
  }

  dial(effect: EffectOf<'dial'>): void {
    const { connection: id, type: _, ...target } = effect;
    let socket: Socket;
    try {
      socket = openDialSocket(target);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      this.#ports.post({ type: 'disconnected', connection: id, ...dialFailure(error, target) });
      return;
    }
    const connection = this.#add(id, socket);
    const failed = (error: Error) => this.#lost(connection, dialFailure(error, target));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      connection.endpoints = endpointsOf(socket);
      this.#onEnd(connection);
      this.#ports.post({ type: 'connected', connection: id, endpoints: connection.endpoints });
      this.#read(connection);
    });
  }

  /** The accepted connection has a peer: its options are set and it is read. */
  welcome({ connection: id, ttlSecurity }: EffectOf<'acceptOptions'>): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    try {
      applyTtlSecurity(connection.socket, ttlSecurity);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      this.#lost(connection, { reason: `options of the connection could not be set: ${error.message}` });
      return;
    }
    this.#read(connection);
  }

  write({ connection: id, bytes }: EffectOf<'write'>): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    if (connection.outbox.length === 0) this.#written.push(connection);
    connection.outbox.push(bytes);
  }

  /** The end of a slice: what was written goes to the system, everything of a connection in one call (writev). */
  flush(): void {
    const written = this.#written;
    this.#written = [];
    for (const connection of written) {
      if (this.#connections.get(connection.id) === connection) this.#send(connection);
    }
    if (this.#progressed.size > 0) this.#ports.wake();
  }

  #send(connection: Connection): void {
    const { socket, outbox } = connection;
    connection.outbox = [];
    for (const bytes of outbox) connection.outstanding += bytes.length;
    if (outbox.length === 1) {
      socket.write(outbox[0]!);
    } else {
      socket.cork();
      for (const bytes of outbox) socket.write(bytes);
      socket.uncork();
    }
    this.#look(connection);
  }

  /**
   * What has the system taken? Nearly always everything at once, so no callback is given to each write; where something
   * is left, an empty write behind it tells when it is gone.
   */
  #look(connection: Connection): void {
    const left = connection.socket.writableLength;
    connection.taken += connection.outstanding - left;
    connection.outstanding = left;
    this.#progressed.add(connection);
    if (left === 0 || connection.watched) return;
    connection.watched = true;
    connection.socket.write(NOTHING, () => {
      connection.watched = false;
      if (this.#connections.get(connection.id) !== connection) return;
      this.#look(connection);
      this.#ports.wake();
    });
  }

  close(id: ConnectionId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    const { socket } = connection;
    if (!socket.connecting && connection.outbox.length > 0) this.#send(connection); // the last word
    this.#forget(connection);
    if (socket.connecting) {
      socket.destroy();
      return;
    }
    socket.destroySoon();
    setTimeout(() => socket.destroy(), LINGER).unref();
  }

  /** Resolves when the last messages are out, or had time enough. */
  async closeAll(): Promise<void> {
    const sockets = Array.from(this.#connections.values(), ({ socket }) => socket);
    for (const id of [...this.#connections.keys()]) this.close(id);
    await Promise.all(sockets.map((socket) => (socket.destroyed ? undefined : closed(socket))));
  }

  #add(id: ConnectionId, socket: Socket): Connection {
    const connection: Connection = {
      id,
      socket,
      endpoints: undefined,
      queued: 0,
      outbox: [],
      outstanding: 0,
      taken: 0,
      watched: false,
    };
    this.#connections.set(id, connection);
    return connection;
  }

  #read(connection: Connection): void {
    const { id, socket } = connection;
    socket.on('data', (chunk: Buffer) => {
      if (this.#connections.get(id) !== connection) return;
      connection.queued += chunk.length;
      if (connection.queued > READ_AHEAD) socket.pause();
      this.#ports.post({ type: 'bytes', connection: id, chunk }, () => {
        connection.queued -= chunk.length;
        if (connection.queued <= READ_AHEAD && socket.isPaused()) socket.resume();
      });
    });
    socket.resume();
  }

  #onEnd(connection: Connection): void {
    const { socket } = connection;
    let failure: Error | undefined;
    socket.on('error', (error) => {
      failure = error;
    });
    socket.once('close', () => this.#lost(connection, { reason: connectionLoss(failure, connection.endpoints!) }));
  }

  #lost(connection: Connection, why: Why): void {
    if (this.#connections.get(connection.id) !== connection) return;
    this.#forget(connection);
    connection.socket.destroy();
    this.#ports.post({ type: 'disconnected', connection: connection.id, ...why });
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection.id);
    this.#progressed.delete(connection);
    // Whatever still happens to the socket is nobody's business any more.
    connection.socket.on('error', () => undefined);
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

function endpointsOf(socket: Socket): Endpoints {
  const zone = socket.remoteAddress?.split('%')[1];
  return {
    local: plain(socket.localAddress),
    localPort: socket.localPort ?? 0,
    remote: plain(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    ...(zone === undefined ? {} : { interface: zone }),
  };
}

/** Without zone and without the IPv4-mapped form; a socket that is gone already has no addresses. */
function plain(address: string | undefined): Address {
  const text = (address ?? '').replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/, '');
  return parseAddress(text) ?? text;
}

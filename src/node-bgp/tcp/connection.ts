// One TCP connection of a speaker as the session wants it: chunks in, bytes out, progress of sending, one end. Not here:
// what the bytes mean, and whose connection it is.

import { connect, type Socket } from 'node:net';
import type { Address } from '../ip/index.ts';

export interface ConnectionEvents {
  readonly up: () => void;
  readonly chunk: (chunk: Uint8Array) => void;
  /** Octets that wait in the socket: told when some begin to wait and after every progress. */
  readonly progress: (waiting: number) => void;
  /** The connection was lost, or did not come up; told once, and not after `close`. */
  readonly lost: (reason: string) => void;
}

/** Milliseconds that a connection which we closed may take to deliver its last message. */
const LINGER = 1000;

export class TcpConnection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  #isWaiting = false;
  #isClosed = false;
  #reason = 'connection closed by the peer';
  readonly #gone: Promise<void>;

  /** @param socket connected, or connecting */
  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    // A last small message must not wait for an acknowledgement.
    socket.setNoDelay(true);
    socket.on('connect', () => this.#isClosed || events.up());
    socket.on('data', (chunk: Uint8Array) => this.#isClosed || events.chunk(chunk));
    socket.on('error', (error: Error) => {
      this.#reason = error.message;
    });
    this.#gone = new Promise((resolve) => {
      socket.on('close', () => {
        if (!this.#isClosed) events.lost(this.#reason);
        this.#isClosed = true;
        resolve();
      });
    });
  }

  static dial(remote: Address, port: number, local: Address | undefined, events: ConnectionEvents): TcpConnection {
    const socket = connect({ host: remote, port, ...(local === undefined ? {} : { localAddress: local }) });
    return new TcpConnection(socket, events);
  }

  /** Resolves when nothing is left of the connection. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  /** @param bytes must not be changed afterwards */
  send(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#socket.write(bytes, () => this.#tellProgress());
    if (!this.#isWaiting) this.#tellProgress();
  }

  /** Delivers what was sent and closes; a peer that does not take it is not waited for. Nothing more is told. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#socket.connecting) {
      this.#socket.destroy();
      return;
    }
    this.#socket.end();
    const force = setTimeout(() => this.#socket.destroy(), LINGER);
    this.#socket.once('close', () => clearTimeout(force));
  }

  #tellProgress(): void {
    if (this.#isClosed) return;
    const waiting = this.#socket.writableLength;
    this.#isWaiting = waiting > 0;
    this.#events.progress(waiting);
  }
}

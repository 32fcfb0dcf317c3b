// Listening sockets, kept equal to what the router wants: opened and closed one by one, keys changed in place.

import type { Socket } from 'node:net';
import { type ListenSocket, openListenSocket } from '../linux/tcp-socket.ts';
import type { Effect } from '../speaker/index.ts';

type Listen = Extract<Effect, { readonly type: 'listen' }>;

export class Listener {
  readonly #onConnection: (socket: Socket) => void;
  readonly #open = new Map<string, ListenSocket>();
  #last: Promise<void> = Promise.resolve();

  constructor(onConnection: (socket: Socket) => void) {
    this.#onConnection = onConnection;
  }

  /** Rejects with a LinuxError where a socket cannot be had (EADDRINUSE); those that could be had stay open. */
  set(wanted: Listen): Promise<void> {
    const change = this.#last.then(() => this.#change(wanted));
    this.#last = change.catch(() => undefined);
    return change;
  }

  async close(): Promise<void> {
    await this.#last;
    await Promise.all(Array.from(this.#open.values(), (socket) => socket.close()));
    this.#open.clear();
  }

  async #change({ sockets, keys }: Listen): Promise<void> {
    const wanted = new Map(sockets.map((socket) => [`${socket.address ?? '*'} ${socket.port}`, socket]));
    for (const [name, socket] of this.#open) {
      if (wanted.has(name)) {
        socket.setKeys(keys);
        continue;
      }
      this.#open.delete(name);
      await socket.close();
    }
    for (const [name, { address, port }] of wanted) {
      if (this.#open.has(name)) continue;
      const options = { ...(address === undefined ? {} : { address }), port, keys, onConnection: this.#onConnection };
      this.#open.set(name, await openListenSocket(options));
    }
  }
}

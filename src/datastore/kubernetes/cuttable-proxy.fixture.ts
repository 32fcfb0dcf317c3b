// A TCP proxy for tests whose connections can be cut, also in the middle of what is being said.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class CuttableProxy {
  readonly #target: () => number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #cutsNextAnswer = false;

  /** @param target port on loopback */
  constructor(target: () => number) {
    this.#target = target;
  }

  get port(): number {
    return this.#port;
  }

  /** Does nothing where it listens already. */
  async listen(): Promise<this> {
    if (this.#server !== undefined) return this;
    const server = createServer((client) => this.#forward(client));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Nobody listens any more; every connection ends. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    this.cut();
    await closed;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The next thing that the server says arrives half, and then all connections are cut. */
  cutNextAnswer(): void {
    this.#cutsNextAnswer = true;
  }

  #forward(client: Socket): void {
    const server = connect(this.#target(), '127.0.0.1');
    this.#keep(client, server);
    this.#keep(server, client);
    client.on('data', (chunk) => server.write(chunk));
    server.on('data', (chunk) => {
      if (!this.#cutsNextAnswer) {
        client.write(chunk);
        return;
      }
      this.#cutsNextAnswer = false;
      client.write(chunk.subarray(0, chunk.length >> 1), () => this.cut());
    });
  }

  /** What ends on one side ends on the other. */
  #keep(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}

// A server for tests that answers with what it has seen of the client: path, credentials, and on which connection.

import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface Echo {
  readonly path: string;
  readonly authorization?: string;
  readonly impersonated?: string;
  /** Common name of the client's certificate. */
  readonly client?: string;
  /** The number of its connection, from 1. */
  readonly connection: number;
}

export class EchoServer {
  readonly #server: Server | HttpsServer;
  readonly #connections: Socket[] = [];
  /** Authorization headers that are answered with 401. */
  readonly refused = new Set<string | undefined>();

  /** @param tls absent: without TLS */
  constructor(tls?: ServerOptions) {
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#server = tls === undefined ? createHttpServer(answer) : createHttpsServer(tls, answer);
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', (socket) => this.#connections.push(socket));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#server instanceof HttpsServer ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** From the next connection on. */
  setCertificate(tls: { cert: Buffer; key: Buffer }): void {
    (this.#server as HttpsServer).setSecureContext(tls);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { authorization, 'impersonate-user': impersonated } = request.headers;
    const client = (request.socket as TLSSocket).getPeerCertificate?.()?.subject?.CN;
    const connection = this.#connections.indexOf(request.socket) + 1;
    const status = this.refused.has(authorization) ? 401 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ path: request.url, authorization, impersonated, client, connection }));
  }
}

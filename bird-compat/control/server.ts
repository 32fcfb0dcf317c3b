// The control socket: where it is, who may use it, and the connections to it. What is said there is in conversation.ts.

import { chmodSync, chownSync, existsSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Conversation } from './conversation.ts';
import { Reconfiguration } from './reconfiguration.ts';
import type { ControlTarget, LogClass } from './types.ts';

/** Owner and group may use it. */
const SOCKET_MODE = 0o660;

/** Connections at a time; BIRD's is what the system allows. */
const MOST_CONNECTIONS = 256;

export interface ControlServerParts {
  readonly path: string;
  /** Numbers of `-u` and `-g`. */
  readonly owner?: { readonly user?: number; readonly group?: number };
  /** A fault of ours, found while a command was answered; the connection was closed. */
  readonly onError: (error: unknown) => void;
}

/** The socket cannot be had. The message is BIRD's sentence: `I found another BIRD running.` */
export class ControlSocketError extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'ControlSocketError';
  }
}

/** What is served, from `serve` on. */
interface Service {
  readonly target: ControlTarget;
  readonly reconfiguration: Reconfiguration;
}

export class ControlServer {
  readonly #parts: ControlServerParts;
  readonly #conversations = new Set<Conversation>();
  #server: Server | undefined;
  #service: Service | undefined;
  /** Came before there was anything to serve. */
  #early: Socket[] = [];

  constructor(parts: ControlServerParts) {
    this.#parts = parts;
  }

  /** Makes the socket: from now on nobody else can. Who connects waits for `serve`. Rejects with ControlSocketError. */
  async open(): Promise<void> {
    const { path } = this.#parts;
    if (await answers(path)) throw new ControlSocketError('I found another BIRD running.');
    try {
      unlinkIfThere(path);
      this.#server = await listen(path, (socket) => this.#accept(socket));
      this.#admit();
    } catch (error) {
      if (!isErrorWithCode(error)) throw error;
      // Node.js says EACCES of a folder that is not there.
      const code = existsSync(dirname(path)) ? error.code : 'ENOENT';
      throw new ControlSocketError(`Cannot create control socket ${path}: ${reasonOf(code)}`);
    }
  }

  /** Answers, what has been asked already first. */
  serve(target: ControlTarget): void {
    this.#service = { target, reconfiguration: new Reconfiguration(target) };
    for (const socket of this.#early.splice(0)) this.#accept(socket);
  }

  /** Tells it to every connection that asked for messages of this class. */
  log(logClass: LogClass, text: string): void {
    for (const conversation of this.#conversations) conversation.log(logClass, text);
  }

  /** The file is gone when this is done. Idempotent. */
  async stop(): Promise<void> {
    this.#service?.reconfiguration.stop();
    for (const socket of this.#early.splice(0)) socket.destroy();
    const server = this.#server;
    this.#server = undefined;
    for (const conversation of this.#conversations) conversation.end();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  #admit(): void {
    const { path, owner } = this.#parts;
    if (owner !== undefined) chownSync(path, owner.user ?? -1, owner.group ?? -1);
    chmodSync(path, SOCKET_MODE);
  }

  #accept(socket: Socket): void {
    if (this.#conversations.size + this.#early.length >= MOST_CONNECTIONS) {
      socket.destroy();
      return;
    }
    const service = this.#service;
    if (service === undefined) {
      this.#early.push(socket);
      return;
    }
    const conversation = new Conversation({
      socket,
      ...service,
      onError: this.#parts.onError,
      onEnd: () => this.#conversations.delete(conversation),
    });
    this.#conversations.add(conversation);
    conversation.begin();
  }
}

function isErrorWithCode(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/** Whether somebody serves the socket at this path. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(isErrorWithCode(error) && error.code === 'ENOENT')) throw error;
  }
}

/** A half-closed connection is answered all the same. */
function listen(path: string, accept: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, accept);
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  EROFS: 'Read-only file system',
  EADDRINUSE: 'Address already in use',
  EINVAL: 'File name too long',
};

function reasonOf(code: string): string {
  return REASONS[code] ?? code;
}

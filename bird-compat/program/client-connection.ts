// A connection to a control socket, from the client's side: commands out, lines of replies in. It knows where a reply ends
// and nothing of what it says.

import { createConnection, type Socket } from 'node:net';

export interface ReplyLine {
  /** `continuation`: of the same code as the line before; `asynchronous`: a message of the log. */
  readonly type: 'coded' | 'continuation' | 'asynchronous' | 'strange';
  /** Of `coded` lines. */
  readonly code: number;
  /** Without code. */
  readonly text: string;
  /** The line as it came. */
  readonly line: string;
}

export class ClientConnection {
  readonly #socket: Socket;
  readonly #onLine: (line: ReplyLine) => void;
  #unread = '';
  /** The reply that is awaited. */
  #awaited: PromiseWithResolvers<void> | undefined;
  #end: Error | undefined;

  private constructor(socket: Socket, onLine: (line: ReplyLine) => void) {
    this.#socket = socket;
    this.#onLine = onLine;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#close(error));
    socket.on('close', () => this.#close(new Error('Connection closed by server')));
  }

  /** Resolves when the daemon has greeted; the greeting is a line like others. Rejects with the system's error. */
  static async open(path: string, onLine: (line: ReplyLine) => void): Promise<ClientConnection> {
    const socket = createConnection(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const connection = new ClientConnection(socket, onLine);
    await connection.#reply();
    return connection;
  }

  /** Resolves when the last line of the reply is there. Rejects when the connection ends before. */
  ask(command: string): Promise<void> {
    this.#socket.write(`${command}\n`);
    return this.#reply();
  }

  close(): void {
    this.#socket.destroy();
  }

  #reply(): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#awaited = Promise.withResolvers();
    return this.#awaited.promise;
  }

  #take(text: string): void {
    const lines = (this.#unread + text).split('\n');
    this.#unread = lines.pop()!;
    for (const line of lines) {
      this.#onLine(readLine(line));
      if (/^\d{4} /.test(line)) this.#awaited?.resolve();
    }
  }

  #close(reason: Error): void {
    this.#end ??= reason;
    this.#awaited?.reject(this.#end);
  }
}

function readLine(line: string): ReplyLine {
  if (line.startsWith('+')) return { type: 'asynchronous', code: 0, text: line.slice(1), line };
  if (line.startsWith(' ')) return { type: 'continuation', code: 0, text: line.slice(1), line };
  const coded = /^(\d{4})[ -]/.exec(line);
  if (coded === null) return { type: 'strange', code: 0, text: line, line };
  return { type: 'coded', code: Number(coded[1]), text: line.slice(5), line };
}

// One connection to the control socket: commands are answered in order, large answers in portions, and in between whatever
// the connection asked to be told. A command that makes us stumble costs its connection and nothing else.

import type { Socket } from 'node:net';
import { type Answer, answerCommand } from './commands/index.ts';
import { LineAssembler, type Request } from './lines.ts';
import type { Reconfiguration } from './reconfiguration.ts';
import { last, type Reply, ReplyWriter } from './replies.ts';
import type { ControlTarget, LogClass, Pause } from './types.ts';

/** Milliseconds and octets of an answer before others get their turn. */
const SLICE = 2;
const PORTION = 64 * 1024;
/** Replies between two looks at the clock. */
const REPLIES_A_LOOK = 16;

/** Commands that wait: while there are more nothing is read. */
const MOST_WAITING = 64;

/** Octets of messages that may wait for a slow reader; others are dropped. */
const MOST_MESSAGES = 256 * 1024;

export interface ConversationParts {
  readonly socket: Socket;
  readonly target: ControlTarget;
  readonly reconfiguration: Reconfiguration;
  readonly onError: (error: unknown) => void;
  readonly onEnd: () => void;
}

export class Conversation {
  readonly #parts: ConversationParts;
  readonly #lines = new LineAssembler();
  readonly #writer = new ReplyWriter();
  readonly #waiting: Request[] = [];
  #isBusy = false;
  /** The other side has said all that it will. */
  #isLast = false;
  #isEnded = false;
  #isRestricted = false;
  #echoed: ReadonlySet<LogClass> = new Set();

  constructor(parts: ConversationParts) {
    this.#parts = parts;
  }

  begin(): void {
    const { socket, target, onEnd } = this.#parts;
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    socket.on('end', () => {
      this.#isLast = true;
      this.#goOn();
    });
    // What a reader that is gone is not told hurts nobody; `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isEnded = true;
      onEnd();
    });
    socket.write(this.#writer.line(last(1, `BIRD ${target.version} ready.`)));
  }

  log(logClass: LogClass, text: string): void {
    if (this.#echoed.has(logClass)) this.#tell(text);
  }

  /** What was answered still goes out. */
  end(): void {
    this.#isEnded = true;
    this.#parts.socket.destroySoon();
  }

  #read(chunk: Uint8Array): void {
    this.#waiting.push(...this.#lines.push(chunk));
    if (this.#waiting.length > MOST_WAITING) this.#parts.socket.pause();
    this.#goOn();
  }

  #goOn(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#answerAll().catch((error: unknown) => {
      this.#parts.onError(error);
      this.#parts.socket.destroy();
    });
  }

  async #answerAll(): Promise<void> {
    for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift()) {
      await this.#answer(request);
      if (this.#isEnded) return;
      if (this.#waiting.length === 0) this.#parts.socket.resume();
    }
    this.#isBusy = false;
    if (this.#isLast) this.end();
  }

  async #answer(request: Request): Promise<void> {
    const answer = request.type === 'tooLong' ? [last(9000, 'Command too long')] : this.#run(request.text);
    if (Symbol.asyncIterator in answer) {
      for await (const reply of answer) await this.#send([reply]);
    } else {
      await this.#send(answer);
    }
  }

  #run(text: string): Answer {
    const { target, reconfiguration } = this.#parts;
    return answerCommand(text, {
      target,
      reconfiguration,
      isRestricted: this.#isRestricted,
      restrict: () => {
        this.#isRestricted = true;
      },
      echo: (classes) => {
        this.#echoed = classes;
      },
      tell: (aside) => this.#tell(aside),
    });
  }

  async #send(replies: Iterable<Reply | Pause>): Promise<void> {
    let text = '';
    let count = 0;
    let began = performance.now();
    for (const reply of replies) {
      if (reply !== 'pause') text += this.#writer.line(reply);
      const isLookDue = reply === 'pause' || ++count % REPLIES_A_LOOK === 0;
      if (text.length < PORTION && !(isLookDue && performance.now() - began > SLICE)) continue;
      await this.#flush(text);
      if (this.#isEnded) return;
      text = '';
      began = performance.now();
    }
    if (text !== '') this.#parts.socket.write(text);
  }

  /** Resolves when there is room for more and others had their turn. */
  async #flush(text: string): Promise<void> {
    const { socket } = this.#parts;
    if (text !== '' && !socket.write(text) && !socket.destroyed) {
      await new Promise<void>((resolve) => {
        const goOn = () => {
          socket.off('drain', goOn);
          socket.off('close', goOn);
          resolve();
        };
        socket.on('drain', goOn);
        socket.on('close', goOn);
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  #tell(text: string): void {
    const { socket } = this.#parts;
    if (!this.#isEnded && socket.writableLength < MOST_MESSAGES) socket.write(ReplyWriter.aside(text));
  }
}

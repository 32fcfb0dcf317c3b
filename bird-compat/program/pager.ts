// Output of birdcl: page by page where a person sits at the terminal, else as it comes.

import type { ReadStream, WriteStream } from 'node:tty';

export interface Pager {
  write(line: string): void;
  /** Resolves when what was written has been read, or was not wanted. */
  flush(): Promise<void>;
  close(): void;
}

const MORE = '--More--';
const CLEARED = `\r${' '.repeat(MORE.length)}\r`;

export function pagerFor(input: ReadStream, output: WriteStream): Pager {
  return input.isTTY && output.isTTY ? new TerminalPager(input, output) : new Through(output);
}

class Through implements Pager {
  readonly #output: NodeJS.WritableStream;

  constructor(output: NodeJS.WritableStream) {
    this.#output = output;
  }

  write(line: string): void {
    this.#output.write(`${line}\n`);
  }

  async flush(): Promise<void> {}

  close(): void {}
}

/** Space: a page, Enter: a line, q: no more. */
class TerminalPager implements Pager {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  #lines: string[] = [];

  constructor(input: ReadStream, output: WriteStream) {
    this.#input = input;
    this.#output = output;
  }

  write(line: string): void {
    this.#lines.push(line);
  }

  async flush(): Promise<void> {
    const page = Math.max(1, this.#output.rows - 1);
    const lines = this.#lines.splice(0);
    for (let room = page; lines.length > 0; ) {
      const shown = lines.splice(0, room);
      this.#output.write(shown.map((line) => `${line}\n`).join(''));
      if (lines.length === 0) return;
      const key = await this.#key();
      if (key === 'q' || key === '\u0003') return;
      room = key === '\r' || key === '\n' ? 1 : page;
    }
  }

  close(): void {
    this.#input.pause();
  }

  async #key(): Promise<string> {
    const wasRaw = this.#input.isRaw;
    this.#output.write(MORE);
    this.#input.setRawMode(true).resume();
    const key = await new Promise<string>((resolve) => {
      this.#input.once('data', (bytes) => resolve(bytes.toString()));
    });
    this.#input.setRawMode(wasRaw);
    this.#output.write(CLEARED);
    return key;
  }
}

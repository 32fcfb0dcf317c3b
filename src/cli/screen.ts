// A text that changes, on a terminal: drawn over the last one, line by line, so that nothing flickers. Where there is no
// terminal every new version is written below the last.

import type { Output } from './output.ts';

const HOME = '\u001b[H';
const CLEAR_ALL = '\u001b[2J';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const DEFAULT_ROWS = 24;

export class Screen {
  readonly #output: Output;
  #shown: string | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  show(text: string): void {
    if (text === this.#shown) return;
    const first = this.#shown === undefined;
    this.#shown = text;
    this.#output.write(this.#output.isTTY === true ? this.#drawing(text, first) : `${first ? '' : '\n'}${text}`);
  }

  /** What does not fit is left out: a terminal that scrolls would be drawn in the wrong place. */
  #drawing(text: string, first: boolean): string {
    const height = Math.max(2, this.#output.rows ?? DEFAULT_ROWS) - 1;
    const lines = text.trimEnd().split('\n');
    const fitting =
      lines.length <= height
        ? lines
        : [...lines.slice(0, height - 1), `(${lines.length - height + 1} more lines; make the window higher)`];
    return `${first ? CLEAR_ALL : ''}${HOME}${fitting.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
  }
}

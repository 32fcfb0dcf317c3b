// Replies as they go over the socket: a code and a text to a line.

/** A line of an answer; `isLast` ends it. */
export interface Reply {
  readonly code: number;
  readonly text: string;
  readonly isLast: boolean;
}

/** More lines follow. */
export function row(code: number, text: string): Reply {
  return { code, text, isLast: false };
}

export function last(code: number, text = ''): Reply {
  return { code, text, isLast: true };
}

/** The end of a list. */
export const DONE: Reply = last(0);

/** Octets of a line without its end; readers of BIRD's answers count on no more. */
const LONGEST_REPLY = 511;
/** Of UTF-8, at most. */
const OCTETS_A_UNIT = 3;

const OVERFLOW = '8000 <line overflow>';

export class ReplyWriter {
  /** The last code on the connection, whatever answer it was in: it is not said twice in a row. */
  #lastCode = -1;

  /** The line with its end. */
  line({ code, text, isLast }: Reply): string {
    const number = String(code).padStart(4, '0');
    const prefix = isLast ? `${number} ` : code === this.#lastCode ? ' ' : `${number}-`;
    this.#lastCode = code;
    const line = prefix + text.replaceAll('\n', ' ');
    const isTooLong = line.length > LONGEST_REPLY / OCTETS_A_UNIT && Buffer.byteLength(line) > LONGEST_REPLY;
    return `${isTooLong ? OVERFLOW : line}\n`;
  }

  /** What belongs to no answer, and may stand between the lines of one. */
  static aside(text: string): string {
    return `+${text.replaceAll('\n', ' ')}\n`;
  }
}

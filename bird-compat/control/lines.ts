// Requests as they come over the socket: bytes to lines. One line is one command, split or joined as the sender likes.

/** Longer commands are refused. */
export const LONGEST_COMMAND = 4096;

const NEWLINE = 10;

/** `tooLong` takes the place of a line that was. */
export type Request = { readonly type: 'command'; readonly text: string } | { readonly type: 'tooLong' };

export class LineAssembler {
  #pieces: Uint8Array[] = [];
  #length = 0;
  #isTooLong = false;

  push(chunk: Uint8Array): Request[] {
    const requests: Request[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      requests.push(this.#take());
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return requests;
  }

  #keep(piece: Uint8Array): void {
    if (piece.length === 0 || this.#isTooLong) return;
    this.#length += piece.length;
    if (this.#length > LONGEST_COMMAND) {
      this.#isTooLong = true;
      this.#pieces = [];
    } else {
      // A copy: whoever reads the socket uses its buffer again.
      this.#pieces.push(piece.slice());
    }
  }

  #take(): Request {
    const isTooLong = this.#isTooLong;
    const text = Buffer.concat(this.#pieces).toString('utf8').replaceAll('\r', '');
    this.#pieces = [];
    this.#length = 0;
    this.#isTooLong = false;
    return isTooLong ? { type: 'tooLong' } : { type: 'command', text };
  }
}

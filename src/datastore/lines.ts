// Chunks of a stream as lines. Not here: what is in them.

const NEWLINE = 0x0a;

export class LineSplitter {
  readonly #longest: number;
  #rest: Buffer[] = [];
  #length = 0;

  /** @param longest bytes of a line; a stream with a longer one is none of lines */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** The lines that are complete with this chunk, without empty ones; undefined where a line grows beyond measure. */
  push(chunk: Buffer): readonly string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#take(chunk.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#rest.push(chunk.subarray(start));
      this.#length += chunk.length - start;
    }
    return this.#length > this.#longest ? undefined : lines;
  }

  #take(end: Buffer): string {
    const line = this.#rest.length === 0 ? end.toString() : Buffer.concat([...this.#rest, end]).toString();
    this.#rest = [];
    this.#length = 0;
    return line;
  }
}

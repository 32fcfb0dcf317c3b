// A list as it comes from the API server, taken apart while it comes: each item by itself, and the rest without them. So a
// list of any length costs the memory of its longest item.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Depth of the braces and brackets around an item: the list's own, and that of `items`, the only array there. */
const ITEM_DEPTH = 2;

export class ListSplitter {
  /** What is not yet done with: at most the beginning of an item or of what is around them. */
  #buffer: Buffer = Buffer.alloc(0);
  #position = 0;
  #start = 0;
  #depth = 0;
  #isInString = false;
  #isInItems = false;
  readonly #envelope: string[] = [];

  /** The items that are complete with this chunk, as JSON. */
  push(chunk: Buffer): readonly string[] {
    const buffer =
      this.#start < this.#buffer.length ? Buffer.concat([this.#buffer.subarray(this.#start), chunk]) : chunk;
    let position = this.#position - this.#start;
    this.#buffer = buffer;
    this.#start = 0;
    const items: string[] = [];
    for (; position < buffer.length; position++) {
      const byte = buffer[position];
      if (this.#isInString) {
        if (byte === BACKSLASH) position++;
        else if (byte === QUOTE) this.#isInString = false;
      } else if (byte === QUOTE) this.#isInString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#open(byte, position);
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#close(byte, position, items);
    }
    this.#position = position;
    if (this.#isInItems && this.#depth === ITEM_DEPTH) this.#start = Math.min(position, buffer.length);
    return items;
  }

  /** What was around the items, with an empty array in their place; JSON if the list was. */
  end(): string {
    return this.#envelope.join('') + this.#buffer.subarray(this.#start).toString();
  }

  #open(byte: number, position: number): void {
    if (byte === OPEN_BRACKET && this.#depth === ITEM_DEPTH - 1) {
      this.#isInItems = true;
      this.#envelope.push(this.#buffer.toString('utf8', this.#start, position + 1));
    } else if (this.#isInItems && this.#depth === ITEM_DEPTH) this.#start = position;
    this.#depth++;
  }

  #close(byte: number, position: number, items: string[]): void {
    this.#depth--;
    if (!this.#isInItems) return;
    if (byte === CLOSE_BRACE && this.#depth === ITEM_DEPTH) {
      items.push(this.#buffer.toString('utf8', this.#start, position + 1));
      this.#start = position + 1;
    } else if (byte === CLOSE_BRACKET && this.#depth === ITEM_DEPTH - 1) {
      this.#isInItems = false;
      this.#start = position;
    }
  }
}

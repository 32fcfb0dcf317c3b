// Byte strings under integers: many in one page, so that a string costs its octets and the columns of its owner, where an
// object for each would be a hundred octets and a thing to be marked by the garbage collector. A page is let go with the
// last string in it.

import { grown } from './prefix-table.ts';

/** Where a string stands: the number of its page, and the offset in it in the low 16 bits. */
export type Position = number;

const PAGE = 65_536;
const NO_PAGE = new Uint8Array(0);

export class ByteArena {
  readonly #pages: Uint8Array[] = [];
  /** By page: octets in use. */
  #live = new Int32Array(16);
  readonly #freePages: number[] = [];
  #current = -1;
  /** Octets of the current page; more than all of one while there is none. */
  #used = PAGE + 1;

  /** Room for so many octets, the caller's until `release`. */
  take(length: number): Position {
    if (length > PAGE / 8) return this.#addPage(length, length) * PAGE;
    if (this.#used + length > PAGE) this.#open();
    const offset = this.#used;
    this.#used += length;
    this.#live[this.#current]! += length;
    return this.#current * PAGE + offset;
  }

  release(position: Position, length: number): void {
    const page = Math.floor(position / PAGE);
    this.#live[page]! -= length;
    if (this.#live[page] === 0 && page !== this.#current) this.#letGo(page);
  }

  /** The page that holds a string; it stands at `offsetOf`. */
  page(position: Position): Uint8Array {
    return this.#pages[Math.floor(position / PAGE)]!;
  }

  /** A view of the octets. */
  view(position: Position, length: number): Uint8Array {
    const offset = offsetOf(position);
    return this.page(position).subarray(offset, offset + length);
  }

  #open(): void {
    const before = this.#current;
    this.#current = this.#addPage(PAGE, 0);
    this.#used = 0;
    if (before >= 0 && this.#live[before] === 0) this.#letGo(before);
  }

  #addPage(size: number, live: number): number {
    const page = this.#freePages.pop() ?? this.#pages.length;
    this.#live = grown(this.#live, page < this.#live.length ? 0 : 2 * page);
    this.#pages[page] = new Uint8Array(size);
    this.#live[page] = live;
    return page;
  }

  #letGo(page: number): void {
    this.#pages[page] = NO_PAGE;
    this.#freePages.push(page);
  }
}

export function offsetOf(position: Position): number {
  return position & (PAGE - 1);
}

// Cuts messages out of a stream of chunks (RFC 4271 4.1, 6.1; RFC 8654). Holds at most one incomplete message.
// Not here: what a message says.

import { headerFault } from './fault.ts';
import { HEADER_LENGTH, MAX_EXTENDED_MESSAGE_LENGTH, MAX_MESSAGE_LENGTH, MESSAGE_TYPE } from './iana.ts';
import type { ProtocolFault } from './types.ts';

/** One message without its header, or what was wrong with which header; after a fault the stream is worth nothing more. */
export type Frame =
  | { readonly type: number; readonly body: Uint8Array }
  | { readonly fault: ProtocolFault; readonly header: Uint8Array };

interface LengthBounds {
  readonly min: number;
  /** Where the type limits itself further than the session does. */
  readonly max: number;
}

const MARKER_LENGTH = 16;

/**
 * RFC 4271 6.1, and RFC 8654 4 for OPEN and KEEPALIVE, which are never extended. A ROUTE-REFRESH that is too short has
 * a fault of its own (RFC 7313 5).
 */
const BOUNDS: ReadonlyMap<number, LengthBounds> = new Map([
  [MESSAGE_TYPE.OPEN, { min: 29, max: MAX_MESSAGE_LENGTH }],
  [MESSAGE_TYPE.UPDATE, { min: 23, max: MAX_EXTENDED_MESSAGE_LENGTH }],
  [MESSAGE_TYPE.NOTIFICATION, { min: 21, max: MAX_EXTENDED_MESSAGE_LENGTH }],
  [MESSAGE_TYPE.KEEPALIVE, { min: HEADER_LENGTH, max: HEADER_LENGTH }],
  [MESSAGE_TYPE.ROUTE_REFRESH, { min: HEADER_LENGTH, max: MAX_EXTENDED_MESSAGE_LENGTH }],
]);

const EMPTY = new Uint8Array(0);

/**
 * `push` a chunk, then call `next` until it answers undefined. A body is a view into the chunk, or into a buffer of its
 * own where the message was spread over several chunks; the framer never writes to it again.
 */
export class Framer {
  #maxLength: number;
  #chunk: Uint8Array = EMPTY;
  #position = 0;
  /** The beginning of an incomplete message: `#heldLength` octets of a buffer that has room for what is known of it. */
  #held: Uint8Array = EMPTY;
  #heldLength = 0;
  #failed: Frame | undefined;

  /** @param maxLength 4096, or 65535 once both sides offered extended messages */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** Counts for messages that `next` has not yet answered. */
  setMaxLength(maxLength: number): void {
    this.#maxLength = maxLength;
  }

  /** Takes a chunk; whatever is left of the last one is kept first. The chunk may be used again once `next` answered undefined. */
  push(chunk: Uint8Array): void {
    if (this.#position < this.#chunk.length) {
      const rest = new Uint8Array(this.#chunk.length - this.#position + chunk.length);
      rest.set(this.#chunk.subarray(this.#position));
      rest.set(chunk, this.#chunk.length - this.#position);
      chunk = rest;
    }
    this.#chunk = chunk;
    this.#position = 0;
  }

  next(): Frame | undefined {
    if (this.#failed !== undefined) return this.#failed;
    if (this.#heldLength > 0) return this.#nextHeld();
    const chunk = this.#chunk;
    const start = this.#position;
    const available = chunk.length - start;
    if (available < HEADER_LENGTH) return this.#hold(HEADER_LENGTH);
    const problem = this.#check(chunk, start);
    if (problem !== undefined) return this.#fail(problem, chunk.subarray(start, start + HEADER_LENGTH));
    const length = (chunk[start + MARKER_LENGTH]! << 8) | chunk[start + MARKER_LENGTH + 1]!;
    if (available < length) return this.#hold(length);
    this.#position = start + length;
    return bodyOf(chunk, start, length);
  }

  /** Completes the message that was begun in an earlier chunk. */
  #nextHeld(): Frame | undefined {
    if (this.#heldLength < HEADER_LENGTH) {
      if (!this.#fill(HEADER_LENGTH)) return undefined;
    }
    const problem = this.#check(this.#held, 0);
    if (problem !== undefined) return this.#fail(problem, this.#held.subarray(0, HEADER_LENGTH));
    const length = (this.#held[MARKER_LENGTH]! << 8) | this.#held[MARKER_LENGTH + 1]!;
    if (this.#held.length < length) {
      const larger = new Uint8Array(length);
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    if (!this.#fill(length)) return undefined;
    const frame = bodyOf(this.#held, 0, length);
    this.#held = EMPTY;
    this.#heldLength = 0;
    return frame;
  }

  /** Moves octets from the chunk until `wanted` are held; false where the chunk ends first. */
  #fill(wanted: number): boolean {
    const count = Math.min(wanted - this.#heldLength, this.#chunk.length - this.#position);
    this.#held.set(this.#chunk.subarray(this.#position, this.#position + count), this.#heldLength);
    this.#heldLength += count;
    this.#position += count;
    if (this.#heldLength === wanted) return true;
    this.#releaseChunk();
    return false;
  }

  /** Keeps the rest of the chunk, in a new buffer: bodies given out may still lie in the old one. */
  #hold(capacity: number): undefined {
    const rest = this.#chunk.length - this.#position;
    if (rest > 0) {
      this.#held = new Uint8Array(capacity);
      this.#held.set(this.#chunk.subarray(this.#position));
      this.#heldLength = rest;
    }
    this.#releaseChunk();
    return undefined;
  }

  #releaseChunk(): void {
    this.#chunk = EMPTY;
    this.#position = 0;
  }

  #fail(fault: ProtocolFault, header: Uint8Array): Frame {
    this.#failed = { fault, header: Uint8Array.from(header) };
    this.#held = EMPTY;
    this.#heldLength = 0;
    this.#releaseChunk();
    return this.#failed;
  }

  /** RFC 4271 6.1, in its order. */
  #check(bytes: Uint8Array, start: number): ProtocolFault | undefined {
    for (let i = start; i < start + MARKER_LENGTH; i++) {
      if (bytes[i] !== 0xff) {
        return headerFault('CONNECTION_NOT_SYNCHRONIZED', EMPTY, 'the marker of the message header is not all ones');
      }
    }
    const at = start + MARKER_LENGTH;
    const length = (bytes[at]! << 8) | bytes[at + 1]!;
    const type = bytes[at + 2]!;
    const bounds = BOUNDS.get(type);
    const min = bounds?.min ?? HEADER_LENGTH;
    const max = Math.min(bounds?.max ?? this.#maxLength, this.#maxLength);
    if (length < min || length > max) {
      return headerFault(
        'BAD_MESSAGE_LENGTH',
        bytes.slice(at, at + 2),
        `a message of type ${type} has ${length} octets`,
      );
    }
    if (bounds === undefined) {
      return headerFault('BAD_MESSAGE_TYPE', Uint8Array.of(type), `there is no message type ${type}`);
    }
    return undefined;
  }
}

function bodyOf(bytes: Uint8Array, start: number, length: number): Frame {
  // Always a plain Uint8Array, also of a Buffer, so that all decoders see one kind of object.
  const body = new Uint8Array(bytes.buffer, bytes.byteOffset + start + HEADER_LENGTH, length - HEADER_LENGTH);
  return { type: bytes[start + MARKER_LENGTH + 2]!, body };
}

/** The message as it came: for those who are to see what was wrong with it. */
export function messageOf(frame: Frame): Uint8Array {
  if ('fault' in frame) return frame.header;
  const length = HEADER_LENGTH + frame.body.length;
  const message = new Uint8Array(length).fill(0xff, 0, MARKER_LENGTH);
  message.set([length >> 8, length & 0xff, frame.type], MARKER_LENGTH);
  message.set(frame.body, HEADER_LENGTH);
  return message;
}

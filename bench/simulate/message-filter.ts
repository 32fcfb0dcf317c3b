// The octets of one connection on their way to a session: of the UPDATEs that come together all but the last are read in
// place and do not get there, which is ten times as fast as making objects of them. The session sees everything else, and
// enough to know that its peer lives.

import { HEADER_LENGTH, MESSAGE_TYPE } from 'node-bgp';

/** Messages with a type in the last octet of the header, and a length before it. */
const LENGTH_AT = HEADER_LENGTH - 3;
const TYPE_AT = HEADER_LENGTH - 1;
/** Two lengths of zero: End-of-RIB (RFC 4724 2). */
const EMPTY_UPDATE = HEADER_LENGTH + 4;
const PATH_ID_LENGTH = 4;
const NOTHING = new Uint8Array(0);

export interface UpdateReader {
  /** IPv4 prefixes come with a path identifier. */
  readonly addPath: boolean;
  /** An UPDATE begins. */
  readonly update: () => void;
  /** The first four octets of a prefix, as a number. */
  readonly withdrawn: (word: number) => void;
  readonly reached: (word: number) => void;
  readonly endOfRib: () => void;
}

export class MessageFilter {
  /** The start of a message that the last chunk ended with. */
  #carry = NOTHING;
  /** Undefined until the session is up: it sees all messages then. */
  reader: UpdateReader | undefined;

  /** Whole messages for the session. */
  take(chunk: Uint8Array): Uint8Array {
    const { reader } = this;
    const bytes = this.#carry.length === 0 ? chunk : joined([this.#carry, chunk]);
    const kept: Uint8Array[] = [];
    let [at, end] = [0, endOf(bytes, 0)];
    while (end <= bytes.length) {
      const next = endOf(bytes, end);
      const isLast = next > bytes.length;
      if (reader === undefined || isLast || bytes[at + TYPE_AT] !== MESSAGE_TYPE.UPDATE)
        kept.push(bytes.subarray(at, end));
      else readUpdate(bytes, at, end, reader);
      [at, end] = [end, next];
    }
    this.#carry = at === bytes.length ? NOTHING : bytes.slice(at);
    return kept.length === 1 ? kept[0]! : joined(kept);
  }
}

/** Where the message ends that begins there; behind all octets where not even its header is whole. */
function endOf(bytes: Uint8Array, start: number): number {
  if (start + HEADER_LENGTH > bytes.length) return Number.POSITIVE_INFINITY;
  return start + uint16(bytes, start + LENGTH_AT);
}

function readUpdate(bytes: Uint8Array, start: number, end: number, reader: UpdateReader): void {
  reader.update();
  if (end - start === EMPTY_UPDATE) {
    reader.endOfRib();
    return;
  }
  const withdrawn = start + HEADER_LENGTH + 2;
  const withdrawnEnd = withdrawn + uint16(bytes, withdrawn - 2);
  const attributes = withdrawnEnd + 2;
  const reached = attributes + uint16(bytes, withdrawnEnd);
  eachWord(bytes, withdrawn, withdrawnEnd, reader.addPath, reader.withdrawn);
  eachWord(bytes, reached, end, reader.addPath, reader.reached);
}

/** The first four octets of prefixes of 25 bits and more. */
export function eachWord(
  bytes: Uint8Array,
  start: number,
  end: number,
  addPath: boolean,
  act: (word: number) => void,
): void {
  for (let at = start; at < end; ) {
    if (addPath) at += PATH_ID_LENGTH;
    act((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!);
    at += 1 + ((bytes[at]! + 7) >> 3);
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

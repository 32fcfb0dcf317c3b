// Netlink framing: messages in a datagram, attributes in a message, and the answers that all families share.
// Numbers are in the byte order of the machine, which is little-endian on all machines that Caracal runs on.
// Not here: what the messages of rtnetlink say (rtnetlink.ts).

import { NLM_F_ACK_TLVS, NLMSGERR_ATTR_MSG } from './constants.ts';

const HEADER = 16;
const ATTRIBUTE_HEADER = 4;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

/** One message of a datagram; `payload` shares the datagram's memory. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
  readonly payload: Uint8Array;
}

export function* readMessages(datagram: Uint8Array): Generator<NetlinkMessage> {
  const view = viewOf(datagram);
  let at = 0;
  while (at + HEADER <= datagram.length) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > datagram.length) return; // cut off: nothing behind it can be read either
    yield {
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      portId: view.getUint32(at + 12, true),
      payload: datagram.subarray(at + HEADER, at + length),
    };
    at += align(length);
  }
}

/** Calls `visit` for each attribute from `start` on; an attribute that is cut off ends the walk. */
export function visitAttributes(
  bytes: Uint8Array,
  start: number,
  visit: (type: number, value: Uint8Array) => void,
): void {
  let at = start;
  while (at + ATTRIBUTE_HEADER <= bytes.length) {
    const length = bytes[at]! | (bytes[at + 1]! << 8);
    if (length < ATTRIBUTE_HEADER || at + length > bytes.length) return;
    const type = (bytes[at + 2]! | (bytes[at + 3]! << 8)) & TYPE_MASK;
    visit(type, bytes.subarray(at + ATTRIBUTE_HEADER, at + length));
    at += align(length);
  }
}

export function readU32(bytes: Uint8Array, offset = 0): number {
  return (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0;
}

export function readText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.buffer, bytes.byteOffset, end < 0 ? bytes.length : end).toString('utf8');
}

/** NLMSG_ERROR or NLMSG_DONE: an errno (0: fine) and the kernel's text where it gives one. */
export function readAnswer(message: NetlinkMessage): { readonly errno: number; readonly text: string | undefined } {
  const { payload, flags } = message;
  const errno = payload.length < 4 ? 0 : 0 - (readU32(payload) | 0);
  let text: string | undefined;
  if (flags & NLM_F_ACK_TLVS) {
    // The socket has NETLINK_CAP_ACK: of the request only its header stands between errno and attributes.
    visitAttributes(payload, 4 + HEADER, (type, value) => {
      if (type === NLMSGERR_ATTR_MSG) text = readText(value);
    });
  }
  return { errno, text };
}

/** Writes messages one behind the other into memory that it keeps and enlarges. */
export class MessageWriter {
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** A copy of all messages so far; the writer begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  /** `header` is the fixed part (rtmsg, ifinfomsg ...); `attributes` adds what follows it. */
  message(type: number, flags: number, sequence: number, header: Uint8Array, attributes?: () => void): void {
    const start = this.#reserve(HEADER + align(header.length));
    this.#view.setUint16(start + 4, type, true);
    this.#view.setUint16(start + 6, flags, true);
    this.#view.setUint32(start + 8, sequence, true);
    this.#bytes.set(header, start + HEADER);
    attributes?.();
    this.#view.setUint32(start, this.#length - start, true);
  }

  attribute(type: number, value: Uint8Array): void {
    const start = this.#reserve(ATTRIBUTE_HEADER + align(value.length));
    this.#view.setUint16(start, ATTRIBUTE_HEADER + value.length, true);
    this.#view.setUint16(start + 2, type, true);
    this.#bytes.set(value, start + ATTRIBUTE_HEADER);
  }

  u32(type: number, value: number): void {
    const start = this.#reserve(ATTRIBUTE_HEADER + 4);
    this.#view.setUint16(start, ATTRIBUTE_HEADER + 4, true);
    this.#view.setUint16(start + 2, type, true);
    this.#view.setUint32(start + ATTRIBUTE_HEADER, value, true);
  }

  text(type: number, value: string): void {
    this.attribute(type, Buffer.from(`${value}\0`, 'utf8'));
  }

  nested(type: number, contents: () => void): void {
    const start = this.#reserve(ATTRIBUTE_HEADER);
    contents();
    this.#view.setUint16(start, this.#length - start, true);
    this.#view.setUint16(start + 2, type | NESTED, true);
  }

  /** Octets whose first two are their length, as struct rtnexthop has them. */
  counted(header: Uint8Array, contents: () => void): void {
    const start = this.#reserve(align(header.length));
    this.#bytes.set(header, start);
    contents();
    this.#view.setUint16(start, this.#length - start, true);
  }

  #reserve(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#bytes.fill(0, start, this.#length);
    return start;
  }
}

function align(length: number): number {
  return (length + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

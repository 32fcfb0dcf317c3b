// Writes a block of path attributes in ascending order of their codes (RFC 4271 4.3, 5).

import { splitAs4 } from './attributes/as4.ts';
import type { AttributeRow, Field, WireAttributes } from './attributes/row.ts';
import { ATTRIBUTE_ROWS } from './attributes/table.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG } from './iana.ts';
import type { AttributeContext, Attributes, UnknownAttribute } from './types.ts';
import { Writer } from './writer.ts';

const NO_UNKNOWN: readonly UnknownAttribute[] = [];
const NO_CODES: readonly number[] = [];

/** Used again for every block: a buffer of its own would cost more than all else here. */
const SCRATCH = new Writer();

/**
 * The path attributes to send, without MP_REACH_NLRI. What a peer of this type would have to discard is left out. With
 * four-octet AS numbers and `ibgp` it is the canonical form: equal attributes give equal octets.
 *
 * @param mp the next hop goes into MP_REACH_NLRI, so there is no NEXT_HOP
 */
export function encodeAttributes(attributes: Attributes, context: AttributeContext, mp: boolean): Uint8Array {
  return writeAttributes(attributes, context, mp).slice();
}

/** The same, valid until the next call: for who looks the octets up, and mostly has them already. */
export function writeAttributes(attributes: Attributes, context: AttributeContext, mp: boolean): Uint8Array {
  const w = SCRATCH.clear();
  const fields: WireAttributes = context.fourOctetAs ? attributes : { ...attributes, ...splitAs4(attributes) };
  const partial = attributes.partial ?? NO_CODES;
  const unknown = attributes.unknown?.toSorted((a, b) => a.code - b.code) ?? NO_UNKNOWN;
  let next = 0;
  for (const row of ATTRIBUTE_ROWS) {
    while (next < unknown.length && unknown[next]!.code < row.code) putUnknown(w, unknown[next++]!);
    if (row.code === ATTRIBUTE.NEXT_HOP && mp) continue;
    const value = fields[row.field];
    if (value === undefined || (row.between !== undefined && !row.between(context))) continue;
    // An empty list is no attribute (RFC 7606 4), except the path of a route that never left its AS.
    if (Array.isArray(value) && value.length === 0 && !row.mayBeEmpty) continue;
    putKnown(w, row, value, partial.includes(row.code), context);
  }
  while (next < unknown.length) putUnknown(w, unknown[next++]!);
  return w.view();
}

function putKnown(
  w: Writer,
  row: AttributeRow,
  value: NonNullable<WireAttributes[Field]>,
  partial: boolean,
  context: AttributeContext,
): void {
  w.u8(row.flags | (partial ? ATTRIBUTE_FLAG.PARTIAL : 0))
    .u8(row.code)
    .u8(0);
  const start = w.length;
  row.encode(w, value, context);
  closeAttribute(w, start);
}

function putUnknown(w: Writer, { flags, code, value }: UnknownAttribute): void {
  w.u8(flags & ~ATTRIBUTE_FLAG.EXTENDED_LENGTH)
    .u8(code)
    .u8(0);
  const start = w.length;
  w.bytes(value);
  closeAttribute(w, start);
}

/** Writes the length of the attribute whose value began at `start`, and makes room where it needs two octets. */
function closeAttribute(w: Writer, start: number): void {
  const length = w.length - start;
  if (length <= 255) {
    w.setU8(start - 1, length);
    return;
  }
  w.insertOctet(start);
  w.setU16(start - 1, length);
  w.setU8(start - 3, w.at(start - 3) | ATTRIBUTE_FLAG.EXTENDED_LENGTH);
}

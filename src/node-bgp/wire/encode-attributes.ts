// Writes a block of path attributes in ascending order of their codes (RFC 4271 4.3, 5).

import { splitAs4 } from './attributes/as4.ts';
import type { AttributeRow, WireAttributes } from './attributes/row.ts';
import { ATTRIBUTE_ROWS } from './attributes/table.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG } from './iana.ts';
import type { AttributeContext, Attributes, UnknownAttribute } from './types.ts';
import { Writer } from './writer.ts';

const NONE: readonly never[] = [];

/**
 * The path attributes to send, without MP_REACH_NLRI. What a peer of this type would have to discard is left out. With
 * four-octet AS numbers and `ibgp` it is the canonical form: equal attributes give equal octets.
 *
 * @param mp the next hop goes into MP_REACH_NLRI, so there is no NEXT_HOP
 */
export function encodeAttributes(attributes: Attributes, context: AttributeContext, mp: boolean): Uint8Array {
  const w = new Writer();
  const fields: WireAttributes = { ...attributes, ...splitAs4(attributes, context) };
  const partial = attributes.partial ?? NONE;
  const unknown = (attributes.unknown ?? NONE).toSorted((a, b) => a.code - b.code);
  let next = 0;
  for (const row of ATTRIBUTE_ROWS) {
    while (next < unknown.length && unknown[next]!.code < row.code) putUnknown(w, unknown[next++]!);
    if (row.code === ATTRIBUTE.NEXT_HOP && mp) continue;
    if (row.between === undefined || row.between(context)) putKnown(w, row, fields, partial, context);
  }
  while (next < unknown.length) putUnknown(w, unknown[next++]!);
  return w.finish();
}

function putKnown(
  w: Writer,
  row: AttributeRow,
  fields: WireAttributes,
  partial: readonly number[],
  context: AttributeContext,
): void {
  const value = fields[row.field];
  // An empty list is no attribute (RFC 7606 4), except the path of a route that never left its AS.
  if (value === undefined || (Array.isArray(value) && value.length === 0 && !row.mayBeEmpty)) return;
  const body = new Writer();
  row.encode(body, value, context);
  const flags = row.flags | (partial.includes(row.code) ? ATTRIBUTE_FLAG.PARTIAL : 0);
  putAttribute(w, flags, row.code, body.finish());
}

function putUnknown(w: Writer, attribute: UnknownAttribute): void {
  putAttribute(w, attribute.flags & ~ATTRIBUTE_FLAG.EXTENDED_LENGTH, attribute.code, attribute.value);
}

function putAttribute(w: Writer, flags: number, code: number, value: Uint8Array): void {
  if (value.length > 255)
    w.u8(flags | ATTRIBUTE_FLAG.EXTENDED_LENGTH)
      .u8(code)
      .u16(value.length);
  else w.u8(flags).u8(code).u8(value.length);
  w.bytes(value);
}

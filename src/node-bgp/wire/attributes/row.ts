// The shape of what is known about one path attribute: a row. Mechanics (flags, lengths, order, verdicts) live in the
// loops of ../attribute-set.ts and ../encode-attributes.ts; a row holds what is particular.

import { Malformed, updateFault } from '../fault.ts';
import { ATTRIBUTE_FLAG, type UPDATE_ERROR } from '../iana.ts';
import type { Reader } from '../reader.ts';
import type { Aggregator, AsPathSegment, AttributeContext, Attributes } from '../types.ts';
import type { Writer } from '../writer.ts';

/** The attributes that rows read and write, as they stand in a block: the AS numbers of two and four octets apart. */
export interface WireAttributes
  extends Omit<Attributes, 'origin' | 'asPath' | 'linkLocalNextHop' | 'unknown' | 'partial'> {
  readonly origin?: Attributes['origin'];
  readonly asPath?: Attributes['asPath'];
  readonly as4Path?: readonly AsPathSegment[];
  readonly as4Aggregator?: Aggregator;
}

export type Field = keyof WireAttributes;

export interface AttributeRow<F extends Field = Field> {
  readonly code: number;
  readonly name: string;
  /** OPTIONAL and TRANSITIVE as they have to be (RFC 7606 3 c). */
  readonly flags: number;
  readonly field: F;
  /** RFC 7606: what a malformed one costs. */
  readonly onError: 'withdraw' | 'discard';
  /** A length of zero is valid (RFC 7606 4). */
  readonly mayBeEmpty?: true;
  /** From whom it is heeded and to whom it is sent; from others it is discarded unread. Default: everybody. */
  readonly between?: (context: AttributeContext) => boolean;
  readonly decode: (r: Reader, context: AttributeContext) => NonNullable<WireAttributes[F]>;
  readonly encode: (w: Writer, value: NonNullable<WireAttributes[F]>, context: AttributeContext) => void;
}

export const WELL_KNOWN = ATTRIBUTE_FLAG.TRANSITIVE;
export const OPTIONAL_TRANSITIVE = ATTRIBUTE_FLAG.OPTIONAL | ATTRIBUTE_FLAG.TRANSITIVE;
export const OPTIONAL_NON_TRANSITIVE = ATTRIBUTE_FLAG.OPTIONAL;

/** States a row; the field ties the types of `decode` and `encode` to it. */
export function attribute<F extends Field>(row: AttributeRow<F>): AttributeRow {
  return row as unknown as AttributeRow;
}

/** What a row throws where the length is right and the value is not. */
export function invalid(subcode: keyof typeof UPDATE_ERROR, text: string): Malformed {
  return new Malformed(updateFault(subcode, text));
}

export function u32(r: Reader): number {
  return r.u32();
}

export function putU32(w: Writer, value: number): void {
  w.u32(value);
}

/** Elements up to the end of the attribute; one that is cut short is a length error. */
export function listOf<T>(element: (r: Reader) => T): (r: Reader) => T[] {
  return (r) => {
    const list: T[] = [];
    while (r.remaining > 0) list.push(element(r));
    return list;
  };
}

export function putList<T>(put: (w: Writer, element: T) => void): (w: Writer, list: readonly T[]) => void {
  return (w, list) => {
    for (const element of list) put(w, element);
  };
}

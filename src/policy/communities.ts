// Communities as text and as numbers: standard (RFC 1997), large (RFC 8092), extended (RFC 4360).

import type { LargeCommunity } from 'node-bgp';
import type { Value } from './types.ts';

/** `aa:nn` (each up to 65535) or `aa:nn:mm` (each up to 4294967295); undefined where the text is neither. */
export function communityFromText(text: string): (Value & { readonly type: 'pair' | 'lc' }) | undefined {
  if (!/^\d{1,10}(:\d{1,10}){1,2}$/.test(text)) return undefined;
  const parts = text.split(':').map(Number);
  const limit = parts.length === 2 ? 0xffff : 0xffff_ffff;
  if (parts.some((part) => part > limit)) return undefined;
  const [first = 0, second = 0, third = 0] = parts;
  return parts.length === 2
    ? { type: 'pair', value: pairNumber(first, second) }
    : { type: 'lc', value: [first, second, third] };
}

/** High and low half to one unsigned number. */
export function pairNumber(high: number, low: number): number {
  return ((high << 16) | low) >>> 0;
}

export function equalLarge(a: LargeCommunity, b: LargeCommunity): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

/** Numeric order of the three parts. */
export function compareLarge(a: LargeCommunity, b: LargeCommunity): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

const ROUTE_TARGET = 0x02;
const ROUTE_ORIGIN = 0x03;

/**
 * Route target or origin with the shortest type that holds the key: two-octet AS, four-octet AS (RFC 5668), or IPv4
 * address where `keyIsAddress`. Undefined where the value does not fit beside the key.
 */
export function extendedCommunity(
  kind: 'rt' | 'ro' | 'generic' | number,
  key: number,
  keyIsAddress: boolean,
  value: number,
): string | undefined {
  if (kind === 'generic') return hex(key, 8) + hex(value, 8);
  const subtype = kind === 'rt' ? ROUTE_TARGET : kind === 'ro' ? ROUTE_ORIGIN : undefined;
  const base = subtype === undefined ? (kind as number) : subtype;
  if (keyIsAddress || key > 0xffff) {
    if (value > 0xffff) return undefined;
    const type = base | (keyIsAddress ? 0x0100 : 0x0200);
    return hex(type, 4) + hex(key, 8) + hex(value, 4);
  }
  return hex(base, 4) + hex(key, 4) + hex(value, 8);
}

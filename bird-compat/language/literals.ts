// Literals that stand in terms, sets and options alike.

import { addressBytes } from 'node-bgp';
import { fail } from './place.ts';
import type { Reader } from './reader.ts';
import type { EcKind, PrefixLiteral } from './tree.ts';

/** `address/length` */
export function prefixLiteral(reader: Reader): PrefixLiteral {
  if (!reader.isAddress()) reader.unexpected();
  const { text, place } = reader.next();
  if (reader.dialect.bird === 1 && reader.acceptOperator(':')) {
    return { address: text, length: netmask(reader), at: place, end: reader.last };
  }
  reader.operator('/');
  const length = reader.number();
  return { address: text, length, at: place, end: reader.last };
}

/** `10.0.0.0:255.0.0.0`, of BIRD 1.6 */
function netmask(reader: Reader): number {
  if (!reader.isAddress()) reader.unexpected();
  const { text } = reader.next();
  let bits = '';
  for (const octet of addressBytes(text)) bits += octet.toString(2).padStart(8, '0');
  const length = bits.indexOf('0');
  if (length >= 0 && bits.includes('1', length)) fail(reader.last, `Invalid netmask ${text}`);
  return length < 0 ? bits.length : length;
}

/** Whether `address/` stands here. */
export function isPrefix(reader: Reader): boolean {
  return reader.isAddress() && reader.isFollowedBy('/');
}

/** `rt,`, `ro,`, `generic,` or `unknown 5,`; undefined where something else stands here. */
export function ecKind(reader: Reader): EcKind | undefined {
  if (!reader.isWord('rt', 'ro', 'generic', 'unknown')) return undefined;
  const word = reader.next().text;
  const kind = word === 'unknown' ? reader.number() : (word as 'rt' | 'ro' | 'generic');
  reader.operator(',');
  return kind;
}

const ENUM = /^(?:RTS|SCOPE|RTC|RTD|ROA|ORIGIN|NET)_/;

/** Whether a named number of BIRD stands here: `RTS_BGP`. */
export function isEnum(reader: Reader): boolean {
  const { type, text } = reader.peek();
  return type === 'name' && ENUM.test(text) && !reader.isSymbol();
}

const ATTRIBUTES = new Set([
  ...['from', 'gw', 'net', 'proto', 'source', 'scope', 'cast', 'dest', 'ifname', 'ifindex', 'preference'],
  ...['igp_metric', 'onlink', 'weight', 'gw_mpls'],
]);

/** Whether the name of something that a route has stands here. */
export function isAttribute(reader: Reader): boolean {
  const { type, text } = reader.peek();
  if (type !== 'name' || reader.isSymbol()) return false;
  return ATTRIBUTES.has(text) || text.startsWith('bgp_') || text.startsWith('krt_');
}

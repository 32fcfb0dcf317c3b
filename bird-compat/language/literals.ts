// Literals that stand in terms, sets and options alike.

import type { Reader } from './reader.ts';
import type { EcKind, PrefixLiteral } from './tree.ts';

/** `address/length` */
export function prefixLiteral(reader: Reader): PrefixLiteral {
  if (!reader.isAddress()) reader.unexpected();
  const { text, place } = reader.next();
  reader.operator('/');
  const length = reader.number();
  return { address: text, length, at: place, end: reader.last };
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

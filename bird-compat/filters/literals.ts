// Literals of the language as values: prefixes, named numbers, and the constants that communities and sets are made of.

import type { Address, Prefix } from 'node-bgp';
import { familyOf, maxLength, parseCidr, parseRouterId } from 'node-bgp';
import { ENUMS, type Value } from '../../src/policy/index.ts';
import { type Dialect, fail, type PrefixLiteral } from '../language/index.ts';

/** An address is a router ID only where the daemon routes the other family. */
export function addressValue(address: Address, dialect: Dialect): Value {
  const isQuad = dialect.bird === 1 && dialect.family === 'ipv6' && !address.includes(':');
  return isQuad ? { type: 'quad', value: parseRouterId(address)! } : { type: 'ip', value: address };
}

/** `strict`: as options say it, where BIRD 1.6 has another sentence than in filters. */
export function prefixOf(literal: PrefixLiteral, dialect: Dialect, strict = false): Prefix {
  const { address, length, end } = literal;
  const family = familyOf(address);
  if (length > maxLength(family)) {
    const isFilter = dialect.bird === 1 && !strict;
    fail(end, isFilter ? `Invalid network prefix: ${address}/${length}.` : `Invalid prefix length ${length}`);
  }
  const cidr = parseCidr(`${address}/${length}`)!;
  if (cidr.exact) return cidr.prefix;
  if (dialect.bird === 2) {
    const version = family === 'ipv4' ? 4 : 6;
    fail(end, `Invalid IPv${version} prefix ${address}/${length}, maybe you wanted ${cidr.prefix}`);
  }
  return fail(end, strict ? 'Invalid prefix' : `Invalid network prefix: ${address}/${length}.`);
}

export function enumOf(name: string): (Value & { readonly type: 'enum' }) | undefined {
  return Object.hasOwn(ENUMS, name) ? ENUMS[name] : undefined;
}

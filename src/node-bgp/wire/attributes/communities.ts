// COMMUNITIES (RFC 1997), EXTENDED COMMUNITIES (RFC 4360), LARGE_COMMUNITY (RFC 8092); RFC 7606 7.8, 7.14.

import { fromHex, toHex } from '../hex.ts';
import { ATTRIBUTE } from '../iana.ts';
import type { LargeCommunity } from '../types.ts';
import { attribute, listOf, OPTIONAL_TRANSITIVE, putList, putU32, u32 } from './row.ts';

export const communities = attribute({
  code: ATTRIBUTE.COMMUNITIES,
  name: 'COMMUNITIES',
  flags: OPTIONAL_TRANSITIVE,
  field: 'communities',
  onError: 'withdraw',
  decode: listOf(u32),
  encode: putList(putU32),
});

export const extendedCommunities = attribute({
  code: ATTRIBUTE.EXTENDED_COMMUNITIES,
  name: 'EXTENDED_COMMUNITIES',
  flags: OPTIONAL_TRANSITIVE,
  field: 'extendedCommunities',
  onError: 'withdraw',
  decode: listOf((r) => toHex(r.view(8))),
  encode: putList((w, value) => w.bytes(fromHex(value))),
});

export const largeCommunities = attribute({
  code: ATTRIBUTE.LARGE_COMMUNITIES,
  name: 'LARGE_COMMUNITIES',
  flags: OPTIONAL_TRANSITIVE,
  field: 'largeCommunities',
  onError: 'withdraw',
  decode: (r) => distinct(listOf((part): LargeCommunity => [part.u32(), part.u32(), part.u32()])(r)),
  encode: (w, value) => {
    for (const [global, local1, local2] of distinct(value)) w.u32(global).u32(local1).u32(local2);
  },
});

/** RFC 8092 5: a value stands in the attribute once; repetitions are neither sent nor kept. */
function distinct(list: readonly LargeCommunity[]): LargeCommunity[] {
  const seen = new Set<string>();
  return list.filter((community) => {
    const key = community.join(':');
    return !seen.has(key) && seen.add(key);
  });
}

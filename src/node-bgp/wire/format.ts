// Attributes as text, for status and logs.

import { COMMUNITY_NAME } from './iana.ts';
import type { AsPathSegment, AsPathSegmentType, LargeCommunity } from './types.ts';

const BRACKETS: Readonly<Record<AsPathSegmentType, readonly [string, string, string]>> = {
  sequence: ['', ' ', ''],
  set: ['{', ',', '}'],
  confedSequence: ['(', ' ', ')'],
  confedSet: ['[', ',', ']'],
};

/** `64512 64513 {64514,64515}`; confederation sequences in (), sets in []; '' for an empty path. */
export function formatAsPath(path: readonly AsPathSegment[]): string {
  return path
    .map(({ type, asns }) => {
      const [open, separator, close] = BRACKETS[type];
      return open + asns.join(separator) + close;
    })
    .join(' ');
}

/** `64512:1`, or the name of a well-known community. */
export function formatCommunity(community: number): string {
  return COMMUNITY_NAME.get(community) ?? `${community >>> 16}:${community & 0xffff}`;
}

/** `64512:1:2` (RFC 8092 4). */
export function formatLargeCommunity(community: LargeCommunity): string {
  return community.join(':');
}

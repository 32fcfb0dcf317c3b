// Between speakers of two and of four octets: splitting an AS path for a peer that knows only two, and putting together
// what such a peer sent (RFC 6793 4.2.2, 4.2.3).

import { pathLength } from '../as-path.ts';
import { AS_TRANS } from '../iana.ts';
import type { Aggregator, AsPathSegment } from '../types.ts';
import { isConfed, MAX_SEGMENT_LENGTH, MAX_TWO_OCTET_AS } from './as-path.ts';
import type { WireAttributes } from './row.ts';

type PathFields = Pick<WireAttributes, 'asPath' | 'aggregator' | 'as4Path' | 'as4Aggregator'>;

/** The path and aggregator that the fields of a block mean. */
export function mergeAs4(fields: PathFields): { asPath?: readonly AsPathSegment[]; aggregator?: Aggregator } {
  const { asPath, aggregator, as4Path, as4Aggregator } = fields;
  const path = asPath === undefined ? {} : { asPath };
  if (aggregator === undefined) {
    return asPath && as4Path ? { asPath: mergePaths(asPath, as4Path) } : path;
  }
  // A speaker of two octets has aggregated since: what stands in the companions is stale.
  if (as4Aggregator !== undefined && aggregator.asn !== AS_TRANS) return { ...path, aggregator };
  return {
    ...(asPath && as4Path ? { asPath: mergePaths(asPath, as4Path) } : path),
    aggregator: as4Aggregator ?? aggregator,
  };
}

/** Prepends to the AS4_PATH what only the AS_PATH knows: the ASes that were added by speakers of two octets. */
function mergePaths(asPath: readonly AsPathSegment[], as4Path: readonly AsPathSegment[]): readonly AsPathSegment[] {
  let missing = pathLength(asPath) - pathLength(as4Path);
  if (missing < 0) return asPath;
  const merged: AsPathSegment[] = [];
  for (const segment of asPath) {
    if (isConfed(segment)) {
      merged.push(segment); // it leads, or stands behind a segment that was kept whole
      continue;
    }
    if (missing === 0) break;
    const whole = segment.type === 'set' || segment.asns.length <= missing;
    merged.push(whole ? segment : { type: segment.type, asns: segment.asns.slice(0, missing) });
    missing -= segment.type === 'set' ? 1 : Math.min(missing, segment.asns.length);
    if (!whole) break;
  }
  return joinSequences(merged, as4Path);
}

/** One sequence where the first part ends and the second begins with one, so that a path has one shape however it came. */
function joinSequences(first: readonly AsPathSegment[], second: readonly AsPathSegment[]): readonly AsPathSegment[] {
  const last = first.at(-1);
  const next = second[0];
  if (last?.type !== 'sequence' || next?.type !== 'sequence') return [...first, ...second];
  if (last.asns.length + next.asns.length > MAX_SEGMENT_LENGTH) return [...first, ...second];
  return [...first.slice(0, -1), { type: 'sequence', asns: [...last.asns, ...next.asns] }, ...second.slice(1)];
}

/** The companions that a peer of two octets has to be sent beside AS_PATH and AGGREGATOR; none where two octets hold all. */
export function splitAs4(fields: PathFields): Pick<PathFields, 'as4Path' | 'as4Aggregator'> {
  const { asPath = [], aggregator } = fields;
  const wide = asPath.some(({ asns }) => asns.some((asn) => asn > MAX_TWO_OCTET_AS));
  return {
    ...(wide ? { as4Path: asPath.filter((segment) => !isConfed(segment)) } : {}),
    ...(aggregator && aggregator.asn > MAX_TWO_OCTET_AS ? { as4Aggregator: aggregator } : {}),
  };
}

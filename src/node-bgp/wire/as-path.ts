// Questions about an AS path that the decision process, policies and status ask.

import type { Asn, AsPathSegment, Attributes } from './types.ts';

/** RFC 4271 9.1.2.2 a, RFC 5065 5.3: a set counts one, confederation segments nothing. */
export function pathLength(path: readonly AsPathSegment[]): number {
  let length = 0;
  for (const segment of path) {
    if (segment.type === 'sequence') length += segment.asns.length;
    else if (segment.type === 'set') length += 1;
  }
  return length;
}

/** Length of the AS path as the decision process counts it. */
export function asPathLength(attributes: Attributes): number {
  return pathLength(attributes.asPath);
}

/**
 * The AS that the route came from (RFC 4271 9.1.2.2 c, RFC 5065 5.3): the first of the first sequence outside of the
 * confederation. Undefined where the path is empty or begins with a set: then it is the local AS.
 */
export function neighborAs(attributes: Attributes): Asn | undefined {
  for (const segment of attributes.asPath) {
    if (segment.type === 'sequence') return segment.asns[0];
    if (segment.type === 'set') return undefined;
  }
  return undefined;
}

// AS paths (RFC 4271 4.3, 5.1.2): prepending, their length and ends, and path masks. Paths are values; nothing is changed in place.

import type { Asn, AsPathSegment } from 'node-bgp';

type Path = readonly AsPathSegment[];

/** A segment counts its AS numbers in one octet. */
const SEGMENT_LIMIT = 255;

/** These AS numbers in this order, then the path; they join its first segment as long as that is a sequence with room. */
export function prependAsns(path: Path, asns: readonly Asn[]): Path {
  if (asns.length === 0) return path;
  const first = path[0];
  const joins = first?.type === 'sequence' && first.asns.length < SEGMENT_LIMIT;
  const rest = joins ? path.slice(1) : path;
  let pending = [...asns];
  const segments: AsPathSegment[] = [];
  if (joins) {
    const room = SEGMENT_LIMIT - first.asns.length;
    const joined = pending.slice(Math.max(0, pending.length - room));
    pending = pending.slice(0, pending.length - joined.length);
    segments.unshift(sequence([...joined, ...first.asns]));
  }
  while (pending.length > 0) {
    const cut = Math.max(0, pending.length - SEGMENT_LIMIT);
    segments.unshift(sequence(pending.slice(cut)));
    pending = pending.slice(0, cut);
  }
  return [...segments, ...rest];
}

function sequence(asns: readonly Asn[]): AsPathSegment {
  return { type: 'sequence', asns };
}

/** A set counts as one (RFC 4271 9.1.2.2), confederation segments as none (RFC 5065 5.3). */
export function pathLength(path: Path): number {
  let length = 0;
  for (const segment of path) {
    if (segment.type === 'sequence') length += segment.asns.length;
    else if (segment.type === 'set') length++;
  }
  return length;
}

/** The neighbouring AS; 0 where the path is empty or does not begin with a sequence. */
export function firstAsn(path: Path): Asn {
  const segment = path[0];
  return segment?.type === 'sequence' ? (segment.asns[0] ?? 0) : 0;
}

/** The AS that originated the route; 0 where the path is empty or ends in a set. */
export function lastAsn(path: Path): Asn {
  const segment = path.at(-1);
  return segment?.type === 'sequence' ? (segment.asns.at(-1) ?? 0) : 0;
}

/** The last AS before the first set; 0 where there is none. */
export function lastNonaggregatedAsn(path: Path): Asn {
  let last = 0;
  for (const segment of path) {
    if (segment.type !== 'sequence') break;
    last = segment.asns.at(-1) ?? last;
  }
  return last;
}

export function pathContains(path: Path, asn: Asn): boolean {
  return path.some((segment) => segment.asns.includes(asn));
}

/** The path without those AS numbers; the same path where there is none to take away. */
export function filterPath(path: Path, keep: (asn: Asn) => boolean): Path {
  if (path.every((segment) => segment.asns.every(keep))) return path;
  const segments = path.map((segment) => ({ ...segment, asns: segment.asns.filter(keep) }));
  return segments.filter((segment) => segment.asns.length > 0);
}

export function equalPaths(a: Path, b: Path): boolean {
  if (a === b) return true;
  return (
    a.length === b.length &&
    a.every((segment, i) => {
      const other = b[i]!;
      return (
        segment.type === other.type &&
        segment.asns.length === other.asns.length &&
        segment.asns.every((asn, j) => asn === other.asns[j])
      );
    })
  );
}

/** A mask position: any run of AS numbers, or exactly one that the test takes. */
export type MaskStep = 'any' | ((asn: Asn) => boolean);

export type PathMatcher = (path: Path) => boolean;

/**
 * A set in the path stands for one or more of its members, in any order and any number; a set right behind a set may also
 * stand for none. That is how BIRD reads aggregated paths, and so what masks in the field mean.
 */
export function compileMask(steps: readonly MaskStep[]): PathMatcher {
  const head = steps.slice(0, -1);
  const opensPath = steps.at(-1) === 'any' && !head.includes('any');
  if (!opensPath) return (path) => matchMask(path, steps);
  const tests = head as readonly ((asn: Asn) => boolean)[];
  return (path) => {
    const segment = path[0];
    if (segment?.type !== 'sequence' || segment.asns.length < tests.length) return matchMask(path, steps);
    for (let i = 0; i < tests.length; i++) if (!tests[i]!(segment.asns[i]!)) return false;
    return true;
  };
}

/** Walks the path and keeps the mask positions that can come next, as an automaton does. */
function matchMask(path: Path, steps: readonly MaskStep[]): boolean {
  let states = skipAny(new Set([0]), steps);
  let behindSet = false;
  for (const segment of path) {
    const isSet = segment.type === 'set' || segment.type === 'confedSet';
    if (isSet) {
      const through = throughSet(segment.asns, states, steps);
      states = behindSet ? states.union(through) : through;
    } else {
      for (const asn of segment.asns) states = advance((test) => test(asn), states, steps);
    }
    if (states.size === 0) return false;
    behindSet = isSet;
  }
  return states.has(steps.length);
}

function throughSet(asns: readonly Asn[], states: ReadonlySet<number>, steps: readonly MaskStep[]): Set<number> {
  const reached = new Set<number>();
  let frontier: ReadonlySet<number> = states;
  while (frontier.size > 0) {
    const next = advance((test) => asns.some(test), frontier, steps);
    frontier = next.difference(reached);
    for (const state of next) reached.add(state);
  }
  return reached;
}

function advance(
  accepts: (test: (asn: Asn) => boolean) => boolean,
  states: ReadonlySet<number>,
  steps: readonly MaskStep[],
): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const step = steps[state];
    if (step === 'any') next.add(state);
    else if (step !== undefined && accepts(step)) next.add(state + 1);
  }
  return skipAny(next, steps);
}

/** `any` may also stand for nothing. */
function skipAny(states: Set<number>, steps: readonly MaskStep[]): Set<number> {
  for (const state of states) if (steps[state] === 'any') states.add(state + 1);
  return states;
}

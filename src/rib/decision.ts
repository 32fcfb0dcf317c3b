// The decision process (RFC 4271 9.1.2.2, RFC 4456 9) as a list: each step takes the candidates that are left and keeps
// the best of them. The name of the step that left one candidate is what status and explain show.

import { type AttributeTable, LLGR_STALE, NO_SET } from './attribute-table.ts';
import { DEAD, NO_ROW, type PathTable, type Row, UNREACHABLE } from './path-table.ts';
import type { PrefixId } from './prefix-table.ts';
import type { Source } from './source.ts';

/** What a step may look at. */
export interface DecisionView {
  readonly paths: PathTable;
  readonly attributes: AttributeTable;
  readonly sources: readonly (Source | undefined)[];
  /** Interior cost of reaching the next hop of a path. */
  readonly nextHopCost: (row: Row) => number;
}

/** Lower is better. Texts compare with texts only. */
type Key = (view: DecisionView, row: Row) => number | string;

interface Step {
  readonly name: string;
  /** Paths that differ here or above are never used together (multipath). */
  readonly ranks: boolean;
  /** Keeps the best of the first `count` candidates in front; returns how many they are. */
  readonly keep: (view: DecisionView, candidates: Int32Array, count: number) => number;
}

const set = (view: DecisionView, row: Row) => view.paths.set[row]!;
const source = (view: DecisionView, row: Row) => view.sources[view.paths.source[row]!]!;

export const TIE_BREAKERS: readonly Step[] = [
  highest('higher preference', (view, row) => view.paths.preference[row]!),
  highest('own route', (view, row) => (source(view, row).info.kind === 'bgp' ? 0 : 1)),
  highest('reachable next hop', (view, row) => ((view.paths.flags[row]! & UNREACHABLE) === 0 ? 1 : 0)),
  lowest('not stale', (view, row) => view.attributes.flags[set(view, row)]! & LLGR_STALE), // RFC 9494 4.3
  highest('higher LOCAL_PREF', (view, row) => view.attributes.localPref[set(view, row)]!),
  lowest('shorter AS_PATH', (view, row) => view.attributes.pathLength[set(view, row)]!),
  lowest('lower ORIGIN', (view, row) => view.attributes.origin[set(view, row)]!),
  { name: 'lower MED', ranks: true, keep: keepLowestMed },
  highest('eBGP over iBGP', (view, row) => (source(view, row).info.peer?.type === 'ebgp' ? 1 : 0)),
  lowest('nearer next hop', (view, row) => view.nextHopCost(row)),
  lowest('lower BGP identifier', identifierOf, false),
  lowest('shorter CLUSTER_LIST', (view, row) => view.attributes.clusterListLength[set(view, row)]!, false),
  lowest('lower peer address', (view, row) => source(view, row).addressKey, false),
  lowest('lower path identifier', (view, row) => view.paths.pathId[row]!, false),
  lowest('earlier session', (view, row) => view.paths.source[row]!, false),
];

/** RFC 4456 9: ORIGINATOR_ID stands for the identifier of the peer. */
function identifierOf(view: DecisionView, row: Row): number {
  return view.attributes.originatorIdOf(set(view, row)) ?? source(view, row).info.identifier ?? 0;
}

function lowest(name: string, key: Key, ranks = true): Step {
  return {
    name,
    ranks,
    keep: (view, candidates, count) => {
      let best = key(view, candidates[0]!);
      let kept = 1;
      for (let i = 1; i < count; i++) {
        const row = candidates[i]!;
        const value = key(view, row);
        if (value > best) continue;
        if (value < best) {
          best = value;
          kept = 0;
        }
        candidates[kept++] = row;
      }
      return kept;
    },
  };
}

function highest(name: string, key: (view: DecisionView, row: Row) => number): Step {
  return lowest(name, (view, row) => -key(view, row));
}

/** RFC 4271 9.1.2.2 c: MED counts between paths from the same neighbouring AS only. */
function keepLowestMed(view: DecisionView, candidates: Int32Array, count: number): number {
  const { neighborAs, med } = view.attributes;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const mine = set(view, candidates[i]!);
    let beaten = false;
    for (let j = 0; j < count && !beaten; j++) {
      const other = set(view, candidates[j]!);
      beaten = neighborAs[other] === neighborAs[mine] && med[other]! < med[mine]!;
    }
    // Rows in front of `kept` are never needed again as rivals: who was beaten by them is beaten by what is left.
    if (!beaten) keepLater[kept++] = candidates[i]!;
  }
  for (let i = 0; i < kept; i++) candidates[i] = keepLater[i]!;
  return kept;
}

let keepLater = new Int32Array(64);
let scratch = new Int32Array(64);

/** Can this path be chosen at all? */
export function isCandidate(paths: PathTable, row: Row): boolean {
  return paths.set[row] !== NO_SET && (paths.flags[row]! & DEAD) === 0;
}

function collect(view: DecisionView, prefix: PrefixId): number {
  const { paths } = view;
  let count = 0;
  for (let row = paths.first[prefix]!; row !== NO_ROW; row = paths.next[row]!) {
    if (!isCandidate(paths, row)) continue;
    if (count === scratch.length) {
      const larger = new Int32Array(count * 2);
      larger.set(scratch);
      scratch = larger;
      keepLater = new Int32Array(count * 2);
    }
    scratch[count++] = row;
  }
  return count;
}

/** The best path of a prefix, or NO_ROW. */
export function decide(view: DecisionView, prefix: PrefixId): Row {
  const { paths } = view;
  const only = paths.first[prefix]!;
  if (only === NO_ROW) return NO_ROW;
  if (paths.next[only] === NO_ROW) return isCandidate(paths, only) ? only : NO_ROW;
  let count = collect(view, prefix);
  if (count === 0) return NO_ROW;
  for (let step = 0; count > 1; step++) count = TIE_BREAKERS[step]!.keep(view, scratch, count);
  return scratch[0]!;
}

/** The best path and those as good as it in every step that ranks: what ECMP may use together, best first. */
export function equallyGood(view: DecisionView, prefix: PrefixId): Row[] {
  let count = collect(view, prefix);
  for (const step of TIE_BREAKERS) {
    if (!step.ranks || count < 2) break;
    count = step.keep(view, scratch, count);
  }
  const equal = Array.from(scratch.subarray(0, count));
  const best = decide(view, prefix);
  return equal.sort((a, b) => Number(b === best) - Number(a === best) || a - b);
}

/** For each candidate of a prefix the step that put it out of the race; the best one has the step that settled it. */
export function explainDecision(view: DecisionView, prefix: PrefixId): Map<Row, string> {
  let count = collect(view, prefix);
  const decidedBy = new Map<Row, string>();
  let last = 'only path';
  for (let step = 0; count > 1; step++) {
    const before = Array.from(scratch.subarray(0, count));
    count = TIE_BREAKERS[step]!.keep(view, scratch, count);
    const left = new Set(scratch.subarray(0, count));
    for (const row of before) if (!left.has(row)) decidedBy.set(row, TIE_BREAKERS[step]!.name);
    if (left.size < before.length) last = TIE_BREAKERS[step]!.name;
  }
  if (count === 1) decidedBy.set(scratch[0]!, last);
  return decidedBy;
}

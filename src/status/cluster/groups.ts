// Holes that are one thing, brought together: a node that nobody reaches is one line and not 1,999. Nodes that lack the same
// ones are told together; what is left is covered by as few lines as a greedy choice finds.

import { CAUSES, type Hole, type HoleGroup } from './types.ts';

export function groupHoles(holes: readonly Hole[]): readonly HoleGroup[] {
  const kinds = Map.groupBy(holes, ({ cause, oneWay }) => `${cause} ${oneWay}`);
  const groups = Array.from(kinds.values(), coverOf).flat();
  return groups.sort((a, b) => CAUSES.indexOf(a.cause) - CAUSES.indexOf(b.cause));
}

/** Names as numbers, so that a million of holes is a small matter. */
interface Edges {
  readonly names: readonly string[];
  /** Who -> to whom -> the hole. */
  readonly forward: ReadonlyMap<number, ReadonlyMap<number, Hole>>;
  readonly backward: ReadonlyMap<number, ReadonlyMap<number, Hole>>;
}

/** Of holes of one kind. */
function coverOf(holes: readonly Hole[]): readonly HoleGroup[] {
  const edges = edgesOf(holes);
  const blocks = [...blocksOf(edges.forward, false), ...blocksOf(edges.backward, true)];
  blocks.sort((a, b) => b.from.length * b.to.length - a.from.length * a.to.length);
  const told = new Set<Hole>();
  const groups: HoleGroup[] = [];
  for (const { from, to } of blocks) {
    const fresh = holesIn(edges, from, to).filter((hole) => !told.has(hole));
    const [example] = fresh;
    if (example === undefined) continue;
    for (const hole of fresh) told.add(hole);
    const names = (numbers: readonly number[]) => numbers.map((number) => edges.names[number]!).sort(byNumber);
    groups.push({ cause: example.cause, oneWay: example.oneWay, from: names(from), to: names(to), example });
  }
  return groups;
}

function edgesOf(holes: readonly Hole[]): Edges {
  const numbers = new Map<string, number>();
  const numberOf = (name: string) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  };
  const forward = new Map<number, Map<number, Hole>>();
  const backward = new Map<number, Map<number, Hole>>();
  const add = (from: number, to: number, hole: Hole) => {
    entryOf(forward, from).set(to, hole);
    entryOf(backward, to).set(from, hole);
  };
  for (const hole of holes) {
    const [from, to] = [numberOf(hole.from), numberOf(hole.to)];
    add(from, to, hole);
    if (!hole.oneWay) add(to, from, hole);
  }
  return { names: [...numbers.keys()], forward, backward };
}

function entryOf(edges: Map<number, Map<number, Hole>>, key: number): Map<number, Hole> {
  let entry = edges.get(key);
  if (entry === undefined) {
    entry = new Map();
    edges.set(key, entry);
  }
  return entry;
}

interface Block {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** All that have holes with exactly the same ones. */
function blocksOf(edges: Edges['forward'], isBackward: boolean): readonly Block[] {
  const blocks = new Map<string, { readonly own: number[]; readonly others: readonly number[] }>();
  for (const [own, entry] of edges) {
    const others = [...entry.keys()].sort((a, b) => a - b);
    const key = others.join();
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, { own: [own], others });
    else block.own.push(own);
  }
  return Array.from(blocks.values(), ({ own, others }) =>
    isBackward ? { from: others, to: own } : { from: own, to: others },
  );
}

function holesIn({ forward }: Edges, from: readonly number[], to: readonly number[]): readonly Hole[] {
  return from.flatMap((one) => to.flatMap((other) => forward.get(one)?.get(other) ?? []));
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

/** node-2 before node-10. */
function byNumber(a: string, b: string): number {
  return COLLATOR.compare(a, b);
}

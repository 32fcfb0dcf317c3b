// From what every node says to what is wrong in the cluster: each session that should be there and is not, once, with its
// cause. A pure function; which end's word counts is verdict.ts's, how it looks text.ts's.

import type { Family } from 'node-bgp';
import { Matrix, type Outside } from './matrix.ts';
import type { ClusterReport, Hole, NodeAnswer } from './types.ts';
import { type End, type Verdict, verdictOf } from './verdict.ts';

export function clusterReport(answers: readonly NodeAnswer[]): ClusterReport {
  const matrix = new Matrix(answers);
  const inside = matrix.families.flatMap((family) => insideHoles(matrix, family));
  const outside = matrix.outside.flatMap((session) => outsideHole(matrix, session));
  const reports = answers.flatMap((answer) => (answer.type === 'report' ? [answer.report] : []));
  const versions = Map.groupBy(reports, ({ version }) => version);
  const holes = [...inside, ...outside];
  return {
    nodes: { asked: answers.length, answered: reports.length },
    silent: answers.flatMap((answer) =>
      answer.type === 'silence' ? [{ node: answer.node, reason: answer.reason }] : [],
    ),
    sessions: {
      nodes: counted(establishedInside(matrix), inside),
      others: counted(matrix.outside.filter(({ said }) => said === 'up').length, outside),
    },
    versions: Object.fromEntries(Array.from(versions, ([version, nodes]) => [version, nodes.map(({ node }) => node)])),
    troubled: reports.flatMap(({ node, state, reasons }) => (state === 'Ready' ? [] : [{ node, reasons }])),
    holes,
  };
}

function counted(whole: number, holes: readonly Hole[]): { readonly expected: number; readonly established: number } {
  const partly = holes.filter(({ isUp }) => isUp).length;
  return { expected: whole + holes.length, established: whole + partly };
}

function insideHoles(matrix: Matrix, family: Family): readonly Hole[] {
  const holes: Hole[] = [];
  const members = matrix.members(family);
  for (let a = 0; a < matrix.size; a++) {
    for (let b = a + 1; b < matrix.size; b++) {
      const hole = holeBetween(matrix, [a, b], family, members.has(a) && members.has(b));
      if (hole !== undefined) holes.push(hole);
    }
  }
  return holes;
}

function establishedInside(matrix: Matrix): number {
  let count = 0;
  for (const family of matrix.families) {
    for (let a = 0; a < matrix.size; a++) {
      for (let b = a + 1; b < matrix.size; b++) if (isWhole(matrix, a, b, family)) count++;
    }
  }
  return count;
}

/** As far as anybody says something of it, it is as it should be. */
function isWhole(matrix: Matrix, a: number, b: number, family: Family): boolean {
  const said = [matrix.said(a, b, family), matrix.said(b, a, family)];
  const silent = [matrix.report(a), matrix.report(b)].filter((report) => report === undefined).length;
  return said.filter((one) => one === 'up').length === 2 - silent && silent < 2;
}

function holeBetween(
  matrix: Matrix,
  [a, b]: readonly [number, number],
  family: Family,
  isMesh: boolean,
): Hole | undefined {
  if (isWhole(matrix, a, b, family)) return undefined;
  const ends = [endOf(matrix, a, b, family), endOf(matrix, b, a, family)] as const;
  const [one, other] = ends;
  if (one.said === 'none' && other.said === 'none') {
    const text = `neither ${one.node} nor ${other.node} has a session with the other, and both are in the mesh`;
    return isMesh
      ? holeOf(ends, { cause: 'unknown', text, help: 'caracal status on both shows their problems' })
      : undefined;
  }
  const verdict = ends.some(({ said }) => said === 'unknown') ? verdictOfOne(ends) : verdictOf(one, other);
  return verdict && holeOf(ends, verdict);
}

function endOf(matrix: Matrix, node: number, peer: number, family: Family): End {
  const report = matrix.report(node);
  const said = report === undefined ? 'unknown' : matrix.said(node, peer, family);
  return { node: matrix.name(node), said, ...(report && { report }) };
}

/** Of a session with a node that gave no answer: that comes before all that the other one can say. */
function verdictOfOne(ends: readonly [End, End]): Verdict | undefined {
  const told = ends.find(({ said }) => typeof said === 'object');
  const silent = ends.find(({ said }) => said === 'unknown');
  if (told === undefined || silent === undefined || typeof told.said !== 'object') return undefined;
  const { absent, info } = told.said;
  const oneWay = { from: told.node, to: silent.node };
  if (absent !== undefined) return { cause: 'away', oneWay, text: `${silent.node} gives no answer: ${absent}` };
  return { cause: 'silent', oneWay, text: `${silent.node} gives no answer, and ${told.node} says ${info}` };
}

function outsideHole(matrix: Matrix, { node, peerIP, said }: Outside): readonly Hole[] {
  const report = matrix.report(node);
  const ends = [
    { node: matrix.name(node), said, ...(report && { report }) },
    { node: peerIP, said: 'unknown' },
  ] as const;
  const verdict = verdictOf(...ends);
  return verdict === undefined ? [] : [holeOf(ends, verdict)];
}

function holeOf(ends: readonly [End, End], { cause, oneWay, isUp = false, text, help }: Verdict): Hole {
  const [one, other] = ends;
  return {
    cause,
    from: oneWay?.from ?? one.node,
    to: oneWay?.to ?? other.node,
    oneWay: oneWay !== undefined,
    isUp,
    text,
    ...(help !== undefined && { help }),
    ends: ends.flatMap(({ node, said }) =>
      typeof said === 'object' ? [{ node, peerIP: said.peerIP, info: said.info }] : [],
    ),
  };
}

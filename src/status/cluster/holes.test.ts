// From what all nodes say to what is printed: which sessions are missed, how they are counted, and how few lines it takes.

import { expect, test } from 'vitest';
import { addressOf, answer, nodeReport, sessionTo } from './cluster.fixture.ts';
import { groupHoles } from './groups.ts';
import { clusterReport } from './holes.ts';
import { clusterText } from './text.ts';
import type { Hole, NodeAnswer, SessionReport, SessionsReport } from './types.ts';

const numbers = (size: number) => Array.from({ length: size }, (_, index) => index + 1);

/** A mesh in which `said` tells what a node says of another one where that is not `up`. */
function mesh(
  size: number,
  said: (own: number, peer: number) => Partial<SessionReport> | undefined,
  change: (own: number) => Partial<SessionsReport> = () => ({}),
): NodeAnswer[] {
  return numbers(size).map((own) => {
    const others = numbers(size).flatMap((peer) => {
      const session = own === peer ? undefined : said(own, peer);
      return session === undefined ? [] : [sessionTo(peer, session)];
    });
    return answer(nodeReport(own, size, others, change(own)));
  });
}

const error = (failure: 'unanswered' | 'refused') => ({
  lastError: { at: '2026-04-05T12:00:00.000Z', text: 'it said so', failure },
});
const short = ({ cause, from, to, oneWay }: Hole) => `${cause} ${from} ${oneWay ? '->' : '<->'} ${to}`;
const lines = (answers: readonly NodeAnswer[]) => clusterText(clusterReport(answers), 1.5).split('\n');

test('a whole mesh is two lines', () => {
  const answers = mesh(4, () => undefined);
  expect(clusterReport(answers)).toEqual({
    nodes: { asked: 4, answered: 4 },
    silent: [],
    sessions: { nodes: { expected: 6, established: 6 }, others: { expected: 0, established: 0 } },
    versions: { '0.1.0': ['n1', 'n2', 'n3', 'n4'] },
    troubled: [],
    holes: [],
  });
  expect(lines(answers)).toEqual([
    '4 nodes asked, all answered (1.5 s). Sessions that are up: 6 of 6 between nodes.',
    'Nothing is missing.',
    '',
  ]);
});

test('a session is one hole, whichever ends tell of it', () => {
  const both = clusterReport(mesh(3, (own, peer) => (own + peer === 3 ? error('unanswered') : undefined)));
  expect(both.holes.map(short)).toEqual(['firewall n1 -> n2']);
  expect(both.holes[0]!.ends.map(({ node, peerIP }) => [node, peerIP])).toEqual([
    ['n1', '10.0.0.2'],
    ['n2', '10.0.0.1'],
  ]);
  expect(both.sessions.nodes).toEqual({ expected: 3, established: 2 });
  const one = clusterReport(mesh(3, (own, peer) => (own === 2 && peer === 1 ? error('unanswered') : undefined)));
  expect(one.holes.map(short)).toEqual(['halfUp n1 <-> n2']);
});

test('a session without a family is up, and told', () => {
  const up = { state: 'Established', families: ['ipv4', 'ipv6'], missing: ['ipv6'] } as const;
  const { holes, sessions } = clusterReport(mesh(2, (own) => (own === 1 ? up : undefined)));
  expect([holes.map(short), sessions.nodes]).toEqual([['family n1 <-> n2'], { expected: 1, established: 1 }]);
});

test('a node without an answer is told once, with how others fare with it', () => {
  const answers = mesh(4, (own, peer) => (peer === 4 && own > 1 ? error('refused') : undefined));
  const silent: NodeAnswer = { type: 'silence', node: 'n4', addresses: [addressOf(3)], reason: 'refused' };
  const report = clusterReport([...answers.slice(0, 3), silent]);
  expect(report.holes.map(short)).toEqual(['silent n2 -> n4', 'silent n3 -> n4']);
  expect(report.sessions.nodes).toEqual({ expected: 6, established: 4 });
  expect(lines([...answers.slice(0, 3), silent])).toEqual([
    '3 of 4 nodes answered (1.5 s). Sessions that are up: 4 of 6 between nodes.',
    '2 sessions to look at.',
    '',
    'No answer',
    '  n4: refused',
    '',
    'No session, and no answer from the other end',
    '  n2, n3 -> n4',
    '      for instance n4 gives no answer, and n2 says Active: something is wrong',
    '',
  ]);
});

test('a Node that is away says more than that it gives no answer', () => {
  const answers = mesh(3, (_, peer) => (peer === 3 ? { absent: 'its Node n3 is NotReady' } : undefined));
  const silent: NodeAnswer = { type: 'silence', node: 'n3', addresses: [addressOf(2)], reason: 'refused' };
  const { holes } = clusterReport([...answers.slice(0, 2), silent]);
  expect(holes.map(short)).toEqual(['away n1 -> n3', 'away n2 -> n3']);
});

test('a mesh session that neither end knows of is missed', () => {
  const [one, two, three] = mesh(3, () => undefined);
  const without = (told: NodeAnswer | undefined, peer: number): NodeAnswer => {
    if (told?.type !== 'report') throw new Error('a report is expected');
    const { NodeMesh = [] } = told.report.established;
    const established = { NodeMesh: NodeMesh.filter((address) => address !== addressOf(peer - 1)) };
    return answer({ ...told.report, established });
  };
  const { holes, sessions } = clusterReport([without(one, 2), without(two, 1), three!]);
  expect([holes.map(short), sessions.nodes]).toEqual([['unknown n1 <-> n2'], { expected: 3, established: 2 }]);
});

test('peers that are not asked are counted by themselves', () => {
  const tor = (own: number): SessionReport[] =>
    own === 1 ? [{ ...sessionTo(9, error('refused')), type: 'NodePeer', role: 'external' }] : [];
  const answers = numbers(2).map((own) => {
    const report = nodeReport(own, 2, tor(own));
    return answer({ ...report, established: { ...report.established, GlobalPeer: ['192.0.2.1'] } });
  });
  const report = clusterReport(answers);
  expect(report.holes.map(short)).toEqual(['refused n1 -> 10.0.0.9']);
  expect(report.sessions).toEqual({
    nodes: { expected: 1, established: 1 },
    others: { expected: 3, established: 2 },
  });
  expect(lines(answers)[0]).toBe(
    '2 nodes asked, all answered (1.5 s). Sessions that are up: 1 of 1 between nodes, 2 of 3 with others.',
  );
});

test('versions that differ and nodes that are not ready are told', () => {
  const change = (own: number): Partial<SessionsReport> =>
    own === 3 ? { version: '0.2.0', state: 'NotReady', reasons: ['the datastore (kubernetes) is not in sync'] } : {};
  expect(lines(mesh(6, () => undefined, change))).toEqual([
    '6 nodes asked, all answered (1.5 s). Sessions that are up: 15 of 15 between nodes.',
    'Versions differ: 0.1.0 on n1, n2, n4 and 2 more; 0.2.0 on n3.',
    'Nothing is missing.',
    '',
    'Not ready',
    '  n3: the datastore (kubernetes) is not in sync',
    '',
  ]);
});

/** Who dials whom, as in a mesh: the later one. */
const silence = (isCut: (from: number, to: number) => boolean) => (own: number, peer: number) => {
  const [from, to] = own > peer ? [own, peer] : [peer, own];
  if (!isCut(from, to)) return undefined;
  return own === from ? error('unanswered') : { passive: true };
};

const GROUPS: readonly [string, (from: number, to: number) => boolean, readonly string[]][] = [
  ['a node that nobody reaches', (_, to) => to === 1, ['n2, n3, n4, n5, n6 -> n1']],
  ['a node that reaches nobody', (from) => from === 6, ['n6 -> n1, n2, n3, n4, n5']],
  ['two racks with a wall between them', (from, to) => from > 3 && to <= 3, ['n4, n5, n6 -> n1, n2, n3']],
  [
    'two things at once',
    (from, to) => to === 1 || from === 6,
    ['n2, n3, n4, n5, n6 -> n1', 'n6 -> n1, n2, n3, n4, n5'],
  ],
];

test.each(GROUPS)('%s is as few lines as it takes', (_name, isCut, expected) => {
  const groups = groupHoles(clusterReport(mesh(6, silence(isCut))).holes);
  const told = new Set(groups.map(({ from, to }) => `${from.join(', ')} -> ${to.join(', ')}`));
  expect(told).toEqual(new Set(expected));
});

test('both directions of a wall are one line', () => {
  const isCut = (a: number, b: number) => a > 3 !== b > 3;
  const away = (own: number, peer: number) => (isCut(own, peer) ? { info: 'Connect: no answer yet' } : undefined);
  const groups = groupHoles(clusterReport(mesh(6, away)).holes);
  expect(groups.map(({ from, to, oneWay }) => [from, to, oneWay])).toEqual([
    [['n1', 'n2', 'n3'], ['n4', 'n5', 'n6'], false],
  ]);
});

test('many things that are wrong are a page', () => {
  const text = clusterText(
    clusterReport(
      mesh(
        100,
        silence((from, to) => (from * 31 + to * 17) % 7 === 0),
      ),
    ),
    1,
  );
  expect(text.split('\n').length).toBeLessThan(60);
  expect(text).toMatch(/\n {2}and \d+ more\n/);
});

test('2,000 nodes of a mesh, one unreachable and one of another AS, are a page within seconds', {
  timeout: 120_000,
}, () => {
  const documents = numbers(2000).map((own) => JSON.stringify(bigNode(own)));
  const before = performance.now();
  const report = clusterReport(documents.map((document) => answer(JSON.parse(document))));
  const page = clusterText(report, 1);
  const seconds = (performance.now() - before) / 1000;
  expect(report.sessions.nodes).toEqual({ expected: 1_999_000, established: 1_995_003 });
  expect(page.split('\n').length).toBeLessThan(20);
  expect(page).toMatch(
    / {2}n1, n2, n3 and 1,996 more <-> n8\n {6}for instance .* expects AS 64512 of n8, which is AS 64999/,
  );
  // Less than a second here; the machine may be busy.
  expect(seconds).toBeLessThan(15);
});

/** Node 7 is behind a firewall, node 8 is of another AS. */
function bigNode(own: number): SessionsReport {
  const peers = numbers(2000).filter((peer) => peer !== own);
  const isBad = (peer: number) => [own, peer].includes(7) || [own, peer].includes(8);
  const others = peers.filter(isBad).map((peer) => {
    const cut = own > peer ? error('unanswered') : { passive: true };
    return sessionTo(peer, { ...([own, peer].includes(7) && cut), localASNumber: own === 8 ? 64999 : 64512 });
  });
  const established = { NodeMesh: peers.filter((peer) => !isBad(peer)).map((peer) => addressOf(peer - 1)) };
  return nodeReport(own, 0, others, { established });
}

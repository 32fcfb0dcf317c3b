import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { answer, nodeReport, sessionTo } from './cluster.fixture.ts';
import { clusterReport } from './holes.ts';
import { CAUSES } from './types.ts';

const DOCUMENT = readFileSync(new URL('../../../docs/cluster-status.md', import.meta.url), 'utf8');

test('docs/cluster-status.md names every cause, in the order in which they are told', () => {
  const [, section = ''] = DOCUMENT.split(/^## What it finds$/m);
  const [table = ''] = section.split(/^## /m);
  expect([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, cause]) => cause)).toEqual(['cause', ...CAUSES]);
});

test('docs/cluster-status.md names every field of what it prints and of what it asks for', () => {
  const session = sessionTo(2, { asNumber: 1, missing: [] });
  const report = nodeReport(1, 2, [session], { md5Drops: { wrong: 1, unsigned: 0, unexpected: 0 } });
  const silent = { type: 'silence', node: 'n3', addresses: [], reason: 'refused' } as const;
  const troubled = nodeReport(2, 2, [], {
    state: 'NotReady',
    reasons: ['a'],
    datastore: { synced: false, detail: 'a' },
  });
  const cluster = clusterReport([answer(report), answer(troubled), silent]);
  const { nodes, silent: silence, sessions, holes } = cluster;
  const fields = [
    cluster,
    nodes,
    silence[0]!,
    sessions,
    sessions.nodes,
    ...holes,
    ...holes[0]!.ends,
    ...cluster.troubled,
  ];
  const names = [...fields, report, report.datastore].flatMap((value) => Object.keys(value));
  const named = new Set([...DOCUMENT.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect([...new Set([...names, 'missing'])].filter((name) => !named.has(name))).toEqual([]);
});

import { expect, test } from 'vitest';
import type { ResourceProblem } from '../datastore/types.ts';
import { DatastoreLog } from './datastore-log.ts';
import type { Logger } from './log.ts';

test('problems are told once until they are mended, and whether there is contact when it changes', () => {
  const lines: string[] = [];
  const line = (level: string) => (fields: { datastore: string }, text: string) =>
    lines.push(`${level} ${fields.datastore}: ${text}`);
  const log = new DatastoreLog({ warn: line('warn'), info: line('info') } as unknown as Logger);
  const problem = (name: string): ResourceProblem => ({
    kind: 'BGPPeer',
    name,
    path: 'spec.peerIP',
    text: 'is no address',
  });
  log.take(
    [
      { type: 'problems', problems: [problem('a')] },
      { type: 'synced', synced: true },
    ],
    'kubernetes',
  );
  log.take([{ type: 'problems', problems: [problem('a'), problem('b')] }], 'kubernetes');
  log.take([{ type: 'synced', synced: true }], 'endpoint-status');
  log.take([{ type: 'synced', synced: false, detail: '10.96.0.1 refuses connections' }], 'kubernetes');
  log.take([{ type: 'synced', synced: false, detail: '10.96.0.1 refuses connections' }], 'kubernetes');
  log.take(
    [
      { type: 'problems', problems: [] },
      { type: 'synced', synced: true },
    ],
    'kubernetes',
  );
  log.take([{ type: 'problems', problems: [problem('a')] }], 'kubernetes');
  const wrong = (name: string) => `warn kubernetes: BGPPeer ${name}, spec.peerIP: is no address`;
  expect(lines).toEqual([
    wrong('a'),
    'info kubernetes: the datastore kubernetes is in sync',
    wrong('b'),
    'info endpoint-status: the datastore endpoint-status is in sync',
    'warn kubernetes: the datastore kubernetes is not in sync: 10.96.0.1 refuses connections',
    'info kubernetes: the datastore kubernetes is in sync',
    wrong('a'),
  ]);
});

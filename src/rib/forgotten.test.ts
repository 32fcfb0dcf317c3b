// A prefix that nobody has is in no table: a peer cannot fill memory with what it takes back, nor with what is too much.

import { expect, it } from 'vitest';
import { policy, reject } from '../policy/index.ts';
import { makeRib, settle, TestPeer } from './rib.fixture.ts';
import type { Rib } from './rib.ts';

const PREFIXES = Array.from({ length: 100 }, (_, n) => `10.65.${n}.0/24`);

function pair(): { readonly rib: Rib; readonly peers: readonly TestPeer[]; readonly from: TestPeer } {
  const rib = makeRib();
  const from = new TestPeer(rib, 2, { client: true });
  return { rib, from, peers: [from, new TestPeer(rib, 3, { client: true })] };
}

it('is not made by a withdrawal of what was never told', () => {
  const { rib, peers, from } = pair();
  from.withdraw(PREFIXES);
  settle(rib, peers);
  expect(rib.tables.prefixes.size).toBe(0);
});

it('is not kept where a path is beyond the limit of its source', () => {
  const { rib, peers, from } = pair();
  from.source.receivesAtMost = 10;
  from.announce(PREFIXES);
  settle(rib, peers);
  expect([rib.tables.prefixes.size, peers[1]!.prefixes().length]).toEqual([10, 10]);
});

it.each([
  ['was let in', undefined],
  ['was rejected', policy('none', 'reject', [reject()])],
] as const)('is forgotten when its only path, which %s, is withdrawn', (_, importPolicy) => {
  const rib = makeRib();
  const from = new TestPeer(rib, 2, { client: true, ...(importPolicy && { importPolicy }) });
  const peers = [from, new TestPeer(rib, 3, { client: true })];
  from.announce(PREFIXES);
  settle(rib, peers);
  expect(rib.tables.prefixes.size).toBe(100);
  from.withdraw(PREFIXES);
  settle(rib, peers);
  expect([rib.tables.prefixes.size, rib.tables.paths.size]).toEqual([0, 0]);
});

// Peers that come, go, announce, withdraw and read at random: in the end everybody has what a peer has that comes last.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NO_ROW } from './path-table.ts';
import { makeRib, type PeerOptions, settle, TestPeer } from './rib.fixture.ts';
import type { Rib } from './rib.ts';

const PREFIXES = ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16'];
const KINDS: readonly PeerOptions[] = [{ client: true }, { type: 'ebgp' }, { client: true, addPath: false }];

const at = fc.nat(5);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('announce' as const), at, prefix: fc.nat(2), length: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('withdraw' as const), at, prefix: fc.nat(2) }) },
  fc.record({ type: fc.constant('come' as const), kind: fc.nat(KINDS.length - 1) }),
  fc.record({ type: fc.constant('go' as const), at }),
  fc.record({ type: fc.constant('refresh' as const), at }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('read' as const), at, octets: fc.nat(80) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('work' as const), portion: fc.integer({ min: 1, max: 3 }) }) },
);

it('everybody ends with the table that a newcomer gets, without his own routes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rib = makeRib();
      let peers = [new TestPeer(rib, 1, KINDS[0]), new TestPeer(rib, 2, KINDS[1])];
      let number = 2;
      for (const step of steps) {
        const peer = 'at' in step ? peers[step.at % peers.length] : undefined;
        switch (step.type) {
          case 'come':
            peers.push(new TestPeer(rib, ++number, KINDS[step.kind]));
            break;
          case 'work':
            rib.recycle(rib.flush(step.portion));
            break;
          case 'announce':
            peer?.announce([PREFIXES[step.prefix]!], { asPath: path(peer, step.length) });
            break;
          case 'withdraw':
            peer?.withdraw([PREFIXES[step.prefix]!]);
            break;
          case 'read':
            peer?.pull(step.octets);
            break;
          case 'refresh':
            if (peer !== undefined) rib.groups.resend(peer.source.id, undefined, undefined);
            break;
          case 'go':
            if (peer === undefined) break;
            rib.groups.leave(peer.source.id);
            rib.retireSource(peer.source);
            peers = peers.filter((other) => other !== peer);
        }
      }
      settle(rib, peers);
      for (const peer of peers) expect(peer.table).toEqual(expected(rib, peer, peers, ++number));
    }),
    { numRuns: 3000 },
  );
});

function path(peer: TestPeer, length: number) {
  const { type, remoteAs } = peer.source.info.peer!;
  const asns = [...(type === 'ebgp' ? [remoteAs] : []), ...Array.from({ length }, (_, n) => 65100 + n)];
  return asns.length === 0 ? [] : [{ type: 'sequence' as const, asns }];
}

function expected(rib: Rib, peer: TestPeer, peers: readonly TestPeer[], number: number): TestPeer['table'] {
  const newcomer = new TestPeer(rib, number, peer.options);
  settle(rib, [...peers, newcomer]);
  const { prefixes, best, paths } = rib.tables;
  for (const prefix of PREFIXES) {
    prefixes.load(prefix);
    const id = prefixes.find();
    const row = id < 0 ? NO_ROW : best[id]!;
    if (row !== NO_ROW && paths.source[row] === peer.source.id) newcomer.table.delete(prefix);
  }
  rib.groups.leave(newcomer.source.id);
  rib.retireSource(newcomer.source);
  settle(rib, peers);
  return newcomer.table;
}

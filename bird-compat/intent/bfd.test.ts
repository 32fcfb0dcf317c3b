import { describe, expect, test } from 'vitest';
import type { BfdIntent } from '../../src/intent/types.ts';
import { FRAME, read } from '../bird.fixture.ts';
import { birdIntent } from './index.ts';

const BIRD: BfdIntent = { multihop: false, minReceive: 10, minTransmit: 100, idleTransmit: 1000, multiplier: 5 };
const NEIGHBOR = 'local 10.0.0.1 as 1; neighbor 10.0.0.2 as 1;';
const CHANNEL = 'ipv4 { import all; export all; };';

/** What BFD does for the session p, and what is told. */
function bfdOf(protocol: string, session: string) {
  const text = `${FRAME}${protocol}\nprotocol bgp p { ${NEIGHBOR} ${session} ${CHANNEL} }`;
  const { peers, problems } = birdIntent(read(text, { bird: 2 }), { node: 'n' });
  return { bfd: peers.get('p')!.bfd, told: problems.map(({ text: told }) => told) };
}

describe('bfd of a session', () => {
  test.each<[string, string, string, BfdIntent | undefined]>([
    ["has BIRD's times where none are given", 'protocol bfd {}', 'direct; bfd;', BIRD],
    ['is none where it is off', 'protocol bfd {}', 'direct; bfd off;', undefined],
    ['is none where it is not named', 'protocol bfd {}', 'direct;', undefined],
    [
      'has the times of the interface that leads to neighbours',
      'protocol bfd { interface "eth*" { interval 200 ms; multiplier 3; }; }',
      'direct; bfd on;',
      { ...BIRD, minReceive: 200, minTransmit: 200, multiplier: 3 },
    ],
    [
      'has those of the interface that it names, the first that fits',
      'protocol bfd { interface "tun*" { interval 1 s; }; interface -"eth1", "*" { min rx interval 50 ms; }; interface "eth1" { idle tx interval 3 s; }; }',
      'direct; interface "eth1"; bfd on;',
      { ...BIRD, idleTransmit: 3000 },
    ],
    [
      'goes over several hops where the session does',
      'protocol bfd { interface "*" { interval 1 s; }; multihop { min tx interval 500000 us; passive; }; }',
      'multihop; bfd on;',
      { ...BIRD, multihop: true, minTransmit: 500, passive: true },
    ],
    [
      'has its own times before those of the protocol',
      'protocol bfd { interface "*" { interval 1 s; multiplier 9; }; }',
      'direct; bfd { interval 300 ms; };',
      { ...BIRD, minReceive: 300, minTransmit: 300, multiplier: 9 },
    ],
    ['keeps the routes where it is graceful', 'protocol bfd {}', 'direct; bfd graceful;', { ...BIRD, graceful: true }],
    [
      'proves who it is',
      'protocol bfd { interface "*" { authentication meticulous keyed sha1; password "secret"; }; }',
      'direct; bfd;',
      { ...BIRD, authentication: { type: 'meticulousSha1', keyId: 1, password: 'secret' } },
    ],
    [
      'does not where that is switched off',
      'protocol bfd { interface "*" { authentication simple; password "secret"; }; }',
      'direct; bfd { authentication none; };',
      BIRD,
    ],
  ])('%s', (_, protocol, session, bfd) => {
    expect(bfdOf(protocol, session)).toEqual({ bfd, told: expect.not.arrayContaining([expect.stringMatching(/bfd/)]) });
  });

  test('needs a protocol bfd, and that is told', () => {
    expect(bfdOf('', 'direct; bfd;')).toEqual({
      bfd: undefined,
      told: ['p: bfd has no effect without a protocol bfd'],
    });
  });

  test('is all that BFD watches over, and that is told', () => {
    const { told } = bfdOf('protocol bfd { neighbor 10.0.0.9; }', 'direct; bfd;');
    expect(told).toEqual(['neighbor has no effect: BFD watches over the sessions of BGP only']);
  });
});

import { describe, expect, it } from 'vitest';
import { Strangers } from './strangers.ts';

const MINUTE = 60_000;
const address = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;

describe('strangers', () => {
  it('are counted each time, and told of once a minute', () => {
    const strangers = new Strangers();
    const told = [0, 1, MINUTE - 1, MINUTE, MINUTE + 1].map((at) => strangers.refuse('10.0.0.9', 'no peer', at));
    expect(told).toEqual([true, false, false, true, false]);
    expect(strangers.refusals).toEqual([{ remote: '10.0.0.9', text: 'no peer', count: 5, at: MINUTE + 1 }]);
  });

  it('are listed with the latest first', () => {
    const strangers = new Strangers();
    for (const [at, remote] of ['10.0.0.1', '10.0.0.2', '10.0.0.1'].entries()) strangers.refuse(remote, 'a', at);
    expect(strangers.refusals.map(({ remote, count }) => [remote, count])).toEqual([
      ['10.0.0.1', 2],
      ['10.0.0.2', 1],
    ]);
  });

  it('that are very many are told of a hundred times a minute, and the last thousand are remembered', () => {
    const strangers = new Strangers();
    const tell = (now: number) =>
      Array.from({ length: 5_000 }, (_, n) => strangers.refuse(address(n), 'a', now)).filter(Boolean).length;
    expect([tell(0), tell(MINUTE - 1), tell(MINUTE)]).toEqual([100, 0, 100]);
    expect([strangers.refusals.length, strangers.refusals[0]!.remote]).toEqual([1024, address(4_999)]);
  });
});

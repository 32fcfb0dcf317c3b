// What a filter says beside its verdict reaches the log: a run-time error with its line, and what it prints; each once in a
// while, however many routes come.

import { expect, test } from 'vitest';
import { MINUTE, SECOND } from '../../bird-compat/control/control.fixture.ts';
import { SimulatedBird, session } from './simulated-bird.ts';

const FILTER = `filter strict {
  if bgp_med = 7 then print "seven: ", net;
  if bgp_med = 8 && bgp_med then accept;
  accept;
}
`;

test('errors and prints are told with their line, and not a thousand times', () => {
  const bird = new SimulatedBird(FILTER + session('import filter strict;'));
  const neighbour = bird.meet('10.0.0.2');
  const told = () =>
    bird.router.factsOf('filterRemark').map(({ remark: { kind, text, place, count } }) => [kind, text, place, count]);
  const announce = (med: number, from: number, count: number) => {
    const prefixes = Array.from({ length: count }, (_, n) => `10.66.${from + n}.0/24`);
    neighbour.announce(prefixes, { localPref: 100, med });
    bird.lab.run(SECOND);
  };
  announce(8, 0, 1);
  announce(7, 1, 1);
  const failed = ['error', expect.any(String), 'bird.conf:4', 1];
  expect(told()).toEqual([failed, ['print', 'seven: 10.66.1.0/24', undefined, 1]]);
  announce(8, 2, 200);
  expect(told()).toHaveLength(2);
  bird.lab.run(MINUTE);
  announce(8, 3, 1);
  announce(8, 0, 1);
  expect(told()).toHaveLength(3);
  expect(told()[2]![0]).toBe('error');
});

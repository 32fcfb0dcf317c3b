import { expect, test } from 'vitest';
import { matchesInterface } from './interface-pattern.ts';

const CALICO = ['-docker?', '-cali*', '-kube-ipvs*', '*'];

test.each([
  [CALICO, 'eth0', true],
  [CALICO, 'cali123', false],
  [CALICO, 'cali', false],
  [CALICO, 'kube-ipvs0', false],
  [CALICO, 'docker0', false],
  [CALICO, 'docker10', true],
  [CALICO, 'vxlan.calico', true],
  [['eth*', '-eth0'], 'eth0', true],
  [['-eth0', 'eth*'], 'eth0', false],
  [['eth*'], 'tunl0', false],
  [[], 'eth0', false],
  [['bond0.1'], 'bond0x1', false],
  [['a+b(c)[d]'], 'a+b(c)[d]', true],
])('the first pattern that fits decides: %j on %s is %s', (patterns, name, result) => {
  expect(matchesInterface(patterns, name)).toBe(result);
});

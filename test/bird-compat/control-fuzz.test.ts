// The short form of `node test/bird-compat/control-fuzz.ts`: the same commands at every run.

import { expect, test } from 'vitest';
import { fuzzControl } from './control-fuzz.ts';

test('3,000 mutated commands are answered in the form that BIRD has', { timeout: 60_000 }, async () => {
  const { commands, codes } = await fuzzControl(3_000, 1);
  expect(commands).toBe(3_000);
  expect(codes.size).toBeGreaterThan(12);
});

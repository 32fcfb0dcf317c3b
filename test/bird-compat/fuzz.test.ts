// The short form of `node test/bird-compat/fuzz.ts`: the same texts at every run, so that a failure can be looked at.

import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

test('2,000 mutated configurations are read, or refused with a place and a sentence', { timeout: 60_000 }, () => {
  const { configurations, answers } = fuzz(2_000, 1);
  expect(configurations).toBeGreaterThan(100);
  expect(answers.size).toBeGreaterThan(30);
});

// The short form of `node test/fuzz.ts`: the same messages at every run, so that a failure can be looked at.

import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

it('20,000 mutated messages cause no exception, and faults of every class', () => {
  const report = fuzz(20_000, 1);
  expect(report.decoded).toBeGreaterThan(2_000);
  expect(report.withdrawn).toBeGreaterThan(500);
  const classes = new Set([...report.faults.keys()].map((fault) => fault.split('/')[0]));
  expect(classes).toEqual(new Set(['1', '2', '3', '7']));
});

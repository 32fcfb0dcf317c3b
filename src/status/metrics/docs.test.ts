import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { METRIC_ROWS } from './metrics.ts';
import { LATENESS } from './rows.ts';

const DOCUMENT = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');

test('docs/metrics.md has every metric as the code has it, and no other', () => {
  const documented = [...DOCUMENT.matchAll(/^\| `([a-z_]+)` \| (gauge|counter|histogram) \| (.*?) \| (.*) \|$/gm)].map(
    ([, name, type, labels = '', help]) => ({ name, type, labels: [...labels.matchAll(/\w+/g)].map(String), help }),
  );
  const rows = [...METRIC_ROWS, { ...LATENESS, type: 'histogram' }];
  const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
    String(a.name).localeCompare(String(b.name));
  expect(documented.toSorted(byName)).toEqual(
    rows.map(({ name, type, labels, help }) => ({ name, type, labels: [...labels], help })).toSorted(byName),
  );
});

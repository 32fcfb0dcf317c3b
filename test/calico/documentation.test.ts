// What the documentation says about the cost of a change is what the code does.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { IMPACT, type Impact } from '../../src/intent/index.ts';

const WORDS: Readonly<Record<string, Impact>> = { none: 'live', refilter: 'refilter', 'session reset': 'restart' };

test('docs/calico.md has a row for every property of a session, with its impact', () => {
  const page = readFileSync(new URL('../../docs/calico.md', import.meta.url), 'utf8');
  const [, section = ''] = /### Sessions\n([\s\S]*?)\n### /.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `(\w+)` \|[^|]*\| ([^|]*) \|/gm)];
  expect(Object.fromEntries(rows.map(([, field, words]) => [field, WORDS[words ?? '']]))).toEqual(IMPACT);
});

// Readers meet whatever a file or an API may hold: they answer with values and problems, and never with an exception.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readDocuments } from '../files/documents.ts';
import { readResources } from './read-resource.ts';

const TEXT = readFileSync(new URL('../samples/cluster.yaml', import.meta.url), 'utf8');
const DOCUMENTS: readonly unknown[] = parseAllDocuments(TEXT).map((document) => document.toJS());

type Container = Record<string | number, unknown>;

/** Every place in a document that can hold another value. */
function places(value: unknown, found: { container: Container; key: string | number }[] = []) {
  if (typeof value !== 'object' || value === null) return found;
  const container = value as Container;
  for (const key of Object.keys(container)) {
    found.push({ container, key });
    places(container[key], found);
  }
  return found;
}

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    null,
    '',
    0,
    -1,
    1.5,
    2 ** 53,
    'x',
    '10.0.0.1/8',
    '::/0',
    '__proto__',
    [],
    {},
    [null],
    { '': null },
    true,
  ),
);

test('any value in any place of any resource gives a resource or a problem', () => {
  const change = fc.record({ document: fc.nat(), place: fc.nat(), value: junk });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const documents = structuredClone(DOCUMENTS) as unknown[];
      for (const { document, place, value } of changes) {
        const all = places(documents[document % documents.length]);
        const chosen = all[place % Math.max(all.length, 1)];
        if (chosen !== undefined) chosen.container[chosen.key] = value;
      }
      for (const { resource, refused, problems } of documents.flatMap((document) => readResources(document))) {
        expect(resource !== undefined && refused !== undefined).toBe(false);
        if (refused !== undefined) expect(problems.some(({ severity }) => severity === undefined)).toBe(true);
        for (const { path, text } of problems) expect([typeof path, text.length > 0]).toEqual(['string', true]);
      }
    }),
    { numRuns: 3_000 },
  );
});

test('any text of a file gives resources or one problem, wherever it is cut or spoilt', () => {
  const spoil = fc.record({ at: fc.nat(TEXT.length), length: fc.nat(40), with: fc.string({ maxLength: 5 }) });
  fc.assert(
    fc.property(fc.array(spoil, { maxLength: 2 }), fc.nat(TEXT.length), fc.boolean(), (spoils, end, json) => {
      let text = TEXT.slice(0, end);
      for (const { at, length, with: inserted } of spoils)
        text = text.slice(0, at) + inserted + text.slice(at + length);
      const documents = readDocuments(json ? 'a.json' : 'a.yaml', text);
      if (!documents.ok) expect(documents.problem).toMatchObject({ kind: 'File', path: '' });
    }),
    { numRuns: 150 },
  );
});

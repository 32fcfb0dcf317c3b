import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ListSplitter } from './list-splitter.ts';

function split(text: string, ...cuts: readonly number[]): { items: unknown[]; envelope: unknown } {
  const bytes = Buffer.from(text);
  const splitter = new ListSplitter();
  const items: string[] = [];
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    items.push(...splitter.push(bytes.subarray(start, cut)));
    start = cut;
  }
  return { items: items.map((item) => JSON.parse(item)), envelope: JSON.parse(splitter.end()) };
}

const ITEM = { metadata: { name: 'a"]}\\', labels: { ä: '{[' } }, list: [[{}], []], text: 'ends with \\' };

describe('a list is taken apart', () => {
  test.each([
    ['items last', { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '7' }, items: [ITEM, {}, ITEM] }],
    [
      'items first',
      { apiVersion: 'v1', items: [ITEM], kind: 'NodeList', metadata: { continue: '"[', x: [{ y: [1] }] } },
    ],
    ['no items', { kind: 'NodeList', items: [], metadata: { resourceVersion: '7' } }],
    ['null for items', { kind: 'NodeList', items: null, metadata: {} }],
    ['no list at all', { kind: 'Status', message: 'no { [ here', code: 403 }],
  ])('with %s, wherever its chunks begin', (_, list) => {
    const items = 'items' in list && list.items !== null ? list.items : [];
    const expected = { items, envelope: 'items' in list && list.items !== null ? { ...list, items: [] } : list };
    for (const text of [JSON.stringify(list), JSON.stringify(list, null, 2)]) {
      for (let cut = 0; cut <= Buffer.byteLength(text); cut++) expect(split(text, cut)).toEqual(expected);
    }
  });

  test('whatever is in it and however it comes', () => {
    const list = fc.record({ kind: fc.string(), items: fc.array(fc.dictionary(fc.string(), fc.jsonValue())) });
    fc.assert(
      fc.property(list, fc.array(fc.nat(400), { maxLength: 6 }), fc.boolean(), ({ kind, items }, cuts, isFirst) => {
        const text = JSON.stringify(isFirst ? { items, kind } : { kind, items });
        const places = cuts.map((cut) => Math.min(cut, Buffer.byteLength(text))).sort((a, b) => a - b);
        expect(split(text, ...places)).toEqual(JSON.parse(JSON.stringify({ items, envelope: { kind, items: [] } })));
      }),
    );
  });

  test('without a word about what is no JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const splitter = new ListSplitter();
        splitter.push(Buffer.from(bytes));
        splitter.end();
      }),
    );
  });
});

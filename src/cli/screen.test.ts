import { expect, test } from 'vitest';
import { Screen } from './screen.ts';

function drawn(texts: readonly string[], terminal: { isTTY?: boolean; rows?: number }): string[] {
  const writes: string[] = [];
  const screen = new Screen({ ...terminal, write: (text) => writes.push(text) });
  for (const text of texts) screen.show(text);
  return writes;
}

test('a terminal is drawn over line by line, and only on change', () => {
  expect(drawn(['a\nb\n', 'a\nb\n', 'c\n'], { isTTY: true, rows: 24 })).toEqual([
    '\u001b[2J\u001b[Ha\u001b[K\nb\u001b[K\n\u001b[J',
    '\u001b[Hc\u001b[K\n\u001b[J',
  ]);
});

test('what does not fit is counted', () => {
  expect(drawn(['1\n2\n3\n4\n'], { isTTY: true, rows: 4 })).toEqual([
    '\u001b[2J\u001b[H1\u001b[K\n2\u001b[K\n(2 more lines; make the window higher)\u001b[K\n\u001b[J',
  ]);
});

test('without a terminal the texts follow each other', () => {
  expect(drawn(['a\n', 'a\n', 'b\n'], {})).toEqual(['a\n', '\nb\n']);
});

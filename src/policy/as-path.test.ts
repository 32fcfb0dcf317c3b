import type { AsPathSegment } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import {
  compileMask,
  filterPath,
  firstAsn,
  lastAsn,
  lastNonaggregatedAsn,
  type MaskStep,
  pathLength,
  prependAsns,
} from './as-path.ts';

/** `1 {2 3} 4`: sequences, and sets in braces. */
function path(text: string): AsPathSegment[] {
  const segments: AsPathSegment[] = [];
  for (const [, set, asn] of text.matchAll(/\{([^}]*)\}|(\d+)/g)) {
    const last = segments.at(-1);
    if (set !== undefined) segments.push({ type: 'set', asns: set.trim().split(/\s+/).map(Number) });
    else if (last?.type === 'sequence') segments.splice(-1, 1, { type: 'sequence', asns: [...last.asns, Number(asn)] });
    else segments.push({ type: 'sequence', asns: [Number(asn)] });
  }
  return segments;
}

function mask(text: string): MaskStep[] {
  return text.split(/\s+/).map((word): MaskStep => {
    if (word === '*') return 'any';
    if (word === '?') return () => true;
    const [from, to] = word.split('..').map(Number);
    return (asn) => asn >= from! && asn <= (to ?? from!);
  });
}

const sequence = (length: number, from = 1) => Array.from({ length }, (_, i) => from + i);

describe('prepending', () => {
  it('keeps the listed order in front of the path and joins the first sequence', () => {
    expect(prependAsns(path('64512'), [65000, 65009])).toEqual([{ type: 'sequence', asns: [65000, 65009, 64512] }]);
  });

  it('opens a sequence before a set and before nothing', () => {
    expect(prependAsns(path('{2 3} 4'), [1])).toEqual(path('1 {2 3} 4'));
    expect(prependAsns([], [1, 2])).toEqual(path('1 2'));
  });

  it('opens another segment where the first has 255 AS numbers', () => {
    const full: AsPathSegment = { type: 'sequence', asns: sequence(255) };
    expect(prependAsns([full], [9])).toEqual([{ type: 'sequence', asns: [9] }, full]);
  });

  it('fills the first segment to 255 and puts the rest before it', () => {
    const almost: AsPathSegment = { type: 'sequence', asns: sequence(254) };
    expect(prependAsns([almost], [7, 8])).toEqual([
      { type: 'sequence', asns: [7] },
      { type: 'sequence', asns: [8, ...sequence(254)] },
    ]);
  });

  it('leaves the path alone where nothing is prepended', () => {
    const old = path('1 2');
    expect(prependAsns(old, [])).toBe(old);
  });
});

describe('what a path says of itself', () => {
  // As BIRD 2.0.12 prints them for received paths.
  it.each([
    ['1 {2 3} 4', 3, 1, 4, 1],
    ['{2 3} 4', 2, 0, 4, 0],
    ['1 {2 3}', 2, 1, 0, 1],
    ['{2 3}', 1, 0, 0, 0],
    ['1 {2 3} {8 9} 4', 4, 1, 4, 1],
    ['1 4 {2 3}', 3, 1, 0, 4],
    ['', 0, 0, 0, 0],
  ])('%s has length, first, last and last non-aggregated AS', (text, length, first, last, lastNonaggregated) => {
    const subject = path(text);
    expect([pathLength(subject), firstAsn(subject), lastAsn(subject), lastNonaggregatedAsn(subject)]).toEqual([
      length,
      first,
      last,
      lastNonaggregated,
    ]);
  });

  it('does not count confederation segments', () => {
    expect(pathLength([{ type: 'confedSequence', asns: [1, 2] }, ...path('3 4')])).toBe(2);
  });
});

describe('path masks', () => {
  it.each([
    ['1 2', '1 2', true],
    ['1 2', '* 2', true],
    ['1 2', '1 *', true],
    ['1 2', '1 2 *', true],
    ['1 2', '1 2 3 *', false],
    ['1 2', '?', false],
    ['1 2', '? ?', true],
    ['', '*', true],
    ['', '?', false],
    ['5', '1..4', false],
    ['5', '* 4..6 *', true],
    ['1 2 1 2 3', '* 1 2 3', true],
    // As BIRD 2.0.12 answers for received paths with sets.
    ['1 {2 3} 4', '1 4', false],
    ['1 {2 3} 4', '1 ? 4', true],
    ['1 {2 3} 4', '1 2 3 4', true],
    ['1 {2 3} 4', '1 3 2 2 4', true],
    ['1 {2 3} 4', '1 5 4', false],
    ['1 {2 3} 4', '* 2 *', true],
    ['1 {2 3} 4', '1 ? ? ? 4', true],
    ['{2 3} 4', '4', false],
    ['{2 3} 4', '2 4', true],
    ['1 {2 3}', '1', false],
    ['{2 3}', '2', true],
    ['{2 3}', '2 3', true],
    ['1 {2 3} {8 9} 4', '1 2 4', true],
    ['1 {2 3} {8 9} 4', '1 2 8 4', true],
    ['1 {2 3} {8 9} 4', '1 8 4', false],
    ['1 4 {2 3}', '1 4', false],
    ['1 2 {3} 4', '1 2 3 4', true],
    ['1 2 {3} 4', '1 2 4', false],
    ['1 2 {3} 4', '1 ? ? ? 4', true],
  ])('path %s against [= %s =] is %s', (text, maskText, expected) => {
    expect(compileMask(mask(maskText))(path(text))).toBe(expected);
  });
});

describe('taking AS numbers out', () => {
  it('drops segments that become empty', () => {
    expect(filterPath(path('1 {2 3} {8 9} 4'), (asn) => asn > 4)).toEqual(path('{8 9}'));
  });

  it('gives the same path where all stay', () => {
    const old = path('1 {2}');
    expect(filterPath(old, () => true)).toBe(old);
  });
});

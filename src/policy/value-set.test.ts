import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Range, SetItem } from './types.ts';
import { valueSetMatcher } from './value-set.ts';

const small = fc.integer({ min: 0, max: 12 });
const range = fc.tuple(small, small).map(([from, to]): Range => [Math.min(from, to), Math.max(from, to)]);
const wide = fc.oneof(range, fc.constant<Range>([0, 0xffff]));
const inside = ([from, to]: Range, value: number) => value >= from && value <= to;

describe('sets of values', () => {
  it('hold ints as comparing with every range says', () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 8 }), small, (ranges, value) => {
        const items = ranges.map(([from, to]): SetItem => ({ type: 'int', from, to }));
        expect(valueSetMatcher(items)(value)).toBe(ranges.some((each) => inside(each, value)));
      }),
    );
  });

  it('hold pairs as comparing with every rectangle says', () => {
    const rectangles = fc.array(fc.tuple(wide, wide), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rectangles, small, small, (subject, high, low) => {
        const items = subject.map(([first, second]): SetItem => ({ type: 'pair', first, second }));
        expect(valueSetMatcher(items)({ type: 'pair', value: high * 65536 + low })).toBe(
          subject.some(([first, second]) => inside(first, high) && inside(second, low)),
        );
      }),
    );
  });

  it('hold addresses as comparing with every range says', () => {
    const address = (value: number) => `10.0.${value >> 2}.${value & 3}`;
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 6 }), small, (ranges, value) => {
        const items = ranges.map(([from, to]): SetItem => ({ type: 'ip', from: address(from), to: address(to) }));
        expect(valueSetMatcher(items)({ type: 'ip', value: address(value) })).toBe(
          ranges.some((each) => inside(each, value)),
        );
      }),
    );
  });

  it('may be of several types, and refuse a value of none of them', () => {
    const matches = valueSetMatcher([
      { type: 'int', from: 1, to: 1 },
      { type: 'pair', first: [1, 1], second: [2, 2] },
    ]);
    expect([matches(1), matches(2), matches({ type: 'pair', value: 0x10002 })]).toEqual([true, false, true]);
    expect(() => matches('x')).toThrow('~ between string and a set of another type');
  });
});

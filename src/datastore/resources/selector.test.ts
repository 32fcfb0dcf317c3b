import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matches, parseSelector, type Selector } from './selector.ts';

type Labels = Readonly<Record<string, string>>;

const ABSENT: Labels = {};
const RACK: Labels = { rack: 'r12' };

function selector(text: string): Selector {
  const result = parseSelector(text);
  if (!result.ok) throw new Error(`${text}: ${result.text} at ${result.position}`);
  return result.selector;
}

describe('each operator, with the label absent, fitting and not fitting', () => {
  const rows: [text: string, absent: boolean, whenR12: boolean, whenOther: boolean][] = [
    ["rack == 'r12'", false, true, false],
    ["rack != 'r12'", true, false, true],
    ["rack in {'r12', 'r13'}", false, true, false],
    ["rack not in {'r12', 'r13'}", true, false, true],
    ["rack notin {'r12'}", true, false, true],
    ["rack contains '1'", false, true, false],
    ["rack starts with 'r1'", false, true, false],
    ["rack startswith 'r1'", false, true, false],
    ["rack ends with '12'", false, true, false],
    ["rack endswith '12'", false, true, false],
    ['has(rack)', false, true, true],
    ['!has(rack)', true, false, false],
    ['all()', true, true, true],
    ['global()', true, true, true],
    ['', true, true, true],
    [' \t ', true, true, true],
    ['rack in {}', false, false, false],
    ['rack not in {}', true, true, true],
    ["rack contains ''", false, true, true],
    ["rack starts with ''", false, true, true],
    ["rack ends with ''", false, true, true],
  ];
  test.each(rows)('%s', (text, absent, whenR12, whenOther) => {
    const parsed = selector(text);
    expect([matches(parsed, ABSENT), matches(parsed, RACK), matches(parsed, { rack: 'x' })]).toEqual([
      absent,
      whenR12,
      whenOther,
    ]);
  });
});

describe('grammar', () => {
  const trees: [text: string, tree: Selector][] = [
    [
      "!a == 'x' && b == 'y'",
      {
        type: 'and',
        operands: [
          { type: 'not', operand: { type: 'equal', label: 'a', value: 'x' } },
          { type: 'equal', label: 'b', value: 'y' },
        ],
      },
    ],
    [
      'has(a) || has(b) && has(c)',
      {
        type: 'or',
        operands: [
          { type: 'has', label: 'a' },
          {
            type: 'and',
            operands: [
              { type: 'has', label: 'b' },
              { type: 'has', label: 'c' },
            ],
          },
        ],
      },
    ],
    [
      '(has(a) || has(b)) && has(c)',
      {
        type: 'and',
        operands: [
          {
            type: 'or',
            operands: [
              { type: 'has', label: 'a' },
              { type: 'has', label: 'b' },
            ],
          },
          { type: 'has', label: 'c' },
        ],
      },
    ],
    ['!!has(a)', { type: 'has', label: 'a' }],
    ['! ! !has(a)', { type: 'not', operand: { type: 'has', label: 'a' } }],
    [
      '!(has(a) || has(b))',
      {
        type: 'not',
        operand: {
          type: 'or',
          operands: [
            { type: 'has', label: 'a' },
            { type: 'has', label: 'b' },
          ],
        },
      },
    ],
    ["\tk=='s'\t", { type: 'equal', label: 'k', value: 's' }],
    ['k!="it\'s"', { type: 'notEqual', label: 'k', value: "it's" }],
    ['k == \'say "no" \\\'', { type: 'equal', label: 'k', value: 'say "no" \\' }],
    ["k in{'a','b',}", { type: 'in', label: 'k', values: ['a', 'b'] }],
    ['k not\t in { \'a\' , "b" }', { type: 'notIn', label: 'k', values: ['a', 'b'] }],
    ["k contains'v'", { type: 'contains', label: 'k', value: 'v' }],
    ["k starts   with 'v'", { type: 'startsWith', label: 'k', value: 'v' }],
    ['has( projectcalico.org/rack_1 )', { type: 'has', label: 'projectcalico.org/rack_1' }],
    ['all( )', { type: 'all' }],
    ["has == 'x'", { type: 'equal', label: 'has', value: 'x' }],
    ["all == 'x'", { type: 'equal', label: 'all', value: 'x' }],
    ["in in {'in'}", { type: 'in', label: 'in', values: ['in'] }],
    ["-./_ == 'x'", { type: 'equal', label: '-./_', value: 'x' }],
    [`has(${'k'.repeat(512)})`, { type: 'has', label: 'k'.repeat(512) }],
  ];
  test.each(trees)('%s', (text, tree) => {
    expect(parseSelector(text)).toEqual({ ok: true, selector: tree });
  });
});

describe('texts that are refused, with the place', () => {
  const rows: [text: string, position: number][] = [
    ['b == b', 5],
    ['b', 1],
    ['a b', 2],
    ['!', 1],
    ['foo in ""', 7],
    ['foo not in "a"', 11],
    ['()', 1],
    ['%', 0],
    ['has(foo) &&', 11],
    ['has(foo) ||', 11],
    ['&& has(foo)', 0],
    ['has(foo) & has(bar)', 9],
    ['has(foo) | has(bar)', 9],
    ["a = 'x'", 2],
    ['has (foo)', 4],
    ['all ()', 4],
    ['has()', 4],
    ['has(foo', 7],
    ['(has(foo)', 9],
    ['has(foo))', 8],
    ['all(foo)', 4],
    ["a == 'x", 5],
    ['a == \'x"', 5],
    ["a in {'x'", 9],
    ["a in {'x' 'y'}", 10],
    ["a in {,'x'}", 6],
    ["a in {'x',,}", 10],
    ['a in {x}', 6],
    ["a containsx 'y'", 2],
    ["a inx {'y'}", 2],
    ["a not {'y'}", 2],
    ["a starts 'y'", 2],
    ["a == 'x' b == 'y'", 9],
    ["a == 'x' !b == 'y'", 9],
    ["'a' == 'x'", 0],
    ["a == 'x'\n", 8],
    [`has(${'k'.repeat(513)})`, 4],
    ['('.repeat(100_000), 601],
  ];
  test.each(rows)('%s', (text, position) => {
    expect(parseSelector(text)).toEqual({ ok: false, text: expect.any(String), position });
  });
});

test('labels are compared by case, and names of object methods are ordinary labels', () => {
  expect(matches(selector("rack == 'R12'"), RACK)).toBe(false);
  expect(matches(selector('has(Rack)'), RACK)).toBe(false);
  expect(matches(selector('has(constructor)'), {})).toBe(false);
  expect(matches(selector("constructor != 'x'"), {})).toBe(true);
});

test('no text makes the parser throw', () => {
  const words = ['has(', 'all()', 'a', ' ', '==', "'x'", '&&', '||', '!', '(', ')', '{', '}', ',', 'in', 'not in', '"'];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), fc.string(), (parts, junk) => {
      for (const text of [parts.join(''), parts.join(' ') + junk]) {
        const result = parseSelector(text);
        if (result.ok) matches(result.selector, RACK);
        else expect(result.position).toBeLessThanOrEqual(text.length);
      }
    }),
  );
});

test('negation turns every answer round', () => {
  const atom = fc.constantFrom("a == 'x'", "a != 'x'", 'has(b)', "b in {'x','y'}", "b not in {'y'}", "a contains 'x'");
  const labels = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y', 'xy'));
  fc.assert(
    fc.property(fc.array(atom, { minLength: 1, maxLength: 4 }), labels, (atoms, values) => {
      const all = atoms.join(' && ');
      const none = atoms.map((text) => `!${text}`).join(' || ');
      expect(matches(selector(none), values)).toBe(!matches(selector(all), values));
    }),
  );
});

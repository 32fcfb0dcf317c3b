// Tokens and their places: every literal form, comments, what is no token.

import { describe, expect, test } from 'vitest';
import { tokenize } from './lexer.ts';

const seen = (text: string): string[] =>
  tokenize('f', text).map(({ type, text: content, place }) => `${place.line}:${place.column} ${type} ${content}`);

describe('tokens', () => {
  test.each<[string, string[]]>([
    ['12 0x1F 4294967295', ['1:1 number 12', '1:4 number 0x1F', '1:9 number 4294967295']],
    ['1.2.3.4 010.0.0.1', ['1:1 ip4 1.2.3.4', '1:9 ip4 10.0.0.1']],
    ['2001:DB8::1 ::1 :: fe80::1', ['1:1 ip6 2001:db8::1', '1:13 ip6 ::1', '1:17 ip6 ::', '1:20 ip6 fe80::1']],
    ['1:2:3:4:5:6:7:8', ['1:1 ip6 1:2:3:4:5:6:7:8']],
    ['::ffff:1.2.3.4', ['1:1 ip6 ::ffff:1.2.3.4']],
    ['"a \\n b" "é"', ['1:1 string a \\n b', '1:10 string é']],
    ["abc _x9 'a-b.c:d' ''", ['1:1 name abc', '1:5 name _x9', '1:9 name a-b.c:d', '1:19 name ']],
    ['a!=b', ['1:1 name a', '1:2 operator !=', '1:4 name b']],
    [
      '!~ <= >= && || [= =] ..',
      ['!~', '<=', '>=', '&&', '||', '[=', '=]', '..'].map((op, i) => `1:${1 + 3 * i} operator ${op}`),
    ],
    ['10.0.0.0/8+', ['1:1 ip4 10.0.0.0', '1:9 operator /', '1:10 number 8', '1:11 operator +']],
    ['1..5', ['1:1 number 1', '1:2 operator ..', '1:4 number 5']],
    ['1: else:', ['1:1 number 1', '1:2 operator :', '1:4 name else', '1:8 operator :']],
    ['a # b\nc', ['1:1 name a', '2:1 name c']],
    ['a /* b\n * c */ d', ['1:1 name a', '2:9 name d']],
    ['/**/a/***/b', ['1:5 name a', '1:11 name b']],
    ['\ta\n\n\t\tb', ['1:2 name a', '3:3 name b']],
  ])('%j', (text, expected) => {
    expect(seen(text)).toEqual(expected);
  });

  test.each([
    ['a 4294967296', '1:3 error Number out of range'],
    ['a 1.2.3.256', '1:3 error Invalid IPv4 address 1.2.3.256'],
    ['a 1:2:3:4:', '1:3 error Invalid IPv6 address 1:2:3:4:'],
    ['a\r\n', '1:2 error Unknown character'],
    ['\uFEFFa', '1:1 error Unknown character'],
    ['a é', '1:3 error Unknown character'],
    ['a &', '1:3 error Unknown character'],
    ['a "b\n"', '1:3 error Unterminated string'],
    ['a "b', '1:3 error Unterminated string'],
    ['a /* b\nc', '2:1 error Unterminated comment'],
    ['a /* b\n', '2:0 error Unterminated comment'],
    ["a 'b c'", '1:3 error Unknown character'],
    [`a ${'x'.repeat(65)}`, '1:3 error Symbol too long'],
  ])('%j ends with an error', (text, expected) => {
    expect(seen(text).at(-1)).toBe(expected);
  });

  test('a symbol may have 64 characters', () => {
    expect(seen('x'.repeat(64))).toEqual([`1:1 name ${'x'.repeat(64)}`]);
  });

  test('include stands at the beginning of a line, and only there', () => {
    expect(seen('  include "a b" ; c\nd include "e";')).toEqual([
      '1:1 include a b',
      '1:19 name c',
      '2:1 name d',
      '2:3 name include',
      '2:11 string e',
      '2:14 operator ;',
    ]);
  });
});

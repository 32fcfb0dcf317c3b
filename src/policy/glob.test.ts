import { describe, expect, it } from 'vitest';
import { compileGlob, matchGlob } from './glob.ts';

describe('shell patterns', () => {
  it.each([
    ['*', '', true],
    ['*', 'eth0', true],
    ['', '', true],
    ['', 'a', false],
    ['eth0', 'eth0', true],
    ['eth0', 'eth01', false],
    ['eth?', 'eth0', true],
    ['eth?', 'eth', false],
    ['eth*', 'eth', true],
    ['eth*', 'veth0', false],
    ['*.cali', 'xcali.cali', true],
    ['*.cali', 'bpfin.calico', false],
    ['bpf*.cali', 'bpfin.cali', true],
    ['bpf*.cali', 'bpf.cali', true],
    ['bpf*.cali', 'cali.cali', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['[ab]', '[ab]', true],
    ['*ab', 'abab', true],
    ['a*X?', 'aXbXc', true],
    ['*b?', 'abX', true],
    ['*a*b*c', 'xaxbxbxc', true],
    ['*a*b*c', 'xaxcxb', false],
    ['a\\?c', 'a?c', true],
    ['a\\?c', 'abc', false],
    ['a*\\c', 'abc', true],
    ['a\\', 'a\\', true],
    // What follows a star is looked for literally, as BIRD does.
    ['a*?x', 'abcx', false],
    ['a**x', 'abcx', false],
    ['a**c', 'a*c', true],
    ['**', 'abc', false],
  ])('%s against %s is %s', (pattern, text, expected) => {
    expect([matchGlob(pattern, text), compileGlob(pattern)(text)]).toEqual([expected, expected]);
  });

  it('answers in no time for patterns of many stars', () => {
    expect(matchGlob(`${'*a'.repeat(40)}b`, 'a'.repeat(5000))).toBe(false);
  });
});

// Includes: paths, patterns, depth, and which file an error is said to be in.

import { describe, expect, test } from 'vitest';
import { answer, FRAME, filesOf, read } from '../bird.fixture.ts';
import { readBirdConfiguration } from '../index.ts';

describe('include', () => {
  test('reads a file in the folder of the file that includes it', () => {
    const files = {
      '/etc/bird/main.conf': `${FRAME}include "sub/a.conf";\ndefine Z = A;`,
      '/etc/bird/sub/a.conf': 'include "b.conf";\ndefine A = B;',
      '/etc/bird/sub/b.conf': 'define B = 5;',
    };
    const { unit } = readBirdConfiguration('/etc/bird/main.conf', filesOf(files), { family: 'ipv4' });
    expect(unit.global.find('Z')).toEqual({ type: 'constant', expression: { type: 'int', value: 5 }, of: 'int' });
  });

  test('takes absolute paths as they are', () => {
    expect(answer(`${FRAME}include "/x/a.conf";\neval A;`, { files: { '/x/a.conf': 'define A = 1;' } })).toBe('fine');
  });

  test('takes all that match a pattern, and none is no error', () => {
    const files = { './peers/a.conf': 'define A = 1;', './peers/b.conf': 'define B = A;' };
    expect(answer(`${FRAME}include "peers/*.conf";\neval A + B;\ninclude "none/*.conf";`, { files })).toBe('fine');
  });

  test('may stand in the middle of a block, and what follows it on the line counts', () => {
    const files = { './name.conf': 'description "x";' };
    const { protocols } = read(`${FRAME}protocol static {\ninclude "name.conf"; disabled;\n}`, { files });
    expect(protocols[1]).toMatchObject({ description: 'x', isDisabled: true });
  });

  test.each<[string, string, Record<string, string>, string]>([
    [
      'a file that is not there',
      'include "nope.conf";',
      {},
      '2:1 Unable to open included file ./nope.conf: No such file or directory',
    ],
    ['an empty path', 'include "";', {}, '2:1 Include with empty argument'],
    ['a mistake in it', 'include "a.conf";', { './a.conf': '\n  define = 1;' }, './a.conf:2:10 syntax error'],
    ['a comment that ends nowhere', 'include "a.conf";', { './a.conf': '/* x' }, './a.conf:1:4 Unterminated comment'],
    [
      'a file that includes itself',
      'include "a.conf";',
      { './a.conf': 'include "a.conf";' },
      './a.conf:1:1 Max include depth reached',
    ],
    ['include behind something', 'define a = 1; include "a.conf";', {}, '2:15 syntax error'],
  ])('%s', (_name, line, files, expected) => {
    expect(answer(FRAME + line, { bird: 1, files })).toBe(expected);
  });

  test('BIRD 2 sees the path', () => {
    expect(answer(`${FRAME}include "nope.conf";`, { bird: 2 })).toBe(
      '2:10 Unable to open included file ./nope.conf: No such file or directory',
    );
  });

  test('the configuration itself may be missing', () => {
    expect(() => readBirdConfiguration('none.conf', filesOf({}), { family: 'ipv4' })).toThrow(
      'Unable to open configuration file none.conf: No such file or directory',
    );
  });
});

describe('the dialect', () => {
  const channels = 'protocol static { ipv4; route 10.0.0.0/8 blackhole; }';

  test.each<[string, 1 | 2]>([
    [FRAME, 1],
    [FRAME + channels, 2],
    [`${FRAME}protocol bgp { local as 1; neighbor 10.0.0.2 internal; ipv4 { import all; }; }`, 2],
    [`${FRAME}protocol bgp { local as 1; neighbor range 10.0.0.0/8 as 1; ipv4; }`, 2],
    [`${FRAME}ipv4 table t;`, 2],
    [`${FRAME}protocol bgp { local as 1; neighbor 10.0.0.2 as 1; advertise ipv4; }`, 1],
    [`${FRAME}protocol bgp { local as 1; neighbor 10.0.0.2 as 1; disable after error; }`, 1],
  ])('of %j is that of BIRD %i', (text, bird) => {
    expect(read(text).dialect.bird).toBe(bird);
  });

  test('is what the option says, too', () => {
    expect(answer(FRAME + channels, { bird: 1 })).toBe('2:19 syntax error');
    expect(answer(FRAME + channels, { bird: 2 })).toBe('fine');
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ProgramName, parseBirdArguments } from './arguments.ts';

const VERSION = 'v1.0.0+birdv1.6.8';
const parse = (argv: readonly string[], name: ProgramName = 'bird', exists = (_path: string) => false) =>
  parseBirdArguments(name, argv, { version: VERSION, exists });

const PLAIN = {
  family: 'ipv4',
  file: '/usr/local/etc/bird.conf',
  socket: '/var/run/calico/bird.ctl',
  mode: 'background',
  recover: false,
};

describe('the command line of bird', () => {
  it.each<[string, object]>([
    ['', PLAIN],
    ['-R -d -c bird.cfg -s bird.ctl', { ...PLAIN, recover: true, mode: 'debug', file: 'bird.cfg', socket: 'bird.ctl' }],
    ['-pcbird.cfg', { ...PLAIN, mode: 'parse', file: 'bird.cfg' }],
    ['-f -P pid -D dump', { ...PLAIN, mode: 'foreground', pidFile: 'pid', debugFile: 'dump' }],
    ['-u bird -g 100', { ...PLAIN, user: 'bird', group: '100' }],
    ['-l', { ...PLAIN, file: 'bird.conf', socket: 'bird.ctl' }],
    ['-l -s other.ctl', { ...PLAIN, file: 'bird.conf', socket: 'other.ctl' }],
    ['-fd', { ...PLAIN, mode: 'debug' }],
    ['--bird2 -f', { ...PLAIN, bird: 2, mode: 'foreground' }],
  ])('%s', (line, expected) => {
    expect(parse(line.split(' ').filter((word) => word !== ''))).toEqual(expected);
  });

  it('takes the files of bird6 for bird6, and Debian’s where that is there', () => {
    expect(parse([], 'bird6', (path) => path === '/etc/bird/bird6.conf')).toEqual({
      ...PLAIN,
      family: 'ipv6',
      file: '/etc/bird/bird6.conf',
      socket: '/var/run/calico/bird6.ctl',
    });
  });

  it.each([
    [['-v'], /^bird: invalid option -- 'v'\n\nUsage: bird /],
    [['-c'], /^bird: option requires an argument -- 'c'\n/],
    [['--', 'x'], /^Usage: bird /],
    [['--version', '-f'], /^bird: invalid option -- '-'\n/],
  ])('%j is refused', (argv, text) => {
    expect(parse(argv)).toEqual({ code: 1, text: expect.stringMatching(text) });
  });

  it('has flags that are all in docs/bird.md', () => {
    const help = parse(['-h']);
    const document = readFileSync(join(import.meta.dirname, '../../docs/bird.md'), 'utf8');
    const flags = 'text' in help ? [...help.text.matchAll(/^ {2}(?:(-\w)(?:, (--\w+))?|(--\w+))/gm)] : [];
    const names = flags.flatMap(([, short, long, alone]) => [short, long, alone].filter((name) => name !== undefined));
    expect(names).toContain('--bird2');
    expect(names.filter((name) => !document.includes(`\`${name}`))).toEqual([]);
  });
});

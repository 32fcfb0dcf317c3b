import { describe, expect, it } from 'vitest';
import { expandCommand, helpFor } from './client-commands.ts';

const command = (text: string) => ({ type: 'command', text });

describe('an abbreviation', () => {
  it.each([
    ['s p', 'show protocols'],
    ['sh prot all node1', 'show protocols all node1'],
    ['s p a', 'show protocols all'],
    ['sh r', 'show route'],
    ['show route for 10.0.0.0/8 all', 'show route for 10.0.0.0/8 all'],
    ['conf', 'configure'],
    ['con t 30', 'configure timeout 30'],
    ['conf "/etc/bird/b.conf"', 'configure "/etc/bird/b.conf"'],
    ['reload in all', 'reload in all'],
    ['  ev   1 + 1', 'eval 1 + 1'],
    ['sh in s', 'show interfaces summary'],
  ])('%s is %s', (line, text) => {
    expect(expandCommand(line)).toEqual(command(text));
  });

  it.each(['foo', 'show', 'show foo', 'sho ri', 'dump', ''])('%j is none', (line) => {
    expect(expandCommand(line)).toEqual({ type: 'unknown' });
  });

  it.each([
    ['re', ['restart', 'reload', 'restrict']],
    ['sh s', ['show static', 'show symbols', 'show status']],
    ['con c', ['configure check', 'configure confirm']],
  ])('%s may be several', (line, names) => {
    const expansion = expandCommand(line);
    const lines = expansion.type === 'ambiguous' ? expansion.lines : [];
    expect(lines).toHaveLength(names.length);
    for (const name of names) expect(lines.some((each) => each.startsWith(name))).toBe(true);
  });

  it('of a whole word is that word, also where longer ones begin with it', () => {
    expect(expandCommand('show status')).toEqual(command('show status'));
    expect(expandCommand('show protocols')).toEqual(command('show protocols'));
  });
});

describe('help', () => {
  it('shows what may follow', () => {
    expect(helpFor('sh bfd')).toEqual(['show bfd sessions [NAME]                       Sessions of BFD']);
    expect(helpFor('').length).toBeGreaterThan(15);
    expect(helpFor('configure').some((line) => line.startsWith('configure undo'))).toBe(true);
  });

  it('says where there is none', () => {
    expect(helpFor('frobnicate')).toEqual(['No help available']);
  });
});

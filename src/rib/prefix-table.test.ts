import fc from 'fast-check';
import { prefixFromWords, prefixWords } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { PrefixTable } from './prefix-table.ts';

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
/** Few enough to meet again, many enough to grow the table. */
const v4 = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0, 8, 24, 26, 32)).map(([n, length]) => {
  const bits = length === 0 ? 0 : (n << (32 - length)) | 0;
  return prefixFromWords('ipv4', length === 0 ? 0 : bits & (-1 << (32 - length)), 0, 0, 0, length);
});
const v6 = fc
  .tuple(word, word, word, word)
  .map((words) => prefixFromWords('ipv6', words[0], words[1], words[2], words[3], 128));

function intern(table: PrefixTable, prefix: string): number {
  table.load(prefix);
  return table.intern();
}

function find(table: PrefixTable, prefix: string): number {
  table.load(prefix);
  return table.find();
}

describe('prefixes that overlap', () => {
  it.each([
    ['10.65.0.0/16', '10.65.3.0/26', true],
    ['10.65.3.0/26', '10.65.0.0/16', true],
    ['10.65.3.0/26', '10.65.3.7/32', true],
    ['10.65.3.0/26', '10.65.3.64/26', false],
    ['0.0.0.0/0', '255.255.255.255/32', true],
    ['10.0.0.0/8', '11.0.0.0/8', false],
    ['fd00:65::/32', 'fd00:65:0:1::/122', true],
    ['fd00:65::40/122', 'fd00:65::7f/128', true],
    ['fd00:65::40/122', 'fd00:65::80/122', false],
    ['fd00:65:0:1::/64', 'fd00:65:0:2::/64', false],
    ['::/0', 'fd00::/8', true],
  ])('%s and %s: %s', (prefix, other, expected) => {
    const table = new PrefixTable(prefix.includes(':') ? 'ipv6' : 'ipv4');
    expect(table.overlaps(intern(table, prefix), prefixWords(other))).toBe(expected);
  });
});

describe.each([
  ['ipv4', v4],
  ['ipv6', v6],
] as const)('a table of %s prefixes', (family, prefixes) => {
  it('gives each prefix one number, and finds it by that for as long as it is there', () => {
    const step = fc.record({ prefix: prefixes, remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new PrefixTable(family);
        const model = new Map<string, number>();
        for (const { prefix, remove } of steps) {
          const known = model.get(prefix);
          expect(find(table, prefix)).toBe(known ?? -1);
          if (!remove) {
            const id = intern(table, prefix);
            if (known !== undefined) expect(id).toBe(known);
            model.set(prefix, id);
          } else if (known !== undefined) {
            table.release(known);
            model.delete(prefix);
          }
        }
        expect(new Set(model.values()).size).toBe(model.size);
        expect(table.size).toBe(model.size);
        for (const [prefix, id] of model) expect([find(table, prefix), table.text(id)]).toEqual([id, prefix]);
      }),
      { numRuns: 100 },
    );
  });

  it('grows beyond its first capacity without losing anybody', () => {
    const table = new PrefixTable(family);
    const all = Array.from({ length: 5000 }, (_, n) =>
      family === 'ipv4' ? prefixFromWords('ipv4', n << 8, 0, 0, 0, 24) : prefixFromWords('ipv6', n, 0, 0, 0, 64),
    );
    const ids = all.map((prefix) => intern(table, prefix));
    expect(ids).toEqual(all.map((_, n) => n));
    expect(all.map((prefix) => find(table, prefix))).toEqual(ids);
  });
});

describe('reading from a message', () => {
  it('clears host bits, which mean nothing there (RFC 4271 4.3)', () => {
    const table = new PrefixTable('ipv4');
    expect(table.read(Uint8Array.of(26, 10, 65, 0, 127, 99), 0)).toBe(5);
    expect(table.text(table.intern())).toBe('10.65.0.64/26');
  });

  it('takes the default route, which has no octets', () => {
    const table = new PrefixTable('ipv6');
    expect(table.read(Uint8Array.of(0), 0)).toBe(1);
    expect(table.text(table.intern())).toBe('::/0');
  });
});

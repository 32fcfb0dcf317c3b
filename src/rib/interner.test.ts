import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteSlab, bytesAt, hashBytes, type Interned, Interner, NO_SET } from './interner.ts';
import { SentSets } from './sent-sets.ts';

interface Named extends Interned {
  readonly name: string;
}

function intern(table: Interner<Named>, name: string, hash: number): number {
  for (let entry = table.first(hash); entry !== undefined; entry = table.after(entry)) {
    if (entry.name === name) return entry.id;
  }
  return table.add({ id: table.nextId(), hash, next: NO_SET, name }).id;
}

describe('interned values', () => {
  it('are there while somebody holds them, whatever else comes and goes, also with one hash for many', () => {
    const step = fc.record({ name: fc.nat(30), action: fc.constantFrom('hold', 'hold', 'drop', 'sweep') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new Interner<Named>();
        const held = new Map<string, { id: number; count: number }>();
        for (const { name: number, action } of steps) {
          const name = `n${number}`;
          const mine = held.get(name);
          if (action === 'hold') {
            const id = intern(table, name, number % 3);
            table.hold(id);
            held.set(name, { id, count: (mine?.count ?? 0) + 1 });
          } else if (action === 'drop' && mine !== undefined) {
            table.drop(mine.id);
            if (mine.count === 1) held.delete(name);
            else held.set(name, { id: mine.id, count: mine.count - 1 });
          } else if (action === 'sweep') {
            table.sweep(() => undefined);
          }
          for (const [known, { id }] of held) expect(table.get(id).name).toBe(known);
        }
        table.sweep(() => undefined);
        expect(table.size).toBe(held.size);
      }),
      { numRuns: 200 },
    );
  });

  it('may be taken up again before the sweep', () => {
    const table = new Interner<Named>();
    const id = intern(table, 'a', 1);
    table.hold(id);
    table.drop(id);
    expect(intern(table, 'a', 1)).toBe(id);
    table.hold(id);
    table.sweep(() => undefined);
    expect(table.get(id).name).toBe('a');
  });

  it('outgrow the first table', () => {
    const table = new Interner<Named>();
    const ids = Array.from({ length: 5000 }, (_, n) => intern(table, `n${n}`, n * 7));
    for (const id of ids) table.hold(id);
    expect(new Set(ids).size).toBe(5000);
    expect(intern(table, 'n4321', 4321 * 7)).toBe(ids[4321]);
  });
});

describe('sent sets', () => {
  it('are one where attributes and next hop are the same octets, whoever owns the octets', () => {
    const sets = new SentSets();
    const scratch = Uint8Array.of(1, 2, 3);
    const first = sets.intern(scratch, undefined);
    scratch[0] = 9;
    const second = sets.intern(scratch, undefined);
    expect(sets.intern(Uint8Array.of(1, 2, 3), undefined)).toBe(first);
    expect(second).not.toBe(first);
    expect(sets.intern(Uint8Array.of(1, 2, 3), Uint8Array.of(4))).not.toBe(first);
    expect(Array.from(sets.get(first).attributes)).toEqual([1, 2, 3]);
  });
});

describe('a slab', () => {
  it('hands out room that overlaps with nobody', () => {
    const slab = new ByteSlab();
    const taken = Array.from({ length: 3000 }, (_, n) => slab.take(1 + (n % 90)).fill(n & 255));
    expect(taken.every((bytes, n) => bytes.every((octet) => octet === (n & 255)))).toBe(true);
    expect(slab.take(100_000)).toHaveLength(100_000);
  });
});

describe('bytes', () => {
  it('have a hash that is never negative, and are found where they stand', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (before, bytes) => {
        expect(hashBytes(0, bytes)).toBeGreaterThanOrEqual(0);
        expect(bytesAt(Uint8Array.from([...before, ...bytes]), before.length, bytes)).toBe(true);
      }),
    );
  });
});

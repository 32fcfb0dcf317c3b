import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteArena } from './byte-arena.ts';
import { bytesAt, hashBytes, Interner, NO_SET, type SetId } from './interner.ts';
import { SentSets } from './sent-sets.ts';

/** Names as an owner of the table keeps them: in a column of his own. */
class Names {
  readonly table = new Interner();
  readonly names: string[] = [];

  intern(name: string, hash: number): SetId {
    for (let id = this.table.first(hash); id !== NO_SET; id = this.table.after(id)) {
      if (this.names[id] === name) return id;
    }
    const id = this.table.add(hash);
    this.names[id] = name;
    return id;
  }
}

describe('interned values', () => {
  it('are there while somebody holds them, whatever else comes and goes, also with one hash for many', () => {
    const step = fc.record({ name: fc.nat(30), action: fc.constantFrom('hold', 'hold', 'drop', 'sweep') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const names = new Names();
        const { table } = names;
        const held = new Map<string, { id: number; count: number }>();
        for (const { name: number, action } of steps) {
          const name = `n${number}`;
          const mine = held.get(name);
          if (action === 'hold') {
            const id = names.intern(name, number % 3);
            table.hold(id);
            held.set(name, { id, count: (mine?.count ?? 0) + 1 });
          } else if (action === 'drop' && mine !== undefined) {
            table.drop(mine.id);
            if (mine.count === 1) held.delete(name);
            else held.set(name, { id: mine.id, count: mine.count - 1 });
          } else if (action === 'sweep') {
            table.sweep(() => undefined);
          }
          for (const [known, { id }] of held) expect(names.names[id]).toBe(known);
        }
        table.sweep(() => undefined);
        expect(table.size).toBe(held.size);
      }),
      { numRuns: 200 },
    );
  });

  it('may be taken up again before the sweep', () => {
    const names = new Names();
    const { table } = names;
    const id = names.intern('a', 1);
    table.hold(id);
    table.drop(id);
    expect(names.intern('a', 1)).toBe(id);
    table.hold(id);
    table.sweep(() => undefined);
    expect(names.intern('a', 1)).toBe(id);
  });

  it('outgrow the first table', () => {
    const names = new Names();
    const ids = Array.from({ length: 5000 }, (_, n) => names.intern(`n${n}`, n * 7));
    for (const id of ids) names.table.hold(id);
    expect(new Set(ids).size).toBe(5000);
    expect(names.intern('n4321', 4321 * 7)).toBe(ids[4321]);
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
    expect(Array.from(sets.attributes(first))).toEqual([1, 2, 3]);
    const withNextHop = sets.intern(Uint8Array.of(1, 2, 3), Uint8Array.of(4));
    expect([sets.mpNextHop(first), sets.mpNextHop(withNextHop)]).toEqual([undefined, Uint8Array.of(4)]);
  });
});

describe('an arena', () => {
  it('hands out room that overlaps with nobody, and uses again what was given back', () => {
    const step = fc.record({
      length: fc.oneof(fc.nat(90), fc.constant(40_000), fc.constant(100_000)),
      drop: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 400 }), (steps) => {
        const arena = new ByteArena();
        const taken: { at: number; length: number; mark: number }[] = [];
        steps.forEach(({ length, drop }, n) => {
          const at = arena.take(length);
          arena.view(at, length).fill(n & 255);
          taken.push({ at, length, mark: n & 255 });
          if (drop === 0) for (const gone of taken.splice(0, 2)) arena.release(gone.at, gone.length);
        });
        for (const { at, length, mark } of taken) {
          expect(arena.view(at, length).every((octet) => octet === mark)).toBe(true);
          expect(arena.view(at, length)).toHaveLength(length);
        }
      }),
      { numRuns: 50 },
    );
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

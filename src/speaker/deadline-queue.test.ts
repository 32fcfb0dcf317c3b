import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadlineQueue } from './deadline-queue.ts';

describe('a queue of deadlines', () => {
  it('has nothing due where nothing was set', () => {
    const queue = new DeadlineQueue<string>();
    expect([queue.next(), queue.due(1e9)]).toEqual([undefined, []]);
  });

  it('gives each key once, earliest first, when its time has come', () => {
    const queue = new DeadlineQueue<string>();
    queue.set('late', 30);
    queue.set('early', 10);
    queue.set('middle', 20);
    expect([queue.next(), queue.due(9), queue.due(20), queue.next(), queue.due(30), queue.next()]).toEqual([
      10,
      [],
      ['early', 'middle'],
      30,
      ['late'],
      undefined,
    ]);
  });

  it('knows only the last deadline of a key, also where it returns to an earlier one', () => {
    const queue = new DeadlineQueue<string>();
    for (const at of [10, 50, 10, 5, undefined, 10]) queue.set('key', at);
    expect([queue.next(), queue.due(100), queue.due(100)]).toEqual([10, ['key'], []]);
  });

  it('is what a plain table of deadlines would be, for any order of events', () => {
    const event = fc.record({
      key: fc.nat(6),
      at: fc.option(fc.nat(40), { nil: undefined }),
      now: fc.option(fc.nat(40), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const queue = new DeadlineQueue<number>();
        const table = new Map<number, number>();
        for (const { key, at, now } of events) {
          queue.set(key, at);
          if (at === undefined) table.delete(key);
          else table.set(key, at);
          if (now !== undefined) {
            const due = [...table].filter(([, deadline]) => deadline <= now);
            for (const [key] of due) table.delete(key);
            const given = queue.due(now);
            expect(new Set(given)).toEqual(new Set(due.map(([key]) => key)));
            expect(given).toHaveLength(due.length);
          }
          expect(queue.next()).toBe(table.size === 0 ? undefined : Math.min(...table.values()));
        }
      }),
    );
  });

  it('does not grow with changes of one deadline that is never reached', () => {
    const queue = new DeadlineQueue<string>();
    queue.set('soon', 0);
    for (let at = 1; at <= 100_000; at++) queue.set('hold timer', at);
    expect(queue.size).toBeLessThan(100);
  });
});

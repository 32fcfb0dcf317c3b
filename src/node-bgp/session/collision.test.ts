import { describe, expect, it } from 'vitest';
import { type Direction, type Existing, resolveCollision, type Verdict } from './collision.ts';

const LOW = { bgpIdentifier: 1, as: 64512 };
const HIGH = { bgpIdentifier: 2, as: 64512 };
const LOW_AS = { bgpIdentifier: 7, as: 64512 };
const HIGH_AS = { bgpIdentifier: 7, as: 64513 };

/** An identifier is unsigned: the upper half is not negative. */
const HUGE = { bgpIdentifier: 0xffffffff, as: 64512 };

const opposite = (direction: Direction): Direction => (direction === 'outgoing' ? 'incoming' : 'outgoing');

describe('between OpenConfirm and a new OPEN (RFC 4271 6.8, RFC 6286 2.3)', () => {
  it.each([
    ['lower identifier, ours stands', LOW, HIGH, 'outgoing', 'closeExisting'],
    ['lower identifier, theirs stands', LOW, HIGH, 'incoming', 'closeNewcomer'],
    ['higher identifier, ours stands', HIGH, LOW, 'outgoing', 'closeNewcomer'],
    ['higher identifier, theirs stands', HIGH, LOW, 'incoming', 'closeExisting'],
    ['equal identifiers, lower AS, ours stands', LOW_AS, HIGH_AS, 'outgoing', 'closeExisting'],
    ['equal identifiers, lower AS, theirs stands', LOW_AS, HIGH_AS, 'incoming', 'closeNewcomer'],
    ['equal identifiers, higher AS, ours stands', HIGH_AS, LOW_AS, 'outgoing', 'closeNewcomer'],
    ['equal identifiers, higher AS, theirs stands', HIGH_AS, LOW_AS, 'incoming', 'closeExisting'],
    ['an identifier above 127.255.255.255, ours stands', HUGE, LOW, 'outgoing', 'closeNewcomer'],
    ['against an identifier above 127.255.255.255, ours stands', LOW, HUGE, 'outgoing', 'closeExisting'],
  ] as const)('%s', (_, local, remote, direction, verdict) => {
    const existing: Existing = { state: 'OpenConfirm', direction };
    expect(resolveCollision(local, remote, existing, { direction: opposite(direction), openedAt: 0 }, 0)).toBe(verdict);
  });

  it('gives up the older of two connections that the same side opened', () => {
    for (const direction of ['outgoing', 'incoming'] as const) {
      const existing: Existing = { state: 'OpenConfirm', direction };
      expect(resolveCollision(LOW, HIGH, existing, { direction, openedAt: 0 }, 0)).toBe('closeExisting');
      expect(resolveCollision(HIGH, LOW, existing, { direction, openedAt: 0 }, 0)).toBe('closeExisting');
    }
  });

  it('makes both sides keep the same connection, in either order', () => {
    for (const [a, b] of [
      [LOW, HIGH],
      [HIGH, LOW],
      [LOW_AS, HIGH_AS],
    ] as const) {
      const kept = (self: typeof a, other: typeof a, existing: Direction): Direction => {
        const newcomer = opposite(existing);
        const verdict = resolveCollision(
          self,
          other,
          { state: 'OpenConfirm', direction: existing },
          { direction: newcomer, openedAt: 0 },
          0,
        );
        return verdict === 'closeExisting' ? newcomer : existing;
      };
      const byA = new Set([kept(a, b, 'outgoing'), kept(a, b, 'incoming')]);
      const byB = new Set([kept(b, a, 'outgoing'), kept(b, a, 'incoming')].map(opposite));
      expect(byA.size).toBe(1);
      expect(byA).toEqual(byB);
    }
  });
});

describe('in other states', () => {
  const established = (since: number, gracefulRestart: boolean): Existing => ({
    state: 'Established',
    direction: 'outgoing',
    since,
    gracefulRestart,
  });

  it.each<[string, Existing, { openedAt: number; now: number }, Verdict]>([
    ['an attempt without an answer gives way', { state: 'Connect' }, { openedAt: 0, now: 0 }, 'closeExisting'],
    ['two OPENs without an answer both go on', { state: 'OpenSent' }, { openedAt: 0, now: 0 }, 'undecided'],
    ['an Established session stands', established(0, false), { openedAt: 60_000, now: 60_001 }, 'closeNewcomer'],
    [
      'a peer with graceful restart has restarted',
      established(0, true),
      { openedAt: 60_000, now: 60_001 },
      'supersede',
    ],
    [
      'a connection from before Established is no restart',
      established(1000, true),
      { openedAt: 999, now: 60_000 },
      'closeNewcomer',
    ],
    [
      'right after Established the rule for simultaneous connections still decides',
      established(1000, true),
      { openedAt: 1001, now: 1002 },
      'closeExisting',
    ],
  ])('%s', (_, existing, { openedAt, now }, verdict) => {
    expect(resolveCollision(LOW, HIGH, existing, { direction: 'incoming', openedAt }, now)).toBe(verdict);
  });
});

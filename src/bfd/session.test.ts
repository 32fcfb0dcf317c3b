// The state machine of RFC 5880 6.2 and 6.8 as a table, and its timers.

import { describe, expect, test } from 'vitest';
import type { BfdIntent } from '../intent/types.ts';
import { SETTINGS } from './bfd.fixture.ts';
import { type BfdPacket, decodePacket, encodePacket } from './packet.ts';
import { BfdSession } from './session.ts';
import type { BfdState } from './types.ts';

const STATES = ['AdminDown', 'Down', 'Init', 'Up'] as const;

function packet(state: BfdState, change: Partial<BfdPacket> = {}): BfdPacket {
  return {
    ...{ diagnostic: 0, state, poll: false, final: false, demand: false, multiplier: 3 },
    ...{ myDiscriminator: 9, yourDiscriminator: 5, minTransmit: 100, minReceive: 100 },
    authentication: new Uint8Array(),
    ...change,
  };
}

/** A session whose clock stands until it is moved, and the packets that it sends. */
function newSession(change: Partial<BfdIntent> = {}, random = () => 0.999999) {
  const session = new BfdSession({ ...SETTINGS, ...change }, { discriminator: 5, random }, 0);
  let now = 0;
  const sent = () => session.takePackets().map((bytes) => decodePacket(bytes)!);
  return {
    session,
    sent,
    hear(state: BfdState, heard: Partial<BfdPacket> = {}) {
      const told = packet(state, heard);
      session.receive(told, encodePacket(told), now);
      return sent();
    },
    /** Goes from deadline to deadline; gives the moments at which packets left. */
    pass(milliseconds: number): number[] {
      const until = now + milliseconds;
      const moments: number[] = [];
      for (;;) {
        const due = session.nextDeadline();
        if (due === undefined || due > until) break;
        now = Math.max(now, due);
        session.tick(now);
        moments.push(...sent().map(() => Math.round(now)));
      }
      now = until;
      return moments;
    },
    get now() {
      return now;
    },
  };
}

/** By the way that leads there. */
function inState(state: BfdState, change: Partial<BfdIntent> = {}) {
  const made = newSession(change);
  if (state === 'Init' || state === 'Up') made.hear('Down');
  if (state === 'Up') made.hear('Init');
  if (state === 'AdminDown') made.session.disable(0);
  made.sent();
  expect(made.session.state).toBe(state);
  return made;
}

describe('states (RFC 5880 6.8.6)', () => {
  const NEXT: Record<BfdState, Record<BfdState, BfdState>> = {
    AdminDown: { AdminDown: 'AdminDown', Down: 'AdminDown', Init: 'AdminDown', Up: 'AdminDown' },
    Down: { AdminDown: 'Down', Down: 'Init', Init: 'Up', Up: 'Down' },
    Init: { AdminDown: 'Down', Down: 'Init', Init: 'Up', Up: 'Up' },
    Up: { AdminDown: 'Down', Down: 'Down', Init: 'Up', Up: 'Up' },
  };

  test.each(STATES.flatMap((local) => STATES.map((remote) => [local, remote, NEXT[local][remote]] as const)))(
    'in %s, a packet in state %s leads to %s',
    (local, remote, next) => {
      const { session, hear } = inState(local);
      hear(remote);
      expect(session.state).toBe(next);
    },
  );

  test.each<[BfdState, number]>([
    ['Init', 1],
    ['Up', 1],
  ])('in %s, silence for the detection time leads to Down with diagnostic %i', (state, diagnostic) => {
    const { session, pass } = inState(state);
    pass(299);
    expect(session.state).toBe(state);
    pass(1);
    expect([session.state, session.diagnostic, session.remoteDiscriminator]).toEqual(['Down', diagnostic, 0]);
  });

  test('Down and AdminDown of the peer are told apart from silence', () => {
    const one = inState('Up');
    one.hear('Down');
    const other = inState('Up');
    other.hear('AdminDown');
    expect([one.session.diagnostic, one.session.remoteState]).toEqual([3, 'Down']);
    expect([other.session.diagnostic, other.session.remoteState]).toEqual([3, 'AdminDown']);
  });

  test('every change is told at once', () => {
    const { hear } = newSession();
    expect(hear('Down').map(({ state }) => state)).toEqual(['Init']);
    expect(hear('Init').map(({ state }) => state)).toEqual(['Up']);
    expect(hear('Down').map(({ state, diagnostic }) => [state, diagnostic])).toEqual([['Down', 3]]);
  });

  test('AdminDown is left again', () => {
    const { session, sent } = inState('Up');
    session.disable(0);
    expect(sent()).toMatchObject([{ state: 'AdminDown', diagnostic: 7 }]);
    session.enable(0);
    expect([session.state, session.diagnostic]).toEqual(['Down', 0]);
  });
});

describe('packets', () => {
  test('leave once a second while the session is not up, whatever is configured (6.8.3)', () => {
    const { pass } = newSession({ minTransmit: 10 }, () => 0);
    expect(pass(3000)).toEqual([0, 750, 1500, 2250, 3000]);
  });

  test('leave more seldom where that is wished for', () => {
    expect(newSession({ idleTransmit: 4000 }, () => 0).pass(7000)).toEqual([0, 3000, 6000]);
  });

  test.each<[string, number, Partial<BfdIntent>, number[]]>([
    ['at the least 75 %', 0, {}, [75, 150, 225]],
    ['at the most 100 %', 0.999999, {}, [100, 200]],
    ['at the most 90 % where one loss counts', 0.999999, { multiplier: 1 }, [90, 180, 270]],
  ])('leave after an interval with jitter: %s (6.8.7)', (_, random, change, expected) => {
    const made = newSession(change, () => random);
    made.hear('Down');
    made.hear('Init', { minTransmit: 1000 });
    made.hear('Up', { final: true, minTransmit: 1000 });
    expect(made.pass(299)).toEqual(expected);
  });

  test('leave no more often than the peer can take them', () => {
    const { session, hear, pass } = inState('Up');
    hear('Up', { final: true, minReceive: 500, minTransmit: 5000 });
    expect(session.transmitInterval).toBe(500);
    expect(pass(1600)).toEqual([500, 1000, 1500]);
  });

  test('do not leave by themselves where the peer wants none', () => {
    const { session, hear, pass } = inState('Up');
    hear('Up', { final: true, minReceive: 0, minTransmit: 5000 });
    expect([session.transmitInterval, pass(2000)]).toEqual([0, []]);
  });

  test('do not leave by themselves while the peer is in demand mode and both are up (6.6)', () => {
    const { hear, pass } = inState('Up');
    hear('Up', { final: true, demand: true, minTransmit: 5000 });
    expect(pass(2000)).toEqual([]);
    expect(hear('Up', { demand: true, poll: true })).toMatchObject([{ final: true }]);
  });

  test('of a passive end wait for the first of the peer (6.1)', () => {
    const { hear, pass } = newSession({ passive: true });
    expect(pass(5000)).toEqual([]);
    expect(hear('Down', { yourDiscriminator: 0 })).toMatchObject([{ state: 'Init', yourDiscriminator: 9 }]);
  });

  test('without authentication are not taken where there is a key, nor with it where there is none', () => {
    const secured = newSession({ authentication: { type: 'md5', keyId: 1, password: 'x' } });
    expect(secured.hear('Down')).toEqual([]);
    const plain = newSession();
    expect(plain.hear('Down', { authentication: Uint8Array.of(1, 4, 1, 120) })).toEqual([]);
    expect([secured.session.state, plain.session.state]).toEqual(['Down', 'Down']);
  });
});

describe('a poll sequence (6.5)', () => {
  test('begins when the session comes up and ends with the F bit', () => {
    const { hear, sent, pass } = inState('Init');
    expect(hear('Init')).toMatchObject([{ state: 'Up', poll: true, minTransmit: 100 }]);
    pass(100);
    hear('Up', { final: true });
    pass(100);
    sent();
    expect(hear('Up', { poll: true })).toMatchObject([{ poll: false, final: true }]);
  });

  test('of the peer is answered at once, never with both bits', () => {
    const { hear } = inState('Init');
    expect(hear('Init', { poll: true })).toMatchObject([
      { poll: true, final: false },
      { poll: false, final: true },
    ]);
  });

  test('puts off sending more seldom until the peer knows', () => {
    const { session, hear } = inState('Up');
    hear('Up', { final: true });
    session.configure({ ...SETTINGS, minTransmit: 400 }, 0);
    expect(session.transmitInterval).toBe(100);
    hear('Up');
    expect(session.transmitInterval).toBe(100);
    hear('Up', { final: true });
    expect(session.transmitInterval).toBe(400);
  });

  test('puts off expecting packets sooner until the peer knows', () => {
    const { session, hear } = inState('Up', { minReceive: 400 });
    hear('Up', { final: true });
    expect(session.detectionTime).toBe(1200);
    session.configure({ ...SETTINGS, minReceive: 50 }, 0);
    expect(session.detectionTime).toBe(1200);
    hear('Up', { final: true });
    expect(session.detectionTime).toBe(300);
  });

  test('does not put off sending more often, nor waiting longer', () => {
    const { session, hear } = inState('Up');
    hear('Up', { final: true });
    session.configure({ ...SETTINGS, minTransmit: 50, minReceive: 200 }, 0);
    hear('Up', { minReceive: 10 });
    expect([session.transmitInterval, session.detectionTime]).toEqual([50, 600]);
  });
});

test('the detection time is counted with the multiplier and the interval of the peer (6.8.4)', () => {
  const { session, hear } = inState('Up');
  hear('Up', { final: true, multiplier: 5, minTransmit: 200 });
  expect(session.detectionTime).toBe(1000);
});

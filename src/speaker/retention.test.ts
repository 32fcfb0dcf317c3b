import { CEASE, type DownReason, ERROR, fault, type Negotiated } from 'node-bgp';
import { describe, expect, it, test } from 'vitest';
import { farewell, isSurvivable, keepingTimes } from './retention.ts';

const NEGOTIATED = { families: ['ipv4', 'ipv6'] } as unknown as Negotiated;
const BOTH = [
  { family: 'ipv4', forwarding: true },
  { family: 'ipv6', forwarding: true },
] as const;

function graceful(notification: boolean, more: Partial<Negotiated> = {}): Negotiated {
  return {
    ...NEGOTIATED,
    gracefulRestart: { restartTime: 120, restarted: false, notification, families: BOTH },
    ...more,
  };
}

const sent = (code: number, subcode: number): DownReason => ({ type: 'notificationSent', fault: fault(code, subcode) });
const received = (code: number, subcode: number): DownReason => ({
  type: 'notificationReceived',
  message: { type: 'notification', code, subcode, data: new Uint8Array() },
  text: '',
});

describe('an end of a session that routes survive', () => {
  test.each<[string, DownReason, plain: boolean, notification: boolean]>([
    ['a lost connection', { type: 'connectionLost', text: '' }, true, true],
    ['our own stop', { type: 'stopped', text: '' }, false, false],
    ['our hold timer', sent(ERROR.HOLD_TIMER_EXPIRED, 0), false, true],
    ['a wrong UPDATE of the peer', sent(ERROR.UPDATE, 3), false, true],
    ["the peer's hold timer", received(ERROR.HOLD_TIMER_EXPIRED, 0), false, true],
    ['a Cease', received(ERROR.CEASE, CEASE.OTHER_CONFIGURATION_CHANGE), false, true],
    [
      'a Cease that says shutdown, but no Hard Reset',
      received(ERROR.CEASE, CEASE.ADMINISTRATIVE_SHUTDOWN),
      false,
      true,
    ],
    ['a Hard Reset of the peer', received(ERROR.CEASE, CEASE.HARD_RESET), false, false],
    ['a Hard Reset of ours', sent(ERROR.CEASE, CEASE.HARD_RESET), false, false],
    ['subcode 9 of another error', received(ERROR.UPDATE, CEASE.HARD_RESET), false, true],
  ])('%s: %# (RFC 4724 4.2 without the N bit, RFC 8538 4 with it)', (_, reason, plain, notification) => {
    expect([isSurvivable(reason, graceful(false)), isSurvivable(reason, graceful(true))]).toEqual([
      plain,
      notification,
    ]);
  });
});

describe('how long routes are kept', () => {
  const longLived = (staleTime: number) => ({
    longLivedGracefulRestart: [{ family: 'ipv4', forwarding: true, staleTime }] as const,
  });
  test.each<[string, Negotiated, object | undefined]>([
    ['not at all without graceful restart', NEGOTIATED, undefined],
    ['for the restart time', graceful(false), { stale: 120_000, longStale: 0 }],
    ['and then as the last choice', graceful(false, longLived(3600)), { stale: 120_000, longStale: 3_600_000 }],
    ['but not for a long-lived stale time of 0', graceful(false, longLived(0)), { stale: 120_000, longStale: 0 }],
    [
      'at once as the last choice where only that is asked for (RFC 9494 4.1)',
      {
        ...NEGOTIATED,
        gracefulRestart: { restartTime: 120, restarted: false, notification: false, families: [] },
        ...longLived(60),
      },
      { stale: 0, longStale: 60_000 },
    ],
  ])('%s', (_, negotiated, expected) => {
    expect(keepingTimes(negotiated, 'ipv4')).toEqual(expected);
  });

  it('is said for each family', () => {
    expect(keepingTimes(graceful(false, longLived(60)), 'ipv6')).toEqual({ stale: 120_000, longStale: 0 });
  });
});

describe('a farewell', () => {
  const { ADMINISTRATIVE_RESET, ADMINISTRATIVE_SHUTDOWN } = CEASE;
  test.each<[string, Negotiated | undefined, final: boolean, object]>([
    ['to a peer without a session', undefined, false, { subcode: ADMINISTRATIVE_SHUTDOWN }],
    ['to a peer that forgets anyway', NEGOTIATED, false, { subcode: ADMINISTRATIVE_SHUTDOWN }],
    ['is silence to one that helps', graceful(false), false, { subcode: ADMINISTRATIVE_RESET, silent: true }],
    ['is a reset with the N bit', graceful(true), false, { subcode: ADMINISTRATIVE_RESET, silent: false }],
    ['for good', graceful(false), true, { subcode: ADMINISTRATIVE_SHUTDOWN }],
    ['for good with the N bit', graceful(true), true, { subcode: ADMINISTRATIVE_SHUTDOWN }],
  ])('%s', (_, negotiated, final, expected) => {
    expect(farewell(negotiated, final, 'bye')).toEqual({ type: 'stop', text: 'bye', ...expected });
  });
});

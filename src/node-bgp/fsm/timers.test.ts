import { describe, expect, it } from 'vitest';
import { addError, idleHoldTime, UNDAMPED } from './damping.ts';
import { Deadlines, timerDelay } from './deadlines.ts';

describe('deadlines', () => {
  it('are absent when a timer is off, and taken in the order in which they expire', () => {
    const deadlines = new Deadlines();
    expect(deadlines.next()).toBeUndefined();
    deadlines.arm('hold', 90);
    deadlines.arm('keepalive', 30);
    deadlines.arm('sendHold', 480);
    expect(deadlines.next()).toBe(30);
    expect(deadlines.takeExpired(29)).toBeUndefined();
    expect([deadlines.takeExpired(90), deadlines.takeExpired(90), deadlines.takeExpired(90)]).toEqual([
      'keepalive',
      'hold',
      undefined,
    ]);
    deadlines.disarm('sendHold');
    expect(deadlines.next()).toBeUndefined();
  });

  it('are spread by up to a quarter (RFC 4271 10), those of the hold timers never', () => {
    const spread = (timer: Parameters<typeof timerDelay>[0]) =>
      [0, 0.5, 0.999].map((r) => timerDelay(timer, 4, () => r));
    expect(spread('connectRetry')).toEqual([3000, 3500, 3999]);
    expect(spread('keepalive')).toEqual([3000, 3500, 3999]);
    expect(spread('idleHold')).toEqual([3000, 3500, 3999]);
    expect(spread('hold')).toEqual([4000, 4000, 4000]);
    expect(spread('sendHold')).toEqual([4000, 4000, 4000]);
  });
});

describe('damping', () => {
  const config = { idleHoldTime: 5, maxIdleHoldTime: 30 };

  it('doubles the pause with every error up to the maximum', () => {
    let damping = UNDAMPED;
    const pauses = [0, 1, 2, 3, 4].map((minute) => {
      damping = addError(damping, config, minute * 60_000);
      return idleHoldTime(damping, config);
    });
    expect(pauses).toEqual([5, 10, 20, 30, 30]);
  });

  it('forgets errors after five quiet minutes', () => {
    const once = addError(addError(UNDAMPED, config, 0), config, 1000);
    expect(idleHoldTime(addError(once, config, 301_000), config)).toBe(20);
    expect(idleHoldTime(addError(once, config, 301_001), config)).toBe(5);
  });

  it('forgets errors when the configuration says so', () => {
    const forgetful = { ...config, errorForgetTime: 60 };
    const once = addError(addError(UNDAMPED, forgetful, 0), forgetful, 1000);
    expect(idleHoldTime(addError(once, forgetful, 61_000), forgetful)).toBe(20);
    expect(idleHoldTime(addError(once, forgetful, 61_001), forgetful)).toBe(5);
  });

  it('waits at least a second, whatever is configured', () => {
    const none = { idleHoldTime: 0, maxIdleHoldTime: 0 };
    expect(idleHoldTime(addError(UNDAMPED, none, 0), none)).toBe(1);
  });
});

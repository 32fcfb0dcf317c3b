import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { intentOf, NO_MESH, node, resource } from '../../test/calico/support.ts';
import type { Intent } from '../intent/index.ts';
import { Guard } from './guard.ts';
import type { Logger } from './log.ts';

const ALONE = node('alpha', { ipv4: '10.65.0.2/24' });
const peer = (name: string, address: string) =>
  resource('BGPPeer', name, { node: 'alpha', peerIP: address, asNumber: 65001 });
const TOR = peer('tor', '192.0.2.1');
const WITH_TOR = intentOf([NO_MESH, ALONE, TOR]);
const WITHOUT = intentOf([NO_MESH, ALONE]);
const GONE = [{ kind: 'BGPPeer', name: 'tor' }];
const HELD =
  'would take the last session of alpha away (Node_192_0_2_1); held back, and applied when it has stayed for 5 min; ' +
  'undo the change to keep all as it is';

const MINUTE = 60_000;
let applied: Intent[];
let logged: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  applied = [];
  logged = [];
});
afterEach(() => {
  vi.useRealTimers();
});

/** All sessions of the intent in force are up, unless `isUp` says otherwise. */
function guard(mode: 'warn' | 'hold', isUp = () => true): Guard {
  const present = () => {
    const intent = applied.at(-1);
    return { intent, established: new Set(isUp() ? intent?.peers.keys() : []) };
  };
  const logger = { warn: (_fields: object, text: string) => logged.push(text) } as unknown as Logger;
  return new Guard({ mode, time: 5 * MINUTE, logger, present, apply: (intent) => applied.push(intent) });
}

test('what is no danger is applied at once, the first intent always', () => {
  const subject = guard('hold');
  subject.offer(WITHOUT, []);
  subject.offer(WITH_TOR, GONE);
  expect([applied, logged, subject.problems]).toEqual([[WITHOUT, WITH_TOR], [], []]);
});

test('a guard that warns tells and applies', () => {
  const subject = guard('warn');
  subject.offer(WITH_TOR, []);
  subject.offer(WITHOUT, GONE);
  expect([applied, subject.problems]).toEqual([[WITH_TOR, WITHOUT], []]);
  expect(logged).toEqual(['would take the last session of alpha away (Node_192_0_2_1)']);
});

test('a guard that holds keeps all as it is, says so, and applies what has stayed', () => {
  const subject = guard('hold');
  subject.offer(WITH_TOR, []);
  subject.offer(WITHOUT, GONE);
  expect(subject.problems).toEqual([{ kind: 'BGPPeer', name: 'tor', path: '', text: HELD }]);
  vi.advanceTimersByTime(5 * MINUTE - 1);
  expect(applied).toEqual([WITH_TOR]);
  vi.advanceTimersByTime(1);
  expect([applied, subject.problems]).toEqual([[WITH_TOR, WITHOUT], []]);
  expect(logged).toEqual([`BGPPeer tor: ${HELD}`, 'the change that was held back has stayed and is applied']);
});

test('other changes meanwhile do not put it off, and the newest is what is applied', () => {
  const subject = guard('hold');
  const newest = intentOf([NO_MESH, ALONE], { routerId: '10.0.0.9' });
  subject.offer(WITH_TOR, []);
  subject.offer(WITHOUT, GONE);
  vi.advanceTimersByTime(4 * MINUTE);
  subject.offer(newest, []);
  vi.advanceTimersByTime(MINUTE);
  expect(applied).toEqual([WITH_TOR, newest]);
});

test('a session that goes down while its loss is held back is still at stake', () => {
  let up = true;
  const subject = guard('hold', () => up);
  subject.offer(WITH_TOR, []);
  subject.offer(WITHOUT, GONE);
  up = false;
  subject.offer(WITHOUT, []);
  expect([applied, subject.problems.length]).toEqual([[WITH_TOR], 1]);
});

test('a change that is undone is forgotten', () => {
  const subject = guard('hold');
  const other = intentOf([NO_MESH, ALONE, TOR, peer('other', '192.0.2.2')]);
  subject.offer(WITH_TOR, []);
  subject.offer(WITHOUT, GONE);
  subject.offer(other, GONE);
  expect([applied, subject.problems]).toEqual([[WITH_TOR, other], []]);
  vi.advanceTimersByTime(10 * MINUTE);
  expect(applied).toEqual([WITH_TOR, other]);
});

test('a guard that is stopped applies nothing any more', () => {
  const subject = guard('hold');
  subject.offer(WITH_TOR, []);
  subject.offer(WITHOUT, GONE);
  subject.stop();
  vi.advanceTimersByTime(10 * MINUTE);
  expect(applied).toEqual([WITH_TOR]);
});

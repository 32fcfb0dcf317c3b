// The short form of `npm run fuzz -- daemon`: the same sessions at every run.

import { expect, it } from 'vitest';
import { fuzzDaemon } from './fuzz-daemon.ts';

const TIMEOUT = 180_000;

it('300 hostile sessions over TCP disturb neither the daemon nor the sessions beside them', {
  timeout: TIMEOUT,
}, async () => {
  const report = await fuzzDaemon(300, 1);
  expect(Object.fromEntries(report.kinds)).toMatchObject({ crowd: 250, silent: 10, slow: 10, deaf: 10 });
  const classes = new Set([...report.notifications.keys()].map((notification) => notification.split('/')[0]));
  expect(classes.isSupersetOf(new Set(['1', '2', '3']))).toBe(true);
  const [first = 0, ...later] = report.memory;
  expect(Math.max(...later) - first).toBeLessThan(64 * 1024);
});

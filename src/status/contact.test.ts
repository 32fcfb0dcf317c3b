import { expect, test } from 'vitest';
import type { ServerContact, WatchStatus } from '../datastore/types.ts';
import { contactReport, contactText } from './contact.ts';
import { timestamp } from './time.ts';

const NOW = Date.UTC(2026, 3, 5, 12, 0, 0);

function watch(change: Partial<WatchStatus> = {}): WatchStatus {
  return {
    ...{ name: 'nodes', state: 'watching', resources: 3, contactAge: 40_000, lists: 1, failuresInARow: 0 },
    ...change,
  };
}

function contact(...watches: WatchStatus[]): ServerContact {
  return { server: 'https://10.96.0.1', apiGroup: 'crd.projectcalico.org/v1', contactAge: 40_000, watches };
}

test('contact is reported with moments in place of ages', () => {
  const failing = watch({ name: 'ippools', state: 'failing', failuresInARow: 3, detail: 'refuses connections' });
  const { contactAge: _, ...starting } = watch({ name: 'bgppeers', state: 'starting', resources: 0, lists: 0 });
  const lastContactTime = '2026-04-05T11:59:20.000Z';
  expect(contactReport(contact(watch(), failing, starting), NOW)).toEqual({
    server: 'https://10.96.0.1',
    apiGroup: 'crd.projectcalico.org/v1',
    lastContactTime,
    stale: false,
    watches: [
      { name: 'nodes', state: 'watching', resources: 3, lastContactTime, lists: 1, failuresInARow: 0 },
      {
        ...{ name: 'ippools', state: 'failing', resources: 3, lastContactTime, lists: 1, failuresInARow: 3 },
        detail: 'refuses connections',
      },
      { name: 'bgppeers', state: 'starting', resources: 0, lists: 0, failuresInARow: 0 },
    ],
  });
});

test.each<[string, Partial<WatchStatus>, boolean]>([
  ['a quiet watch', { contactAge: 299_000 }, false],
  ['a watch that is silent for too long', { contactAge: 301_000 }, true],
  ['a kind that is missing', { contactAge: 301_000, state: 'missing' }, false],
  ['a watch that fails, which is told otherwise', { contactAge: 301_000, state: 'failing' }, false],
])('%s', (_, change, stale) => {
  expect(contactReport(contact(watch(), watch(change)), NOW).stale).toBe(stale);
});

test.each<[number | undefined, string]>([
  [undefined, ''],
  [12_000, ', heard of 12 s ago'],
  [6 * 60_000, ', but not heard of for 6 min: what is known may be old'],
])('contact %s ms ago is told as "%s"', (age, text) => {
  const heard = age === undefined ? {} : { contactAge: age };
  const report = contactReport({ ...heard, watches: [watch(heard)] }, NOW);
  expect(contactText(report, timestamp(NOW))).toBe(text);
});

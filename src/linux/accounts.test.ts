import { expect, test } from 'vitest';
import { findAccount } from './accounts.ts';

test.each([
  ['root', { user: 0, group: 0 }],
  ['0', { user: 0, group: 0 }],
  ['nobody', { user: 65534, group: 65534 }],
  ['nobody:root', { user: 65534, group: 0 }],
  ['nobody:12345', { user: 65534, group: 12345 }],
  ['54321', { user: 54321, group: 54321 }],
  ['54321:7', { user: 54321, group: 7 }],
  ['who-is-this', { problem: 'there is no user who-is-this on this host' }],
  ['', { problem: 'there is no user "" on this host' }],
  ['-1', { problem: 'there is no user -1 on this host' }],
  ['root:no-such-group', { problem: 'there is no group no-such-group on this host' }],
])('%s', (text, expected) => {
  expect(findAccount(text)).toEqual(expected);
});

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { strftime } from './strftime.ts';

const AT = Date.UTC(2026, 10, 5, 3, 4, 9) + 87;
const SAME = '%Y-%m-%d %H:%M:%S|%F %T|%D %R|%y %C %j|%e|%k|%l|%I %p|%a %A %b %B %h|%u %w|%s|%z %Z|%%|%n|%t|%c';

test('times are written as the C library writes them', () => {
  const date = execFileSync('date', ['-d', `@${Math.floor(AT / 1000)}`, `+${SAME}`], {
    env: { ...process.env, LC_ALL: 'C' },
    encoding: 'utf8',
  });
  expect(`${strftime(SAME, AT)}\n`).toBe(date);
});

test('parts of a second are BIRD 2’s, and what is not known stays', () => {
  expect(strftime('%S.%3f %f %6f %Q', AT)).toBe('09.087 087000 087000 %Q');
});

import { expect, test } from 'vitest';
import { RecentMd5Drops } from './recent-md5-drops.ts';

test('only what was dropped since the oldest look of the last minute counts', () => {
  let total = 100;
  const drops = new RecentMd5Drops(() => ({ unsigned: total, unexpected: 0, wrong: 2 * total }));
  expect(drops.count).toBeUndefined();
  drops.look();
  total += 5;
  expect(drops.count).toEqual({ unsigned: 5, unexpected: 0, wrong: 10 });
  for (let i = 0; i < 6; i++) drops.look();
  expect(drops.count).toEqual({ unsigned: 0, unexpected: 0, wrong: 0 });
});

test('nothing is said where the system does not count', () => {
  const drops = new RecentMd5Drops(() => undefined);
  drops.look();
  expect(drops.count).toBeUndefined();
});
